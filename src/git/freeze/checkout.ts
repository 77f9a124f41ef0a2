import {realpath} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {sha256} from '../../core/canonical.js';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {decodeStrictly} from '../door/decode.js';
import {diagnose} from '../door/diagnosis.js';
import {isGitFailure} from '../door/process.js';
import {readUserConfig, readUserGit} from '../door/user-git.js';

/** A user's checkout, as it was when it was read. */
export interface Checkout {
  /** Top folder of the checkout. */
  readonly root: string;
  /** Absolute git dir; of a linked worktree its own one. */
  readonly gitDir: string;
  /** Absolute git dir that has objects and branches; the same for all worktrees. */
  readonly commonDir: string;
  /** Full id of the commit that is checked out. */
  readonly head: string;
  /** Short branch name, or undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** Files that differ from HEAD (staged or not), and untracked files that are not ignored. */
  readonly dirty: {readonly changed: number; readonly untracked: number};
  /** Names the repository on this machine: one for all its worktrees; usable as a folder name. */
  readonly repositoryId: string;
  /** How much of the history is here: of a shallow clone the last commits alone, of a partial one not every object. */
  readonly history: 'whole' | 'shallow' | 'partial';
}

/**
 * Reads the checkout that a folder is in. Nothing is written, and nothing that its configuration names is run.
 * Throws NOT_A_REPOSITORY; REPOSITORY_UNSUPPORTED for a bare, sha256, foreign or empty one.
 */
export async function readCheckout(dir: string, signal: AbortSignal): Promise<Checkout> {
  const gitDir = await openGitDir(dir, signal);
  const history = await readHistory(dir, signal);
  const root = await revParse(dir, ['--show-toplevel'], signal);
  const commonDir = await realpath(await revParse(dir, ['--path-format=absolute', '--git-common-dir'], signal));
  const head = await resolveIn(root, 'HEAD', signal);
  if (head === undefined) {
    throw new AppError('REPOSITORY_UNSUPPORTED', `The repository ${escapeText(root)} has no commit yet.`, {hint: 'Commit something first: `git add . && git commit`.'});
  }
  const branch = await readUserGit({dir: root, args: ['symbolic-ref', '-q', 'HEAD'], okExits: [0, 1], signal});
  return {
    root,
    gitDir,
    commonDir,
    head,
    branch: branch.exitCode === 0 ? line(branch.stdout).replace(/^refs\/heads\//, '') : undefined,
    dirty: await readDirty(root, signal),
    repositoryId: repositoryId(commonDir),
    history,
  };
}

/**
 * The full id of the commit that a name means in the user's repository (branch, tag, `HEAD~2`, an id or its beginning).
 * Throws COMMIT_NOT_FOUND, also for a name that could be taken for an option.
 */
export async function resolveCommit(checkout: Pick<Checkout, 'root'>, name: string, signal: AbortSignal): Promise<string> {
  const commit = isRevisionName(name) ? await resolveIn(checkout.root, name, signal) : undefined;
  if (commit !== undefined) return commit;
  throw new AppError('COMMIT_NOT_FOUND', `There is no commit \`${escapeText(name)}\` in ${escapeText(checkout.root)}.`, {hint: '`git log --oneline --all` lists what there is.'});
}

/** Whether a text may be handed to git as a revision: not an option, no control character, not empty. */
export function isRevisionName(name: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  return name !== '' && !name.startsWith('-') && !/[\u0000-\u001f\u007f]/.test(name);
}

async function resolveIn(root: string, name: string, signal: AbortSignal): Promise<string | undefined> {
  const found = await readUserGit({dir: root, args: ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], okExits: [0, 1, 128], signal});
  const id = line(found.stdout);
  return found.exitCode === 0 && /^[0-9a-f]{40}$/.test(id) ? id : undefined;
}

async function openGitDir(dir: string, signal: AbortSignal): Promise<string> {
  try {
    return await revParse(dir, ['--absolute-git-dir'], signal);
  } catch (error) {
    throw isGitFailure(error) ? await diagnose(dir, error) : error;
  }
}

async function readHistory(dir: string, signal: AbortSignal): Promise<Checkout['history']> {
  const facts = await revParse(dir, ['--is-bare-repository', '--is-inside-work-tree', '--is-shallow-repository', '--show-object-format'], signal);
  const [bare, inside, shallow, format] = facts.split('\n');
  const where = escapeText(dir);
  if (bare === 'true') throw unsupported(`${where} is a bare repository, which has no checkout`, 'Clone it, and work in the clone.');
  if (inside !== 'true') throw unsupported(`${where} is inside a git dir, not in a checkout`, 'Go to the folder of the checkout, or name it with -C DIR.');
  if (format !== 'sha1') throw unsupported(`${where} uses the object format ${format ?? 'unknown'}; only sha1 is supported`, 'Use a repository with sha1 objects.');
  const config = await readUserConfig({dir, signal});
  const isPartial = config.some(([key, value]) => key === 'extensions.partialclone' || (/^remote\..*\.promisor$/s.test(key) && value !== 'false'));
  return isPartial ? 'partial' : shallow === 'true' ? 'shallow' : 'whole';
}

async function readDirty(root: string, signal: AbortSignal): Promise<Checkout['dirty']> {
  // What is inside a submodule is not looked at: git would start another git there, with the submodule's configuration.
  const args = ['status', '--porcelain=v2', '-z', '--no-renames', '--untracked-files=all', '--ignore-submodules=dirty'];
  const {stdout} = await readUserGit({dir: root, args, signal});
  const entries = stdout.toString('latin1').split('\0');
  return {changed: entries.filter((entry) => /^[12u] /.test(entry)).length, untracked: entries.filter((entry) => entry.startsWith('? ')).length};
}

async function revParse(dir: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const said = decodeStrictly((await readUserGit({dir, args: ['rev-parse', ...args], signal})).stdout);
  if (said === undefined) throw unsupported(`${escapeText(dir)} is in a folder whose name is not UTF-8`, 'Rename the folder.');
  return said.replace(/\n$/, '');
}

/** Names the repository of a git dir on this machine; usable as a folder name. */
export function repositoryId(commonDir: string): string {
  const named = basename(commonDir) === '.git' ? basename(dirname(commonDir)) : basename(commonDir, '.git');
  const safe = named.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '').slice(0, 60);
  return `${safe === '' ? 'repository' : safe}-${sha256(commonDir).slice(0, 8)}`;
}

function line(stdout: Buffer): string {
  return stdout.toString('utf8').replace(/\n$/, '');
}

function unsupported(what: string, hint: string): AppError {
  return new AppError('REPOSITORY_UNSUPPORTED', `${what}.`, {hint});
}
