import {escapeText} from '../../../core/escape.js';
import {isAppError} from '../../../core/errors.js';
import {isDetail} from '../detail.js';
import {detailPaths, tasksFileOf, type TaskAt} from '../places.js';
import {completeDetail} from './detail.js';
import {completeTask, type Written} from './tasks.js';

/** Reads a file's text; undefined when there is none, TASK_NOT_FOUND when it is no text. */
export type ReadText = (path: string) => Promise<string | undefined>;

/** Files as they are to be, and what could not be written as asked. */
export interface CompletedFiles {
  readonly files: readonly {readonly path: string; readonly text: string}[];
  readonly notes: readonly string[];
}

/** What is written of a verified task. */
export interface Completion {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly block: readonly string[];
}

/**
 * The tasks file with the task ticked, and its detail file where there is one, whichever of the two the run was started
 * from. Only paths that `keptPaths` names are written. What is gone, or is no longer understood, is a note.
 */
export async function completedFiles(at: TaskAt, completion: Completion, read: ReadText): Promise<CompletedFiles> {
  const text = await read(at.path);
  if (text === undefined) return {files: [], notes: [`${escapeText(at.path)} is not in the verified commit, so nothing was ticked.`]};
  if (!isDetail(text)) return together([written(at.path, () => completeTask(text, at.id, completion.block)), await detailOf(at, completion, read)]);
  const own = written(at.path, () => completeDetail(text, completion));
  const listPath = tasksFileOf(at.path);
  const list = await read(listPath);
  return together([own, list === undefined ? nothing : written(listPath, () => completeTask(list, at.id, completion.block))]);
}

const nothing: CompletedFiles = {files: [], notes: []};

async function detailOf(at: TaskAt, completion: Completion, read: ReadText): Promise<CompletedFiles> {
  for (const path of detailPaths(at)) {
    const text = await read(path);
    if (text !== undefined && isDetail(text)) return written(path, () => completeDetail(text, completion));
  }
  return nothing;
}

function written(path: string, write: () => Written): CompletedFiles {
  try {
    const {text, notes} = write();
    return {files: [{path, text}], notes: notes.map((note) => `${escapeText(path)}: ${note}`)};
  } catch (error) {
    if (!isAppError(error, 'TASK_NOT_FOUND', 'AGENT_OS_INVALID')) throw error;
    return {files: [], notes: [`The task was not ticked in ${escapeText(path)}: ${error.message}`]};
  }
}

function together(parts: readonly CompletedFiles[]): CompletedFiles {
  return {files: parts.flatMap(({files}) => files), notes: parts.flatMap(({notes}) => notes)};
}
