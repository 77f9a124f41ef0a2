/** `certain`: a file says so in so many words. `likely`: its presence usually means so. `guess`: a hint, to be asked about. */
export type Certainty = 'certain' | 'likely' | 'guess';

/** What a fact is about. */
export type FactKind = 'language' | 'package-manager' | 'workspace' | 'runner' | 'test-command' | 'build-command' | 'version' | 'container' | 'ci' | 'warning';

/** One thing that was seen. Its texts come from the repository: escape them before they are shown. */
export interface Fact {
  readonly kind: FactKind;
  /** For example `node`, `pnpm`, `vitest`, `packages/core`, `npm test`. */
  readonly value: string;
  /** A command as argv; only of commands that need no shell. */
  readonly argv?: readonly string[];
  /** Where, relative to the root. */
  readonly file: string;
  /** The folder of the project that it is about, where that is not the root. */
  readonly folder?: string;
  /** What was seen there, in a few words. */
  readonly seen: string;
  readonly certainty: Certainty;
}

/** A file that is there and could not be used. `problem` reads on after its name. */
export interface FileProblem {
  readonly file: string;
  readonly problem: string;
}

/** What is in a project, as far as its files say. */
export interface Stack {
  /** In the order of the files' importance; nothing is invented. */
  readonly facts: readonly Fact[];
  /** What was looked for and is not there. */
  readonly missing: readonly FactKind[];
  readonly problems: readonly FileProblem[];
}
