import {AppError} from '../../core/errors.js';
import {maxTextBytes} from '../text-file.js';
import {readLines} from './text/lines.js';
import {readNodes} from './text/nodes.js';

/** What a spec.md says, of any generation. Texts are as written. */
export interface Spec {
  readonly title: string;
  /** From the section Overview or Goal; empty when there is neither. */
  readonly goal: string;
  /** Entries of Spec Scope or Specific Requirements. */
  readonly scope: readonly string[];
  readonly outOfScope: readonly string[];
  /** Outcomes that can be tested: entries of Expected Deliverable. */
  readonly expected: readonly string[];
  /** All sections by their titles, in the order of the file. */
  readonly sections: readonly {readonly title: string; readonly text: string}[];
}

const entry = /^(?:[-*+]|\d{1,6}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/;

/** Parses a spec.md (or spec-lite.md). Throws AGENT_OS_INVALID for a text without a single heading. */
export function parseSpec(text: string): Spec {
  if (text.length > maxTextBytes) throw new AppError('AGENT_OS_INVALID', `The spec is larger than ${maxTextBytes} characters.`);
  const {lines} = readLines(text);
  const headings = readNodes(lines).filter((node) => node.kind === 'heading');
  const first = headings[0];
  if (first === undefined) throw new AppError('AGENT_OS_INVALID', 'The spec has no heading, so nothing in it was understood.');
  const at = new Map(lines.map((line, index) => [line.number, index]));
  const sections = headings
    .filter((heading) => heading.level <= 2)
    .map((heading, index, all) => {
      const end = all[index + 1]?.line.number;
      const from = (at.get(heading.line.number) ?? 0) + 1;
      const to = end === undefined ? lines.length : (at.get(end) ?? lines.length);
      return {title: heading.text, text: lines.slice(from, to).map((line) => line.text).join('\n').trim()};
    });
  const named = (pattern: RegExp): string => sections.find(({title}) => pattern.test(title))?.text ?? '';
  return {
    title: first.text.replace(/^(?:spec(?:ification)?(?: requirements document)?[ \t]*[:–-][ \t]*)/i, ''),
    goal: named(/^(?:overview|goal|summary)\b/i),
    scope: entriesOf(named(/^(?:spec scope|specific requirements|scope|requirements)\b/i)),
    outOfScope: entriesOf(named(/^out[ -]of[ -]scope\b/i)),
    expected: entriesOf(named(/^expected (?:deliverables?|outcomes?)\b/i)),
    sections,
  };
}

/** The entries of a list that stand at its left side; what is deeper goes with them. */
function entriesOf(text: string): readonly string[] {
  const entries: string[] = [];
  for (const line of text.split('\n')) {
    if (entry.test(line)) entries.push(line.replace(entry, '').trim());
    else if (line.trim() !== '' && entries.length > 0 && /^[ \t]/.test(line)) entries.push(`${entries.pop() ?? ''}\n${line.trim()}`);
    else if (/^(?:\*\*|#{3,6} )/.test(line)) entries.push(line.replace(/^#{3,6} /, '').replaceAll('**', '').trim());
  }
  return entries;
}
