import type {Span} from '../model.js';
import type {Line} from './lines.js';

interface Placed {
  readonly line: Line;
  /** Columns before it. */
  readonly indent: number;
  /** Index in the line where `text` begins. */
  readonly at: number;
  readonly text: string;
}

/** A box before a title: `inner` is what stands in it, `at` where in the line. */
export interface Box {
  readonly inner: string;
  readonly at: number;
}

/** Where in the file the inside of a box stands. */
export function boxSpan(line: Line, {at, inner}: Box): Span {
  return {offset: line.offset + at, length: inner.length};
}

/** A heading; `indent` is 0. */
export interface HeadingNode extends Placed {
  readonly kind: 'heading';
  readonly level: number;
  readonly box: Box | undefined;
}

/** An entry of a list. `ordinal`: `1` of `1.`; empty for a bullet. */
export interface ItemNode extends Placed {
  readonly kind: 'item';
  readonly ordinal: string;
  readonly box: Box | undefined;
}

/** One cell of a table, trimmed. */
export interface Cell {
  readonly text: string;
  readonly at: number;
}

/** A row of a table. */
export interface RowNode extends Placed {
  readonly kind: 'row';
  readonly cells: readonly Cell[];
}

/** Any other line that is not blank. */
export interface TextNode extends Placed {
  readonly kind: 'text';
  /** No blank line is between it and the line before. */
  readonly joined: boolean;
}

/** What one line of Markdown is, as far as task files need it. */
export type Node = HeadingNode | ItemNode | RowNode | TextNode;

/** Reads lines one by one, without looking into fences and comments: a silent line is text without words. Linear in the text. */
export function readNodes(lines: readonly Line[]): readonly Node[] {
  let joined = false;
  return lines.flatMap((line): readonly Node[] => {
    const node = line.silent ? textNode(line, joined) : readNode(line, joined);
    joined = node !== undefined;
    return node === undefined ? [] : [node];
  });
}

function readNode(line: Line, joined: boolean): Node | undefined {
  return headingNode(line) ?? rowNode(line) ?? itemNode(line) ?? textNode(line, joined);
}

function headingNode(line: Line): HeadingNode | undefined {
  const marks = /^ {0,3}(#{1,6})[ \t]+/.exec(line.text);
  if (marks === null) return undefined;
  let end = line.text.trimEnd().length;
  while (end > marks[0].length && line.text[end - 1] === '#') end -= 1;
  // `#` without a space before it belongs to the title: `C#`.
  if (end < line.text.trimEnd().length && !/[ \t]/.test(line.text[end - 1] ?? ' ')) end = line.text.trimEnd().length;
  const box = readBox(line.text, marks[0].length);
  const at = box === undefined ? marks[0].length : box.next;
  return {kind: 'heading', line, indent: 0, at, level: marks[1]?.length ?? 1, box, text: line.text.slice(at, end).trimEnd()};
}

function itemNode(line: Line): ItemNode | undefined {
  const marks = /^([ \t]*)(?:[-*+]|(\d{1,9})[.)])(?:[ \t]+|$)/.exec(line.text);
  if (marks === null) return undefined;
  const box = readBox(line.text, marks[0].length);
  const at = box === undefined ? marks[0].length : box.next;
  return {kind: 'item', line, indent: columns(marks[1] ?? ''), at, ordinal: marks[2] ?? '', box, text: line.text.slice(at).trimEnd()};
}

/** A letter other than x in brackets is a label such as `[P]`, and a link is no box either. */
function readBox(text: string, at: number): (Box & {readonly next: number}) | undefined {
  const found = /^\[([^[\]]{0,4})\](?:[ \t]+|$)/.exec(text.slice(at, at + 64));
  const inner = found?.[1];
  if (found === null || inner === undefined || /^(?![xX]$)[\p{L}\p{N}]|^.+\p{L}/u.test(inner.trim())) return undefined;
  return {inner, at: at + 1, next: at + found[0].length};
}

function rowNode(line: Line): RowNode | undefined {
  const start = line.text.length - line.text.trimStart().length;
  if (line.text[start] !== '|') return undefined;
  const cells: Cell[] = [];
  let from = start + 1;
  for (let at = from; at <= line.text.length; at += 1) {
    if (line.text[at] === '\\') at += 1;
    else if (line.text[at] === '|' || (at === line.text.length && line.text.slice(from).trim() !== '')) {
      const raw = line.text.slice(from, at);
      cells.push({text: raw.trim(), at: from + (raw.length - raw.trimStart().length)});
      from = at + 1;
    }
  }
  return {kind: 'row', line, indent: columns(line.text.slice(0, start)), at: start, text: line.text.trim(), cells};
}

function textNode(line: Line, joined: boolean): TextNode | undefined {
  const text = line.text.trim();
  if (text === '') return undefined;
  const at = line.text.length - line.text.trimStart().length;
  return {kind: 'text', line, indent: columns(line.text.slice(0, at)), at, text: line.silent ? '' : text, joined};
}

/** A tab goes to the next multiple of four. */
function columns(white: string): number {
  let width = 0;
  for (const character of white) width = character === '\t' ? width + 4 - (width % 4) : width + 1;
  return width;
}
