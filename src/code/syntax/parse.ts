import type {Parser, Tree} from '@lezer/common';
import {parser as javascript} from '@lezer/javascript';
import {parser as python} from '@lezer/python';
import type {Syntax} from '../language.js';

/** What a parser is let near. */
export interface SyntaxLimits {
  /** Largest text, in characters. */
  readonly maxChars: number;
  /** Longest line, in characters; what is longer is generated or minified. */
  readonly maxLine: number;
  /** Most open brackets at once: the parser's time grows with the square of it. */
  readonly maxDepth: number;
  /** Most steps of the parser per character: real code takes 0.1 to 0.3, errors without end take 1 (measured). */
  readonly maxStepsPerChar: number;
  /**
   * Milliseconds of processor time after which a parse is given up. The limits above are kept first and do not depend on
   * the machine; this is the net below them, which only hostile text reaches (real code: 1 ms per 2 KB, measured), however
   * much else the machine has to do.
   */
  readonly maxMs: number;
}

/** What holds when nothing else is said. */
export const syntaxLimits: SyntaxLimits = {maxChars: 256 * 1024, maxLine: 2000, maxDepth: 150, maxStepsPerChar: 0.6, maxMs: 1000};

/** Steps that every text may take, however short. */
const freeSteps = 2000;
/** Steps between two looks at the clock. */
const clockEvery = 256;

const parsers: Readonly<Record<Syntax, Parser>> = {
  javascript: javascript.configure({dialect: 'jsx'}),
  typescript: javascript.configure({dialect: 'ts'}),
  'typescript-jsx': javascript.configure({dialect: 'ts jsx'}),
  python,
};

/** Processor time of this process in milliseconds. */
export function processorMs(): number {
  const {user, system} = process.cpuUsage();
  return (user + system) / 1000;
}

/** The syntax tree of a text, errors and all; undefined when the text is beyond the limits. May be a tree that cannot be walked. */
export function parseSyntax(text: string, syntax: Syntax, limits: SyntaxLimits): Tree | undefined {
  if (text.length > limits.maxChars || !isTame(text, limits)) return undefined;
  const parse = parsers[syntax].startParse(text);
  const maxSteps = freeSteps + text.length * limits.maxStepsPerChar;
  const until = processorMs() + limits.maxMs;
  for (let steps = 0; steps < maxSteps; steps += 1) {
    const tree = parse.advance();
    if (tree !== null) return tree;
    if (steps % clockEvery === 0 && processorMs() > until) return undefined;
  }
  return undefined;
}

/** One pass over the characters, which knows nothing of strings: at worst a file of brackets is outlined by its lines. */
function isTame(text: string, {maxLine, maxDepth}: SyntaxLimits): boolean {
  let lineStart = 0;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x0a) {
      if (index - lineStart > maxLine) return false;
      lineStart = index + 1;
    } else if (code === 0x28 || code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > maxDepth) return false;
    } else if (code === 0x29 || code === 0x5d || code === 0x7d) {
      depth = Math.max(0, depth - 1);
    }
  }
  return text.length - lineStart <= maxLine;
}
