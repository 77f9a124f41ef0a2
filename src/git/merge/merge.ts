import {join} from 'node:path';
import {commitTree} from '../bare/commit-tree.js';
import {isAncestor} from '../bare/history.js';
import {readMergedProblem} from '../import/merged-tree.js';
import {adoptObjects} from '../bare/quarantine.js';
import {assertId, setRef, type GitStore} from '../bare/refs.js';
import {startStaging, type Staging} from '../bare/staging.js';
import {mergeTrees} from './merge-tree.js';
import {isPlainlySafe} from './plainly-safe.js';
import {settleConflicts, type Settled, type SettledTree} from './settle.js';

/** One submission that is to go onto the merge so far. */
export interface MergeRequest {
  /** The merge so far; becomes the first parent. */
  readonly onto: string;
  readonly submission: string;
  /** Ref of ours that holds the result. */
  readonly ref: string;
  readonly message: string;
  readonly date: Date;
  readonly signal: AbortSignal;
}

/** How a merge ended. A conflict is a value; the ref is then as it was. */
export type Merged = {readonly state: 'merged'; readonly commit: string; readonly settled: readonly Settled[]} | Conflicted;

/** A submission that does not go onto the merge so far. */
export interface Conflicted {
  readonly state: 'conflicted';
  /** As git stores them: not escaped. */
  readonly paths: readonly string[];
  /** Set when git could merge, but the merged tree would be unsafe: one sentence that says how; escaped. */
  readonly why?: string;
}

/**
 * Merges in the bare repository, without a checkout, drivers or attributes: git first, then the rules of `settle.ts` for
 * what git leaves. Always a merge commit, so that first parents tell the order; with nothing new the result is `onto`
 * itself. The same request gives the same id. The merged tree has to pass what a submission has to pass: two safe ones
 * can make an unsafe tree, which is a conflict with a `why`.
 */
export async function mergeSubmission(store: GitStore, request: MergeRequest): Promise<Merged> {
  const {onto, submission, signal} = request;
  assertId(onto);
  assertId(submission);
  if (await isAncestor(store, {ancestor: submission, of: onto}, signal)) {
    await setRef(store, request.ref, onto, signal);
    return {state: 'merged', commit: onto, settled: []};
  }
  // What a killed git has half written goes with the folder.
  await using staging = await startStaging(store, request.ref, signal);
  const merged = await mergeTrees(staging.store, {ours: onto, theirs: submission}, signal);
  const settled = merged.conflicts.length === 0 ? {tree: merged.tree, settled: []} : await settleConflicts(staging, merged, signal);
  if (settled === undefined) return {state: 'conflicted', paths: merged.conflicts.map(({path}) => path)};
  // Awaited here: the folder is gone at the end of the block.
  return await commitMerge(store, staging, {request, made: settled});
}

/** Makes the merge commit of a tree in staging, takes it over and lets the ref point at it, unless the tree would be unsafe. */
export async function commitMerge(store: GitStore, staging: Staging, {request, made: {tree, settled}}: {readonly request: MergeRequest; readonly made: SettledTree}): Promise<Merged> {
  const {onto, ref, signal} = request;
  const problem = (await isPlainlySafe(staging.store, {onto, tree}, signal)) ? undefined : await readMergedProblem(staging.store, {onto, tree}, signal);
  if (problem !== undefined) return {state: 'conflicted', ...problem};
  const commit = await commitTree(staging.store, {tree, parents: [onto, request.submission], message: request.message, date: request.date}, signal);
  await adoptObjects(store, join(staging.store.directory, 'objects'));
  await setRef(store, ref, commit, signal);
  return {state: 'merged', commit, settled};
}
