/** Process exit codes (the outside contract): 0 ok, 1 blocked, 2 usage, 3 environment, 4 model, 5 inconclusive, 6 parked, 70 our bug, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 70 | 130;

/** One row of the table of codes. */
export interface CodeEntry {
  readonly exit: ExitCode;
  /** One sentence: what it means. */
  readonly title: string;
  /** What `explain` prints: why it happens, an example, and the way out. */
  readonly explain: string;
}
