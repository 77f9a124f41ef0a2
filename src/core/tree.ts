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
  /** The bytes at a path, or undefined when there is no file (or link) there. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** All files with their bytes, in the order of {@link list}, or only the given ones in their order; submodules come with no bytes. */
  files(signal: AbortSignal, only?: readonly TreeFile[]): AsyncIterable<SeedFile>;
}
