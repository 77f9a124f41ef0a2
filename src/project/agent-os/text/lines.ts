import {isYamlProblem, parseYaml} from '../../yaml-text.js';
import type {Problem} from '../model.js';

/** One line of a file. */
export interface Line {
  /** Without its end, and without a byte order mark. */
  readonly text: string;
  /** UTF-16 index of its first character in the file's text. */
  readonly offset: number;
  /** From 1. */
  readonly number: number;
  readonly end: '\n' | '\r\n' | '\r' | '';
  /** Part of fenced code or of a comment: it belongs to what is around it, but says nothing. */
  readonly silent: boolean;
}

/** What stands before the content of a list's entry, or before any other text. */
const itemMark = /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?/;
const fenceLine = /^[ \t]*(?<fence>`{3,}|~{3,})(?<info>.*)$/;

/** Most characters of front matter: real ones have a few lines, and a YAML parser is slow for hostile text. */
const maxFrontMatter = 8192;

/** All lines of a text, none of them silent. Their ends are those of CommonMark: LF, CRLF, and CR alone. */
export function splitLines(text: string): readonly Line[] {
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  const lines: Line[] = [];
  let offset = mark;
  for (const found of text.slice(mark).matchAll(/\r\n|\n|\r/g)) {
    const at = mark + found.index;
    const end = found[0] as '\n' | '\r\n' | '\r';
    lines.push({text: text.slice(offset, at), offset, number: lines.length + 1, end, silent: false});
    offset = at + end.length;
  }
  return [...lines, {text: text.slice(offset), offset, number: lines.length + 1, end: '', silent: false}];
}

/** The lines after the front matter; what stands in a code fence or an HTML comment is silent. A fence or comment that never ends is a problem. */
export function readLines(text: string): {readonly lines: readonly Line[]; readonly problems: readonly Problem[]} {
  const all = splitLines(text);
  let fence: {readonly mark: string; readonly line: number} | undefined;
  let comment: number | undefined;
  const lines = all.slice(frontMatterLength(all)).map((line) => {
    const content = line.text.replace(itemMark, '');
    // A fence may begin behind the mark of a list; only a line of its own ends it.
    const {fence: mark = '', info = ''} = comment === undefined ? (fenceLine.exec(fence === undefined ? content : line.text)?.groups ?? {}) : {};
    if (fence !== undefined) {
      if (mark.startsWith(fence.mark) && info.trim() === '') fence = undefined;
    } else if (mark !== '' && !(mark.startsWith('`') && info.includes('`'))) fence = {mark, line: line.number};
    else if (comment !== undefined) {
      if (line.text.includes('-->')) comment = undefined;
    } else if (content.startsWith('<!--')) comment = content.includes('-->') ? undefined : line.number;
    else return line;
    return {...line, silent: true};
  });
  const unended = (at: number, what: string): Problem => ({kind: 'not-understood', line: at, message: `${what} is never closed, so nothing after it was read`});
  return {lines, problems: [...(fence === undefined ? [] : [unended(fence.line, 'the code fence')]), ...(comment === undefined ? [] : [unended(comment, 'the comment')])]};
}

function frontMatterLength(lines: readonly Line[]): number {
  if (lines[0]?.text.trimEnd() !== '---') return 0;
  const end = lines.findIndex((line, index) => index > 0 && /^(?:---|\.\.\.)[ \t]*$/.test(line.text));
  return end === -1 || !isMapping(lines.slice(1, end)) ? 0 : end + 1;
}

/** Front matter is a YAML map (or empty); what stands between two rules at the top of a file may be anything. */
function isMapping(lines: readonly Line[]): boolean {
  const text = lines.map((line) => line.text).join('\n');
  if (text.length > maxFrontMatter) return false;
  const yaml = parseYaml(text);
  return !isYamlProblem(yaml) && (yaml.value === null || yaml.value === undefined || (typeof yaml.value === 'object' && !Array.isArray(yaml.value)));
}
