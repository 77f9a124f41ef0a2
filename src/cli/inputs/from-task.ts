import {stat} from 'node:fs/promises';
import {relative, resolve, sep} from 'node:path';
import {AppError, systemCode} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {tasksFileNamed, tasksFilesHint} from '../../project/agent-os/find-tasks.js';
import {readTask, type TaskEntry} from '../../project/agent-os/task-file.js';
import type {Context} from '../command.js';
import type {ProjectContext} from '../project-context.js';
import type {Base} from './base.js';
import type {Promised} from './promised-files.js';

/** A task of a tasks file, as a run or a plan takes it. */
export interface FromTask extends Pick<TaskEntry, 'spec' | 'assigned'> {
  /** Relative to the root. */
  readonly path: string;
  readonly id: string;
  readonly text: string;
  /** What it names, folders and what may be changed included. */
  readonly deliverables: readonly Promised[];
  readonly criteria: readonly string[];
}

/**
 * Reads the task that `--from FILE[#ID]` names, as it is on the base; without an id the only open one. FILE is a path, the
 * folder of a spec, or a spec's name. Says what the file contradicts and what the task still waits for. Throws USAGE, AGENT_OS_INVALID, and TASK_NOT_FOUND also for a task that
 * is done.
 */
export async function readFrom(context: Context, at: {readonly checkout: ProjectContext['checkout']; readonly base: Base; readonly value: string}): Promise<FromTask> {
  const {tree} = at.base;
  const paths = (await tree.list(context.signal)).map(({path}) => path);
  const {file, id} = await fileAndId(context.directory, {root: at.checkout.root, paths, value: at.value});
  const readBase = (path: string): Promise<Uint8Array | undefined> => tree.read(path, context.signal);
  const task = await readTask({repositoryRoot: at.checkout.root, file, id, paths, readBase});
  const named = `Task ${escapeText(task.id)} of ${escapeText(task.path)}`;
  for (const problem of task.problems.slice(0, 20)) context.say(escapeText(problem));
  if (task.problems.length > 20) context.say(`${task.problems.length - 20} more problems of ${escapeText(task.path)} and its spec`);
  if (task.done) throw new AppError('TASK_NOT_FOUND', `${named} is ticked already: ${escapeText(task.title).slice(0, 200)}.`, {hint: 'Choose an open task, or untick it first.'});
  if (task.dropped) throw new AppError('TASK_NOT_FOUND', `${named} is struck out: ${escapeText(task.title).slice(0, 200)}.`, {hint: 'Choose another task.'});
  for (const {written, open, implied} of task.unmet) {
    if (implied) continue;
    const ids = open.slice(0, 20).map((other) => escapeText(other.id)).join(', ');
    context.say(`${named} depends on ${escapeText(written)}, ${open.length === 0 ? 'which names no task of the file' : `and this is not complete: ${ids}`}.`);
  }
  const {path, text, deliverables, criteria, spec, assigned} = task;
  return {path, id: task.id, text, deliverables, criteria, spec, assigned};
}

interface Wanted {
  readonly root: string;
  /** Of the commit that the task is read from. */
  readonly paths: readonly string[];
  readonly value: string;
}

/** A folder may be named `…-#100`: a `#` of what is there is no separator, and of several the last one is. */
async function fileAndId(directory: string, wanted: Wanted): Promise<{readonly file: string; readonly id: string | undefined}> {
  const {paths, value} = wanted;
  const whole = value === '' ? undefined : await placeOf(directory, wanted, value);
  if (whole !== undefined) return {file: whole, id: undefined};
  const at = value.lastIndexOf('#');
  const name = at === -1 ? value : value.slice(0, at);
  const id = at === -1 ? undefined : value.slice(at + 1);
  if (name === '' || id === '') throw new AppError('USAGE', `--from ${escapeText(value)}: the form is FILE[#ID], for example .agent-os/specs/x/tasks.md#1, or FILE where it has one open task.`, {hint: tasksFilesHint(paths)});
  const file = await placeOf(directory, wanted, name);
  if (file === undefined) throw new AppError('TASK_NOT_FOUND', `There is no file and no spec \`${escapeText(name)}\`.`, {hint: tasksFilesHint(paths)});
  return {file, id};
}

/** Absolute path of the file that a name means: on disk, as the folder of a spec, or as a spec's name. */
async function placeOf(directory: string, {root, paths}: Wanted, name: string): Promise<string | undefined> {
  const full = resolve(directory, name);
  const kind = await kindOf(full);
  if (kind === 'file') return full;
  // As every message names it, also to somebody in a folder below the root.
  if (kind === undefined && paths.includes(name)) return resolve(root, name);
  const folder = kind === 'folder' ? relative(root, full).split(sep).join('/') : name;
  const tasks = tasksFileNamed(paths, folder);
  if (tasks !== undefined) return resolve(root, tasks);
  if (kind === undefined) return undefined;
  throw new AppError('TASK_NOT_FOUND', `\`${escapeText(name)}\` is a folder, and the commit has no list of tasks in it as in the folder of a spec.`, {hint: tasksFilesHint(paths)});
}

async function kindOf(full: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(full)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    // What cannot be looked at is not there for us; a name that no file can have, neither.
    if (systemCode(error) === undefined && !(error instanceof TypeError)) throw error;
    return undefined;
  }
}
