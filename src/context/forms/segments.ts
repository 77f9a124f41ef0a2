import {lineStarts} from '../../code/syntax/collector.js';
import {termsOfText, type Terms} from '../../code/terms.js';
import type {FileContent} from '../read/contents.js';
import {tokensOf} from '../tokens.js';

/** A piece of a file that is shown as one: a function, a section, some lines. */
export interface Segment {
  /** Lines from 1, both included. */
  readonly from: number;
  readonly to: number;
  readonly tokens: number;
  readonly terms: Terms;
}

/** Depth down to which a symbol begins a segment of its own: a method of a class is one. */
const maxDepth = 2;
/** Lines above which a segment is cut, and lines of a piece then: about one screen. */
const [longLines, pieceLines] = [60, 40];
/** Most segments of one file. */
const maxSegments = 1500;

/** Cuts a file into segments that together are all of its lines. */
export function segmentsOf(content: FileContent): readonly Segment[] {
  const {text} = content;
  const starts = lineStarts(text);
  const begins = new Set([1]);
  for (const {from, depth, kind} of content.outline().symbols) if (depth <= maxDepth && kind !== 'field') begins.add(withComment(text, starts, from));
  const sorted = [...begins].sort((a, b) => a - b);
  const spans = sorted.flatMap((from, index) => pieces(from, (sorted[index + 1] ?? starts.length + 1) - 1));
  return spans.slice(0, maxSegments).map(({from, to}) => {
    const body = linesOf(text, starts, {from, to});
    return {from, to, tokens: tokensOf(body), terms: termsOfText(body)};
  });
}

/** The text of some lines, their line feeds included. */
export function linesOf(text: string, starts: readonly number[], {from, to}: {readonly from: number; readonly to: number}): string {
  return text.slice(starts[from - 1] ?? text.length, starts[to] ?? text.length);
}

function pieces(from: number, to: number): readonly {readonly from: number; readonly to: number}[] {
  if (to - from < longLines) return to < from ? [] : [{from, to}];
  const count = Math.ceil((to - from + 1) / pieceLines);
  return Array.from({length: count}, (_, index) => ({from: from + index * pieceLines, to: Math.min(to, from + (index + 1) * pieceLines - 1)}));
}

/** A comment directly above a declaration belongs to it. */
function withComment(text: string, starts: readonly number[], line: number): number {
  let first = line;
  while (first > 1 && line - first < pieceLines) {
    const start = starts[first - 2] ?? 0;
    if (!/^\s*(?:\/\/|\/\*|\*|#(?!#|\s*include)|@)/.test(text.slice(start, Math.min(starts[first - 1] ?? start, start + 200)))) break;
    first -= 1;
  }
  return first;
}
