import {LineCounter, isMap, isNode, isPair, isScalar, isSeq, parseDocument, visit, type Document, type Node, type Pair} from 'yaml';

/** Something in a YAML text that cannot be used. `line` and `column` count from 1. */
export interface YamlProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** A parsed YAML text. */
export interface YamlValue {
  /** Plain data; null or undefined for an empty text. */
  readonly value: unknown;
  /** Line (from 1) of the key or list entry at a path; of the nearest parent when the path itself is not there. */
  lineOf(path: readonly PropertyKey[]): number;
}

// The parser is quadratic, and in one case aborts the whole process, on absurd nesting (measured with yaml 2.9.1:
// 100,000 times `{` or `- `), so that is refused before it sees the text.
const maxDepth = 100;
// Aliases multiply: ten lines of ten aliases each would be ten thousand million values.
const maxAliasCount = 50;

/**
 * Parses one YAML 1.2 (or JSON) document from a stranger: no custom tags, no duplicate keys, text keys only, bounded
 * nesting and aliases. The first problem is a value, never a throw.
 */
export function parseYaml(text: string): YamlValue | YamlProblem {
  const lines = new LineCounter();
  const problemAt = (message: string, offset: number): YamlProblem => {
    const {line, col} = lines.linePos(offset);
    return {message, line: Math.max(1, line), column: Math.max(1, col)};
  };
  try {
    const tooDeep = nestingProblem(text);
    if (tooDeep !== undefined) return tooDeep;
    // `uniqueKeys` of the library compares each key with all others; ours is linear.
    const document = parseDocument(text, {lineCounter: lines, prettyErrors: false, schema: 'core', stringKeys: true, uniqueKeys: false});
    const first = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0];
    if (first !== undefined) return problemAt(oneLine(first.message), first.pos[0]);
    const twice = duplicateKey(document);
    if (twice !== undefined) return problemAt('the key is there twice', offsetOf(twice));
    const circle = aliasOfItsOwn(document);
    if (circle !== undefined) return problemAt('the alias stands in what it names', offsetOf(circle));
    const value: unknown = document.toJS({maxAliasCount});
    return {value, lineOf: (path) => Math.max(1, lines.linePos(offsetAt(document, path)).line)};
  } catch {
    return {message: 'it is nested too deeply, or its aliases multiply or name nothing', line: 1, column: 1};
  }
}

/** Whether {@link parseYaml} failed. */
export function isYamlProblem(result: YamlValue | YamlProblem): result is YamlProblem {
  return 'message' in result;
}

function nestingProblem(text: string): YamlProblem | undefined {
  for (const [index, line] of text.split('\n').entries()) {
    const indicators = /^(?:\s|[-?:](?=\s|$)|[&!]\S*)*/.exec(line)?.[0].match(/[-?:](?=\s|$)/g)?.length ?? 0;
    if (indicators > maxDepth) return {message: 'it is nested too deeply', line: index + 1, column: 1};
  }
  let depth = 0;
  let line = 1;
  // Brackets in quoted text count too: a text that has a hundred open ones more than closed ones is refused all the same.
  for (const character of text) {
    if (character === '\n') line += 1;
    if (character === '[' || character === '{') depth += 1;
    if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > maxDepth) return {message: 'it is nested too deeply', line, column: 1};
  }
  return undefined;
}

function duplicateKey(document: Document): unknown {
  let found: unknown;
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const {key} of map.items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          found = key;
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

/** A value that holds itself has no end for whoever walks through it. */
function aliasOfItsOwn(document: Document): unknown {
  let found: unknown;
  visit(document, {
    Alias(_key, alias, path) {
      if (!path.some((node) => isNode(node) && 'anchor' in node && node.anchor === alias.source)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

function offsetAt(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  for (const part of path) {
    const next: unknown = child(node, part);
    if (next === undefined) break;
    offset = offsetOf(isPair(next) ? next.key : next);
    node = isPair(next) ? next.value : next;
  }
  return offset;
}

function child(node: unknown, part: PropertyKey): Pair | Node | undefined {
  if (isMap(node)) return node.items.find(({key}) => isScalar(key) && key.value === part);
  if (isSeq(node) && typeof part === 'number') return node.items[part] as Node | undefined;
  return undefined;
}

function offsetOf(node: unknown): number {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : 0;
}

function oneLine(message: string): string {
  return message.split('\n')[0]?.replace(/[.:]$/, '') ?? message;
}
