import {realpath} from 'node:fs/promises';
import {relative, resolve, sep} from 'node:path';
import {AppError, systemCode} from '../core/errors.js';
import {repoPathProblem} from '../core/path.js';
import {findTask, parseTasks, type Task} from './tasks.js';
import {maxTextBytes} from './text-file.js';

/** Which task of which file. */
export interface TaskRequest {
  /** Root of the checkout. */
  readonly repositoryRoot: string;
  /** Absolute, or relative to the root. */
  readonly file: string;
  /** `1` or `1.2`. Undefined: the only task that is not done. */
  readonly id?: string | undefined;
  /** The file's bytes in the commit that the run starts from, by its path relative to the root; undefined when it is not there. */
  readonly readBase: (path: string) => Promise<Uint8Array | undefined>;
}

/** A task as a run takes it. */
export interface TaskEntry {
  readonly id: string;
  readonly title: string;
  /** The title, and below it the parts as they stand in the file, one line each. */
  readonly text: string;
  /** Where the file really lies, relative to the root, with `/`: the path to tick in a commit. */
  readonly path: string;
  readonly done: boolean;
  /** What in the file was not understood or contradicts itself; worth showing. */
  readonly problems: readonly string[];
}

/**
 * Reads one task of a tasks file as it is in the commit that the run starts from: that is where it will be ticked. The
 * checkout only says where the file lies; a link that leads out of the repository is refused. Throws TASK_NOT_FOUND.
 */
export async function readTask({repositoryRoot, file, id, readBase}: TaskRequest): Promise<TaskEntry> {
  const path = await insideRepository(repositoryRoot, file);
  const bytes = await readBase(path);
  if (bytes === undefined) throw unreadable(file, 'is not part of the commit that the run starts from: commit it first');
  if (bytes.length > maxTextBytes) throw unreadable(file, `is larger than ${maxTextBytes} bytes`);
  const list = parseTasks(decode(file, bytes));
  const task = findTask(list, id ?? onlyOpenTask(list.tasks));
  return {id: task.id, title: task.title, text: renderTask(task), path, done: task.done, problems: list.problems};
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    throw unreadable(file, 'is not UTF-8');
  }
}

function renderTask(task: Task): string {
  const parts = task.children.map((child) => `- [${child.ticked ? 'x' : ' '}] ${child.id} ${child.title}`);
  return parts.length === 0 ? task.title : `${task.title}\n\n${parts.join('\n')}`;
}

function onlyOpenTask(tasks: readonly Task[]): string {
  const open = tasks.filter((task) => !task.done);
  if (open.length === 1 && open[0] !== undefined) return open[0].id;
  const found = open.length === 0 ? 'All tasks of the file are done.' : `The file has ${open.length} open tasks: ${open.map((task) => task.id).join(', ')}.`;
  throw new AppError('TASK_NOT_FOUND', found, {hint: 'Say which one after `#`, for example tasks.md#1.', details: {ids: tasks.map((task) => task.id)}});
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
  return new AppError('TASK_NOT_FOUND', `The tasks file ${file} ${problem}.`, {hint: 'Give the path of a tasks.md inside the repository, with `#` and a number.'});
}
