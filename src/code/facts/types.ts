import type {Outline} from '../outline-types.js';

/** What a function does, as far as its text says: `none` for a declaration without a body (abstract, overloaded, ambient). */
export type BodyKind = 'code' | 'empty' | 'not-implemented' | 'none';

/** A function of a file, at whatever depth. */
export interface FunctionFacts {
  /** As declared or assigned; `default` for a nameless default export; empty for any other nameless one. */
  readonly name: string;
  /** Names of the classes and functions around it, the outermost first. */
  readonly within: readonly string[];
  /** Its first line, from 1. */
  readonly line: number;
  readonly body: BodyKind;
  /** Whether it, or a function in it, catches an error and does something about it. */
  readonly handlesErrors: boolean;
}

/** A class of a file. */
export interface ClassFacts {
  readonly name: string;
  /** Names that stand where it says what it extends; of `a.B` it is `B`. */
  readonly bases: readonly string[];
  readonly isAbstract: boolean;
}

/** A comment, without what makes it one. */
export interface CommentFacts {
  readonly line: number;
  readonly text: string;
}

/** What the syntax of a file says beyond its outline. */
export interface SourceFacts {
  readonly outline: Outline;
  readonly functions: readonly FunctionFacts[];
  readonly classes: readonly ClassFacts[];
  /** One for each line of each comment that says something. */
  readonly comments: readonly CommentFacts[];
  /** Specifiers of which everything is exported again. */
  readonly exportsAllOf: readonly string[];
}

/** Most functions, classes and lines of comments of one file. */
export const maxFacts = 20_000;
