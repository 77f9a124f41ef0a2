import {adopt, everyDraft, type Draft} from './draft.js';
import {isFieldHeading, isLeftOut, neighboursOf} from '../grammars/field-headings.js';
import {headingDraft, isTaskHeading, saidItems, type FileFacts} from '../grammars/headings.js';
import {keyOf, slugOf} from './labels.js';
import type {Criterion, Problem} from '../model.js';
import type {Section} from './sections.js';

/** A heading that holds tasks without being one. */
export interface DraftGroup {
  id: string;
  readonly title: string;
  readonly line: number;
  readonly tasks: Draft[];
}

/** All tasks of a file as a forest, and what is around them. */
export interface Assembly {
  readonly tasks: readonly Draft[];
  readonly groups: readonly DraftGroup[];
  readonly checks: readonly Criterion[];
  /** What belongs to no task. */
  readonly problems: readonly Problem[];
}

interface Level {
  readonly level: number;
  readonly task: Draft | undefined;
  readonly group: DraftGroup | undefined;
}

/** Makes one forest of the sections: headings that are tasks take what is under them, the others become groups. */
export function assemble(sections: readonly Section[]): Assembly {
  const file: FileFacts = {hasEntries: sections.some((section) => section.entries.length > 0)};
  const neighbours = neighboursOf(sections, file);
  const problems: Problem[] = [];
  const tasks: Draft[] = [];
  const groups: DraftGroup[] = [];
  const checks: Criterion[] = [];
  const open: Level[] = [];
  for (const section of sections) {
    while (open.length > 0 && (open.at(-1)?.level ?? 0) >= section.level && section.heading !== undefined) open.pop();
    const above = open.findLast(({task}) => task !== undefined)?.task;
    if (above !== undefined) for (const {task} of open) if (task !== undefined) task.lastLine = Math.max(task.lastLine, section.lastLine);
    const isTask = isTaskHeading(section, file) || isFieldHeading(section, neighbours, above);
    if (!isTask && isLeftOut(section, neighbours, above)) problems.push(leftOut(section));
    const found = isTask ? [headingDraft(section, file)] : looseDrafts(section, file, above);
    for (const draft of found) {
      if (above === undefined) tasks.push(draft);
      else adopt(above, draft);
      if (above === undefined) for (const {group} of open) group?.tasks.push(draft);
    }
    if (!isTask) takeRest(section, {above, checks});
    if (section.heading === undefined) continue;
    const group = isTask ? undefined : {id: section.label?.kind === 'phase' ? section.label.id : slugOf(section.title), title: section.label?.title ?? section.title, line: section.heading.line.number, tasks: above === undefined ? [...found] : []};
    if (group !== undefined) groups.push(group);
    open.push({level: section.level, task: isTask ? found[0] : undefined, group});
  }
  const mirrors = mergeMirrors(tasks);
  const kept = tasks.filter((draft) => !mirrors.has(draft));
  nameAll(kept);
  const held = groups.map((group) => ({...group, tasks: group.tasks.map((draft) => mirrors.get(draft) ?? draft)}));
  return {tasks: kept, groups: held.filter((group) => group.tasks.length > 0), checks, problems};
}

function leftOut({heading, title}: Section): Problem {
  return {kind: 'not-understood', line: heading?.line.number ?? 1, message: `the heading \`${title.slice(0, 60)}\` has no box, no state and no field of a task, so it was not taken for one`};
}

/** Tasks under a heading that is none. Its fields belong to the entry before them, or to all of its entries. */
function looseDrafts(section: Section, file: FileFacts, above: Draft | undefined): readonly Draft[] {
  if (section.checklist) return [];
  const numbered = section.items.filter((item) => item.label !== undefined);
  const found = section.entries.length > 0 || file.hasEntries || above !== undefined || !saidItems(section.items) || numbered.length === 0 ? section.entries : section.items;
  for (const {field, after} of section.fields) {
    if (after !== undefined) after.fields.push(field);
    else for (const draft of found) draft.fields.push(field);
  }
  return found;
}

function takeRest(section: Section, {above, checks}: {readonly above: Draft | undefined; readonly checks: Criterion[]}): void {
  (above?.criteria ?? checks).push(...section.criteria);
  above?.blockLines.push(...section.blockLines);
  const last = section.entries.at(-1);
  if (last !== undefined && above === undefined) last.problems.push(...section.problems);
}

/** The same task in a list and in a table is one task that says its state twice: the later one is given up for the earlier. */
function mergeMirrors(tasks: readonly Draft[]): ReadonlyMap<Draft, Draft> {
  const first = new Map<string, Draft>();
  for (const draft of everyDraft(tasks)) {
    const key = mirrorKey(draft);
    if (key !== undefined && !first.has(key)) first.set(key, draft);
  }
  const mirrors = new Map<Draft, Draft>();
  for (const draft of tasks) {
    const original = first.get(mirrorKey(draft) ?? '');
    if (original === undefined || original.form === draft.form || (draft.form !== 'row' && draft.form !== 'heading') || draft.children.length > 0) continue;
    mirrors.set(draft, original);
    original.marks.push(...draft.marks);
    original.fields.push(...draft.fields);
    original.criteria.push(...draft.criteria);
    original.detail ??= draft.detail;
  }
  return mirrors;
}

function mirrorKey({label}: Draft): string | undefined {
  return label === undefined ? undefined : `${label.kind === 'phase' ? 'phase' : 'task'} ${keyOf(label.id)}`;
}

function nameAll(tasks: readonly Draft[]): void {
  const taken = new Map<string, number>();
  const unlabelled = new Map<Draft, number>();
  for (const draft of everyDraft(tasks)) {
    const {label, parent} = draft;
    if (label !== undefined) {
      draft.id = idBelow(draft, label.id);
      if (draft.id !== label.id && label.kind === 'number') draft.aliases.push(label.id);
    } else if (parent === undefined) draft.id = unused(slugOf(draft.title), taken);
    else {
      const count = (unlabelled.get(parent) ?? 0) + 1;
      unlabelled.set(parent, count);
      draft.id = `${parent.id}/${count}`;
    }
  }
}

/** Numbers that count from 1 within their task (`1.` under `### Task 3`, or under another box) go on from its id: `3.1`. */
function idBelow({label, parent}: Draft, id: string): string {
  if (label?.kind !== 'number' || parent === undefined) return id;
  if (!id.includes('.')) return `${parent.id}.${id}`;
  const above = parent.label?.kind === 'number' ? parent.label.id : undefined;
  return above !== undefined && parent.id !== above && id.startsWith(`${above}.`) ? `${parent.id}${id.slice(above.length)}` : id;
}

function unused(slug: string, taken: Map<string, number>): string {
  const count = (taken.get(slug) ?? 0) + 1;
  taken.set(slug, count);
  return count === 1 ? slug : `${slug}-${count}`;
}
