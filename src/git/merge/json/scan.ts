/** A value of a JSON text, with the places of everything that it is made of. */
export type JsonNode = JsonObject | {readonly kind: 'other'; readonly start: number; readonly end: number};

/** An object: its members in their order. */
export interface JsonObject {
  readonly kind: 'object';
  readonly start: number;
  readonly end: number;
  readonly members: readonly JsonMember[];
}

/** One member of an object. */
export interface JsonMember {
  /** Decoded. */
  readonly key: string;
  /** Where its key begins. */
  readonly start: number;
  readonly value: JsonNode;
}

/** Deeper is no configuration of anybody. */
const maxDepth = 64;

/** Scans a text that is JSON as `JSON.parse` takes it; undefined for any other text, and where an object has a key twice. Linear. */
export function scanJson(text: string): JsonNode | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return scanValue(text, skipSpace(text, 0), 0);
}

/** Scans a value of a text that is known to be JSON. */
function scanValue(text: string, start: number, depth: number): JsonNode | undefined {
  if (text[start] !== '{') return {kind: 'other', start, end: endOfOther(text, start)};
  if (depth === maxDepth) return undefined;
  const members: JsonMember[] = [];
  const keys = new Set<string>();
  let at = skipSpace(text, start + 1);
  while (text[at] !== '}') {
    const endOfKey = endOfString(text, at);
    const key = String(JSON.parse(text.slice(at, endOfKey)));
    const value = scanValue(text, skipSpace(text, skipSpace(text, endOfKey) + 1), depth + 1);
    if (value === undefined || keys.has(key)) return undefined;
    keys.add(key);
    members.push({key, start: at, value});
    at = skipSpace(text, value.end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return {kind: 'object', start, end: at + 1, members};
}

/** The end of an array, string, number or word. What is in an array is not looked at: nobody merges there. */
function endOfOther(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  if (text[start] !== '[') return endOfWord(text, start);
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (character === '[' || character === '{') depth += 1;
    if (character === ']' || character === '}') depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return text.length;
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !',]} \t\r\n'.includes(text[at] ?? '')) at += 1;
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at += 1;
  return at;
}
