import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {isYamlProblem, parseYaml} from '../yaml-text.js';
import {keyOf, readLabel, slugOf} from './read/labels.js';
import type {Task, TaskList} from './model.js';
import {everyTask} from './tasks.js';

/** Who does a task group, and by which standards. */
export interface GroupAssignment {
  /** Free text; it need not be a heading of the tasks file. */
  readonly name: string;
  readonly specialist: string | undefined;
  /** `all`, `folder/*`, `folder/file.md` or `none`, as written. */
  readonly standards: readonly string[];
}

/** Far above what a person writes: each group is compared with the tasks, each standard with the files. */
const maxGroups = 500;
const maxStandards = 100;

const Name = z.string().max(500);
const Orchestration = z.looseObject({task_groups: z.array(z.looseObject({name: Name, claude_code_subagent: Name.nullish(), standards: z.array(Name).max(maxStandards).nullish()})).min(1).max(maxGroups)});
const Assignments = z.looseObject({task_assignments: z.array(z.looseObject({task_group: Name, assigned_subagent: Name.nullish()})).min(1).max(maxGroups)});

/** Parses `orchestration.yml`, or the older `planning/task-assignments.yml`. Throws AGENT_OS_INVALID. */
export function parseOrchestration(text: string): readonly GroupAssignment[] {
  const yaml = parseYaml(text);
  if (isYamlProblem(yaml)) throw invalid(`line ${yaml.line}: ${escapeText(yaml.message).slice(0, 200)}`);
  const groups = Orchestration.safeParse(yaml.value);
  if (groups.success) return groups.data.task_groups.map((group) => ({name: group.name, specialist: group.claude_code_subagent ?? undefined, standards: group.standards ?? []}));
  const assignments = Assignments.safeParse(yaml.value);
  if (assignments.success) return assignments.data.task_assignments.map((one) => ({name: one.task_group, specialist: one.assigned_subagent ?? undefined, standards: []}));
  throw invalid(groups.error.issues.slice(0, 3).map((issue) => `${escapeText(issue.path.join('.')).slice(0, 100)}: ${issue.message}`).join('; '));
}

/**
 * Finds the task that a group's name means: by its title, else by its number (`Phase 1 - Foundation` is `Task Group 1:
 * Foundation`). It gives undefined when none or several could be meant. One look at the list, whatever is asked.
 */
export function groupFinder(list: TaskList): (name: string) => Task | undefined {
  const all = everyTask(list.tasks);
  const byTitle = onlyOnes(all, (task) => slugOf(task.title));
  const byNumber = onlyOnes(all, (task) => numberOf(task.id));
  const byKey = onlyOnes(all, (task) => keyOf(task.id));
  return (name) => {
    const label = readLabel(name);
    return byTitle.get(slugOf(label?.title ?? name)) ?? (label === undefined ? undefined : byNumber.get(numberOf(label.id))) ?? byKey.get(keyOf(name));
  };
}

/** The tasks of which no other has the same key. */
function onlyOnes(tasks: readonly Task[], keyOfTask: (task: Task) => string): ReadonlyMap<string, Task> {
  const found = new Map<string, Task | undefined>();
  for (const task of tasks) {
    const key = keyOfTask(task);
    found.set(key, found.has(key) ? undefined : task);
  }
  return new Map([...found].flatMap(([key, task]) => (task === undefined ? [] : [[key, task] as const])));
}

/** `phase-1` and `1` are the same number. */
function numberOf(id: string): string {
  return keyOf(id).replace(/^\p{L}+-(?=\d)/u, '');
}

/**
 * The files of standards that an assignment means, each once, in the order given: `all`; a folder and what is below it
 * for a `*` at the end; a file by its name. `files` are relative to the folder of standards. What names none is a problem.
 */
export function standardsOf(wanted: readonly string[], files: readonly string[]): {readonly files: readonly string[]; readonly unknown: readonly string[]} {
  const found = new Set<string>();
  const unknown: string[] = [];
  for (const one of wanted) {
    const name = one.trim();
    if (name === '' || name === 'none') continue;
    const folder = name.endsWith('*') ? name.slice(0, -1) : undefined;
    const meant = files.filter((file) => name === 'all' || (folder === undefined ? file === name || file === `${name}.md` : file.startsWith(folder)));
    if (meant.length === 0) unknown.push(one);
    for (const file of meant) found.add(file);
  }
  return {files: [...found], unknown};
}

function invalid(problem: string): AppError {
  return new AppError('AGENT_OS_INVALID', `The orchestration file is not understood: ${problem}.`, {hint: 'It has `task_groups`, each with a `name`.'});
}
