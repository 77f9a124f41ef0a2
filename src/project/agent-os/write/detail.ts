import {parseDetail} from '../detail.js';
import {readLines, splitLines} from '../text/lines.js';
import {readNodes} from '../text/nodes.js';
import {blockerBlock, type Blocker} from './block.js';
import {tickCriteria} from './criteria.js';
import {applyEdits, endOf, type Edit} from './edits.js';
import {statusLike} from './status.js';
import type {Completion} from './completion.js';
import type {Written} from './tasks.js';

const blockTitle = 'Completion Verification';

/**
 * A task detail file with its Status, a Completion Date that has no date yet, the boxes of the criteria that were shown,
 * and the block about its verification at its end, which replaces an older one. Throws AGENT_OS_INVALID.
 */
export function completeDetail(text: string, {date, block, shows}: Completion): Written {
  const {status, fields, criteria} = parseDetail(text);
  const ticked = tickCriteria(text, criteria, shows);
  const edits: Edit[] = [...ticked.edits];
  if (status !== undefined && status.state !== 'complete') edits.push({offset: status.span.offset, length: status.span.length, text: withSpace(text, status.span.offset, statusLike(status.text, 'complete'))});
  const day = fields.find(({name}) => name === 'completion date' || name === 'completed');
  if (day !== undefined && !/\d/.test(day.value)) edits.push({offset: day.span.offset, length: day.span.length, text: withSpace(text, day.span.offset, date)});
  const written = applyEdits(text, edits);
  const notes = [...(status === undefined ? ['The task file has no Status line that could be set.'] : []), ...ticked.notes];
  return {text: block.length === 0 ? written : withBlock(written, block), notes};
}

/** A task detail file whose Status says that it is blocked, with the block about why at its end. Throws AGENT_OS_INVALID. */
export function blockDetail(text: string, blocker: Blocker): Written {
  const {status} = parseDetail(text);
  const edits = status === undefined || status.state === 'blocked' ? [] : [{offset: status.span.offset, length: status.span.length, text: withSpace(text, status.span.offset, statusLike(status.text, 'blocked'))}];
  return {text: withBlock(applyEdits(text, edits), blockerBlock(blocker, true)), notes: status === undefined ? ['The task file has no Status line that could be set.'] : []};
}

/** An empty value has no space before it. */
function withSpace(text: string, offset: number, value: string): string {
  return /[\s*_`]/.test(text[offset - 1] ?? ' ') && !/[*_]/.test(text[offset - 1] ?? ' ') ? value : ` ${value}`;
}

function withBlock(text: string, block: readonly string[]): string {
  const lines = splitLines(text);
  const end = endOf(lines, 1);
  const headings = readNodes(readLines(text).lines).filter((node) => node.kind === 'heading');
  const own = headings.findIndex((node) => node.level === 2 && node.text === blockTitle);
  const section = [`## ${blockTitle}`, '', ...block.map((line) => `- ${line}`)].join(end);
  const start = headings[own]?.line.offset;
  if (start === undefined) {
    const gap = text === '' || text.endsWith(`${end}${end}`) ? '' : text.endsWith(end) ? end : `${end}${end}`;
    return `${text}${gap}${section}${end}`;
  }
  const next = headings.slice(own + 1).find((node) => node.level <= 2)?.line.offset;
  return `${text.slice(0, start)}${section}${end}${next === undefined ? '' : `${end}${text.slice(next)}`}`;
}
