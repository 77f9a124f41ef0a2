import {lstat, mkdir, open, realpath, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {AppError, systemCode} from '../core/errors.js';
import {escapeText} from '../core/escape.js';
import {foldersOf} from '../core/path.js';

/** A file for a checkout. */
export interface NewFile {
  /** Literal, relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What became of it. */
export interface WrittenFile {
  readonly path: string;
  readonly outcome: 'created' | 'replaced';
}

/**
 * Writes files into a checkout, all or none as far as can be known beforehand. Throws FILE_EXISTS unless `force` is set,
 * and LINK_IN_PATH where any part below the root is a symbolic link, whatever `force` says.
 */
export async function writeNewFiles(root: string, files: readonly NewFile[], {force}: {readonly force: boolean}): Promise<readonly WrittenFile[]> {
  const realRoot = await realpath(root);
  for (const file of files) await checkPlace(realRoot, file.path, force);
  const written: WrittenFile[] = [];
  for (const {path, text} of files) {
    const full = join(realRoot, path);
    await mkdir(dirname(full), {recursive: true});
    const outcome = (await kindOf(full)) === undefined ? 'created' : 'replaced';
    if (outcome === 'created') await writeExclusively(full, text, path);
    else await replace(full, text);
    written.push({path, outcome});
  }
  return written;
}

/** Writes one new file where the user says; never over another. Throws FILE_EXISTS, ENVIRONMENT. */
export async function writeExclusively(full: string, text: string, shown = full): Promise<void> {
  try {
    // Exclusive creation follows no link.
    await using file = await open(full, 'wx');
    await file.writeFile(text);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw exists(shown);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new AppError('USAGE', `The folder of ${escapeText(shown)} does not exist.`, {hint: 'Make it first, or give another path.'});
    throw error;
  }
}

async function checkPlace(root: string, path: string, force: boolean): Promise<void> {
  for (const folder of foldersOf(path)) {
    const kind = await kindOf(join(root, folder));
    if (kind === 'link') throw new AppError('LINK_IN_PATH', `\`${escapeText(folder)}\` is a symbolic link, so \`${escapeText(path)}\` is not written.`);
    if (kind !== undefined && kind !== 'folder') throw exists(folder, 'it is not a folder');
  }
  const kind = await kindOf(join(root, path));
  if (kind === 'link') throw new AppError('LINK_IN_PATH', `\`${escapeText(path)}\` is a symbolic link and is not written.`);
  if (kind === undefined || (force && kind === 'file')) return;
  throw exists(path, kind === 'file' ? undefined : 'it is no file');
}

async function kindOf(full: string): Promise<'link' | 'folder' | 'file' | 'other' | undefined> {
  try {
    const status = await lstat(full);
    return status.isSymbolicLink() ? 'link' : status.isDirectory() ? 'folder' : status.isFile() ? 'file' : 'other';
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') return 'other';
    throw error;
  }
}

async function replace(full: string, text: string): Promise<void> {
  const draft = join(dirname(full), `.${basename(full)}.${process.pid}.draft`);
  try {
    await writeExclusively(draft, text);
    await rename(draft, full);
  } catch (error) {
    await rm(draft, {force: true});
    throw error;
  }
}

function exists(path: string, why?: string): AppError {
  return new AppError('FILE_EXISTS', `\`${escapeText(path)}\` is there already${why === undefined ? '' : `, and ${why}`}.`, {hint: 'Nothing was written. Look at it first; then move it away, give another name, or say --force where the command has it.', details: {path}});
}
