/** One entry of a folder. A link, a submodule and anything that is no file of its own are `other`, and are never read. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** The little of a tree that stack detection needs, so that a checkout and a commit look alike. Paths have `/` and are relative to the root. */
export interface FileLookup {
  /** The entries of a folder by name (`''` is the root), at most {@link maxEntries}; none when it is no folder. */
  list(folder: string): Promise<readonly FolderEntry[]>;
  /** The text of a regular file of bounded size, or why there is none. Never follows a link. */
  read(path: string): Promise<LookedUp>;
}

/** `problem` reads on after the file's name. */
export type LookedUp = {readonly text: string} | {readonly absent: boolean; readonly problem: string};

/** Most entries of one folder that are looked at: far above what a root or a folder of packages has. */
export const maxEntries = 5000;
