import type {ExportEntry} from '../../core/sandbox.js';
import type {TreeFile} from '../../core/tree.js';
import {writeCommit, type Edit, type PutMode} from '../commit.js';
import {readTreeId} from '../history.js';
import {assertId, assertRef, setRef, type GitStore} from '../refs.js';
import {startStaging, type Staging} from '../staging.js';
import {openTreeReader, readFiles} from '../tree-reader.js';
import {byPath, isPut, type Change, type ImportPolicy, type Refusal} from './change.js';
import {collect, type Collected} from './collect.js';
import {readIgnored, type IgnoreFile} from './ignored.js';
import {importLimits, type ImportLimits} from './limits.js';
import type {Links} from './links.js';
import {nameProblem} from './names.js';
import {decide, type Decision} from './policy.js';
import {shapeOf, sidesOf} from './shape.js';
import {startSpool, type Spool} from './spool.js';

/** An export that is to become a commit. */
export interface ImportRequest {
  /** The commit that the box was made of. */
  readonly parent: string;
  /** In any order; taken once, and ended early when it is too long. */
  readonly entries: AsyncIterable<ExportEntry>;
  readonly policy: ImportPolicy;
  readonly ref: string;
  readonly message: string;
  readonly date: Date;
  readonly signal: AbortSignal;
  /** Narrower caps than {@link importLimits}. */
  readonly limits?: Partial<ImportLimits> | undefined;
}

/** What a specialist handed in, as a commit of ours. */
export interface Submission {
  /** The parent itself when {@link empty}. */
  readonly commit: string;
  readonly tree: string;
  /** Paths that differ from the parent, sorted; not escaped. */
  readonly changed: readonly string[];
  readonly empty: boolean;
  /** What was left out and must be told, sorted; at most `maxRefused`. */
  readonly refused: readonly Refusal[];
  /** Refused entries beyond those. */
  readonly refusedMore: number;
  /** Ignored entries that were left out silently. */
  readonly ignored: number;
}

/**
 * Makes a commit of an export: parsed, never extracted; exact bytes; only what the policy lets through. The same entries,
 * in any order, and the same date give the same commit. On any failure the ref is as it was.
 * Throws GIT_FAILED, DISK_FULL and what `entries` throws.
 */
export async function importSubmission(store: GitStore, request: ImportRequest): Promise<Submission> {
  assertId(request.parent);
  assertRef(request.ref);
  const limits = {...importLimits, ...request.limits};
  const {signal} = request;
  await using staging = await startStaging(store, signal);
  await using spool = await startSpool(staging.folder);
  const base = await (await openTreeReader(store, request.parent, signal)).list(signal);
  const known = new Set([...base.map((file) => file.path), ...request.policy.wanted]);
  const collected = await collect(request.entries, {spool, limits, keep: (path) => known.has(path), signal});
  const decision = await decideOn(store, {request, limits, staging, spool, base, collected});
  const {edits, changed} = editsOf(base, decision.accepted, spool);
  const made = edits.length === 0 ? request.parent : await writeCommit(store, staging, {...request, edits}, signal);
  const refused = [...collected.refused, ...decision.refused, ...(collected.cut ? [tooMany(limits)] : []), ...(made === undefined ? [refusedByGit] : [])];
  const commit = made ?? request.parent;
  await setRef(store, request.ref, commit, signal);
  return {
    commit,
    tree: await readTreeId(store, commit, signal),
    changed: made === undefined ? [] : changed,
    empty: commit === request.parent,
    refused: refused.sort(byPath).slice(0, limits.maxRefused),
    refusedMore: Math.max(0, refused.length - limits.maxRefused),
    ignored: decision.ignored,
  };
}

const refusedByGit: Refusal = {path: '.', code: 'UNSAFE_NAME', why: "has objects that git's own check refuses, so nothing of it was taken"};

function tooMany(limits: ImportLimits): Refusal {
  return {path: '.', code: 'UNSAFE_NAME', why: `has more than ${limits.maxSeen} changed entries, so nothing of it was taken`};
}

interface Import {
  readonly request: ImportRequest;
  readonly limits: ImportLimits;
  readonly staging: Staging;
  readonly spool: Spool;
  readonly base: readonly TreeFile[];
  readonly collected: Collected;
}

async function decideOn(store: GitStore, work: Import): Promise<Decision> {
  const {base, limits, request, collected} = work;
  const baseLinks = await readLinks(store, base, request.signal);
  const decideWith = (changes: readonly Change[], ignored: ReadonlySet<string>) => decide({base, baseLinks, changes, ignored, policy: request.policy, limits});
  const known = new Set(base.map((file) => file.path));
  const paths = collected.changes.filter((change) => change.kind !== 'deleted' && !known.has(change.path)).map((change) => change.path);
  const own = collected.changes.filter((change) => isIgnoreFile(change.path) && isPut(change));
  const ask = async (changes: readonly Change[], folder: string) =>
    readIgnored(work.staging, {ignoreFiles: await ignoreFiles(store, {...work, collected: {...collected, changes}}), paths, folder, timeoutMs: limits.maxIgnoreMs}, request.signal);
  const ignored = await ask(collected.changes, 'ignore');
  if (ignored !== undefined) return decideWith(collected.changes, ignored);
  // The patterns took too long. Those of this submission are refused; those of the base get a chance of their own.
  const changes = collected.changes.map((change) => (own.includes(change) && isPut(change) ? {...change, problem: 'has patterns that take too long'} : change));
  return decideWith(changes, (await ask(changes, 'ignore-base')) ?? new Set());
}

/** The ignore files of the tree that would result, as far as it may change them. */
async function ignoreFiles(store: GitStore, {base, collected, request, limits, spool}: Import): Promise<readonly IgnoreFile[]> {
  const {puts, deleted} = sidesOf(collected.changes.filter((change) => isIgnoreFile(change.path) && request.policy.mayWrite(change.path)));
  const files: IgnoreFile[] = [];
  for (const put of puts.values()) {
    const fine = put.kind !== 'symlink' && put.problem === undefined && nameProblem(put.path, limits.maxDepth) === undefined;
    if (fine && put.at !== undefined) files.push({path: put.path, bytes: await spool.read(put.at, put.size)});
  }
  const replaced = new Set([...deleted, ...files.map((file) => file.path)]);
  const kept = base.filter((file) => isIgnoreFile(file.path) && !replaced.has(file.path) && (file.mode === 'file' || file.mode === 'executable'));
  for await (const file of readFiles(store, kept, request.signal)) files.push(file);
  return files;
}

async function readLinks(store: GitStore, base: readonly TreeFile[], signal: AbortSignal): Promise<Links> {
  const links = new Map<string, string | undefined>();
  const all = base.filter((file) => file.mode === 'symlink');
  for (const {path} of all) links.set(path, undefined);
  // A target longer than any that a file system holds is not followed.
  for await (const {path, bytes} of readFiles(store, all.filter((file) => file.size <= 4096), signal)) links.set(path, Buffer.from(bytes).toString('utf8'));
  return links;
}

function editsOf(base: readonly TreeFile[], accepted: readonly Change[], spool: Spool): {readonly edits: readonly Edit[]; readonly changed: readonly string[]} {
  const sides = sidesOf(accepted);
  const {removed} = shapeOf(new Map(base.map((file) => [file.path, file.mode])), sides);
  const deletions = removed.map((path): Edit => ({kind: 'delete', path}));
  const puts = accepted.filter(isPut).map((put): Edit => {
    const {at, size} = put;
    if (at === undefined) throw new TypeError(`the bytes of ${put.path} were not kept`);
    return {kind: 'put', path: put.path, mode: modes[put.kind], read: () => spool.read(at, size)};
  });
  const edits = [...deletions, ...puts];
  return {edits, changed: [...edits].sort(byPath).map((edit) => edit.path)};
}

const modes: Readonly<Record<'file' | 'executable' | 'symlink', PutMode>> = {file: '100644', executable: '100755', symlink: '120000'};

function isIgnoreFile(path: string): boolean {
  return path === '.gitignore' || path.endsWith('/.gitignore');
}
