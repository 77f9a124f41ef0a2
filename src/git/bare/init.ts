import {chmod, lstat, mkdir, mkdtemp, readdir, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {systemCode} from '../../core/errors.js';
import {runGit} from '../door/command.js';
import {onDisk, syncPath} from '../door/disk.js';

/**
 * Makes our bare repository (mode 0700, no template, no hook) in a folder unless it is there. It appears whole or not at
 * all, also when two processes make it at once; one that a killed `git init` left half is completed. Throws DISK_FULL,
 * ENVIRONMENT, GIT_FAILED.
 */
export async function initRepository(directory: string, signal: AbortSignal): Promise<void> {
  const parent = dirname(directory);
  const prefix = `${basename(directory)}.new-`;
  if (!(await isWhole(directory))) {
    await onDisk(parent, () => mkdir(parent, {recursive: true, mode: 0o700}));
    try {
      await make(directory, join(parent, prefix), signal);
    } catch (error) {
      // Whoever was first has taken away what the others were making.
      signal.throwIfAborted();
      if (!(await isWhole(directory))) throw error;
    }
  }
  // Nobody needs these any more: neither those who are late, nor a killed one.
  await onDisk(parent, async () => {
    for (const name of await readdir(parent)) if (name.startsWith(prefix)) await rm(join(parent, name), {recursive: true, force: true, maxRetries: 5});
  });
  await onDisk(directory, () => chmod(directory, 0o700));
}

async function make(directory: string, prefix: string, signal: AbortSignal): Promise<void> {
  const parent = dirname(directory);
  const made = await onDisk(parent, () => mkdtemp(prefix));
  await gitInit(made, signal);
  await onDisk(made, () => syncTree(made));
  const isPlaced = await onDisk(directory, () => place(made, directory));
  await onDisk(parent, () => syncPath(parent));
  // What is in the way is another process's repository, or half of an old one; only the latter is touched.
  if (!isPlaced && !(await isWhole(directory))) await complete(directory, signal);
}

/** `git init` syncs nothing, whatever `core.fsync` says (measured on 2.39): after a power cut `HEAD` would be empty. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, {withFileTypes: true})) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? syncTree(path) : syncPath(path));
  }
  await syncPath(folder);
}

async function place(made: string, directory: string): Promise<boolean> {
  try {
    await rename(made, directory);
    return true;
  } catch (error) {
    // An empty folder is replaced, a filled one is not (rename(2)).
    if (['EEXIST', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}

async function gitInit(directory: string, signal: AbortSignal): Promise<void> {
  await runGit({gitDir: directory, args: ['init', '-q', '--bare', '--template=', '--object-format=sha1', '--initial-branch=none'], signal});
}

/** `git init` leaves a `HEAD` that is there alone, also an empty one, as a power cut left it before everything was synced. */
async function complete(directory: string, signal: AbortSignal): Promise<void> {
  if ((await sizeOf(join(directory, 'HEAD'))) === 0) await onDisk(directory, () => rm(join(directory, 'HEAD')));
  await gitInit(directory, signal);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return lstat(path).then(({size}) => size, () => undefined);
}

/** What git itself asks of a repository (git: setup.c, `is_git_directory`), and the file that `git init` writes last. */
async function isWhole(directory: string): Promise<boolean> {
  const sizes = await Promise.all(['HEAD', 'config', 'refs', 'objects/pack', 'objects/info'].map((part) => sizeOf(join(directory, part))));
  return sizes.every((size) => size !== undefined) && sizes.slice(0, 2).every((size) => size !== 0);
}
