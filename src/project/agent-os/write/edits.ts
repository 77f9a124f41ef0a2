import {AppError} from '../../../core/errors.js';
import type {Line} from '../text/lines.js';

/** One replacement in a text: UTF-16 index, what is taken away, and what comes instead. */
export interface Edit {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

/** The text with all edits made; everything else is the same to the byte. Edits must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    if (edit.offset < at) throw new AppError('INTERNAL', 'Two edits of a task file overlap.');
    pieces.push(text.slice(at, edit.offset), edit.text);
    at = edit.offset + edit.length;
  }
  return [...pieces, text.slice(at)].join('');
}

/** Takes whole lines out, their ends included; the end of the line before where the last line of the file goes. */
export function removeLines(lines: readonly Line[], numbers: Iterable<number>): readonly Edit[] {
  const runs: {first: number; last: number}[] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run?.last === number - 1) run.last = number;
    else runs.push({first: number, last: number});
  }
  return runs.flatMap(({first, last}): readonly Edit[] => {
    const [from, to, before] = [lines[first - 1], lines[last - 1], lines[first - 2]];
    if (from === undefined || to === undefined) return [];
    const offset = from.offset - (to.end === '' ? (before?.end.length ?? 0) : 0);
    return [{offset, length: to.offset + to.text.length + to.end.length - offset, text: ''}];
  });
}

/** Edits without those that lie inside of a longer one: what goes away takes along what would change in it. */
export function withoutInner(edits: readonly Edit[]): readonly Edit[] {
  let end = -1;
  return [...edits]
    .sort((a, b) => a.offset - b.offset || b.length - a.length)
    .filter(({offset, length}) => {
      if (length > 0 && offset + length <= end) return false;
      end = Math.max(end, offset + length);
      return true;
    });
}

/** Puts lines behind a line, with the line end that the file has there. */
export function insertBehind(lines: readonly Line[], number: number, texts: readonly string[]): Edit {
  const line = lines[number - 1] ?? lines.at(-1);
  const end = endOf(lines, number);
  return {offset: (line?.offset ?? 0) + (line?.text.length ?? 0), length: 0, text: texts.map((text) => `${end}${text}`).join('')};
}

/** The line end used at a line: its own, or that of the line before where it is the last. */
export function endOf(lines: readonly Line[], number: number): string {
  const own = lines[number - 1]?.end ?? '';
  if (own !== '') return own;
  const before = lines[number - 2]?.end ?? '';
  return before === '' ? '\n' : before;
}
