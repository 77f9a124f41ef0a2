import {Readable} from 'node:stream';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {startByteReader} from '../door/byte-reader.js';
import {spawnGit} from '../door/command.js';
import {strictOption} from '../freeze/fsck.js';
import {packed} from './history.js';
import {feed, isGitFailure, type GitProcess} from '../door/process.js';
import {assertId, type GitStore} from './refs.js';
import {startQuarantine} from './quarantine.js';
import type {Staging} from './staging.js';

/** One change of a tree. */
export type Edit =
  | {readonly kind: 'delete'; readonly path: string}
  | {readonly kind: 'put'; readonly path: string; readonly mode: PutMode; readonly read: () => Promise<Uint8Array>}
  /** An object that the staging repository sees already, under a mode as git writes it; a submodule's commit need not be there. */
  | {readonly kind: 'place'; readonly path: string; readonly mode: string; readonly oid: string};

/** Modes that a commit of ours may set, as git writes them. */
export type PutMode = '100644' | '100755' | '120000';

/** A commit that is to be made on top of another one. */
export interface CommitRequest {
  readonly parent: string;
  /** Applied in their order, over the parent's tree. */
  readonly edits: readonly Edit[];
  readonly message: string;
  /** Author and committer date; its milliseconds are dropped, its zone is UTC. */
  readonly date: Date;
}

/** Who makes every commit of ours. */
export const identity = {name: 'Bulkhead', email: 'bulkhead@localhost'} as const;

/** Where fast-import puts its commit, in the staging repository alone. */
const stagedRef = 'refs/staged/commit';

/** A commit that was made. */
export interface Written {
  readonly commit: string;
  readonly tree: string;
  readonly parentTree: string;
}

/**
 * Makes a commit in the staging repository and takes its new objects over through git's strict check. The same request
 * gives the same id. Undefined: the check refuses the objects; then our repository has no new object.
 */
export async function writeCommit(store: GitStore, staging: Staging, request: CommitRequest, signal: AbortSignal): Promise<Written | undefined> {
  assertId(request.parent);
  const args = ['fast-import', '--quiet', '--done', '--force', '--date-format=raw'];
  const process = await spawnGit({gitDir: staging.store.directory, args, signal});
  const [fed, answer] = await Promise.allSettled([feed(process, Readable.from(importStream(request), {objectMode: false})), readAnswer(process)]);
  // Why git ended comes before that it gave no answer.
  if (fed.status === 'rejected') throw fed.reason;
  if (answer.status === 'rejected') throw answer.reason;
  const written = answer.value;
  return (await takeOver(store, staging, {commit: written.commit, parent: request.parent}, signal)) ? written : undefined;
}

/** What fast-import prints for the questions at the end of {@link importStream} (git-fast-import, `get-mark`, `ls`). */
async function readAnswer(process: GitProcess): Promise<Written> {
  const reader = startByteReader(process.stdout);
  const lines = [await reader.line(), await reader.line(), await reader.line()];
  const [commit, tree, parentTree] = lines.map((line) => /^(?:040000 tree )?([0-9a-f]{40})\t?$/.exec(line)?.[1]);
  process.stdout.resume();
  if (commit === undefined || tree === undefined || parentTree === undefined) throw new AppError('GIT_FAILED', '`git fast-import` did not say what it made.');
  return {commit, tree, parentTree};
}

/** The date of a commit as git's raw format has it. */
export function rawDate(date: Date): string {
  return `${Math.floor(date.getTime() / 1000)} +0000`;
}

/** A commit message without control characters, ended by one line feed. */
export function cleanMessage(message: string): string {
  return `${escapeText(message, {lines: true}).trimEnd()}\n`;
}

async function takeOver(store: GitStore, staging: Staging, made: {readonly commit: string; readonly parent: string}, signal: AbortSignal): Promise<boolean> {
  const quarantine = await startQuarantine(store, staging);
  try {
    await indexPack({into: store, env: quarantine.env}, staging, {...made, strict: strictOption}, signal);
    await quarantine.accept();
    return true;
  } catch (error) {
    if (!isGitFailure(error)) throw error;
    // Right cause: only when the same objects pass without the check, it was the check.
    await indexPack({into: staging.store}, staging, {...made, strict: undefined}, signal);
    return false;
  }
}

async function indexPack(
  {into, env}: {readonly into: GitStore; readonly env?: Readonly<Record<string, string>>},
  staging: Staging,
  made: {readonly commit: string; readonly parent: string; readonly strict: string | undefined},
  signal: AbortSignal,
): Promise<void> {
  const args = ['index-pack', '--stdin', ...(made.strict === undefined ? [] : [made.strict])];
  const process = await spawnGit({gitDir: into.directory, args, env, signal});
  process.stdout.resume();
  const revisions = `${made.commit}\n^${made.parent}\n`;
  await feed(process, Readable.from(packed(staging.store, {revisions}, signal), {objectMode: false}));
}

async function* importStream(request: CommitRequest): AsyncGenerator<Uint8Array> {
  const who = `${identity.name} <${identity.email}> ${rawDate(request.date)}`;
  const message = Buffer.from(cleanMessage(request.message));
  yield Buffer.from(`commit ${stagedRef}\nmark :1\nauthor ${who}\ncommitter ${who}\ndata ${message.length}\n`);
  yield message;
  yield Buffer.from(`from ${request.parent}\n`);
  for (const edit of request.edits) {
    if (edit.kind === 'delete') {
      yield Buffer.from(`D ${quotePath(edit.path)}\n`);
      continue;
    }
    if (edit.kind === 'place') {
      assertId(edit.oid);
      yield Buffer.from(`M ${edit.mode} ${edit.oid} ${quotePath(edit.path)}\n`);
      continue;
    }
    const bytes = await edit.read();
    yield Buffer.from(`M ${edit.mode} inline ${quotePath(edit.path)}\ndata ${bytes.length}\n`);
    if (bytes.length > 0) yield bytes;
    yield Buffer.from('\n');
  }
  yield Buffer.from(`\nget-mark :1\nls :1 ""\nls ${request.parent} ""\ndone\n`);
}

/** A path as fast-import takes any bytes: C quotes with octal escapes (git-fast-import, filemodify). */
function quotePath(path: string): string {
  const escaped = [...Buffer.from(path)].map((byte) =>
    byte < 0x20 || byte >= 0x7f || byte === 0x22 || byte === 0x5c ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte),
  );
  return `"${escaped.join('')}"`;
}
