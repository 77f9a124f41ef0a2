import {readdir, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {systemCode} from '../../core/errors.js';
import {onDisk} from '../door/disk.js';
import {assertRef, type GitStore} from './refs.js';
import {sweepStagingOf} from './staging.js';

/** Locks of the whole repository: another run's git may hold one just now, but no call of ours lasts an hour. */
const sharedLocks: readonly string[] = ['packed-refs.lock', 'packed-refs.new', 'config.lock', 'shallow.lock', 'HEAD.lock'];
/** Longest call through door one is 30 minutes (`command.ts`); twice that. */
const staleMs = 3_600_000;

/**
 * Removes the locks that a killed git left on the refs under a prefix such as `refs/bulkhead/<run>`, and the staging
 * folders of that run, whatever their age: call it only while nothing else works on that run. Locks of the whole repository go when they are older than one hour.
 * Throws DISK_FULL, ENVIRONMENT.
 */
export async function unlockRefs(store: GitStore, prefix: string, signal: AbortSignal): Promise<void> {
  assertRef(prefix);
  await sweepStagingOf(store, prefix);
  await onDisk(store.directory, async () => {
    await rm(join(store.directory, `${prefix}.lock`), {force: true});
    await unlockBelow(join(store.directory, prefix), signal);
    for (const name of sharedLocks) {
      const path = join(store.directory, name);
      const age = await stat(path).then((stats) => Date.now() - stats.mtimeMs, () => 0);
      if (age > staleMs) await rm(path, {force: true});
    }
  });
}

async function unlockBelow(folder: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await unlockBelow(path, signal);
    else if (entry.name.endsWith('.lock')) await rm(path, {force: true});
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, {withFileTypes: true});
  } catch (error) {
    // Refs that are packed, or none yet: there is no folder.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}
