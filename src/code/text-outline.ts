import {lineStarts} from './collector.js';
import {extensionOf} from './language.js';
import {maxSignature, maxSymbols, type CodeSymbol, type ImportRef, type Outline, type SymbolKind} from './outline-types.js';

/** Characters of a line that are looked at, and lines of a file. */
const maxLineChars = 400;
const maxLines = 50_000;

const documents: ReadonlySet<string> = new Set(['md', 'mdx', 'markdown']);
const settings: ReadonlySet<string> = new Set(['yml', 'yaml', 'toml', 'ini', 'cfg', 'json', 'json5']);

/** Declarations of the usual languages, one line each; the last group is the name. All are anchored and linear. */
const declarations: readonly (readonly [SymbolKind, RegExp])[] = [
  ['class', /^\s*(?:(?:export|default|public|private|protected|internal|abstract|final|static|sealed|open|data|pub(?:\([a-z]{1,9}\))?)\s+){0,5}(?:class|struct|trait|module|object|impl|union)\s+([A-Za-z_]\w*)/],
  ['type', /^\s*(?:(?:export|declare|public|private|protected|internal|pub(?:\([a-z]{1,9}\))?)\s+){0,4}(?:interface|type|enum|protocol|typedef|record)\s+([A-Za-z_]\w*)/],
  ['function', /^\s*(?:(?:export|default|public|private|protected|static|async|unsafe|inline|const|override|pub(?:\([a-z]{1,9}\))?)\s+){0,5}(?:func|function\*?|fn|def|fun|sub|proc)\s+(?:\([^)]{0,80}\)\s*)?(?:self\.)?([A-Za-z_][\w]*[?!]?)/],
  ['variable', /^(?:export\s+)?(?:const|let|var|static|final)\s+([A-Za-z_$][\w$]*)/],
  ['function', /^([A-Za-z_][\w-]*)\s*\(\)\s*\{/],
  ['method', /^\s{1,16}(?:(?:public|private|protected|static|final|async|override|virtual)\s+){1,4}[\w<>[\], ?.]{0,60}?\b([A-Za-z_]\w*)\s*\(/],
  ['test', /^\s*(?:describe|it|test|context|suite)(?:\.\w{1,12})?\(\s*['"`]([^'"`]{1,120})/],
];
const importing = /^\s{0,40}(?:#include|import|from|export|require|require_relative|use|source|@import|const\s+\w{1,60}\s*=\s*require)\b[^'"<]{0,200}['"<]([^'">]{1,300})['">]/;
const heading = /^(#{1,6})\s+(\S.*)$/;
const topKey = /^(?:\[{1,2}([^\]]{1,120})\]|"?([A-Za-z_][\w.-]{0,80})"?\s*[:=])/;
const jsonKey = /^ {2}"([^"]{1,80})"\s*:/;

/** Outline of any text by its lines: declarations, headings of documents, first keys of settings. Linear in the size. */
export function outlineText(path: string, text: string): Outline {
  const starts = lineStarts(text);
  const find = finderFor(extensionOf(path));
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

type Line = Pick<CodeSymbol, 'name' | 'kind' | 'depth'> & {readonly indent: number};

function finderFor(extension: string): (line: string) => Line | undefined {
  if (documents.has(extension)) return findHeading;
  if (settings.has(extension)) return findKey;
  return findDeclaration;
}

function findHeading(line: string): Line | undefined {
  const [, marks = '', name = ''] = heading.exec(line) ?? [];
  return marks === '' ? undefined : {name: name.trim().slice(0, maxSignature), kind: 'section', depth: marks.length - 1, indent: marks.length};
}

function findKey(line: string): Line | undefined {
  const match = topKey.exec(line) ?? jsonKey.exec(line);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? undefined : {name, kind: 'section', depth: 0, indent: 0};
}

function findDeclaration(line: string): Line | undefined {
  for (const [kind, pattern] of declarations) {
    const name = pattern.exec(line)?.[1];
    if (name === undefined) continue;
    const indent = line.length - line.trimStart().length;
    return {name, kind, depth: Math.min(8, Math.floor(indent / 2)), indent};
  }
  return undefined;
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
