import {lstat} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';

/**
 * Says why git could not open a repository from a folder, by looking at the folders and not at git's words: there is
 * none, a bare one, one that belongs to somebody else, or one that is damaged.
 */
export async function diagnose(dir: string, cause: unknown): Promise<AppError> {
  const details = cause instanceof AppError ? cause.details : {};
  const start = resolve(dir);
  if (!(await exists(start))) {
    return new AppError('NOT_A_REPOSITORY', `The folder ${escapeText(start)} does not exist.`, {hint: 'Name the folder of a checkout with -C DIR.', cause});
  }
  for (let folder = start; ; folder = dirname(folder)) {
    if (await exists(join(folder, '.git'))) return unopenable(folder, {cause, details});
    if (basename(folder) === '.git' && (await isBare(folder))) {
      return new AppError('REPOSITORY_UNSUPPORTED', `${escapeText(start)} is inside a git dir, not in a checkout.`, {hint: 'Go to the folder of the checkout, or name it with -C DIR.', cause, details});
    }
    if (await isBare(folder)) {
      return new AppError('REPOSITORY_UNSUPPORTED', `${escapeText(folder)} is a bare repository, which has no checkout.`, {hint: 'Clone it, and work in the clone.', cause, details});
    }
    if (dirname(folder) === folder) break;
  }
  return new AppError('NOT_A_REPOSITORY', `The folder ${escapeText(start)} is not inside a git repository.`, {
    hint: 'Run `git init` and commit something, or name another folder with -C DIR.',
    cause,
  });
}

async function unopenable(folder: string, rest: {readonly cause: unknown; readonly details: AppError['details']}): Promise<AppError> {
  const owner = await foreignOwner(folder);
  const shown = escapeText(folder);
  if (owner !== undefined) {
    return new AppError('REPOSITORY_UNSUPPORTED', `The repository ${shown} belongs to another user (uid ${owner}), so git does not open it.`, {
      hint: `Run as its owner, or, if you trust it: git config --global --add safe.directory ${shown}`,
      ...rest,
    });
  }
  return new AppError('REPOSITORY_UNSUPPORTED', `git cannot open the repository ${shown}.`, {hint: `\`git -C ${shown} status\` shows what is wrong with it.`, ...rest});
}

/** The same owners that git accepts: the effective user, and the one who called sudo (git-config, safe.directory). */
async function foreignOwner(folder: string): Promise<number | undefined> {
  const accepted = [process.geteuid?.(), Number(process.env['SUDO_UID'] ?? NaN)];
  for (const path of [folder, join(folder, '.git')]) {
    const {uid} = await lstat(path);
    if (!accepted.includes(uid)) return uid;
  }
  return undefined;
}

async function isBare(folder: string): Promise<boolean> {
  const parts = await Promise.all(['HEAD', 'objects', 'refs'].map((name) => exists(join(folder, name))));
  return parts.every(Boolean);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false);
}
