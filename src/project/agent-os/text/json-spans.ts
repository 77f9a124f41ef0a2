/** Where a value stands in a JSON text, its quotes or brackets included. */
export interface JsonSpan {
  readonly offset: number;
  readonly length: number;
  readonly line: number;
  readonly lastLine: number;
}

interface Open {
  readonly path: string;
  readonly offset: number;
  readonly line: number;
  /** -1: an object. */
  index: number;
  key: string;
}

/**
 * Where each value of a JSON text stands, by its path (`/tasks/0/status`; keys as a JSON pointer has them). The text must
 * be one that `JSON.parse` takes. Of a key that is there twice the last counts, as with `JSON.parse`. Linear.
 */
export function jsonSpans(text: string, shift: number): ReadonlyMap<string, JsonSpan> {
  const spans = new Map<string, JsonSpan>();
  const open: Open[] = [];
  let line = 1;
  let expectKey = false;
  const pathHere = (): string => {
    const top = open.at(-1);
    return top === undefined ? '' : `${top.path}/${top.index === -1 ? top.key : top.index}`;
  };
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? '';
    const top = open.at(-1);
    if (character === '{' || character === '[') {
      // Paths of absurdly nested values would take the square of their depth.
      open.push({path: open.length > 32 ? '…' : pathHere(), offset: at, line, index: character === '[' ? 0 : -1, key: ''});
      expectKey = character === '{';
      at += 1;
    } else if (character === '}' || character === ']') {
      const closed = open.pop();
      if (closed !== undefined) spans.set(closed.path, {offset: closed.offset + shift, length: at + 1 - closed.offset, line: closed.line, lastLine: line});
      expectKey = false;
      at += 1;
    } else if (character === ',') {
      if (top !== undefined && top.index !== -1) top.index += 1;
      expectKey = top?.index === -1;
      at += 1;
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (expectKey && top !== undefined) {
        top.key = String(JSON.parse(text.slice(at, end))).replaceAll('~', '~0').replaceAll('/', '~1');
        expectKey = false;
      } else spans.set(pathHere(), {offset: at + shift, length: end - at, line, lastLine: line});
      at = end;
    } else {
      if (character === '\n') line += 1;
      at += 1;
    }
  }
  return spans;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
