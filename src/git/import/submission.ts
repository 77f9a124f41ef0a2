import {escapeText} from '../../core/escape.js';
import type {ExportEntry} from '../../core/sandbox.js';
import type {TreeFile} from '../../core/tree.js';
import {foldersOf} from '../../core/path.js';
import {writeCommit, type Edit, type PutMode} from '../bare/commit.js';
import {assertId, assertRef, setRef, type GitStore} from '../bare/refs.js';
import {startStaging, type Staging} from '../bare/staging.js';
import {openTreeReader} from '../bare/tree-reader.js';
import {baseTreeOf} from './base-tree.js';
import {byPath, isPut, type Change, type ImportPolicy, type Refusal} from './change.js';
import {collect, type Collected} from './collect.js';
import {isIgnoreFile, readIgnoreFiles} from './ignore-files.js';
import {readIgnored, type IgnoreFile} from './ignored.js';
import {importLimits, type ImportLimits} from './limits.js';
import {decide, type Decision} from './policy.js';
import {readLinks} from './read-links.js';
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
  /** Other caps than {@link importLimits}. */
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
 * When the ignore patterns cannot be matched in time, no new file is taken, and one refusal says so.
 * Throws GIT_FAILED, DISK_FULL, ENVIRONMENT and what `entries` throws.
 */
export async function importSubmission(store: GitStore, request: ImportRequest): Promise<Submission> {
  assertId(request.parent);
  assertRef(request.ref);
  const limits = {...importLimits, ...request.limits};
  const {signal} = request;
  await using staging = await startStaging(store, request.ref, signal);
  await using spool = await startSpool(staging.folder);
  const parent = await openTreeReader(store, request.parent, signal);
  const base = await parent.list(signal);
  const [tree, wanted] = [baseTreeOf(base), new Set(request.policy.wanted)];
  const collected = await collect(request.entries, {spool, limits, keep: (path) => tree.get(path) !== undefined || wanted.has(path), signal});
  const decision = await decideOn(store, {request, limits, staging, spool, base, collected});
  const {edits, changed} = editsOf(base, decision.accepted, spool);
  const made = edits.length === 0 ? parent : await writeCommit(store, staging, {...request, edits}, signal);
  const refused = [...collected.refused, ...decision.refused, ...(collected.cut ? [tooMany(limits)] : []), ...(made === undefined ? [refusedByGit] : [])];
  const {commit, tree: treeId} = made ?? parent;
  await setRef(store, request.ref, commit, signal);
  return {
    commit,
    tree: treeId,
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
  const tree = baseTreeOf(base);
  const isNew = (change: Change) => change.kind !== 'deleted' && tree.get(change.path) === undefined;
  const decideWith = (changes: readonly Change[], ignored: ReadonlySet<string>) => decide({base, baseLinks, changes, ignored, policy: request.policy, limits});
  const paths = collected.changes.filter(isNew).map((change) => change.path);
  const ask = async (changes: readonly Change[], folder: string) => {
    const ignoreFiles = await readIgnoreFiles(store, {...work, changes, mayWrite: request.policy.mayWrite, maxDepth: limits.maxDepth}, request.signal);
    return {ignoreFiles, ignored: await readIgnored(work.staging, {ignoreFiles, paths, folder, timeoutMs: limits.maxIgnoreMs}, request.signal)};
  };
  const first = await ask(collected.changes, 'ignore');
  if (first.ignored !== undefined) return decideWith(collected.changes, first.ignored);
  // The patterns took too long. Those of this submission are refused; those of the base get a chance of their own.
  const changes = collected.changes.map((change) => (isIgnoreFile(change.path) && isPut(change) ? {...change, problem: 'has patterns that take too long'} : change));
  const second = await ask(changes, 'ignore-base');
  if (second.ignored !== undefined) return decideWith(changes, second.ignored);
  // Nobody can say which new files are ignored, and a key among them must not come in: none does, but those allowed by name.
  const allowed = new Set(request.policy.allowIgnored);
  const decision = decideWith(changes.filter((change) => !isNew(change) || allowed.has(change.path)), new Set());
  return {...decision, refused: [...decision.refused, undecidable(second.ignoreFiles)].sort(byPath)};
}

/** The one refusal that stands for every new path, at the ignore file that is most likely to blame: the one nearest to the root. */
function undecidable(ignoreFiles: readonly IgnoreFile[]): Refusal {
  const [blamed] = [...ignoreFiles].sort((a, b) => foldersOf(a.path).length - foldersOf(b.path).length || byPath(a, b));
  const which = ignoreFiles.length > 1 ? 'is one of the ignore files whose patterns' : 'has patterns that';
  return {path: escapeText(blamed?.path ?? '.'), code: 'UNSAFE_NAME', why: `${which} took too long to match, so no new file was taken`};
}

function editsOf(base: readonly TreeFile[], accepted: readonly Change[], spool: Spool): {readonly edits: readonly Edit[]; readonly changed: readonly string[]} {
  const {removed} = shapeOf(baseTreeOf(base), sidesOf(accepted));
  const deletions = [...removed].map((path): Edit => ({kind: 'delete', path}));
  const puts = accepted.filter(isPut).map((put): Edit => {
    const {at, size} = put;
    if (at === undefined) throw new TypeError(`the bytes of ${put.path} were not kept`);
    return {kind: 'put', path: put.path, mode: modes[put.kind], read: () => spool.read(at, size)};
  });
  const edits = [...deletions, ...puts];
  return {edits, changed: [...edits].sort(byPath).map((edit) => edit.path)};
}

const modes: Readonly<Record<'file' | 'executable' | 'symlink', PutMode>> = {file: '100644', executable: '100755', symlink: '120000'};
