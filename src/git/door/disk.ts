import {open} from 'node:fs/promises';
import {AppError, systemCode} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';

/** No room, or no room for this user (errno(3)). */
const full: readonly string[] = ['ENOSPC', 'EDQUOT'];
/** What the machine's folders, rights or limits do not allow (errno(3)). */
const refused: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'EFBIG', 'EMFILE', 'ENFILE', 'EIO', 'ESTALE'];

/** Does something with files under a folder of ours. Throws DISK_FULL, ENVIRONMENT, or what else was thrown. */
export async function onDisk<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw diskError(folder, error);
  }
}

/** What an error of the file system means for a folder of ours: DISK_FULL or ENVIRONMENT; any other error is given back. */
export function diskError(folder: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof AppError) return error;
  const where = escapeText(folder);
  if (full.includes(code)) return new AppError('DISK_FULL', `The disk of ${where} is full.`, {hint: 'Free some space, then `bulkhead resume`.', cause: error});
  if (!refused.includes(code)) return error;
  return new AppError('ENVIRONMENT', `Bulkhead cannot work in ${where}: the system says ${code}.`, {
    hint: 'Give Bulkhead a folder that it can write: set XDG_STATE_HOME to another one.',
    details: {systemCode: code},
    cause: error,
  });
}

/** Waits until a file, or the names in a folder, are on the disk. */
export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
