import {copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {systemCode} from '../../core/errors.js';
import {onDisk} from '../door/disk.js';
import type {GitStore} from './refs.js';

/** A throw-away folder beside our objects, with a bare repository that sees them and that nobody reads afterwards. */
export interface Staging extends AsyncDisposable {
  /** Mode 0700. */
  readonly folder: string;
  /** Borrows the objects of our repository; what is written there vanishes with the folder. */
  readonly store: GitStore;
}

const prefix = 'staging-';
/** Age after which a leftover belongs to nobody any more: no import takes a day. */
const staleMs = 24 * 3600 * 1000;

/**
 * Makes a staging folder for what a ref such as `refs/bulkhead/<run>/…` will point at. It is removed on disposal; one that
 * a killed process left, by {@link sweepStagingOf} its run, or by {@link sweepStaging}. Throws DISK_FULL, ENVIRONMENT.
 */
export async function startStaging(store: GitStore, ref: string, signal: AbortSignal): Promise<Staging> {
  const folder = await onDisk(store.directory, () => mkdtemp(join(store.directory, prefixOf(ref))));
  const remove = () => rm(folder, {recursive: true, force: true});
  try {
    const directory = join(folder, 'git');
    signal.throwIfAborted();
    await onDisk(folder, () => makeBare(directory, join(store.directory, 'objects')));
    const staging = {folder, store: {directory}, [Symbol.asyncDispose]: remove};
    await copyCuts(store, staging);
    return staging;
  } catch (error) {
    await remove();
    throw error;
  }
}

/** As little as git takes for a repository (gitrepository-layout): for one that is thrown away, `git init` is a process too many. */
async function makeBare(directory: string, alternate: string): Promise<void> {
  for (const name of ['objects/info', 'objects/pack', 'refs']) await mkdir(join(directory, name), {recursive: true, mode: 0o700});
  const files = {HEAD: 'ref: refs/heads/none\n', config: '[core]\n\trepositoryformatversion = 0\n\tbare = true\n', 'objects/info/alternates': `${alternate}\n`};
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text, {mode: 0o600});
}

/** Tells a staging repository where our histories are cut by now: that is a fact of a repository, not of its objects. */
export async function copyCuts(store: GitStore, staging: Pick<Staging, 'folder' | 'store'>): Promise<void> {
  await onDisk(staging.folder, () =>
    copyFile(join(store.directory, 'shallow'), join(staging.store.directory, 'shallow')).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    }),
  );
}

/** Removes what killed processes left: staging folders, unfinished packs, half a file of Git LFS. */
export async function sweepStaging(store: GitStore): Promise<void> {
  const packs = join(store.directory, 'objects', 'pack');
  const files = join(store.directory, 'lfs', 'tmp');
  await onDisk(store.directory, async () => {
    await sweep(store.directory, prefix);
    await sweep(packs, 'tmp_');
    if (await stat(files).then(() => true, () => false)) await sweep(files, '');
  });
}

/** Removes every staging folder of one run, whatever its age: only for whoever drives that run alone. */
export async function sweepStagingOf(store: GitStore, ref: string): Promise<void> {
  await onDisk(store.directory, async () => {
    for (const name of await readdir(store.directory)) {
      if (name.startsWith(prefixOf(ref))) await rm(join(store.directory, name), {recursive: true, force: true});
    }
  });
}

/** `staging-<run>-`: the third part of a ref, as a file name. */
function prefixOf(ref: string): string {
  return `${prefix}${(ref.split('/')[2] ?? '').replace(/[^A-Za-z0-9-]/g, '_')}-`;
}

/** Removes what begins with a prefix and is older than a day. */
async function sweep(folder: string, startsWith: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(startsWith)) continue;
    const path = join(folder, name);
    const age = await stat(path).then((stats) => Date.now() - stats.mtimeMs, () => 0);
    if (age > staleMs) await rm(path, {recursive: true, force: true});
  }
}
