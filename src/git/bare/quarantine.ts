import {mkdir, readdir, rename} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {onDisk, syncPath} from '../door/disk.js';
import type {GitStore} from './refs.js';
import type {Staging} from './staging.js';

/**
 * Objects that are not ours yet: git writes them, and the half-written files of a killed git, into a folder that goes with
 * its staging; {@link Quarantine.accept} takes the finished ones over. git does the same when it receives a push.
 */
export interface Quarantine {
  /** Lets a git that works on our repository write its objects here, while it sees ours. */
  readonly env: Readonly<Record<string, string>>;
  /** {@link adoptObjects}. Only then may a ref of ours point at what is in them. */
  accept(): Promise<void>;
}

/** Makes a quarantine in a staging folder. Throws DISK_FULL, ENVIRONMENT. */
export async function startQuarantine(store: GitStore, staging: Staging): Promise<Quarantine> {
  const objects = join(staging.folder, 'objects');
  await onDisk(staging.folder, () => mkdir(join(objects, 'pack'), {recursive: true, mode: 0o700}));
  return {
    env: {GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: quotedFolder(join(store.directory, 'objects'))},
    accept: () => adoptObjects(store, objects),
  };
}

/**
 * Takes every finished object of another folder of objects over, renamed, and syncs the folders: for what our own git
 * made, or has checked. A pack without its index is no pack to git, so that the index comes last.
 */
export async function adoptObjects(store: GitStore, objects: string): Promise<void> {
  const finished = [
    {folder: /^pack$/, file: /^pack-[0-9a-f]{40,64}\.(pack|rev)$/},
    {folder: /^pack$/, file: /^pack-[0-9a-f]{40,64}\.idx$/},
    {folder: /^[0-9a-f]{2}$/, file: /^[0-9a-f]{38,62}$/},
  ];
  await onDisk(store.directory, async () => {
    for (const {folder, file} of finished) {
      for (const name of (await readdir(objects)).filter((one) => folder.test(one))) await adopt(join(objects, name), {to: join(store.directory, 'objects', name), file});
    }
  });
}

async function adopt(from: string, {to, file}: {readonly to: string; readonly file: RegExp}): Promise<void> {
  const names = (await readdir(from)).filter((name) => file.test(name));
  if (names.length === 0) return;
  if ((await mkdir(to, {recursive: true, mode: 0o700})) !== undefined) await syncPath(dirname(to));
  for (const name of names) await rename(join(from, name), join(to, name));
  await syncPath(to);
}

/** A path in the list of the environment, where a bare colon would end it (git: environment variables). */
export function quotedFolder(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
