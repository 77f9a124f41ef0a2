import {adopt, emptyDraft, type Draft} from '../read/draft.js';
import {boxState, readWords} from '../read/states.js';
import type {Section} from '../read/sections.js';
import {boxSpan} from '../text/nodes.js';

/** Whether the file has boxes (or rows) of tasks anywhere: then a plain heading or list is no task. */
export interface FileFacts {
  readonly hasEntries: boolean;
}

/** Headings that only say that tasks follow. */
const generic = /^(?:(?:implementation |spec |development |project )?(?:tasks?|task list|task breakdown|todos?|to-do|checklist|subtasks?|steps|work items|implementation|implementation plan)|aufgaben(?:liste)?|tâches|tareas|tarefas|タスク|任务)(?: list| breakdown)?:?$/iu;
/** What a section is called that tells of the work and is none. */
const aboutWork = /^(?:(?:project |executive |technical )?(?:overview|summary|introduction|background|context|motivation)|goals?|objectives?|(?:out of )?scope|non-goals|notes?|risks?|assumptions|constraints|dependenc(?:y|ies)|prerequisites|glossary|references|resources|appendix|timeline|schedule|(?:execution|implementation) order|open questions|questions|decisions|(?:success )?metrics|(?:current )?status|progress|legend|team|conclusion|next steps)(?:(?: and | & |\s?\/\s?)[\p{L} ]{1,40})?$/iu;
const ticketBehind = /\(([A-Z][A-Z0-9]{1,9}-\d{1,6})\)$/;

/**
 * Whether a heading is a task by its own words or by what stands under it: a box, `Task 1`, `Task Group 2` or `PRE-1`
 * before its title; a number, a phase or any other title only when boxes without a task of their own follow, or its
 * state is said. What stands around it is not looked at: see `isFieldHeading`.
 */
export function isTaskHeading(section: Section, file: FileFacts): boolean {
  const {heading, label, entries, items, marks, checklist, title} = section;
  if (heading === undefined || checklist) return false;
  if (heading.box !== undefined) return true;
  const said = readWords(heading.text) !== undefined || marks.some((mark) => mark.kind === 'status');
  if (label?.kind === 'task' || label?.kind === 'group') return true;
  if (label?.kind === 'ticket' || label?.kind === 'slug') return !file.hasEntries || entries.length > 0 || said;
  if (ticketBehind.test(title)) return said || entries.length > 0;
  const parts = entries.length > 0 && entries.every((entry) => isPart(entry, section));
  if (label?.kind === 'number' || label?.kind === 'phase') return parts || (!tellsOfWork(label.title) && ((said && (!file.hasEntries || entries.length > 0)) || (!file.hasEntries && saidItems(items))));
  if (generic.test(title) || heading.level === 1 || (!parts && tellsOfWork(title))) return false;
  return parts || (!file.hasEntries && (said || saidItems(items)));
}

/** Whether a heading's title is that of a section which tells of the work: an overview, risks, notes. */
export function tellsOfWork(title: string): boolean {
  return aboutWork.test(title.replace(/[*_:]/g, '').trim());
}

/** The entries of a list without boxes that are parts: all of a list of which one says its state. */
export function saidItems(items: readonly Draft[]): boolean {
  return items.some((item) => item.marks.length > 0);
}

/** The task that a heading is, with its entries below it. A box `2.0` under the heading 2 is the heading's own. */
export function headingDraft(section: Section, file: FileFacts): Draft {
  const {heading, label, title} = section;
  const ticket = ticketBehind.exec(title)?.[1];
  const known = label ?? (ticket === undefined ? sharedNumber(section) : {kind: 'ticket' as const, id: ticket, title: title.replace(ticketBehind, '').trim()});
  const draft = emptyDraft({form: 'heading', line: heading?.line.number ?? 1, indent: 0, label: known, title: known?.title ?? title});
  draft.lastLine = section.lastLine;
  if (heading !== undefined) draft.marks.push(...headingMarks(section));
  draft.marks.push(...section.marks);
  draft.problems.push(...section.problems);
  draft.fields.push(...section.fields.map(({field}) => field));
  draft.criteria.push(...section.criteria);
  draft.blockLines.push(...section.blockLines);
  for (const entry of section.entries) {
    if (isOwn(entry, section)) mergeOwn(draft, entry);
    else adopt(draft, entry);
  }
  if (!file.hasEntries && saidItems(section.items)) for (const item of section.items) adopt(draft, item);
  return draft;
}

function headingMarks({heading}: Section): Draft['marks'] {
  if (heading === undefined) return [];
  const {line, at, text, box} = heading;
  const words = readWords(text);
  return [
    ...(box === undefined ? [] : [{kind: 'box' as const, state: boxState(box.inner) ?? ('open' as const), line: line.number, span: boxSpan(line, box), text: box.inner}]),
    ...(words === undefined ? [] : [{kind: 'words' as const, state: words.state, line: line.number, span: {offset: line.offset + at + words.start, length: words.end - words.start}, text: text.slice(words.start, words.end)}]),
  ];
}

/** A box that is only a part: without a label, or with a number below the heading's. */
function isPart({label}: Draft, section: Section): boolean {
  if (label === undefined) return true;
  if (label.kind !== 'number') return false;
  const of = section.label?.kind === 'number' ? section.label.id : sharedNumber(section)?.id;
  return of !== undefined && (label.id === of ? section.label !== undefined : label.id.startsWith(`${of}.`));
}

/** `### Parser` over `2.1` and `2.2` is the task 2. */
function sharedNumber({entries, title}: Section): {readonly kind: 'number'; readonly id: string; readonly title: string} | undefined {
  const numbers = entries.flatMap(({label}) => (label?.kind === 'number' ? [label.id.includes('.') ? label.id.slice(0, label.id.lastIndexOf('.')) : ''] : []));
  const first = numbers[0];
  if (first === undefined || first === '' || numbers.some((number) => number !== first)) return undefined;
  return {kind: 'number', id: first, title};
}

function isOwn(entry: Draft, {label, entries}: Section): boolean {
  if (label === undefined || entry.form !== 'box' || entry.label?.kind !== 'number' || entry.label.id !== label.id) return false;
  return entry.aliases.length > 0 || label.kind === 'group' || entries.filter((other) => other.label?.kind === 'number' && !other.label.id.includes('.')).length === 1;
}

function mergeOwn(draft: Draft, own: Draft): void {
  draft.aliases.push(...own.aliases);
  draft.marks.push(...own.marks);
  draft.fields.push(...own.fields);
  draft.criteria.push(...own.criteria);
  draft.problems.push(...own.problems);
  draft.blockLines.push(...own.blockLines);
  draft.detail ??= own.detail;
  for (const child of own.children) adopt(draft, child);
}
