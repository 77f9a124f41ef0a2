/** Kind of something that a file declares. A `section` is a heading of a document or a key of a configuration. */
export type SymbolKind = 'function' | 'class' | 'method' | 'field' | 'type' | 'variable' | 'namespace' | 'test' | 'section';

/** Something that a file declares. */
export interface CodeSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  /** First and last line, from 1, both included. */
  readonly from: number;
  readonly to: number;
  /** 0 at the top, 1 within a class, a suite or a section… */
  readonly depth: number;
  /** The line that declares it, cut at {@link maxSignature} characters. */
  readonly signature: string;
  readonly exported: boolean;
}

/** A file that another one names. */
export interface ImportRef {
  /** As written: `./a.js`, `zod`, `..models.user`. */
  readonly specifier: string;
  /** Names that are taken from it; empty for all or none. */
  readonly names: readonly string[];
}

/** What a file declares, imports and exports. */
export interface Outline {
  /** How it was found: by syntax tree, by lines of text, or not at all. */
  readonly by: 'syntax' | 'text' | 'binary';
  /** Number of lines; 0 for a binary file. */
  readonly lines: number;
  /** In the order of their first lines. */
  readonly symbols: readonly CodeSymbol[];
  readonly imports: readonly ImportRef[];
  readonly exports: readonly string[];
}

/** Most symbols and most imports of one file. */
export const maxSymbols = 2000;
/** Longest signature and longest name, in characters. */
export const maxSignature = 160;

/** The outline of a file that tells nothing. */
export function emptyOutline(by: Outline['by']): Outline {
  return {by, lines: 0, symbols: [], imports: [], exports: []};
}
