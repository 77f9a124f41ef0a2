import {escapeText} from '../../core/escape.js';

/** How much of a block is shown. */
export interface Cut {
  /** Of a longer block, the first and the last half of so many lines. */
  readonly lines: number;
  /** Characters of one line. */
  readonly columns: number;
  /** Characters of a whole block. */
  readonly characters: number;
}

/** Enough to follow what happens. */
export const shortCut: Cut = {lines: 16, columns: 240, characters: 65_536};
/** Whole, for anything that a person would read: a tool's answer has at most 32 KiB, a file that an agent writes 4 MiB. */
export const fullCut: Cut = {lines: 20_000, columns: 1_048_576, characters: 1_048_576};

/** A text on one line, escaped, cut after so many characters. */
export function flat(text: string, most = 110): string {
  const line = escapeText(text.slice(0, 4 * most).replace(/\s+/g, ' ').trim());
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** A text as indented lines, escaped; no lines for an empty one. */
export function cutBlock(text: string, cut: Cut): readonly string[] {
  if (text.trim() === '') return [];
  const all = text.slice(0, cut.characters).replace(/\n+$/, '').split('\n');
  const half = Math.ceil(cut.lines / 2);
  const hidden = all.length - 2 * half;
  const shown = hidden > 1 ? [...all.slice(0, half), undefined, ...all.slice(-half)] : all;
  const lines = shown.map((line) => (line === undefined ? `    … ${hidden} lines (--full shows them)` : `    ${cutLine(line, cut.columns)}`));
  return text.length > cut.characters ? [...lines, `    … ${text.length - cut.characters} characters more`] : lines;
}

/** A tool call: what is done on one line, and what it writes. */
export function renderCall({name, input}: {readonly name: string; readonly input: Readonly<Record<string, unknown>>}): {readonly head: string; readonly body: string} {
  if (name === 'bash') return withFirstLine('$ ', words(input['command']));
  if (name === 'submit') return withFirstLine('hands in: ', words(input['summary']));
  if (name !== 'str_replace_based_edit_tool') return {head: `${flat(name)} ${flat(JSON.stringify(input), 200)}`, body: ''};
  const head = `edit: ${flat(words(input['command']))} ${flat(words(input['path']), 200)}`;
  const written = [mark('-', input['old_str']), mark('+', input['new_str']), mark('+', input['file_text']), mark('+', input['insert_text'])];
  return {head, body: written.filter((text) => text !== '').join('\n')};
}

function withFirstLine(prefix: string, text: string): {readonly head: string; readonly body: string} {
  const [first = '', ...rest] = text.trim().split('\n');
  return {head: `${prefix}${flat(first, 200)}`, body: rest.join('\n')};
}

function mark(sign: string, value: unknown): string {
  const text = words(value).replace(/\n$/, '');
  return text === '' ? '' : text.split('\n').map((line) => `${sign} ${line}`).join('\n');
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function cutLine(line: string, columns: number): string {
  const escaped = escapeText(line.slice(0, columns + 1), {lines: true});
  return line.length > columns ? `${escaped.slice(0, columns)}…` : escaped;
}
