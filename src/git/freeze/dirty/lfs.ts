import {createHash, randomUUID} from 'node:crypto';
import {constants} from 'node:fs';
import {mkdir, open, rename, rm, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {onDisk, syncPath} from '../../door/disk.js';
import type {GitStore} from '../../bare/refs.js';

/** What stands in git for a file of Git LFS. */
export interface Pointer {
  readonly text: string;
  /** SHA-256 of the content; undefined: the file is a pointer already, or empty, and stands for itself. */
  readonly oid: string | undefined;
}

/** Larger files are never pointers (git-lfs: `blobSizeCutoff`). */
const maxPointerBytes = 1024;
const pointer = /^version https:\/\/(?:git-lfs\.github\.com\/spec\/v1|hawser\.github\.com\/spec\/v1)\n(?:ext-\d-\w+ sha256:[0-9a-f]{64}\n)*oid sha256:[0-9a-f]{64}\nsize \d+\n?$/;
const chunkBytes = 1024 * 1024;

/**
 * Copies a file's content into `lfs/objects` of our repository, laid out as in a git dir of Git LFS, and gives its pointer
 * (git-lfs, "specification": three lines, LF). A link is not followed. Throws DISK_FULL, ENVIRONMENT; what cannot be read
 * is a system error.
 */
export async function keepLfsFile(store: GitStore, file: string, signal: AbortSignal): Promise<Pointer> {
  const folder = join(store.directory, 'lfs', 'tmp');
  await onDisk(folder, () => mkdir(folder, {recursive: true, mode: 0o700}));
  const copy = join(folder, randomUUID());
  try {
    const {oid, size, begin} = await copyHashing(file, copy, signal);
    const text = begin.toString('utf8');
    if (size === 0 || (size <= maxPointerBytes && pointer.test(text))) return {text, oid: undefined};
    await onDisk(store.directory, () => place(copy, join(store.directory, 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4), oid)));
    return {text: `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`, oid};
  } finally {
    await rm(copy, {force: true});
  }
}

async function copyHashing(file: string, copy: string, signal: AbortSignal): Promise<{readonly oid: string; readonly size: number; readonly begin: Buffer}> {
  await using from = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  await using to = await onDisk(dirname(copy), () => open(copy, 'wx', 0o600));
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(chunkBytes);
  let begin = Buffer.alloc(0);
  let size = 0;
  for (;;) {
    signal.throwIfAborted();
    const {bytesRead} = await from.read(chunk, 0, chunkBytes, null);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    if (size === 0) begin = Buffer.from(bytes.subarray(0, maxPointerBytes));
    hash.update(bytes);
    await onDisk(dirname(copy), () => to.writeFile(bytes));
    size += bytesRead;
  }
  await onDisk(dirname(copy), () => to.sync());
  return {oid: hash.digest('hex'), size, begin};
}

async function place(copy: string, target: string): Promise<void> {
  if (await stat(target).then(() => true, () => false)) return;
  await mkdir(dirname(target), {recursive: true, mode: 0o700});
  await rename(copy, target);
  await syncPath(dirname(target));
}
