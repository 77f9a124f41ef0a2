import {leadingKey, parseDependencies, type Reference} from '../dependencies/parse.js';
import type {Draft} from '../read/draft.js';
import {slugOf} from '../read/labels.js';
import type {Section} from '../read/sections.js';
import {isDependencyField} from '../text/fields.js';
import {isTaskHeading, tellsOfWork, type FileFacts} from './headings.js';

/** What the headings of a file are to each other, known before any of them is made a task. */
export interface Neighbours {
  /** Tasks, or boxes of tasks, stand under one of the headings below it. */
  readonly holdsTasks: (section: Section) => boolean;
  /** Another heading of its level and kind is a task, or (for a phase) holds some. */
  readonly amongTasks: (section: Section) => boolean;
  /** Titles of all headings with a number or a phase, as slugs. */
  readonly titles: ReadonlySet<string>;
}

/** Names of fields that only work has: who does it, how long it takes, what it must give. */
const workField = /^(?:task id|agents?|assign(?:ee|ed)(?: (?:to|agent|subagent|implementer|specialist))?|implementer|sub-?agent|specialist|(?:time )?estimate|estimated? (?:time|effort|duration|hours|size)|effort|story points|files? to (?:be )?(?:create|modify|change|update|delete|edit)[\w/ ]{0,20}|deliverables?|expected deliverables?|acceptance criteria|success criteria|definition of done)$/;
/**
 * Whether a heading with a number or a phase (`## 2. Writer`, `## Phase 3: Polish`) that has no box is a task all the
 * same: it carries a field that only work has, or says its state beside headings that are tasks. A heading over other
 * tasks, the file's title, and a section that tells of the work are none.
 */
export function isFieldHeading(section: Section, neighbours: Neighbours, above: Draft | undefined): boolean {
  if (!couldBeTask(section, neighbours, above)) return false;
  const names = section.fields.some(({field}) => workField.test(field.name) || (isDependencyField(field) && namesTasks(field.value, neighbours.titles)));
  return names || (neighbours.amongTasks(section) && section.marks.some((mark) => mark.kind === 'status'));
}

/** Whether a heading stands in a row of tasks and gives no sign of being one: a person should know that it was left out. */
export function isLeftOut(section: Section, neighbours: Neighbours, above: Draft | undefined): boolean {
  return couldBeTask(section, neighbours, above) && neighbours.amongTasks(section);
}

/** Looks at all headings once. Linear in the sections. */
export function neighboursOf(sections: readonly Section[], file: FileFacts): Neighbours {
  const tasks = new Set(sections.filter((section) => isTaskHeading(section, file)));
  const holds = new Set<Section>();
  const open: Section[] = [];
  for (const section of sections) {
    while (section.heading !== undefined && (open.at(-1)?.level ?? 0) >= section.level && open.length > 0) open.pop();
    // What is above one that holds tasks is marked already when the one right above is.
    if (tasks.has(section) || section.entries.length > 0) for (let at = open.length - 1; at >= 0; at -= 1) {
      const one = open[at];
      if (one === undefined || holds.has(one)) break;
      holds.add(one);
    }
    open.push(section);
  }
  const kindOf = ({level, label}: Section): string => `${level} ${label?.kind ?? ''}`;
  const counted = sections.filter((section) => tasks.has(section) || (section.label?.kind === 'phase' && (holds.has(section) || section.entries.length > 0)));
  const kinds = new Set(counted.map(kindOf));
  const titles = sections.flatMap(({label}) => (label?.kind === 'number' || label?.kind === 'phase' ? [slugOf(label.title)] : []));
  return {holdsTasks: (section) => holds.has(section), amongTasks: (section) => kinds.has(kindOf(section)), titles: new Set(titles)};
}

function couldBeTask(section: Section, neighbours: Neighbours, above: Draft | undefined): boolean {
  const {heading, label, entries, checklist, level} = section;
  if (heading === undefined || checklist || level === 1 || entries.length > 0 || (label?.kind !== 'number' && label?.kind !== 'phase')) return false;
  if (neighbours.holdsTasks(section) || tellsOfWork(label.title)) return false;
  return above === undefined || (label.kind === 'number' && above.label !== undefined && label.id.startsWith(`${above.label.id}.`));
}

/** `None`, or something that can be the name of a task; `express and zod` is not. */
function namesTasks(value: string, titles: ReadonlySet<string>): boolean {
  const terms = parseDependencies(value);
  return value.trim() !== '' && terms.every(({anyOf}) => anyOf.some((reference) => namesTask(reference, titles)));
}

function namesTask(reference: Reference, titles: ReadonlySet<string>): boolean {
  if (reference.kind !== 'id') return true;
  return /^(?:[a-z]{1,20}[-.]?)?\d{1,6}(?:\.\w{1,6}){0,8}$/.test(reference.key) || leadingKey(reference.text) !== undefined || titles.has(slugOf(reference.text));
}
