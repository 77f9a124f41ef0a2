/** What one submission may hold. */
export interface ImportLimits {
  /** Changed entries that are taken, deletions included. */
  readonly maxChanged: number;
  readonly maxFileBytes: number;
  /** Bytes of all changed files together. */
  readonly maxTotalBytes: number;
  /** Parts of a path. */
  readonly maxDepth: number;
  /** Entries of the export stream that are looked at, ignored ones included; with more nothing is taken. */
  readonly maxSeen: number;
  /** Bytes of new files that wait on disk until it is known which of them are ignored. */
  readonly maxSpoolBytes: number;
  /** Refused entries that are told one by one. */
  readonly maxRefused: number;
  /** Time for matching ignore patterns; thirty folders of any name in one pattern would take for ever (measured). */
  readonly maxIgnoreMs: number;
}

const mebibyte = 1024 * 1024;

/**
 * Depth and the size of a file stop tree and blob bombs of a few hundred bytes; the counts are what a specialist can be believed to have
 * written, with room for an installed `node_modules` (about 100,000 files, 1 GB) in what is seen and left out. A user may set the first three otherwise (`submission` of the user's own configuration).
 */
export const importLimits: ImportLimits = {
  maxChanged: 20_000,
  maxFileBytes: 50 * mebibyte,
  maxTotalBytes: 500 * mebibyte,
  maxDepth: 64,
  maxSeen: 300_000,
  maxSpoolBytes: 2_000_000_000,
  maxRefused: 1000,
  maxIgnoreMs: 20_000,
};
