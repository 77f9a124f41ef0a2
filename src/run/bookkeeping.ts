import {dirname, join} from 'node:path/posix';
import {z} from 'zod';
import {AppError, isAppError} from '../core/errors.js';
import {escapeText} from '../core/escape.js';
import {manifestSha256} from '../core/manifest.js';
import type {Report} from '../core/report.js';
import {tickTask} from '../project/tasks.js';
import {renderReportMarkdown} from '../record/report-markdown.js';
import {refOf, type Run} from './rooms.js';

const Bookkeeping = z.strictObject({
  commit: z.string(),
  /** Why the task file was not ticked, when it was not. */
  notes: z.array(z.string()),
});
export type Bookkeeping = z.infer<typeof Bookkeeping>;

interface TaskFiles {
  readonly files: readonly {readonly path: string; readonly bytes: Uint8Array}[];
  readonly notes: readonly string[];
}

/** Folder of the reports beside a task file; no specialist may write there. */
export function reportFolder(tasksPath: string): string {
  return join(dirname(tasksPath), 'verifications');
}

/**
 * T: the ticked task file and the report beside it, on top of V; without a task file, V's own tree with the verdict in
 * its message. A task that cannot be ticked in V any more is a note: the verdict does not depend on it.
 */
export async function commitBookkeeping(run: Run, report: Report, signal: AbortSignal): Promise<Bookkeeping> {
  const {repository} = run.rooms;
  const {from, manifest} = run.options;
  return run.steps.step({
    name: 'bookkeeping',
    input: {verified: report.commit},
    names: {ref: refOf(run, 'result')},
    schema: Bookkeeping,
    run: async () => {
      const {files, notes} = from === undefined ? {files: [], notes: []} : await taskFiles(run, from, report, signal);
      const title = escapeText(run.task.split('\n')[0] ?? '');
      const message = `Verified: ${title}\n\nBulkhead-Run: ${run.id}\nBulkhead-Verified-Commit: ${report.commit}\nBulkhead-Manifest: sha256:${manifestSha256(manifest)}`;
      const commit = await repository.commitFiles({parent: report.commit, files, ref: refOf(run, 'result'), message, date: run.startedAt, signal});
      const touched = await repository.changedPaths(report.commit, commit, signal);
      const stray = touched.filter((path) => !files.some((file) => file.path === path));
      if (stray.length > 0) throw new AppError('INTERNAL', `The bookkeeping commit touches ${stray.join(', ')}.`);
      return {commit, notes: [...notes]};
    },
  });
}

async function taskFiles(run: Run, from: {readonly path: string; readonly id: string}, report: Report, signal: AbortSignal): Promise<TaskFiles> {
  const reader = await run.rooms.repository.reader(report.commit, signal);
  const folder = reportFolder(from.path);
  try {
    const tasks = await reader.read(from.path, signal);
    if (tasks === undefined) return {files: [], notes: [`${from.path} is not in the verified commit, so nothing was ticked.`]};
    const ticked = {path: from.path, bytes: Buffer.from(tickTask(decode(from.path, tasks), from.id))};
    if ((await reader.list(signal)).some((file) => file.path === folder)) return {files: [ticked], notes: [`${folder} is a file, so the report is not beside the task.`]};
    return {files: [ticked, {path: `${folder}/bulkhead-${run.id}.md`, bytes: Buffer.from(renderReportMarkdown(report))}], notes: []};
  } catch (error) {
    if (!isAppError(error, 'TASK_NOT_FOUND')) throw error;
    return {files: [], notes: [`The task was not ticked: ${error.message}`]};
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch (error) {
    throw new AppError('TASK_NOT_FOUND', `${path} is not UTF-8 in the verified commit.`, {cause: error});
  }
}
