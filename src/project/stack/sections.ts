/**
 * The sections of a TOML or INI text by header, with the text below each; `''` is what stands before the first. It sees
 * headers and lines, not values: enough to say that something is there, and no parser of either. One pass.
 */
export function sectionsOf(text: string): ReadonlyMap<string, string> {
  const sections = new Map<string, string[]>([['', []]]);
  let name = '';
  let quote: string | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd();
    const header: string | undefined = quote === undefined ? /^\s*\[\[?([^[\]]{1,200})\]\]?\s*(?:[#;].*)?$/.exec(line)?.[1] : undefined;
    if (header !== undefined) name = header.trim().replace(/["']/g, '');
    const lines = sections.get(name) ?? [];
    sections.set(name, lines);
    if (header === undefined) lines.push(line);
    quote = quoteAfter(line, quote);
  }
  return new Map([...sections].map(([each, lines]) => [each, lines.join('\n')]));
}

/** The text after `name =` in a section, quotes and comment taken away; undefined where it is not there or spans lines. */
export function valueOf(section: string | undefined, name: string): string | undefined {
  for (const line of (section ?? '').split('\n')) {
    const equals = line.indexOf('=');
    if (equals === -1 || line.slice(0, equals).trim() !== name) continue;
    const rest = line.slice(equals + 1).trim();
    const quoted = /^(["'])((?:(?!\1).)*)\1/.exec(rest);
    return quoted?.[2] ?? rest.split(/\s[#;]/)[0]?.trim();
  }
  return undefined;
}

/** TOML's texts over several lines may hold what looks like a header. */
function quoteAfter(line: string, open: string | undefined): string | undefined {
  let quote = open;
  for (let at = 0; at < line.length; at += 1) {
    const three = line.slice(at, at + 3);
    if (three !== '"""' && three !== "'''") continue;
    if (quote === undefined) quote = three;
    else if (quote === three) quote = undefined;
    at += 2;
  }
  return quote;
}
