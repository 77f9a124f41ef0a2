import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {readCheckout, resolveCommit, type Checkout} from '../freeze/checkout.js';
import {refuseFilters} from './filters.js';
import {filesInTheWay} from './in-the-way.js';
import {isGitFailure} from '../door/process.js';
import {assertId} from '../bare/refs.js';
import {readUserGit, writeUserGit} from '../door/user-git.js';

/** A commit of our repository that becomes a branch of the user's. */
export interface DeliverRequest {
  readonly checkout: Pick<Checkout, 'root'>;
  readonly repositoryDir: string;
  readonly commit: string;
  /** Short name. */
  readonly branch: string;
  readonly signal: AbortSignal;
}

const absent = '0'.repeat(40);
/** Files that a message names. */
const maxNamed = 10;

/**
 * Creates a branch in the user's repository with the user's own git, without hooks (also no `reference-transaction`: it
 * may be a file of the tree), and changes nothing else there. The same branch at the same commit is fine. Throws USAGE for a name that is none, RESULT_EXISTS for a branch that points elsewhere.
 */
export async function deliverBranch(request: DeliverRequest): Promise<void> {
  const {checkout, commit, branch, signal} = request;
  assertId(commit);
  const dir = checkout.root;
  const ref = await branchRef(dir, branch, signal);
  if (await isThere(dir, {ref, branch, commit}, signal)) return;
  // Objects first, the ref afterwards and only where there is none: a fetch into the ref could move a branch made meanwhile.
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules', '--no-prune', '--upload-pack=git-upload-pack'];
  const config = [['protocol.version', '2'], ['fetch.writeCommitGraph', 'false']] as const;
  await writeUserGit({dir, args: ['fetch', ...quiet, request.repositoryDir, commit], config, signal});
  try {
    await writeUserGit({dir, args: ['update-ref', '-m', 'bulkhead: deliver', ref, commit, absent], signal});
  } catch (error) {
    if (!isGitFailure(error)) throw error;
    if (await isThere(dir, {ref, branch, commit}, signal)) return;
    if (await isInTheWay(dir, branch, signal)) throw exists(branch, 'cannot be made: another branch has a part of its name', error);
    throw error;
  }
}

/** A delivered commit that is to become the user's checkout. */
export interface ApplyRequest {
  readonly checkout: Pick<Checkout, 'root'>;
  /** Must be in the user's repository already, by {@link deliverBranch}. */
  readonly commit: string;
  /** The commit that the run started from. */
  readonly base: string;
  readonly signal: AbortSignal;
}

/**
 * Fast-forwards the user's branch and checkout to a delivered commit, with the user's own git and filters (LFS works), but
 * without hooks: `core.hooksPath` may lead into the tree that an agent wrote.
 * Throws CHECKOUT_CHANGED when HEAD is not the base any more, has changes, or a file that git does not track, ignored or
 * not, is in the way; REPOSITORY_UNSUPPORTED when the command of a filter could be a file of the tree. Then nothing was
 * changed. What the user's own git does later, with hooks in the tree for example, is not looked at.
 */
export async function applyToCheckout({checkout, commit, base, signal}: ApplyRequest): Promise<void> {
  const now = await readCheckout(checkout.root, signal);
  const wanted = await resolveCommit(now, commit, signal);
  if (now.dirty.changed > 0) throw changed(`${now.dirty.changed} file(s) have changes that are not committed`);
  const [mine, started] = [await treeOf(now.root, now.head, signal), await treeOf(now.root, await resolveCommit(now, base, signal), signal)];
  if (mine !== started) throw changed('HEAD has other content than the base of the run');
  const ahead = await readUserGit({dir: now.root, args: ['merge-base', '--is-ancestor', now.head, wanted], okExits: [0, 1], signal});
  if (ahead.exitCode === 1) throw changed('HEAD is not an ancestor of the result');
  await refuseFilters(now.root, wanted, signal);
  const inTheWay = await filesInTheWay(now, wanted, signal);
  if (inTheWay.length > 0) throw overwritten(inTheWay);
  const args = ['merge', '--ff-only', '--no-overwrite-ignore', '--quiet', '--no-stat', wanted];
  // 1: git stopped before it changed anything, because a file that came meanwhile would be overwritten (measured on 2.39).
  const merged = await writeUserGit({dir: now.root, args, okExits: [0, 1], signal});
  if (merged.exitCode === 1) throw changed('a file that git does not track would be overwritten');
}

async function branchRef(dir: string, branch: string, signal: AbortSignal): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const plain = !branch.startsWith('-') && branch !== 'HEAD' && !branch.includes('\0');
  const valid = plain && (await readUserGit({dir, args: ['check-ref-format', ref], okExits: [0, 1], signal})).exitCode === 0;
  if (valid) return ref;
  throw new AppError('USAGE', `\`${escapeText(branch)}\` cannot be the name of a branch.`, {hint: 'Choose another name with --branch.'});
}

async function isThere(dir: string, {ref, branch, commit}: {readonly ref: string; readonly branch: string; readonly commit: string}, signal: AbortSignal): Promise<boolean> {
  const found = await readUserGit({dir, args: ['rev-parse', '--verify', '--quiet', ref], okExits: [0, 1], signal});
  if (found.exitCode === 1) return false;
  if (found.stdout.toString('latin1').trim() === commit) return true;
  throw exists(branch, 'exists and points elsewhere');
}

async function isInTheWay(dir: string, branch: string, signal: AbortSignal): Promise<boolean> {
  const parts = branch.split('/');
  const parents = parts.slice(1).map((_, index) => `refs/heads/${parts.slice(0, index + 1).join('/')}`);
  const listed = await readUserGit({dir, args: ['for-each-ref', '--format=%(refname)', `refs/heads/${branch}/`, ...parents], signal});
  return listed.stdout.length > 0;
}

async function treeOf(root: string, commit: string, signal: AbortSignal): Promise<string> {
  const {stdout} = await readUserGit({dir: root, args: ['rev-parse', '--verify', '--quiet', `${commit}^{tree}`], signal});
  return stdout.toString('latin1').trim();
}

function exists(branch: string, what: string, cause?: unknown): AppError {
  return new AppError('RESULT_EXISTS', `The branch ${escapeText(branch)} ${what}.`, {hint: 'Choose another name with --branch, or delete the branch.', cause});
}

function overwritten(paths: readonly string[]): AppError {
  const named = paths.slice(0, maxNamed).map((path) => `\`${escapeText(path)}\``).join(', ');
  const more = paths.length > maxNamed ? ` and ${paths.length - maxNamed} more` : '';
  return new AppError('CHECKOUT_CHANGED', `The checkout was left as it is: files that git does not track would be overwritten: ${named}${more}.`, {
    hint: 'Move them away, or merge the result branch yourself.',
    details: {paths: paths.map((path) => escapeText(path))},
  });
}

function changed(what: string): AppError {
  return new AppError('CHECKOUT_CHANGED', `The checkout was left as it is: ${what}.`, {hint: 'Commit or stash your changes, or merge the result branch yourself.'});
}
