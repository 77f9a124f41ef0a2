import {lineStarts} from '../../code/syntax/collector.js';
import type {Outline} from '../../code/outline-types.js';
import type {FileContent} from '../read/contents.js';
import type {LineSpan} from '../package.js';
import {bm25, shortBm25, type QueryTerm} from '../rank/bm25.js';
import {tokensOf} from '../tokens.js';
import {linesOf, type Segment} from './segments.js';

/** A file, or a part of it, as it is told. */
export interface Told {
  readonly text: string;
  readonly lines: readonly LineSpan[];
}

/** What the first lines of a file count besides their words: imports and the purpose of the file stand there. */
const headShare = 0.35;
/** Symbols that an outline lists at most, and characters of one. */
const [maxListed, maxListedChars] = [60, 120];

/** All of a file. */
export function whole({text}: FileContent): Told {
  return {text: endWithLine(text), lines: [{from: 1, to: lineStarts(text).length}]};
}

/** The segments that matter for a query, in the order of the file, each under the numbers of its lines; undefined when none fits. */
export function excerpt({text}: FileContent, segments: readonly Segment[], {query, maxTokens}: {readonly query: readonly QueryTerm[]; readonly maxTokens: number}): Told | undefined {
  const taken = chooseSegments(segments, query, maxTokens);
  if (taken.length === 0) return undefined;
  const starts = lineStarts(text);
  const lines = joined(taken);
  return {text: lines.map((span) => `${lineMark(span)}${endWithLine(linesOf(text, starts, span))}`).join(''), lines};
}

/** What a file declares, one line each, with its line number; undefined when it declares nothing. */
export function outlined({symbols}: Outline, maxTokens: number): Told | undefined {
  const shown = symbols.filter(({depth, kind}) => depth <= 1 && kind !== 'field').slice(0, maxListed);
  const lines: string[] = [];
  let tokens = 0;
  for (const {from, depth, signature} of shown) {
    const line = `${from}: ${'  '.repeat(depth)}${signature.slice(0, maxListedChars)}\n`;
    tokens += tokensOf(line);
    if (tokens > maxTokens) break;
    lines.push(line);
  }
  return lines.length === 0 ? undefined : {text: lines.join(''), lines: []};
}

function chooseSegments(segments: readonly Segment[], query: readonly QueryTerm[], maxTokens: number): readonly Segment[] {
  const scores = bm25(query, segments.map(({terms}) => terms), shortBm25);
  const top = scores.reduce((a, b) => Math.max(a, b), 0) || 1;
  const order = segments
    .map((segment, index) => ({segment, value: ((scores[index] ?? 0) / top + (index === 0 ? headShare : 0)) / (segment.tokens + 50) ** 0.3}))
    .filter(({value}) => value > 0)
    .sort((a, b) => b.value - a.value || a.segment.from - b.segment.from);
  const taken: Segment[] = [];
  let tokens = 0;
  for (const {segment} of order) {
    const more = segment.tokens + tokensOf(lineMark(segment));
    if (tokens + more > maxTokens) continue;
    tokens += more;
    taken.push(segment);
  }
  return taken.sort((a, b) => a.from - b.from);
}

/** Segments that follow on one another are one span. */
function joined(segments: readonly Segment[]): readonly LineSpan[] {
  const spans: {from: number; to: number}[] = [];
  for (const {from, to} of segments) {
    const last = spans.at(-1);
    if (last?.to === from - 1) last.to = to;
    else spans.push({from, to});
  }
  return spans;
}

/** The line that names the lines after it. */
function lineMark({from, to}: LineSpan): string {
  return `[lines ${from}-${to}]\n`;
}

function endWithLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
