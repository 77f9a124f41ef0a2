import {lstat} from 'node:fs/promises';
import {join} from 'node:path';
import {AppError} from '../../../core/errors.js';
import {decodeStrictly} from '../../door/decode.js';
import {readUserConfig} from '../../door/user-git.js';
import {isDotGit} from '../../../core/path.js';
import {writeCommit, type CommitRequest} from '../../bare/commit.js';
import {assertId, assertRef, setRef, type GitStore} from '../../bare/refs.js';
import {copyCuts, startStaging, type Staging} from '../../bare/staging.js';
import {maxBlobBytes} from '../../bare/tree-reader.js';
import type {Checkout} from '../checkout.js';
import {fetchWhole, isWhole} from '../freeze.js';
import {readEdits} from './edits.js';
import {notFreezable} from './not-freezable.js';
import {planDirty, type DirtyPlan, type PathProblem} from './plan.js';
import type {DirtyState} from './status.js';
import {readDirtySubmodules} from './submodules.js';
import {openWorktree, type Worktree} from './worktree.js';

/** A checkout that is to be frozen as it stands. */
export interface FreezeDirtyRequest {
  readonly checkout: Pick<Checkout, 'root' | 'gitDir' | 'commonDir' | 'head' | 'history'>;
  /** Host-invented name, `refs/bulkhead/<run>/…`. */
  readonly ref: string;
  /** Of the commit; its milliseconds are dropped. */
  readonly date: Date;
  readonly signal: AbortSignal;
}

/** A checkout, frozen. Paths are not escaped. */
export interface FrozenDirty {
  /** On top of HEAD; HEAD itself when the checkout does not differ from it. */
  readonly commit: string;
  /** Tracked files that differ from HEAD, staged or not. */
  readonly changed: readonly string[];
  /** Files that were not tracked, and are now in the commit. */
  readonly untracked: readonly string[];
  /** What is not in the commit although it is in the checkout and not ignored. */
  readonly leftOut: readonly PathProblem[];
  /** Files that are a pointer of Git LFS in the commit; their content is under `lfs/objects` of our repository. */
  readonly pointers: readonly string[];
}

/**
 * Freezes HEAD, and on top of it one commit of the checkout as it stands: what `git add -A` would commit, staged, unstaged
 * and untracked files that are not ignored, with bytes, line ends and encoding as the user's own git converts them, but
 * without running a filter, hook or monitor, and without writing into the user's repository. The ref then holds that
 * commit. Files that git is told not to look at (`assume-unchanged`, `skip-worktree`) are as in the index. A file that
 * changes meanwhile is taken as it was at one moment or the other.
 * Throws CHECKOUT_NOT_FREEZABLE, naming each path, before anything is made; then what {@link fetchWhole} throws.
 */
export async function freezeDirty(store: GitStore, request: FreezeDirtyRequest): Promise<FrozenDirty> {
  const {checkout, ref, date, signal} = request;
  assertId(checkout.head);
  assertRef(ref);
  await using staging = await startStaging(store, ref, signal);
  const [config, isHere] = await Promise.all([readUserConfig({dir: checkout.root, signal}), isWhole(store, checkout.head, signal)]);
  const worktree = await openWorktree(checkout, {staging, config});
  const state = await worktree.readDirty(signal);
  if (state.head !== checkout.head) throw new AppError('CHECKOUT_CHANGED', 'Another commit was checked out while the checkout was read.', {hint: 'Try again.'});
  const plan = await makePlan(worktree, state, signal);
  if (!isHere) await fetchWhole(store, {checkout, commit: checkout.head, ref, signal});
  await copyCuts(store, staging);
  const objects = join(checkout.commonDir, 'objects');
  const [leftOut, edits] = await Promise.all([readLeftOut(worktree, state, signal), readEdits(store, staging, {worktree, plan, changed: state.changed, objects}, signal)]);
  const commit = edits.length === 0 ? checkout.head : await commitEdits(store, staging, {parent: checkout.head, edits, date}, signal);
  await setRef(store, ref, commit, signal);
  return {commit, changed: commit === checkout.head ? [] : state.changed.map((file) => file.path), untracked: state.untracked, leftOut, pointers: plan.pointers};
}

/** The commit of the edits, or its parent when they change nothing. */
async function commitEdits(store: GitStore, staging: Staging, request: Pick<CommitRequest, 'parent' | 'edits' | 'date'>, signal: AbortSignal): Promise<string> {
  const written = await writeCommit(store, staging, {...request, message: 'Uncommitted changes of the checkout'}, signal);
  if (written !== undefined) return written.tree === written.parentTree ? request.parent : written.commit;
  throw new AppError('CHECKOUT_NOT_FREEZABLE', "The checkout has files that git's own check refuses, for example a name that stands for `.git`.", {hint: 'Put them aside or ignore them, or leave out --include-dirty.'});
}

async function readLeftOut(worktree: Worktree, {repositories}: DirtyState, signal: AbortSignal): Promise<readonly PathProblem[]> {
  return [...repositories.map((path) => ({path, why: 'is a git repository of its own'})), ...(await readDirtySubmodules(worktree, signal))];
}

async function makePlan(worktree: Worktree, state: DirtyState, signal: AbortSignal): Promise<DirtyPlan> {
  const paths = [...state.changed.filter((file) => file.checkout === 'changed').map((file) => file.path), ...state.untracked];
  const [filters, unfit] = await Promise.all([readFilters(worktree, paths, signal), fileProblems(worktree.root, paths)]);
  const plan = planDirty(state, filters, worktree.config);
  // A file of Git LFS may have any size.
  const pointers = new Set(plan.pointers);
  const problems = [...plan.problems, ...unfit.filter(({path}) => !pointers.has(path))];
  if (problems.length > 0) throw notFreezable(problems);
  return plan;
}

/** The filter that attributes name for each path, where they name one. */
async function readFilters(worktree: Worktree, paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map();
  const {stdout} = await worktree.read(['check-attr', '-z', '--stdin', 'filter'], paths.map((path) => `${path}\0`).join(''), signal);
  const fields = (decodeStrictly(stdout) ?? '').split('\0');
  if (fields.length !== paths.length * 3 + 1) throw new AppError('GIT_FAILED', '`git check-attr` did not answer for every path.');
  const none = ['unspecified', 'unset', 'set'];
  return new Map(paths.flatMap((path, index): [string, string][] => (none.includes(fields[index * 3 + 2] ?? 'unset') ? [] : [[path, fields[index * 3 + 2] ?? '']])));
}

/** Files that are looked at at the same time. */
const together = 64;

async function fileProblems(root: string, paths: readonly string[]): Promise<readonly PathProblem[]> {
  const problems: PathProblem[] = [];
  for (let start = 0; start < paths.length; start += together) {
    const sizes = await Promise.all(paths.slice(start, start + together).map(async (path) => ({path, size: await sizeOf(join(root, path))})));
    for (const {path, size} of sizes) {
      if (size > maxBlobBytes) problems.push({path, why: `has ${size} bytes; at most ${maxBlobBytes} are supported`});
      else if (path.split('/').some(isDotGit)) problems.push({path, why: 'has a name that some systems take for `.git`'});
    }
  }
  return problems;
}

async function sizeOf(path: string): Promise<number> {
  return lstat(path).then((stats) => (stats.isFile() ? stats.size : 0), () => 0);
}
