import type {TreeFile} from './tree.js';

/** A commit of the past, as far as it tells which files belong together. */
export interface PastCommit {
  /** Full id. */
  readonly id: string;
  /** Its message, cut after a few KiB; text of strangers. */
  readonly message: string;
  /** Paths that it changed, a rename as two; none when it changed more than such a list is good for. */
  readonly paths: readonly string[];
}

/** One path in which two trees differ. */
export interface PathChange {
  readonly path: string;
  /** What the later tree has there; undefined: nothing. */
  readonly file: TreeFile | undefined;
}

/**
 * Reads what came before a commit. Ids and their content are apart, since a commit never changes: who keeps what it
 * read asks only for what is new.
 */
export interface HistoryReader {
  /** Full ids of what a commit reaches, itself included, newest first, at most `limit`; merges are left out. */
  ids(commit: string, limit: number, signal: AbortSignal): Promise<readonly string[]>;
  /** The commits of these ids; one that changed nothing, or that is beyond the reader's limits, has no paths. */
  read(ids: readonly string[], signal: AbortSignal): Promise<readonly PastCommit[]>;
  /** In what two trees (full ids) differ, by path; undefined when it is so much that a new listing is as cheap. */
  changes(span: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<readonly PathChange[] | undefined>;
}
