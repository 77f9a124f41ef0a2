import {join} from 'node:path';
import {readGit, runGit} from '../door/command.js';
import {cleanMessage, identity, rawDate} from '../bare/commit.js';
import {isAncestor} from '../bare/history.js';
import {readMergedProblem} from '../import/merged-tree.js';
import {adoptObjects} from '../bare/quarantine.js';
import {assertId, setRef, type GitStore} from '../bare/refs.js';
import {startStaging} from '../bare/staging.js';

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
export type Merged = {readonly state: 'merged'; readonly commit: string} | Conflicted;

/** A submission that does not go onto the merge so far. */
export interface Conflicted {
  readonly state: 'conflicted';
  /** As git stores them: not escaped. */
  readonly paths: readonly string[];
  /** Set when git could merge, but the merged tree would be unsafe: one sentence that says how; escaped. */
  readonly why?: string;
}

/**
 * Merges in the bare repository, without a checkout, drivers or attributes. Always a merge commit, so that first parents
 * tell the order; with nothing new the result is `onto` itself. The same request gives the same id. The merged tree has
 * to pass what a submission has to pass: two safe ones can make an unsafe tree, which is a conflict with a `why`.
 */
export async function mergeSubmission(store: GitStore, request: MergeRequest): Promise<Merged> {
  const {onto, submission, signal} = request;
  assertId(onto);
  assertId(submission);
  if (await isAncestor(store, {ancestor: submission, of: onto}, signal)) {
    await setRef(store, request.ref, onto, signal);
    return {state: 'merged', commit: onto};
  }
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', onto, submission];
  // What a killed git has half written goes with the folder.
  await using staging = await startStaging(store, request.ref, signal);
  const merged = await runGit({gitDir: staging.store.directory, args, okExits: [0, 1], signal});
  const [tree = '', ...rest] = merged.stdout.toString('utf8').split('\0');
  // After the paths comes an empty field, then messages (git-merge-tree, OUTPUT).
  if (merged.exitCode === 1) return {state: 'conflicted', paths: [...new Set(rest.slice(0, rest.indexOf('')))]};
  assertId(tree);
  const problem = await readMergedProblem(staging.store, {onto, tree}, signal);
  if (problem !== undefined) return {state: 'conflicted', ...problem};
  const commit = await commitTree(staging.store, {tree, request});
  await adoptObjects(store, join(staging.store.directory, 'objects'));
  await setRef(store, request.ref, commit, signal);
  return {state: 'merged', commit};
}

async function commitTree(store: GitStore, {tree, request}: {readonly tree: string; readonly request: MergeRequest}): Promise<string> {
  const date = rawDate(request.date);
  return readGit({
    gitDir: store.directory,
    args: ['commit-tree', tree, '-p', request.onto, '-p', request.submission, '-F', '-'],
    stdin: cleanMessage(request.message),
    env: {
      GIT_AUTHOR_NAME: identity.name,
      GIT_AUTHOR_EMAIL: identity.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: identity.name,
      GIT_COMMITTER_EMAIL: identity.email,
      GIT_COMMITTER_DATE: date,
    },
    signal: request.signal,
  });
}
