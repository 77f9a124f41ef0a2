import {resolve} from 'node:path';
import type {Readable} from 'node:stream';
import {AppError} from '../core/errors.js';
import type {HistoryReader} from '../core/history.js';
import type {TreeReader} from '../core/tree.js';
import {commitFiles, type CommitFilesRequest} from './bare/commit-files.js';
import {readLookFirst, type LookFirst} from './deliver/look-first.js';
import {freezeDirty, type FreezeDirtyRequest, type FrozenDirty} from './freeze/dirty/freeze-dirty.js';
import {freeze, type FreezeRequest} from './freeze/freeze.js';
import {readCuts} from './bare/cuts.js';
import {openHistoryReader} from './bare/history-reader.js';
import {changedPaths, diffText, isAncestor, packHistory, resolveStored, type PackedSpan} from './bare/history.js';
import {importLimits} from './import/limits.js';
import {importSubmission, type ImportRequest, type Submission} from './import/submission.js';
import {initRepository} from './bare/init.js';
import {findCulprit, type BisectRequest, type Culprit} from './merge/bisect.js';
import {markConflict} from './merge/mark.js';
import {mergeSubmission, type Merged, type MergeRequest} from './merge/merge.js';
import {previewMerges, type PairConflict, type PreviewRequest} from './merge/preview.js';
import {resolveMerge, type ResolveRequest} from './merge/resolve.js';
import {openReading, type Reading} from './bare/reading.js';
import {deleteRefs, listRefs, moveRefs, readRef, updateRef} from './bare/refs.js';
import {sweepStaging} from './bare/staging.js';
import {openTreeReader} from './bare/tree-reader.js';
import {unlockRefs} from './bare/unlock.js';
import {requireGit} from './door/version.js';

/** Bulkhead's own bare repository: base commits, submissions, merges. Nobody else writes it; no agent's git is ever read. */
export interface Repository {
  /** Absolute path. */
  readonly directory: string;
  /** Largest file that an import takes, in bytes: what an exporter should give the bytes of. */
  readonly maxFileBytes: number;
  freeze(request: FreezeRequest): Promise<void>;
  /** HEAD, and the state of the checkout as a commit on top of it. */
  freezeDirty(request: FreezeDirtyRequest): Promise<FrozenDirty>;
  /** A commit's files; the id is full and known. */
  reader(commit: string, signal: AbortSignal): Promise<TreeReader>;
  /** The past of the commits in it. */
  history(): HistoryReader;
  /** Both of these, for who reads much: `await using` it. */
  reading(): Reading;
  /** A pack of what a commit reaches (without what another one does), and nothing else. */
  packHistory(span: PackedSpan, signal: AbortSignal): Readable;
  /** The commits at which that history is cut: their parents are not in the pack. */
  historyCuts(commit: string, signal: AbortSignal): Promise<readonly string[]>;
  importSubmission(request: ImportRequest): Promise<Submission>;
  merge(request: MergeRequest): Promise<Merged>;
  /** Makes the merge commit of a conflict that somebody resolved; what is wrong with the resolution is a conflict again. */
  resolveMerge(request: ResolveRequest): Promise<Merged>;
  /** A commit on top of the merge so far in which a conflict stands open, with markers; undefined when its tree would be unsafe. */
  markConflict(request: MergeRequest): Promise<string | undefined>;
  /** The pairs of submissions that git alone could not merge. */
  previewMerges(request: PreviewRequest): Promise<readonly PairConflict[]>;
  /** The submissions that break a merge, by a check. */
  findCulprit(request: BisectRequest): Promise<Culprit>;
  /** What between two commits deserves a person's eye before anything else. */
  lookFirst(span: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<readonly LookFirst[]>;
  /** A commit of files that the host made; gives its id. */
  commitFiles(request: CommitFilesRequest): Promise<string>;
  /** Paths that differ, a rename as two. */
  changedPaths(from: string, to: string, signal: AbortSignal): Promise<readonly string[]>;
  /** A unified diff; hostile text, not escaped. */
  diffText(from: string, to: string, signal: AbortSignal): Promise<string>;
  isAncestor(ancestor: string, of: string, signal: AbortSignal): Promise<boolean>;
  /** Full id of the commit that a name means here. COMMIT_NOT_FOUND. */
  resolve(name: string, signal: AbortSignal): Promise<string>;
  readRef(ref: string, signal: AbortSignal): Promise<string | undefined>;
  /** Compare-and-swap; `from` undefined: must not exist. GIT_FAILED when it points elsewhere. */
  updateRef(move: {readonly ref: string; readonly to: string; readonly from: string | undefined}, signal: AbortSignal): Promise<void>;
  deleteRefs(prefix: string, signal: AbortSignal): Promise<void>;
  /** Every ref at or below a prefix such as `refs/bulkhead`, and the id that it points at. */
  listRefs(prefix: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Renames everything below one prefix to another one, all of it or nothing. GIT_FAILED when a name there is taken. */
  moveRefs(move: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<void>;
  /**
   * Removes what a killed git left of refs under a prefix such as `refs/bulkhead/<run>`: locks, and staging folders. Only for
   * whoever drives that run alone, before the first step; without it every later move of such a ref is GIT_FAILED.
   */
  unlockRefs(prefix: string, signal: AbortSignal): Promise<void>;
}

/**
 * Opens our bare repository in a folder, making it (mode 0700, no template, no hook) where there is none.
 * Two may open it at once, also for the first time.
 * Throws ENVIRONMENT when git is missing or older than 2.38 or the folder cannot be written, DISK_FULL, GIT_FAILED.
 */
export async function openRepository(dir: string, signal: AbortSignal): Promise<Repository> {
  const directory = resolve(dir);
  // A line of `objects/info/alternates` cannot hold a line feed.
  if (directory.includes('\n')) throw new AppError('ENVIRONMENT', 'The folder for state has a line feed in its name.', {hint: 'Set XDG_STATE_HOME to another folder.'});
  await requireGit(signal);
  await initRepository(directory, signal);
  const store = {directory};
  await sweepStaging(store);
  return {
    directory,
    maxFileBytes: importLimits.maxFileBytes,
    freeze: (request) => freeze(store, request),
    freezeDirty: (request) => freezeDirty(store, request),
    reader: (commit, within) => openTreeReader(store, commit, within),
    history: () => openHistoryReader(store),
    reading: () => openReading(store),
    packHistory: (span, within) => packHistory(store, span, within),
    historyCuts: (commit, within) => readCuts(store, commit, within),
    importSubmission: (request) => importSubmission(store, request),
    merge: (request) => mergeSubmission(store, request),
    resolveMerge: (request) => resolveMerge(store, request),
    markConflict: (request) => markConflict(store, request),
    previewMerges: (request) => previewMerges(store, request),
    findCulprit: (request) => findCulprit(store, request),
    lookFirst: (span, within) => readLookFirst(store, span, within),
    commitFiles: (request) => commitFiles(store, request),
    changedPaths: (from, to, within) => changedPaths(store, {from, to}, within),
    diffText: (from, to, within) => diffText(store, {from, to}, within),
    isAncestor: (ancestor, of, within) => isAncestor(store, {ancestor, of}, within),
    resolve: (name, within) => resolveStored(store, name, within),
    readRef: (ref, within) => readRef(store, ref, within),
    updateRef: (move, within) => updateRef(store, move, within),
    deleteRefs: (prefix, within) => deleteRefs(store, prefix, within),
    listRefs: (prefix, within) => listRefs(store, prefix, within),
    moveRefs: (move, within) => moveRefs(store, move, within),
    unlockRefs: (prefix, within) => unlockRefs(store, prefix, within),
  };
}
