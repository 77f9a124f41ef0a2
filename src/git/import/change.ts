/** One entry of an export, read and held: its bytes wait in the spool. */
export type Change = Put | Deleted | Special;

/** A file or a link that is to be there. */
export interface Put {
  readonly kind: 'file' | 'executable' | 'symlink';
  readonly path: string;
  /** Object id that git will give the bytes. */
  readonly oid: string;
  readonly size: number;
  /** Where the bytes are in the spool; undefined when they were not kept. */
  readonly at: number | undefined;
  /** Target of a link; undefined for a file, and for a target that is not UTF-8. */
  readonly target: string | undefined;
  /** What is wrong with it by itself, seen while it was read. */
  readonly problem: string | undefined;
}

interface Deleted {
  readonly kind: 'deleted';
  /** Of a file or of a folder. */
  readonly path: string;
}

interface Special {
  readonly kind: 'special';
  readonly path: string;
  readonly what: string;
}

/** An entry that was left out of a submission, and why. */
export interface Refusal {
  /** Escaped: fit for a terminal. */
  readonly path: string;
  readonly code: 'UNSAFE_NAME' | 'SCOPE_VIOLATION' | 'FILE_IGNORED';
  /** Goes on the sentence "the path …". */
  readonly why: string;
}

/** What a specialist may hand in. */
export interface ImportPolicy {
  readonly mayWrite: (path: string) => boolean;
  /** Literal paths of deliverables: when they are ignored, that is told. */
  readonly wanted: readonly string[];
  /** Literal paths that are taken although they are ignored. */
  readonly allowIgnored: readonly string[];
}

/** Whether a change leaves something at its path. */
export function isPut(change: Change): change is Put {
  return change.kind === 'file' || change.kind === 'executable' || change.kind === 'symlink';
}

/** Order of bytes, as in git's trees: the same on every machine. */
export function byPath(a: {readonly path: string}, b: {readonly path: string}): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}
