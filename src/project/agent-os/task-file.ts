import {realpath} from 'node:fs/promises';
import {relative, resolve, sep} from 'node:path';
import {AppError, systemCode} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {repoPathProblem} from '../../core/path.js';
import {maxTextBytes} from '../text-file.js';
import {isDetail, parseDetail, type TaskDetail} from './detail.js';
import {readSurroundings, type Surroundings} from './around.js';
import {foldersAbove, type Naming} from './host-path.js';
import {findAgentOs} from './layout.js';
import {keyOf} from './read/labels.js';
import type {Deliverable, Problem, Task, TaskList} from './model.js';
import {detailPaths, tasksFileOf} from './places.js';
import {splitLines} from './text/lines.js';
import {everyTask, findTask, isComplete, parseTasks, someIds, unmetDependencies, type Unmet} from './tasks.js';

/** Which task of which file. */
export interface TaskRequest {
  /** Root of the checkout. */
  readonly repositoryRoot: string;
  /** Absolute, or relative to the root: a tasks file of any grammar, or a task's detail file. */
  readonly file: string;
  /** Undefined: the only task that is not complete. */
  readonly id?: string | undefined;
  /** All paths of that commit: by them the spec around a task and the folders of the tree are known. Default: none are. */
  readonly paths?: readonly string[] | undefined;
  /** A file's bytes in the commit that the run starts from, by its path relative to the root; undefined when it is not there. */
  readonly readBase: (path: string) => Promise<Uint8Array | undefined>;
}

/** A task as a run takes it. Its texts come from the repository: escape them before they are shown. */
export interface TaskEntry extends Pick<Surroundings, 'spec' | 'assigned'> {
  /** `L12` for one whose id another task of the file has too. */
  readonly id: string;
  readonly title: string;
  /** The title, what stands below it in the file, its detail file, and where its spec and standards are; for a specialist to read. */
  readonly text: string;
  /** Where the file really lies, relative to the root, with `/`: the path to tick in a commit. */
  readonly path: string;
  readonly done: boolean;
  /** Its text is struck out in the file. */
  readonly dropped: boolean;
  /** Its detail file, relative to the root. */
  readonly detail: string | undefined;
  /** Those of its parts included. */
  readonly deliverables: readonly Deliverable[];
  /** Criteria of acceptance, as written, those of its parts included. */
  readonly criteria: readonly string[];
  /** What it waits for that is not complete. */
  readonly unmet: readonly Unmet[];
  /** One sentence each, with its file and line: what was not understood or contradicts itself. */
  readonly problems: readonly string[];
}

/**
 * Reads one task as it is in the commit that the run starts from: that is where it will be ticked. The checkout only
 * says where the file lies; a link that leads out of the repository is refused. Throws TASK_NOT_FOUND, and
 * AGENT_OS_INVALID for a file of no known form.
 */
export async function readTask({repositoryRoot, file, id, paths = [], readBase}: TaskRequest): Promise<TaskEntry> {
  const path = await insideRepository(repositoryRoot, file);
  const text = await readText(path, readBase);
  if (text === undefined) throw unreadable(file, 'is not part of the commit that the run starts from: commit it first');
  const naming: Naming = {root: repositoryRoot, folders: foldersAbove(paths)};
  const around = async (listed: Listed | undefined): Promise<Surroundings> => readSurroundings({path, listed, folders: findAgentOs(paths), read: (other) => readText(other, readBase)});
  if (isDetail(text)) return readDetailTask({path, text, id, naming, readBase, around});
  const list = parseTasks(text, naming);
  const task = findTask(list, id ?? onlyOpenTask(list).id);
  const detail = await readDetail({path, id: task.id, naming, readBase});
  const {spec, assigned, problems: more} = await around({list, task});
  const problems = [...saidOf(path, list.problems), ...(detail === undefined ? [] : saidOf(detail.path, detail.detail.problems)), ...more];
  const parts = everyTask([task]).filter((part) => part.state !== 'dropped');
  const texts = [bodyOf(task, text), ...(detail === undefined ? [] : [detail.text]), ...whereText({spec, assigned})];
  return {...entryOf(list, task, path), text: texts.join('\n\n'), detail: detail?.path, deliverables: [...parts.flatMap((part) => part.deliverables), ...(detail?.detail.deliverables ?? [])], criteria: [...parts.flatMap((part) => part.criteria), ...(detail?.detail.criteria ?? [])].map((criterion) => criterion.text), spec, assigned, problems};
}

function entryOf(list: TaskList, task: Task, path: string): Pick<TaskEntry, 'id' | 'title' | 'path' | 'done' | 'dropped' | 'unmet'> {
  return {id: isOnly(list, task) ? task.id : `L${task.line}`, title: task.title, path, done: isComplete(task), dropped: task.state === 'dropped', unmet: unmetDependencies(list, task)};
}

interface Listed {
  readonly list: TaskList;
  readonly task: Task;
}

/** Named by its path, a file is among what a specialist is told first. */
function whereText({spec, assigned}: Pick<Surroundings, 'spec' | 'assigned'>): readonly string[] {
  const standards = assigned?.standards ?? [];
  return [...(spec === undefined ? [] : [`The spec that this is a part of: ${spec.path}`]), ...(standards.length === 0 ? [] : [`Standards that hold for it: ${standards.join(', ')}`])];
}

/** What a run was started from must mean the same task when it is ticked. */
function isOnly(list: TaskList, task: Task): boolean {
  return everyTask(list.tasks).filter((other) => keyOf(other.id) === keyOf(task.id)).length === 1;
}

interface DetailAt {
  readonly path: string;
  readonly text: string;
  readonly id: string | undefined;
  readonly naming: Naming;
  readonly readBase: TaskRequest['readBase'];
  readonly around: (listed: Listed | undefined) => Promise<Surroundings>;
}

/** A run that starts from a detail file: the list beside it, where there is one, says what the task waits for. */
async function readDetailTask({path, text, id, naming, readBase, around}: DetailAt): Promise<TaskEntry> {
  const detail = parseDetail(text, naming);
  if (id !== undefined && keyOf(id) !== keyOf(detail.id)) {
    throw new AppError('TASK_NOT_FOUND', `The file ${path} is about the task ${someIds([{id: detail.id}])} alone.`, {hint: 'Give the file without `#`.', details: {ids: [detail.id]}});
  }
  const listText = await readText(tasksFileOf(path), readBase);
  const list = listText === undefined ? undefined : parseOrNothing(listText, naming);
  const task = list === undefined ? undefined : everyTask(list.tasks).find((one) => keyOf(one.id) === keyOf(detail.id));
  const {spec, assigned, problems: more} = await around(list === undefined || task === undefined ? undefined : {list, task});
  const problems = [...saidOf(path, detail.problems), ...more];
  const listed = list !== undefined && task !== undefined ? entryOf(list, task, path) : undefined;
  const done = detail.state === 'complete' && !detail.problems.some(({kind}) => kind === 'contradiction') && (listed?.done ?? true);
  const {deliverables, title} = detail;
  return {id: detail.id, title, text: [title, text.replace(/^\ufeff/, '').trim(), ...whereText({spec, assigned})].join('\n\n'), path, done, dropped: listed?.dropped ?? false, detail: path, deliverables, criteria: detail.criteria.map((criterion) => criterion.text), unmet: listed?.unmet ?? [], spec, assigned, problems};
}

function parseOrNothing(text: string, naming: Naming): TaskList | undefined {
  try {
    return parseTasks(text, naming);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

async function readDetail(at: {readonly path: string; readonly id: string; readonly naming: Naming; readonly readBase: TaskRequest['readBase']}): Promise<{readonly path: string; readonly text: string; readonly detail: TaskDetail} | undefined> {
  for (const path of detailPaths(at)) {
    if (repoPathProblem(path) !== undefined) continue;
    const text = await readText(path, at.readBase);
    if (text === undefined || !isDetail(text)) continue;
    return {path, text: text.replace(/^\ufeff/, '').trim(), detail: parseDetail(text, at.naming)};
  }
  return undefined;
}

function saidOf(path: string, problems: readonly Problem[]): readonly string[] {
  return problems.map((problem) => `${path}:${problem.line}: ${problem.message}`);
}

async function readText(path: string, readBase: TaskRequest['readBase']): Promise<string | undefined> {
  const bytes = await readBase(path);
  if (bytes === undefined) return undefined;
  if (bytes.length > maxTextBytes) throw unreadable(path, `is larger than ${maxTextBytes} bytes`);
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    throw unreadable(path, 'is not UTF-8');
  }
}

/** The title, and the lines of the task below its first one, as they stand, moved to the left. */
function bodyOf(task: Task, text: string): string {
  if (task.form === 'value') return [task.title, ...task.children.map((child) => `- ${child.id} ${child.title}`), ...task.criteria.map((criterion) => `- ${criterion.text}`)].join('\n');
  const lines = splitLines(text).slice(task.line, task.lastLine).map((line) => line.text);
  const depths = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const depth = depths.length === 0 ? 0 : Math.min(...depths);
  const body = lines.map((line) => line.slice(depth).trimEnd()).join('\n').trim();
  return body === '' ? task.title : `${task.title}\n\n${body}`;
}

function onlyOpenTask(list: TaskList): Task {
  const open = list.tasks.filter((task) => task.state !== 'dropped' && task.state !== 'skipped' && !isComplete(task));
  if (open.length === 1 && open[0] !== undefined) return open[0];
  const found = open.length === 0 ? 'All tasks of the file are done.' : `The file has ${open.length} open tasks: ${someIds(open)}.`;
  throw new AppError('TASK_NOT_FOUND', found, {hint: open.length === 0 ? 'Untick one first, or name a part after `#`.' : `Say which one after \`#\`, for example tasks.md#${escapeText(open[0]?.id ?? '1')}.`, details: {ids: open.map((task) => task.id)}});
}

async function insideRepository(root: string, file: string): Promise<string> {
  try {
    const realRoot = await realpath(root);
    const absolute = await realpath(resolve(realRoot, file));
    const path = relative(realRoot, absolute).split(sep).join('/');
    const problem = repoPathProblem(path);
    if (problem !== undefined) throw unreadable(file, 'is not a file inside the repository');
    return path;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = systemCode(error);
    throw unreadable(file, code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code ?? 'unknown error'})`);
  }
}

function unreadable(file: string, problem: string): AppError {
  return new AppError('TASK_NOT_FOUND', `The tasks file ${file} ${problem}.`, {hint: 'Give the path of a tasks file inside the repository, and after `#` the id of a task where it has several.'});
}
