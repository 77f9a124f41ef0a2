import {relative} from 'node:path/posix';
import {AppError, isAppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {foldersOf} from '../../core/path.js';
import type {Report} from '../../core/report.js';
import type {TreeReader} from '../../core/tree.js';
import {reportFolderOf, specFolder, type TaskAt} from '../../project/agent-os/places.js';
import type {ReadText, WrittenFiles} from '../../project/agent-os/write/files.js';
import {renderReportMarkdown} from '../../record/report-markdown.js';

/** What is written of a run's end into a commit. */
export interface TaskFilesRequest {
  /** The commit that the files are read from and written on top of. */
  readonly reader: TreeReader;
  readonly from: TaskAt;
  readonly report: Report;
  /** Writes the task's files; it is told where the report will stand, relative to the spec's folder, or undefined when it cannot. */
  readonly write: (read: ReadText, reportPath: string | undefined) => Promise<WrittenFiles>;
}

/** Files to commit, and what a person should know of those that are not among them. */
export interface TaskFiles {
  readonly files: readonly {readonly path: string; readonly bytes: Uint8Array}[];
  readonly notes: readonly string[];
}

/** The files of a task as its run leaves them, with the report in the spec's folder; what cannot be written is a note. */
export async function taskFiles({reader, from, report, write}: TaskFilesRequest, signal: AbortSignal): Promise<TaskFiles> {
  const listed = await reader.list(signal);
  const folder = reportFolderOf(from.path, (path) => listed.some((file) => file.path.startsWith(`${path}/`)));
  // A file or a link where a folder would have to be.
  const inTheWay = [...foldersOf(folder), folder].find((path) => listed.some((file) => file.path === path));
  const reportPath = `${folder}/bulkhead-${report.runId ?? 'run'}.md`;
  const regular = new Set(listed.filter(({mode}) => mode === 'file' || mode === 'executable').map(({path}) => path));
  const read = async (path: string): Promise<string | undefined> => {
    const bytes = regular.has(path) ? await reader.read(path, signal) : undefined;
    return bytes === undefined ? undefined : decode(path, bytes);
  };
  try {
    const {files, notes} = await write(read, inTheWay === undefined ? relative(specFolder(from.path), reportPath) : undefined);
    const written = files.map(({path, text}) => ({path, bytes: Buffer.from(text)}));
    if (files.length === 0) return {files: [], notes};
    if (inTheWay !== undefined) return {files: written, notes: [...notes, `${escapeText(inTheWay)} is a file, so the report is not beside the task.`]};
    return {files: [...written, {path: reportPath, bytes: Buffer.from(renderReportMarkdown(report))}], notes};
  } catch (error) {
    if (!isAppError(error, 'TASK_NOT_FOUND')) throw error;
    return {files: [], notes: [`The task's files were left as they are: ${error.message}`]};
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch (error) {
    throw new AppError('TASK_NOT_FOUND', `${escapeText(path)} is not UTF-8.`, {cause: error});
  }
}
