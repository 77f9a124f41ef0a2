/** Part of a package (the guide's words): what the work needs, what helps, what to look up, what all specialists share. */
export type Section = 'essential' | 'supplementary' | 'reference' | 'shared';

/** How much of a file is told: all of it, its outline and the bodies that matter, its outline, its path. */
export type Form = 'whole' | 'excerpt' | 'outline' | 'name';

/** Lines of a file, from 1, both included. */
export interface LineSpan {
  readonly from: number;
  readonly to: number;
}

/** One file in a package. */
export interface ContextItem {
  readonly path: string;
  /** Id of the blob. */
  readonly oid: string;
  readonly section: Section;
  readonly form: Form;
  /** What is told of the file; text of strangers. Empty for a name. */
  readonly text: string;
  /** Which lines of the file are in the text word for word. */
  readonly lines: readonly LineSpan[];
  /** Estimated tokens of the item as it is rendered. */
  readonly tokens: number;
  /** Relevance, from 0 to 1: 1 is the most relevant file of this package. */
  readonly score: number;
}

/** What one specialist is told of the code before its first turn. */
export interface ContextPackage {
  readonly specialist: string;
  /** Commit that it describes. */
  readonly commit: string;
  /** Estimated tokens that it may use and does use. */
  readonly budget: number;
  readonly tokens: number;
  /** In the order in which they are rendered: shared, essential, supplementary, reference. */
  readonly items: readonly ContextItem[];
  /** Relevant files that found no room, best first: what is loaded next. Bounded. */
  readonly left: readonly LeftFile[];
  /** sha256 of the canonical form of all of the above: what the journal names. */
  readonly hash: string;
}

/** A file for which there was no room, or not enough of it to tell its whole text. */
export interface LeftFile {
  readonly path: string;
  /** Estimated tokens of the whole file. */
  readonly tokens: number;
  readonly score: number;
}
