import {AppError} from './errors.js';

/** Kind of a tree entry, as git stores it: 100644, 100755, 120000 (bytes are the target), 160000 (no bytes). */
export type FileMode = 'file' | 'executable' | 'symlink' | 'submodule';

/** One entry of a commit's tree. */
export interface TreeFile {
  /** Path with `/`, relative to the root, as stored. */
  readonly path: string;
  readonly mode: FileMode;
  /** Object id of the blob (40 or 64 hex digits). */
  readonly oid: string;
  /** Size in bytes; 0 for a submodule. */
  readonly size: number;
}

/** A file with its bytes, as it is put into a box. */
export interface SeedFile {
  readonly path: string;
  readonly mode: FileMode;
  readonly bytes: Uint8Array;
}

/** A file that is not held in memory. */
export interface LargeFile {
  readonly path: string;
  readonly mode: 'file' | 'executable';
  readonly size: number;
  /** All of its bytes, once, before the next file is asked for; what is left then is passed over. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A file of a commit: with its bytes, or, where it is large, with a stream of them. */
export type TreeContent = SeedFile | LargeFile;

/**
 * Reads one commit: exact bytes of blobs, no attributes, no filters. What it returns is what git stores, so it
 * may hold names that are hostile; whoever writes them somewhere checks them.
 */
export interface TreeReader {
  /** Full id of the commit. */
  readonly commit: string;
  /** Full id of its tree. */
  readonly tree: string;
  /** All entries, sorted by path. Read once, then kept. */
  list(signal: AbortSignal): Promise<readonly TreeFile[]>;
  /** The bytes at a path, or undefined when there is no file (or link) there. REPOSITORY_UNSUPPORTED for a file of over 256 MiB. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * All files with their bytes, in the order of {@link list}, or only the given ones in their order; submodules come with no
   * bytes. REPOSITORY_UNSUPPORTED, before any file, for one of 2 GiB or more.
   */
  files(signal: AbortSignal, only?: readonly TreeFile[]): AsyncIterable<TreeContent>;
}

/** Largest file that is held in memory, in bytes. */
export const maxHeldBytes = 256 * 1024 * 1024;

/** The same files, each with its bytes. Throws REPOSITORY_UNSUPPORTED for one of over 256 MiB. */
export async function* holdFiles(files: AsyncIterable<TreeContent>): AsyncGenerator<SeedFile, void, undefined> {
  for await (const file of files) {
    if (!('chunks' in file)) {
      yield file;
      continue;
    }
    assertHeld(file);
    const chunks: Uint8Array[] = [];
    for await (const chunk of file.chunks) chunks.push(chunk);
    yield {path: file.path, mode: file.mode, bytes: Buffer.concat(chunks)};
  }
}

/** Throws REPOSITORY_UNSUPPORTED when a file is too large to be held in memory. */
export function assertHeld({path, size}: {readonly path: string; readonly size: number}): void {
  if (size <= maxHeldBytes) return;
  throw new AppError('REPOSITORY_UNSUPPORTED', `${JSON.stringify(path)} has ${size} bytes; at most ${maxHeldBytes} can be held in memory.`, {hint: 'Keep files of that size out of git, or out of this part of the work.'});
}
