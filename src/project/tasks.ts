import {AppError} from '../core/errors.js';
import {escapeText} from '../core/escape.js';

/** One numbered entry of a tasks file. */
export interface Task {
  /** `1` or `1.2`, as written. */
  readonly id: string;
  readonly title: string;
  /** Its own box is ticked and so are those of all its children: a contradiction never counts as done. */
  readonly done: boolean;
  /** Whether its own box is ticked. */
  readonly ticked: boolean;
  /** Line in the file, from 1. */
  readonly line: number;
  /** Index in the text of the one character between `[` and `]`. */
  readonly boxOffset: number;
  readonly children: readonly Task[];
}

/** What was understood of a tasks file, and what in it was not or contradicts itself. */
export interface TaskList {
  readonly tasks: readonly Task[];
  /** One sentence each, with its line. Never empty silently: a box that was not understood is named here. */
  readonly problems: readonly string[];
}

interface Line {
  readonly text: string;
  readonly offset: number;
  readonly number: number;
}

const taskLine = /^(?<before>\ufeff?[ \t]*[-*+][ \t]+\[)(?<box>[ xX])\][ \t]+(?<id>\d+(?:\.\d+)?)(?<stop>\.?)[ \t]+(?<title>\S.*)$/;
const boxLine = /^\ufeff?[ \t]*[-*+][ \t]+\[[^\]]?\]/;
const fenceLine = /^[ \t]*(?<fence>`{3,}|~{3,})(?<info>.*)$/;

/**
 * Parses the commonest grammar of an Agent OS tasks file: `- [ ] 1. Title` with children `- [ ] 1.1 Title` (counted over
 * 312 real files: two thirds). Fenced code and front matter are not read. Throws TASK_NOT_FOUND when there is no task.
 */
export function parseTasks(text: string): TaskList {
  const problems: string[] = [];
  const tasks: (Omit<Task, 'done' | 'children'> & {readonly children: Task[]})[] = [];
  for (const line of proseLines(text, problems)) {
    const groups = taskLine.exec(line.text)?.groups;
    if (groups === undefined) {
      if (boxLine.test(line.text)) problems.push(`line ${line.number}: a box without a number that is understood`);
      continue;
    }
    const {before = '', box, id = '', stop, title = ''} = groups;
    const ticked = box !== ' ';
    const entry = {id, title: title.trimEnd(), ticked, line: line.number, boxOffset: line.offset + before.length};
    const [major] = id.split('.');
    if (id === major && stop === '.') tasks.push({...entry, children: []});
    else if (id !== major && tasks.at(-1)?.id === major) tasks.at(-1)?.children.push({...entry, done: ticked, children: []});
    else problems.push(`line ${line.number}: ${id} does not stand under a task of its number`);
  }
  if (tasks.length === 0) throw nothingFound(problems);
  const list = tasks.map((task) => ({...task, done: task.ticked && task.children.every((child) => child.done)}));
  return {tasks: list, problems: [...problems, ...contradictions(list)]};
}

/** The task of that id (`1` or `1.2`). Throws TASK_NOT_FOUND, which lists what there is, also when two have the id. */
export function findTask(list: TaskList, id: string): Task {
  const all = everyTask(list.tasks);
  const found = all.filter((task) => task.id === id);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const what = found.length === 0 ? `There is no task ${escapeText(id).slice(0, 40)}` : `There are ${found.length} tasks ${id}, in lines ${found.map((task) => task.line).join(', ')}`;
  const ids = all.map((task) => task.id);
  const more = ids.length > 60 ? `, and ${ids.length - 60} more` : '';
  throw new AppError('TASK_NOT_FOUND', `${what}. The file has: ${ids.slice(0, 60).join(', ')}${more}.`, {
    hint: 'Give one of these after `#`, for example tasks.md#1.',
    details: {ids},
  });
}

/**
 * The text with the task's own box and those of its children ticked, and otherwise the same to the byte (line ends too).
 * A parent is not ticked with its last child. Throws TASK_NOT_FOUND.
 */
export function tickTask(text: string, id: string): string {
  const task = findTask(parseTasks(text), id);
  return everyTask([task])
    .filter((entry) => !entry.ticked)
    .reduce((ticked, {boxOffset}) => `${ticked.slice(0, boxOffset)}x${ticked.slice(boxOffset + 1)}`, text);
}

function everyTask(tasks: readonly Task[]): readonly Task[] {
  return tasks.flatMap((task) => [task, ...task.children]);
}

function contradictions(tasks: readonly Task[]): readonly string[] {
  const lines = new Map<string, number>();
  return everyTask(tasks).flatMap((task) => {
    const found: string[] = [];
    const first = lines.get(task.id);
    if (first === undefined) lines.set(task.id, task.line);
    else found.push(`line ${task.line}: ${task.id} stands in line ${first} already`);
    const open = task.children.filter((child) => !child.ticked).map((child) => child.id);
    if (task.ticked && open.length > 0) found.push(`line ${task.line}: ${task.id} is ticked, but not ${open.join(', ')}`);
    return found;
  });
}

function nothingFound(problems: readonly string[]): AppError {
  const seen = problems.length === 0 ? '' : ` (${problems.slice(0, 3).join('; ')})`;
  return new AppError('TASK_NOT_FOUND', `Nothing in the file was understood as a task${seen}.`, {
    hint: 'A task has the form `- [ ] 1. Title`, and its parts `- [ ] 1.1 Title` below it.',
    details: {problems},
  });
}

/** The lines outside of front matter and fenced code. */
function proseLines(text: string, problems: string[]): readonly Line[] {
  const lines = splitLines(text);
  const prose: Line[] = [];
  let fence: {readonly mark: string; readonly line: number} | undefined;
  for (const line of lines.slice(frontMatterLength(lines))) {
    const {fence: mark = '', info = ''} = fenceLine.exec(line.text)?.groups ?? {};
    if (fence !== undefined) {
      if (mark.startsWith(fence.mark) && info.trim() === '') fence = undefined;
    } else if (mark !== '' && !(mark.startsWith('`') && info.includes('`'))) fence = {mark, line: line.number};
    else prose.push(line);
  }
  if (fence !== undefined) problems.push(`line ${fence.line}: the code fence is never closed, so nothing after it was read`);
  return prose;
}

function splitLines(text: string): readonly Line[] {
  let offset = 0;
  return text.split('\n').map((raw, index) => {
    const line = {text: raw.endsWith('\r') ? raw.slice(0, -1) : raw, offset, number: index + 1};
    offset += raw.length + 1;
    return line;
  });
}

function frontMatterLength(lines: readonly Line[]): number {
  if (lines[0]?.text.replace(/^\ufeff/, '').trimEnd() !== '---') return 0;
  const end = lines.findIndex((line, index) => index > 0 && /^(?:---|\.\.\.)[ \t]*$/.test(line.text));
  return end === -1 ? 0 : end + 1;
}
