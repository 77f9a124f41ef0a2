import {maxSignature, maxSymbols, type CodeSymbol, type ImportRef, type Outline} from './outline-types.js';
import {lineStarts} from './syntax/collector.js';
import {startFinder} from './text-lines.js';

/** Characters of a line that are looked at, and lines of a file. */
const maxLineChars = 400;
const maxLines = 50_000;

const importing = /^\s{0,40}(?:#include|import|from|export|require|require_relative|use|source|@import|const\s+\w{1,60}\s*=\s*require)\b[^'"<]{0,200}['"<]([^'">]{1,300})['">]/;
/** Outline of any text by its lines: declarations, headings of documents, first keys of settings. Linear in the size. */
export function outlineText(path: string, text: string): Outline {
  const starts = lineStarts(text);
  const find = startFinder(path);
  const found: (Omit<CodeSymbol, 'to'> & {readonly indent: number})[] = [];
  const imports = new Map<string, ImportRef>();
  for (const [index, start] of starts.slice(0, maxLines).entries()) {
    const line = lineOf(text, start);
    const symbol = found.length < maxSymbols ? find(line) : undefined;
    if (symbol !== undefined) found.push({...symbol, from: index + 1, signature: line.trim().slice(0, maxSignature).replace(/\s*\{$/, ''), exported: /^\s*(?:export|pub|public)\b/.test(line)});
    const named = imports.size < maxSymbols ? importing.exec(line)?.[1] : undefined;
    if (named !== undefined) imports.set(named, {specifier: named, names: []});
  }
  const symbols = withEnds(found, starts.length);
  return {by: 'text', lines: starts.length, symbols, imports: [...imports.values()], exports: symbols.filter(({exported}) => exported).map(({name}) => name)};
}

/** A symbol reaches to the line before the next one that is not deeper. */
function withEnds(found: readonly (Omit<CodeSymbol, 'to'> & {readonly indent: number})[], lines: number): readonly CodeSymbol[] {
  const ended: CodeSymbol[] = [];
  const next: {readonly indent: number; readonly from: number}[] = [];
  for (const {indent, ...symbol} of [...found].reverse()) {
    while ((next.at(-1)?.indent ?? -1) > indent) next.pop();
    ended.push({...symbol, to: Math.max(symbol.from, (next.at(-1)?.from ?? lines + 1) - 1)});
    next.push({indent, from: symbol.from});
  }
  return ended.reverse();
}

function lineOf(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, Math.min(end === -1 ? text.length : end, start + maxLineChars));
}
