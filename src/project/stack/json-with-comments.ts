/**
 * JSON with comments and trailing commas (devcontainer.json, deno.jsonc, tsconfig.json) as plain JSON. One pass; what is
 * no such text comes out as something that `JSON.parse` refuses.
 */
export function plainJson(text: string): string {
  const kept: string[] = [];
  // Where in `kept` a comma stands that nothing but space has followed.
  let comma = -1;
  for (let at = 0; at < text.length; ) {
    const end = tokenEnd(text, at);
    const token = text.slice(at, end);
    at = end;
    if (token.startsWith('//') || token.startsWith('/*')) {
      kept.push(' ');
      continue;
    }
    if ((token === '}' || token === ']') && comma !== -1) kept[comma] = ' ';
    if (token === ',') comma = kept.length;
    else if (token.trim() !== '') comma = -1;
    kept.push(token);
  }
  return kept.join('');
}

/** Where the token that begins here ends: a string, a comment, or one character. */
function tokenEnd(text: string, start: number): number {
  const two = text.slice(start, start + 2);
  if (two === '//') return orEnd(text, text.indexOf('\n', start));
  if (two === '/*') return orEnd(text, text.indexOf('*/', start + 2), 2);
  if (text[start] !== '"') return start + 1;
  let at = start + 1;
  while (at < text.length && text[at] !== '"' && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return Math.min(text.length, at + 1);
}

function orEnd(text: string, found: number, length = 0): number {
  return found === -1 ? text.length : found + length;
}
