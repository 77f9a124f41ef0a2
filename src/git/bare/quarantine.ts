import {mkdir, readdir, rename} from 'node:fs/promises';
import {join} from 'node:path';
import {onDisk, syncPath} from '../door/disk.js';
import type {GitStore} from './refs.js';
import type {Staging} from './staging.js';

/**
 * Objects that are not ours yet: git writes them, and the half-written files of a killed git, into a folder that goes with
 * its staging; {@link Quarantine.accept} takes the finished packs over. git does the same when it receives a push.
 */
export interface Quarantine {
  /** Lets a git that works on our repository write its objects here, while it sees ours. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes every finished pack over, its index last, and syncs the folder. Only then may a ref point at what is in them. */
  accept(): Promise<void>;
}

/** Makes a quarantine in a staging folder. Throws DISK_FULL, ENVIRONMENT. */
export async function startQuarantine(store: GitStore, staging: Staging): Promise<Quarantine> {
  const objects = join(staging.folder, 'objects');
  const from = join(objects, 'pack');
  const to = join(store.directory, 'objects', 'pack');
  await onDisk(staging.folder, () => mkdir(from, {recursive: true, mode: 0o700}));
  return {
    env: {GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted(join(store.directory, 'objects'))},
    accept: () =>
      onDisk(store.directory, async () => {
        const names = (await readdir(from)).filter((name) => /^pack-[0-9a-f]{40,64}\.(pack|rev|idx)$/.test(name));
        // A pack without its index is no pack to git: the index comes last.
        const order = [...names.filter((name) => !name.endsWith('.idx')), ...names.filter((name) => name.endsWith('.idx'))];
        for (const name of order) await rename(join(from, name), join(to, name));
        if (order.length > 0) await syncPath(to);
      }),
  };
}

/** A path in the list of the environment, where a bare colon would end it (git: environment variables). */
function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
