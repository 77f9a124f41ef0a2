import {statfs} from 'node:fs/promises';
import {dirname} from 'node:path';
import {AppError, systemCode} from '../core/errors.js';

/** Least free space for a new run, in bytes: the bare repository, the journal and the reports of an ordinary one. */
const leastFreeBytes = 256 * 1024 * 1024;

/** Throws DISK_FULL when the file system of a folder (or of its nearest existing parent) has too little space for a run. */
export async function requireSpace(folder: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= leastFreeBytes) return;
  throw new AppError('DISK_FULL', `Only ${Math.floor(free / 1024 / 1024)} MiB are free for the state folder ${folder}; a run needs ${leastFreeBytes / 1024 / 1024} MiB.`, {
    hint: 'Free some space (`bulkhead clean` removes leftovers), or set XDG_STATE_HOME to a larger disk.',
  });
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const {bavail, bsize} = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    // What stands in the way of the folder is told when it is made.
    const code = systemCode(error);
    if ((code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') && parent !== folder) return freeBytes(parent);
    throw error;
  }
}
