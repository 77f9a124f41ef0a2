import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {Checkout} from '../freeze/checkout.js';
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

function exists(branch: string, what: string, cause?: unknown): AppError {
  return new AppError('RESULT_EXISTS', `The branch ${escapeText(branch)} ${what}.`, {hint: 'Choose another name with --branch, or delete the branch.', cause});
}
