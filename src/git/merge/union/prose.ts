import type {Added} from './rules.js';

const blank = /^[ \t]*\r?\n$/;
const heading = /^#{1,6} /;
const item = /^([ \t]*)([-*+]) +\S/;
const row = /^[ \t]*\|.*\|[ \t]*\r?\n$/;
/** A name with an address: `Ada <ada@example.org>`. */
const person = /^[^\s<>#|*+-][^<>]*<[^<>]+>[ \t]*\r?\n$/;
const fence = /^[ \t]*(?:```|~~~)/;

/**
 * Two additions to one list: whole items of the same marker and indentation, without an item that both have. Headings
 * that both added above their items are kept once. Undefined for anything else: numbered steps, paragraphs, sections of
 * their own (of which the newest comes first somewhere), whatever is in a code block.
 */
export function joinItems({ours, theirs, before, after}: Added): readonly string[] | undefined {
  if (inFence(before) || after === undefined) return undefined;
  const lead = common(ours, theirs, (line) => blank.test(line) || heading.test(line));
  const [restOurs, restTheirs] = [ours.slice(lead.length), theirs.slice(lead.length)];
  const tail = common(restOurs.toReversed(), restTheirs.toReversed(), (line) => blank.test(line));
  const [mine, yours] = [restOurs.slice(0, restOurs.length - tail.length), restTheirs.slice(0, restTheirs.length - tail.length)];
  const [style, other] = [listStyle(mine), listStyle(yours)];
  if (style === undefined || style !== other || shares(mine, yours)) return undefined;
  // What is indented below would go from the last item of one to that of the other.
  if (/^[ \t]/.test(after.slice(style.length - 1)) && after.startsWith(style.slice(0, -1))) return undefined;
  return [...lead, ...mine, ...yours, ...tail];
}

/** Two additions to one table, in which the line above is a row already. */
export function joinRows({ours, theirs, before}: Added): readonly string[] | undefined {
  const above = before.slice(before.lastIndexOf('\n', before.length - 2) + 1);
  const columns = above.split('|').length;
  const isRow = (line: string) => row.test(line) && line.split('|').length === columns && /[^\s|:-]/.test(line);
  if (inFence(before) || !row.test(above) || ![...ours, ...theirs].every(isRow)) return undefined;
  const first = (line: string) => line.split('|')[1]?.trim() ?? '';
  const known = new Set(ours.map(first));
  return theirs.some((line) => known.has(first(line))) ? undefined : [...ours, ...theirs];
}

/** Two additions to a list of people, each a name with an address on a line. */
export function joinNames({ours, theirs}: Added): readonly string[] | undefined {
  return [...ours, ...theirs].every((line) => person.test(line)) && !shares(ours, theirs) ? [...ours, ...theirs] : undefined;
}

/** Indentation and marker of a list that begins with its first line; undefined when these lines are none. */
function listStyle(lines: readonly string[]): string | undefined {
  const [, indent, marker] = item.exec(lines[0] ?? '') ?? [];
  if (indent === undefined || marker === undefined) return undefined;
  const isOfIt = (line: string) => {
    const [, ownIndent, ownMarker] = item.exec(line) ?? [];
    if (ownIndent === indent) return ownMarker === marker;
    return blank.test(line) || (line.startsWith(indent) && /^[ \t]/.test(line.slice(indent.length)));
  };
  if (!lines.every(isOfIt) || lines.filter((line) => fence.test(line)).length % 2 === 1) return undefined;
  return blank.test(lines.at(-1) ?? '') ? undefined : `${indent}${marker}`;
}

/** A line that both have would be told twice: an item, or a heading below one. */
function shares(ours: readonly string[], theirs: readonly string[]): boolean {
  const known = new Set(ours.filter((line) => !/^[ \t]/.test(line) || item.test(line)));
  return theirs.some((line) => known.has(line) && !blank.test(line));
}

function common(ours: readonly string[], theirs: readonly string[], may: (line: string) => boolean): readonly string[] {
  const end = ours.findIndex((line, index) => line !== theirs[index] || !may(line));
  return ours.slice(0, end === -1 ? ours.length : end);
}

function inFence(text: string): boolean {
  return text.split('\n').filter((line) => fence.test(line)).length % 2 === 1;
}
