import {extensionOf} from './language.js';
import {maxSignature, type CodeSymbol, type SymbolKind} from './outline-types.js';

/** What one line declares, and how deep it is. */
export type DeclaringLine = Pick<CodeSymbol, 'name' | 'kind' | 'depth'> & {readonly indent: number};
/** Looks at the lines of a file, one after another. */
export type LineFinder = (line: string) => DeclaringLine | undefined;

type Pattern = readonly [SymbolKind, RegExp];

const extensions = (...names: readonly string[]): ReadonlySet<string> => new Set(names);
const documents = extensions('md', 'mdx', 'markdown');
const settings = extensions('yml', 'yaml', 'toml', 'ini', 'cfg', 'json', 'json5');
const styles = extensions('css', 'scss', 'less');
const cFamily = extensions('c', 'h', 'cc', 'cpp', 'cxx', 'hpp', 'hh', 'm', 'mm');

/** Declarations of the usual languages, one line each; the last group is the name. All are anchored and linear. */
const declarations: readonly Pattern[] = [
  ['class', /^\s*(?:(?:export|default|public|private|protected|internal|abstract|final|static|sealed|open|data|case|pub(?:\([a-z]{1,9}\))?)\s+){0,5}(?:class|struct|trait|module|object|impl(?:<[^>]{0,80}>)?|union|extension|actor|defmodule)\s+([A-Za-z_][\w.]*)/],
  ['type', /^\s*(?:(?:export|declare|public|private|protected|internal|pub(?:\([a-z]{1,9}\))?)\s+){0,4}(?:interface|type|enum|protocol|typedef|record)\s+([A-Za-z_]\w*)/],
  ['function', /^\s*(?:(?:export|default|public|private|protected|static|async|unsafe|inline|const|override|pub(?:\([a-z]{1,9}\))?)\s+){0,5}(?:func|function\*?|fn|defp?|defmacro|fun|sub|proc|macro_rules!)\s+(?:\([^)]{0,80}\)\s*)?(?:self\.)?([A-Za-z_][\w]*[?!]?)/],
  ['variable', /^(?:export\s+)?(?:const|let|var|val)\s+([A-Za-z_$][\w$]*)/],
  ['variable', /^\s{0,4}export\s+let\s+([A-Za-z_$][\w$]*)/],
  ['function', /^([A-Za-z_][\w-]*)\s*\(\)\s*\{/],
  ['method', /^\s{1,16}(?:(?:public|private|protected|static|final|async|override|virtual)\s+){1,4}[\w<>[\], ?.]{0,60}?\b([A-Za-z_]\w*)\s*\(/],
  ['test', /^\s*(?:describe|it|test|context|suite)(?:\.\w{1,12})?\(\s*['"`]([^'"`]{1,120})/],
];
/** A function of C or C++ begins at the margin with its type, and its line is no statement. */
const cFunction: Pattern = ['function', /^(?!(?:return|else|if|for|while|switch|typedef|using|namespace|case|goto)\b)(?:[A-Za-z_][\w:]*[\s*&]{1,8}){1,5}([A-Za-z_~][\w:~]*)\s*\([^;]{0,300}$/];
const sql: readonly Pattern[] = [['type', /^\s*create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+|materialized\s+)?(?:table|view|function|procedure|index|trigger|type|schema)\s+(?:if\s+not\s+exists\s+)?["`[]?([\w.]+)/i]];
const make: readonly Pattern[] = [['section', /^([\w./%-]{1,80})\s*:(?![=:])/]];
const stages: readonly Pattern[] = [['section', /^FROM\s+\S{1,200}\s+AS\s+([\w.-]+)/i]];
const rules: readonly Pattern[] = [['section', /^([.#:&@]?[\w-][^{};]{0,100}?)\s*\{/]];

const heading = /^(#{1,6})\s+(\S.*)$/;
const fence = /^ {0,3}(`{3,}|~{3,})/;
const topKey = /^(?:\[{1,2}([^\]]{1,120})\]|"?([A-Za-z_][\w.-]{0,80})"?\s*[:=])/;
const jsonKey = /^ {2}"([^"]{1,80})"\s*:/;

/** Starts to look at the lines of a file; what is looked for goes by its name. */
export function startFinder(path: string): LineFinder {
  const extension = extensionOf(path);
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (documents.has(extension)) return startHeadings();
  if (settings.has(extension)) return findKey;
  if (styles.has(extension)) return (line) => findIn(rules, line);
  if (cFamily.has(extension)) return (line) => findIn([...declarations, cFunction], line);
  if (extension === 'sql') return (line) => findIn(sql, line);
  if (name === 'makefile' || extension === 'mk') return (line) => findIn(make, line);
  if (/^(?:docker|container)file/.test(name)) return (line) => findIn(stages, line);
  return (line) => findIn(declarations, line);
}

/** Headings outside of fences: there, a `#` begins a comment. */
function startHeadings(): LineFinder {
  let open = '';
  return (line) => {
    const marks = fence.exec(line)?.[1] ?? '';
    if (open !== '') {
      if (marks.startsWith(open)) open = '';
      return undefined;
    }
    open = marks;
    const [, level = '', name = ''] = marks === '' ? (heading.exec(line) ?? []) : [];
    return level === '' ? undefined : {name: name.trim().slice(0, maxSignature), kind: 'section', depth: level.length - 1, indent: level.length};
  };
}

function findKey(line: string): DeclaringLine | undefined {
  const match = topKey.exec(line) ?? jsonKey.exec(line);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? undefined : {name, kind: 'section', depth: 0, indent: 0};
}

function findIn(patterns: readonly Pattern[], line: string): DeclaringLine | undefined {
  for (const [kind, pattern] of patterns) {
    const name = pattern.exec(line)?.[1];
    if (name === undefined) continue;
    const indent = line.length - line.trimStart().length;
    return {name: name.slice(0, maxSignature), kind, depth: Math.min(8, Math.floor(indent / 2)), indent};
  }
  return undefined;
}
