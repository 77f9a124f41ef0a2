import {AppError, isAppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {isGitFailure} from '../door/process.js';
import {readUserGit, writeUserGit} from '../door/user-git.js';
import {readTreeId} from '../bare/history.js';
import {assertId} from '../bare/refs.js';
import {readCheckout, resolveCommit, type Checkout} from '../freeze/checkout.js';
import {freezeDirty} from '../freeze/dirty/freeze-dirty.js';
import {parseStatus, statusArgs} from '../freeze/dirty/status.js';
import {refuseFilters} from './filters.js';
import {filesInTheWay} from './in-the-way.js';
import {beginApplying, undoInterrupted} from './undo.js';

/** A delivered commit that is to become the user's checkout. */
export interface ApplyRequest {
  readonly checkout: Pick<Checkout, 'root'>;
  /** Our bare repository; what a checkout with changes holds is written there, to be compared. */
  readonly repositoryDir: string;
  /** Ref of ours that may hold it, `refs/bulkhead/<run>/…`. */
  readonly ref: string;
  /** Must be in the user's repository already, by `deliverBranch`. */
  readonly commit: string;
  /** The commit that the run started from: HEAD, or the changes of the checkout on top of it. */
  readonly base: string;
  readonly signal: AbortSignal;
}

/** Of a commit of which only the tree is looked at; git takes no dates of the first years for such. */
const anyDate = new Date('2000-01-01T00:00:00Z');
/** Files that a message names. */
const maxNamed = 10;

/**
 * Fast-forwards the user's branch and checkout to a delivered commit, with the user's own git and filters (LFS works), but
 * without hooks: `core.hooksPath` may lead into the tree that an agent wrote. Changes that the run started from become
 * the first commit of what is delivered. A checkout that is at the result already stays as it is.
 * Throws CHECKOUT_CHANGED when the checkout is not the base any more, or a file that git does not track, ignored or
 * not, is in the way; REPOSITORY_UNSUPPORTED when the command of a filter could be a file of the tree. All or nothing: what
 * fails is undone at once, and what a killed process left, by the next call, before it does anything else; what cannot be told from
 * the user's own work then is APPLY_INTERRUPTED. What the user's own git does later, with hooks in the tree for example, is not looked at.
 */
export async function applyToCheckout(request: ApplyRequest): Promise<void> {
  const {checkout, signal} = request;
  await undoInterrupted(checkout.root, signal);
  const now = await readCheckout(checkout.root, signal);
  const [to, from] = [await resolveCommit(now, request.commit, signal), await resolveCommit(now, request.base, signal)];
  if (now.head === to) return;
  const start = await startOf(now, {...request, from});
  const ahead = await readUserGit({dir: now.root, args: ['merge-base', '--is-ancestor', start, to], okExits: [0, 1], signal});
  if (ahead.exitCode === 1) throw changed('HEAD is not an ancestor of the result');
  await refuseFilters(now.root, to, signal);
  const inTheWay = await filesInTheWay({root: now.root, head: start}, to, signal);
  if (inTheWay.length > 0) throw overwritten(inTheWay);
  await moveCheckout(now, {from: start, to}, signal);
}

/** The commit that the checkout is at: HEAD, or the base on top of HEAD that has the same changes. Throws CHECKOUT_CHANGED. */
async function startOf(now: Checkout, {repositoryDir, ref, from, signal}: Pick<ApplyRequest, 'repositoryDir' | 'ref' | 'signal'> & {readonly from: string}): Promise<string> {
  const treeOf = async (commit: string) => (await readUserGit({dir: now.root, args: ['rev-parse', '--verify', '--quiet', `${commit}^{tree}`], signal})).stdout.toString('latin1').trim();
  const same = (await treeOf(now.head)) === (await treeOf(from));
  if (same && now.dirty.changed === 0) return now.head;
  const parent = await readUserGit({dir: now.root, args: ['rev-parse', '--verify', '--quiet', `${from}^1`], okExits: [0, 1, 128], signal});
  const onHead = !same && parent.stdout.toString('latin1').trim() === now.head;
  if (!onHead) throw changed(now.dirty.changed > 0 ? `${now.dirty.changed} file(s) have changes that are not committed` : 'HEAD has other content than the base of the run');
  const {stdout} = await readUserGit({dir: now.root, args: statusArgs, signal});
  const twice = parseStatus(stdout).changed.filter(({checkout, staged}) => checkout !== 'same' && !/^0+$/.test(staged.oid));
  const staged = await stagedOnly(now, twice.map(({path}) => path), signal);
  // Only the version in the checkout is in the base: what is staged would be nowhere any more.
  if (staged.length > 0) throw changed(`what is staged of ${named(staged)} is neither in HEAD nor in the checkout`);
  if ((await treeNow(now, {repositoryDir, ref, signal})) !== (await treeOf(from))) throw changed('it has other changes than the run started from');
  return from;
}

/** The tree of the checkout as it stands, in the way in which the base was made; undefined when it has none by now. */
async function treeNow(now: Checkout, {repositoryDir, ref, signal}: Pick<ApplyRequest, 'repositoryDir' | 'ref' | 'signal'>): Promise<string | undefined> {
  const store = {directory: repositoryDir};
  try {
    const frozen = await freezeDirty(store, {checkout: now, ref, date: anyDate, signal});
    return await readTreeId(store, frozen.commit, signal);
  } catch (error) {
    if (isAppError(error, 'CHECKOUT_NOT_FREEZABLE')) return undefined;
    throw error;
  }
}

/** Which of some paths have something staged, besides what differs in the checkout. */
async function stagedOnly(now: Checkout, paths: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const {stdout} = await readUserGit({dir: now.root, args: ['diff-index', '--cached', '-z', '--name-only', '--no-ext-diff', now.head], signal});
  const staged = new Set(stdout.toString('utf8').split('\0'));
  return paths.filter((path) => staged.has(path));
}

/** From the first change on nothing is cancelled: it is a matter of seconds, and half of it would have to be undone. */
async function moveCheckout(now: Checkout, {from, to}: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<void> {
  assertId(from);
  signal.throwIfAborted();
  const [dir, steady] = [now.root, new AbortController().signal];
  const applying = await beginApplying(now, {from, to});
  try {
    // The changes are in the base: HEAD and index go there, and no file is touched.
    if (from !== now.head) await writeUserGit({dir, args: ['reset', '--quiet', '--mixed', '--no-recurse-submodules', from], signal: steady});
    await writeUserGit({dir, args: ['merge', '--ff-only', '--no-overwrite-ignore', '--quiet', '--no-stat', to], signal: steady});
  } catch (error) {
    await applying.undo(steady);
    // 1: git stopped before it changed anything, because a file that came meanwhile would be overwritten (measured on 2.39).
    if (isGitFailure(error) && error instanceof AppError && error.details['exitCode'] === 1) throw changed('a file that git does not track would be overwritten');
    throw error;
  }
  await applying.finish();
}

function overwritten(paths: readonly string[]): AppError {
  return new AppError('CHECKOUT_CHANGED', `The checkout was left as it is: files that git does not track would be overwritten: ${named(paths)}.`, {
    hint: 'Move them away, or merge the result branch yourself.',
    details: {paths: paths.map((path) => escapeText(path))},
  });
}

function named(paths: readonly string[]): string {
  const more = paths.length > maxNamed ? ` and ${paths.length - maxNamed} more` : '';
  return paths.slice(0, maxNamed).map((path) => `\`${escapeText(path)}\``).join(', ') + more;
}

function changed(what: string): AppError {
  return new AppError('CHECKOUT_CHANGED', `The checkout was left as it is: ${what}.`, {hint: 'Commit or stash your changes, or merge the result branch yourself.'});
}
