import {escapeText} from '../../../core/escape.js';
import {isAppError} from '../../../core/errors.js';
import {isDetail} from '../detail.js';
import {detailPaths, tasksFileOf, type TaskAt} from '../places.js';
import type {Blocker} from './block.js';
import type {Completion} from './completion.js';
import {blockDetail, completeDetail} from './detail.js';
import {blockTask, completeTask, type Written} from './tasks.js';

/** Reads a file's text; undefined when there is none, TASK_NOT_FOUND when it is no text. */
export type ReadText = (path: string) => Promise<string | undefined>;

/** Files as they are to be, and what could not be written as asked. */
export interface WrittenFiles {
  readonly files: readonly {readonly path: string; readonly text: string}[];
  readonly notes: readonly string[];
}

/** What is written into a list of tasks, and into a task's own file. */
interface Writer {
  readonly list: (text: string) => Written;
  readonly detail: (text: string) => Written;
  /** Past participle, for messages. */
  readonly done: string;
}

/**
 * The tasks file with the task ticked, and its detail file where there is one, whichever of the two the run was started
 * from. Only paths that `keptPaths` names are written. What is gone, or is no longer understood, is a note.
 */
export async function completedFiles(at: TaskAt, completion: Completion, read: ReadText): Promise<WrittenFiles> {
  return writtenFiles(at, {list: (text) => completeTask(text, at.id, completion), detail: (text) => completeDetail(text, completion), done: 'ticked'}, read);
}

/** As {@link completedFiles}, of a task that could not be done: what blocks it stands in both files, and nothing is ticked. */
export async function blockedFiles(at: TaskAt, blocker: Blocker, read: ReadText): Promise<WrittenFiles> {
  return writtenFiles(at, {list: (text) => blockTask(text, at.id, blocker), detail: (text) => blockDetail(text, blocker), done: 'marked as blocked'}, read);
}

async function writtenFiles(at: TaskAt, writer: Writer, read: ReadText): Promise<WrittenFiles> {
  const text = await read(at.path);
  if (text === undefined) return {files: [], notes: [`${escapeText(at.path)} is not in the commit, so nothing was ${writer.done}.`]};
  const write = (path: string, content: string, own: Writer['list']): WrittenFiles => written(path, () => own(content), writer);
  if (!isDetail(text)) {
    const detail = await detailOf(at, read);
    return together([write(at.path, text, writer.list), ...(detail === undefined ? [] : [write(detail.path, detail.text, writer.detail)])]);
  }
  const listPath = tasksFileOf(at.path);
  const list = await read(listPath);
  return together([write(at.path, text, writer.detail), ...(list === undefined ? [] : [write(listPath, list, writer.list)])]);
}

async function detailOf(at: TaskAt, read: ReadText): Promise<{readonly path: string; readonly text: string} | undefined> {
  for (const path of detailPaths(at)) {
    const text = await read(path);
    if (text !== undefined && isDetail(text)) return {path, text};
  }
  return undefined;
}

function written(path: string, write: () => Written, {done}: Writer): WrittenFiles {
  try {
    const {text, notes} = write();
    return {files: [{path, text}], notes: notes.map((note) => `${escapeText(path)}: ${note}`)};
  } catch (error) {
    if (!isAppError(error, 'TASK_NOT_FOUND', 'AGENT_OS_INVALID')) throw error;
    return {files: [], notes: [`The task was not ${done} in ${escapeText(path)}: ${error.message}`]};
  }
}

function together(parts: readonly WrittenFiles[]): WrittenFiles {
  return {files: parts.flatMap(({files}) => files), notes: parts.flatMap(({notes}) => notes)};
}
