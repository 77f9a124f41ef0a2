import {join} from 'node:path';
import {commitTree} from '../bare/commit-tree.js';
import {adoptObjects} from '../bare/quarantine.js';
import {assertId, setRef, type GitStore} from '../bare/refs.js';
import {startStaging} from '../bare/staging.js';
import {readMergedProblem} from '../import/merged-tree.js';
import {mergeTrees} from './merge-tree.js';
import type {MergeRequest} from './merge.js';

/**
 * Makes a commit on top of `onto` in which a conflict stands open: what git could merge is merged, and the files in conflict
 * have its markers with the base between them, for somebody who resolves them in a box. Its one parent is `onto`: nothing is
 * merged by it. Undefined when that tree would be unsafe.
 */
export async function markConflict(store: GitStore, {onto, submission, ref, message, date, signal}: MergeRequest): Promise<string | undefined> {
  assertId(onto);
  assertId(submission);
  await using staging = await startStaging(store, ref, signal);
  const {tree} = await mergeTrees(staging.store, {ours: onto, theirs: submission, showBase: true}, signal);
  if ((await readMergedProblem(staging.store, {onto, tree}, signal)) !== undefined) return undefined;
  const commit = await commitTree(staging.store, {tree, parents: [onto], message, date}, signal);
  await adoptObjects(store, join(staging.store.directory, 'objects'));
  await setRef(store, ref, commit, signal);
  return commit;
}
