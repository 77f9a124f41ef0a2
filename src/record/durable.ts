import {open, readdir, rename, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {systemCode} from '../core/errors.js';

/**
 * Writes a file that is whole and on the disk when the promise settles, or not there at all: a draft beside it, synced,
 * renamed, and the folder synced. Readable by its user alone. Throws the system's own errors.
 */
export async function writeDurably(file: string, content: string | Uint8Array): Promise<void> {
  const draft = `${file}.${process.pid}.draft`;
  try {
    {
      await using handle = await open(draft, 'w', 0o600);
      await handle.writeFile(content);
      await handle.sync();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, {force: true});
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Removes what a killed process left of {@link writeDurably} in folders where nobody else writes now; a folder that is not there is fine. */
export async function removeDrafts(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await readdir(folder).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    });
    for (const name of names.filter((one) => one.endsWith('.draft'))) await rm(join(folder, name), {force: true});
  }
}

/** Makes the names in a folder durable; where folders cannot be synced (some network file systems), nothing is promised. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'EISDIR') throw error;
  }
}
