import {open, type FileHandle} from 'node:fs/promises';
import {join} from 'node:path';
import {onDisk} from '../door/disk.js';

/** Bytes that wait on disk, in one file that only this process reads, until it is known what is taken. */
export interface Spool extends AsyncDisposable {
  /** Bytes written so far. */
  readonly length: number;
  /** Keeps bytes and says where. Throws DISK_FULL, ENVIRONMENT. */
  write(bytes: Uint8Array): Promise<number>;
  read(at: number, length: number): Promise<Uint8Array>;
}

/** Starts an empty spool in a private folder; the file vanishes with the folder. Throws DISK_FULL, ENVIRONMENT. */
export async function startSpool(folder: string): Promise<Spool> {
  const handle = await onDisk(folder, () => open(join(folder, 'spool'), 'wx+', 0o600));
  let length = 0;
  return {
    get length() {
      return length;
    },
    async write(bytes) {
      const at = length;
      await onDisk(folder, () => writeAll(handle, bytes, at));
      length += bytes.length;
      return at;
    },
    async read(at, size) {
      const bytes = Buffer.alloc(size);
      const {bytesRead} = size === 0 ? {bytesRead: 0} : await onDisk(folder, () => handle.read(bytes, 0, size, at));
      if (bytesRead !== size) throw new TypeError(`the spool ends ${size - bytesRead} bytes too early`);
      return bytes;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
