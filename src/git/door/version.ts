import {devNull} from 'node:os';
import {AppError} from '../../core/errors.js';
import {readGit} from './command.js';

/** First git with `merge-tree --write-tree` and `safe.bareRepository` (release notes of 2.38). */
const floor = [2, 38] as const;

/** The version of the installed git, for example `2.39.5`. Throws ENVIRONMENT when there is none. */
export async function readGitVersion(signal: AbortSignal): Promise<string> {
  const said = await readGit({gitDir: devNull, args: ['version'], signal});
  return /\d+(\.\d+)+/.exec(said)?.[0] ?? said;
}

/** Throws ENVIRONMENT unless the installed git can do what Bulkhead needs. */
export async function requireGit(signal: AbortSignal): Promise<void> {
  const version = await readGitVersion(signal);
  if (isRecentEnough(version)) return;
  throw new AppError('ENVIRONMENT', `git ${version} is too old.`, {hint: `Install git ${floor.join('.')} or newer.`});
}

/** Whether a version such as `2.39.5` reaches the floor; what is not a version does not. */
export function isRecentEnough(version: string): boolean {
  const [major = NaN, minor = NaN] = version.split('.').map(Number);
  return major > floor[0] || (major === floor[0] && minor >= floor[1]);
}
