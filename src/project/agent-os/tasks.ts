import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {maxTextBytes} from '../text-file.js';
import {assemble, type Assembly} from './read/assemble.js';
import {readDeliverables} from './deliverables.js';
import {reportCycles} from './dependencies/cycles.js';
import {resolveDependencies} from './dependencies/resolve.js';
import {everyDraft, type Draft} from './read/draft.js';
import {finish} from './read/finish.js';
import {jsonAssembly} from './grammars/json.js';
import type {Naming} from './host-path.js';
import {keyOf} from './read/labels.js';
import type {Dialect, Problem, Task, TaskList} from './model.js';
import {readSections} from './read/sections.js';
import {readLines} from './text/lines.js';
import {readNodes} from './text/nodes.js';

/**
 * Parses a tasks file of any grammar that Agent OS files are written in: numbered boxes, task groups, boxes under
 * headings, slugs with detail files, table rows, headings and lists without any box, GitHub's spec-kit, and the JSON of
 * one fork. `naming` makes paths of deliverables relative. Fenced code, comments and front matter are not read. Throws TASK_NOT_FOUND when nothing is understood as a
 * task, AGENT_OS_INVALID for a file that is too large or JSON of another form.
 */
export function parseTasks(text: string, naming: Naming = {}): TaskList {
  if (text.length > maxTextBytes) throw new AppError('AGENT_OS_INVALID', `The tasks file is larger than ${maxTextBytes} characters.`, {hint: 'Split it.'});
  if (/^\ufeff?\s{0,100}\{/.test(text)) {
    const assembly = jsonAssembly(text);
    return listOf(assembly, {dialect: 'json', problems: [], deliverables: []});
  }
  const {lines, problems} = readLines(text);
  const nodes = readNodes(lines);
  const assembly = assemble(readSections(nodes));
  const promised = readDeliverables(nodes, naming);
  return listOf(assembly, {dialect: dialectOf(assembly), problems: [...problems, ...assembly.problems, ...promised.problems], deliverables: promised.deliverables});
}

function listOf(assembly: Assembly, known: {readonly dialect: Dialect; readonly problems: readonly Problem[]; readonly deliverables: TaskList['tasks'][number]['deliverables']}): TaskList {
  const {tasks, groups} = assembly;
  if (tasks.length === 0) throw nothingFound(known.problems);
  const dependencies = resolveDependencies(tasks, groups);
  reportCycles(tasks, dependencies);
  const finished = finish(assembly, dependencies, known.deliverables);
  const problems = [...known.problems, ...finished.problems].sort((a, b) => a.line - b.line);
  return {dialect: known.dialect, tasks: finished.tasks, groups: finished.groups, problems, checks: assembly.checks, dependencies: finished.dependencies};
}

function dialectOf({tasks}: Assembly): Dialect {
  const all = everyDraft(tasks);
  const count = (test: (draft: Draft) => boolean): number => all.filter(test).length;
  const kinds: readonly (readonly [Dialect, number])[] = [
    ['table', count((draft) => draft.form === 'row')],
    ['spec-kit', count((draft) => draft.form === 'box' && draft.label?.kind === 'ticket')],
    ['slugs', count((draft) => draft.form === 'box' && draft.label?.kind === 'slug')],
    ['task-groups', count((draft) => draft.form === 'heading' && draft.label?.kind === 'group') * 4],
    ['numbered', count((draft) => draft.form === 'box' && draft.label?.kind === 'number')],
    ['headings', count((draft) => draft.form === 'box' && draft.label === undefined)],
  ];
  const most = Math.max(...kinds.map(([, number]) => number));
  return most === 0 ? 'unboxed' : (kinds.find(([, number]) => number === most)?.[0] ?? 'unboxed');
}

function nothingFound(problems: readonly Problem[]): AppError {
  const seen = problems.length === 0 ? '' : ` (${problems.slice(0, 3).map(({line, message}) => `line ${line}: ${escapeText(message)}`).join('; ')})`;
  return new AppError('TASK_NOT_FOUND', `Nothing in the file was understood as a task${seen}.`, {
    hint: 'A task is for example `- [ ] 1. Title` with parts `- [ ] 1.1 Title` below it, or a heading `### Task 1: Title`.',
    details: {problems},
  });
}

/** A task and all of its parts, in the order of the file. */
export function everyTask(tasks: readonly Task[]): readonly Task[] {
  const all: Task[] = [];
  const waiting = [...tasks].reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    all.push(next);
    for (const child of next.children.toReversed()) waiting.push(child);
  }
  return all;
}

/**
 * The task of that id. Case and a prefix `task-` do not matter, an alias (`2.0`) or `L12` for the one in line 12 will do.
 * Throws TASK_NOT_FOUND, which lists what there is, also when several have the id.
 */
export function findTask(list: TaskList, id: string): Task {
  const all = everyTask(list.tasks);
  const key = keyOf(id);
  const line = /^l(\d{1,7})$/i.exec(id)?.[1];
  const ways = [
    (task: Task) => task.id === id,
    (task: Task) => keyOf(task.id) === key,
    (task: Task) => task.aliases.some((alias) => keyOf(alias) === key),
    (task: Task) => line !== undefined && task.line === Number(line),
  ];
  const found = ways.map((fits) => all.filter(fits)).find((tasks) => tasks.length > 0) ?? [];
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const shown = escapeText(id).slice(0, 60);
  if (found.length > 1) {
    throw new AppError('TASK_NOT_FOUND', `There are ${found.length} tasks ${shown}, in lines ${found.map((task) => task.line).slice(0, 20).join(', ')}.`, {
      hint: `Give the line of the one that you mean instead of the id, for example #L${found[0]?.line ?? 1}.`,
      details: {lines: found.map((task) => task.line)},
    });
  }
  throw new AppError('TASK_NOT_FOUND', `There is no task ${shown}. The file has: ${someIds(all)}.`, {
    hint: `Give one of these after \`#\`, for example tasks.md#${escapeText(all[0]?.id ?? '1')}.`,
    details: {ids: all.map((task) => task.id)},
  });
}

/** Ids for a message, escaped, at most 60 of them. */
export function someIds(tasks: readonly Pick<Task, 'id'>[]): string {
  const more = tasks.length > 60 ? `, and ${tasks.length - 60} more` : '';
  return `${tasks.slice(0, 60).map((task) => escapeText(task.id)).join(', ')}${more}`;
}

const doubtful = new Set<Problem['kind']>(['contradiction', 'duplicate-id', 'unknown-dependency', 'dependency-cycle']);

/** Whether the file says of a task and all of its parts that they are complete, and nothing in it contradicts that. */
export function isComplete(task: Task): boolean {
  return everyTask([task]).every((one) => one.state === 'dropped' || (one.state === 'complete' && !one.problems.some(({kind}) => doubtful.has(kind)))) && task.state === 'complete';
}

/** What a task still waits for: one entry for each dependency of it, or of a task that it is part of, that is not met. */
export interface Unmet {
  readonly written: string;
  /** The tasks that are not complete; empty when the dependency was not understood. */
  readonly open: readonly Task[];
  readonly implied: boolean;
}

/** The dependencies of a task that are not met yet. A part also waits for what its parents wait for. */
export function unmetDependencies(list: TaskList, task: Task): readonly Unmet[] {
  return withParents(list.tasks, task).flatMap((one) =>
    (list.dependencies.get(one) ?? []).flatMap(({written, anyOf, implied}): readonly Unmet[] => {
      if (anyOf.some((tasks) => tasks.length > 0 && tasks.every(isComplete))) return [];
      return [{written, implied, open: [...new Set(anyOf.flat())].filter((other) => !isComplete(other))}];
    }),
  );
}

/** A task with everything that it is part of, the outermost first. */
export function withParents(roots: readonly Task[], task: Task): readonly Task[] {
  const above: Task[] = [];
  let level: readonly Task[] = roots;
  for (;;) {
    const next = level.find((one) => one === task || everyTask(one.children).includes(task));
    if (next === undefined) return above;
    above.push(next);
    if (next === task) return above;
    level = next.children;
  }
}
