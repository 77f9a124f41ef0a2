import {escapeText} from '../../core/escape.js';
import {changedPaths, isAncestor} from '../bare/history.js';
import {assertId, type GitStore} from '../bare/refs.js';
import {startStaging} from '../bare/staging.js';
import {openTreeReader} from '../bare/tree-reader.js';
import {commitMerge, type Conflicted, type Merged, type MergeRequest} from './merge.js';
import {mergeTrees} from './merge-tree.js';

/** A conflict that somebody resolved: a resolver in a box, or a person. */
export interface ResolveRequest extends MergeRequest {
  /** A commit of our repository on top of `onto` whose tree is the result. */
  readonly resolution: string;
  /** The only paths in which it may differ from what git merged, and that must not have markers any more; undefined: a person decided, and may change what they like. */
  readonly within: readonly string[] | undefined;
}

/** A line of conflict markers that git writes (git-merge, HOW CONFLICTS ARE PRESENTED). */
const marker = /^(?:<{7}|\|{7}|>{7})(?: |\r?$)/m;

/**
 * Makes the merge commit of a resolved conflict, with `onto` and the submission as parents and the resolution's tree.
 * It stays a conflict, with a `why`, when the resolution does not build on `onto`, goes beyond the paths that it was
 * given or leaves conflict markers there, or makes an unsafe tree.
 */
export async function resolveMerge(store: GitStore, request: ResolveRequest): Promise<Merged> {
  const {onto, submission, resolution, within, signal} = request;
  assertId(resolution);
  const refuse = (paths: readonly string[], why: string): Conflicted => ({state: 'conflicted', paths, why});
  await using staging = await startStaging(store, request.ref, signal);
  const {tree, conflicts} = await mergeTrees(staging.store, {ours: onto, theirs: submission}, signal);
  if (!(await isAncestor(store, {ancestor: onto, of: resolution}, signal))) {
    return refuse(conflicts.map(({path}) => path), 'The resolution does not build on what is merged so far.');
  }
  const resolved = await openTreeReader(store, resolution, signal);
  if (within !== undefined) {
    const stray = (await changedPaths(staging.store, {from: tree, to: resolved.tree}, signal)).filter((path) => !within.includes(path));
    if (stray.length > 0) return refuse(stray, `The resolution changes files that were not in conflict: ${named(stray)}.`);
    const marked: string[] = [];
    for (const path of within) if (marker.test(Buffer.from((await resolved.read(path, signal)) ?? []).toString('latin1'))) marked.push(path);
    if (marked.length > 0) return refuse(marked, `The resolution still has conflict markers: ${named(marked)}.`);
  }
  return await commitMerge(store, staging, {request, made: {tree: resolved.tree, settled: []}});
}

/** Paths that a sentence names. */
const maxNamed = 10;

function named(paths: readonly string[]): string {
  const more = paths.length > maxNamed ? ` and ${paths.length - maxNamed} more` : '';
  return paths.slice(0, maxNamed).map((path) => `\`${escapeText(path)}\``).join(', ') + more;
}
