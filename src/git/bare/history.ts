import {Readable} from 'node:stream';
import {AppError} from '../../core/errors.js';
import {isRevisionName} from '../freeze/checkout.js';
import {readGit, runGit, spawnGit} from '../door/command.js';
import {quotedFolder} from './quarantine.js';
import {assertId, type GitStore} from './refs.js';

/** The full id of the commit that a name means in our repository. Throws COMMIT_NOT_FOUND. */
export async function resolveStored(store: GitStore, name: string, signal: AbortSignal): Promise<string> {
  if (isRevisionName(name)) {
    const args = ['rev-parse', '--verify', '--quiet', `${name}^{commit}`];
    const found = await runGit({gitDir: store.directory, args, okExits: [0, 1, 128], signal});
    const id = found.stdout.toString('latin1').trim();
    if (found.exitCode === 0 && /^[0-9a-f]{40}$/.test(id)) return id;
  }
  throw new AppError('COMMIT_NOT_FOUND', `Bulkhead's own repository has no commit \`${name}\`.`, {hint: 'The run that made it may have been discarded.'});
}

/** The full id of a commit's tree. */
export async function readTreeId(store: GitStore, commit: string, signal: AbortSignal): Promise<string> {
  assertId(commit);
  return readGit({gitDir: store.directory, args: ['rev-parse', '--verify', '--quiet', `${commit}^{tree}`], signal});
}

/** Whether one commit is reached from another; a commit is its own ancestor. */
export async function isAncestor(store: GitStore, pair: {readonly ancestor: string; readonly of: string}, signal: AbortSignal): Promise<boolean> {
  assertId(pair.ancestor);
  assertId(pair.of);
  const args = ['merge-base', '--is-ancestor', pair.ancestor, pair.of];
  return (await runGit({gitDir: store.directory, args, okExits: [0, 1], signal})).exitCode === 0;
}

/** Paths whose mode or bytes differ between two commits, in git's order; a rename is two paths. */
export async function changedPaths(store: GitStore, span: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<readonly string[]> {
  assertId(span.from);
  assertId(span.to);
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--name-only', '--no-ext-diff', '--no-textconv', `${span.from}^{tree}`, `${span.to}^{tree}`];
  const {stdout} = await runGit({gitDir: store.directory, args, signal});
  return stdout.toString('utf8').split('\0').filter((path) => path !== '');
}

/** The difference of two commits as text for a person or a model: not escaped, and invalid UTF-8 is replaced. */
export async function diffText(store: GitStore, span: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<string> {
  assertId(span.from);
  assertId(span.to);
  const args = ['diff', '--no-ext-diff', '--no-textconv', '--no-color', '--submodule=short', span.from, span.to];
  const {stdout} = await runGit({gitDir: store.directory, args, signal});
  return stdout.toString('utf8');
}

/** What a commit reaches, but not what another one does. */
export interface PackedSpan {
  readonly commit: string;
  readonly without?: string | undefined;
}

/** A pack of everything that a commit reaches and of nothing else. Read it to its end or destroy it. */
export function packHistory(store: GitStore, {commit, without}: PackedSpan, signal: AbortSignal): Readable {
  assertId(commit);
  if (without !== undefined) assertId(without);
  return Readable.from(packed(store, {revisions: without === undefined ? `${commit}\n` : `${commit}\n^${without}\n`}, signal), {objectMode: false});
}

/** The bytes of a pack of the given revisions (`--revs` lines); fails when git does. */
export function packed(store: GitStore, {revisions}: {readonly revisions: string}, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  return packBytes(store, {stdin: revisions, options: ['--revs']}, signal);
}

/** The bytes of a pack of just these objects, some of which may be in a second folder; nothing there is touched. */
export function packedObjects(store: GitStore, {oids, borrow}: {readonly oids: readonly string[]; readonly borrow: string}, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const env = {GIT_ALTERNATE_OBJECT_DIRECTORIES: quotedFolder(borrow)};
  return packBytes(store, {stdin: oids.map((oid) => `${oid}\n`).join(''), options: [], env}, signal);
}

interface Packing {
  readonly stdin: string;
  readonly options: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function* packBytes(store: GitStore, {stdin, options, env}: Packing, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = new AbortController();
  const args = ['pack-objects', ...options, '--stdout', '--delta-base-offset', '-q'];
  const process = await spawnGit({gitDir: store.directory, args, env, signal: AbortSignal.any([signal, stop.signal])});
  try {
    process.stdin.on('error', () => undefined).end(stdin);
    for await (const chunk of process.stdout) yield chunk as Uint8Array;
    await process.done;
  } finally {
    stop.abort();
  }
}
