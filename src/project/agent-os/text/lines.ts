import type {Problem} from '../model.js';

/** One line of a file. */
export interface Line {
  /** Without its end, and without a byte order mark. */
  readonly text: string;
  /** UTF-16 index of its first character in the file's text. */
  readonly offset: number;
  /** From 1. */
  readonly number: number;
  readonly end: '\n' | '\r\n' | '';
  /** Part of fenced code or of a comment: it belongs to what is around it, but says nothing. */
  readonly silent: boolean;
}

const fenceLine = /^[ \t]*(?<fence>`{3,}|~{3,})(?<info>.*)$/;

/** All lines of a text, none of them silent. */
export function splitLines(text: string): readonly Line[] {
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  let offset = mark;
  const parts = text.slice(mark).split('\n');
  return parts.map((raw, index) => {
    const carriage = raw.endsWith('\r') && index < parts.length - 1;
    const line: Line = {text: carriage ? raw.slice(0, -1) : raw, offset, number: index + 1, end: index === parts.length - 1 ? '' : carriage ? '\r\n' : '\n', silent: false};
    offset += raw.length + 1;
    return line;
  });
}

/** The lines after the front matter; what stands in a code fence or an HTML comment is silent. A fence or comment that never ends is a problem. */
export function readLines(text: string): {readonly lines: readonly Line[]; readonly problems: readonly Problem[]} {
  const all = splitLines(text);
  let fence: {readonly mark: string; readonly line: number} | undefined;
  let comment: number | undefined;
  const lines = all.slice(frontMatterLength(all)).map((line) => {
    const {fence: mark = '', info = ''} = comment === undefined ? (fenceLine.exec(line.text)?.groups ?? {}) : {};
    const trimmed = line.text.trimStart();
    if (fence !== undefined) {
      if (mark.startsWith(fence.mark) && info.trim() === '') fence = undefined;
    } else if (mark !== '' && !(mark.startsWith('`') && info.includes('`'))) fence = {mark, line: line.number};
    else if (comment !== undefined) {
      if (line.text.includes('-->')) comment = undefined;
    } else if (trimmed.startsWith('<!--')) comment = trimmed.includes('-->') ? undefined : line.number;
    else return line;
    return {...line, silent: true};
  });
  const unended = (at: number, what: string): Problem => ({kind: 'not-understood', line: at, message: `${what} is never closed, so nothing after it was read`});
  return {lines, problems: [...(fence === undefined ? [] : [unended(fence.line, 'the code fence')]), ...(comment === undefined ? [] : [unended(comment, 'the comment')])]};
}

function frontMatterLength(lines: readonly Line[]): number {
  if (lines[0]?.text.trimEnd() !== '---') return 0;
  const end = lines.findIndex((line, index) => index > 0 && /^(?:---|\.\.\.)[ \t]*$/.test(line.text));
  return end === -1 ? 0 : end + 1;
}
