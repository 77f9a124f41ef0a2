import {relative} from 'node:path/posix';
import {z} from 'zod';
import {AppError, isAppError} from '../core/errors.js';
import {escapeText} from '../core/escape.js';
import {manifestSha256} from '../core/manifest.js';
import {foldersOf} from '../core/path.js';
import type {Report} from '../core/report.js';
import {reportFolderOf, specFolder, type TaskAt} from '../project/agent-os/places.js';
import {completionBlock, type CompletionFacts} from '../project/agent-os/write/block.js';
import {completedFiles} from '../project/agent-os/write/completed.js';
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

/**
 * T: the ticked tasks file, the task's detail file and the report in the spec's folder, on top of V; without a task
 * file, V's own tree with the verdict in its message. A task that cannot be ticked in V any more is a note: the verdict does not depend on it.
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

async function taskFiles(run: Run, from: TaskAt, report: Report, signal: AbortSignal): Promise<TaskFiles> {
  const reader = await run.rooms.repository.reader(report.commit, signal);
  const listed = await reader.list(signal);
  const folder = reportFolderOf(from.path, (path) => listed.some((file) => file.path.startsWith(`${path}/`)));
  // A file or a link where a folder would have to be.
  const inTheWay = [...foldersOf(folder), folder].find((path) => listed.some((file) => file.path === path));
  const reportPath = `${folder}/bulkhead-${run.id}.md`;
  const block = completionBlock(factsOf(run, report, inTheWay === undefined ? relative(specFolder(from.path), reportPath) : undefined));
  const regular = new Set(listed.filter(({mode}) => mode === 'file' || mode === 'executable').map(({path}) => path));
  const read = async (path: string): Promise<string | undefined> => {
    const bytes = regular.has(path) ? await reader.read(path, signal) : undefined;
    return bytes === undefined ? undefined : decode(path, bytes);
  };
  try {
    const {files, notes} = await completedFiles(from, {date: run.startedAt.toISOString().slice(0, 10), block}, read);
    const written = files.map(({path, text}) => ({path, bytes: Buffer.from(text)}));
    if (files.length === 0) return {files: [], notes};
    if (inTheWay !== undefined) return {files: written, notes: [...notes, `${escapeText(inTheWay)} is a file, so the report is not beside the task.`]};
    return {files: [...written, {path: reportPath, bytes: Buffer.from(renderReportMarkdown(report))}], notes};
  } catch (error) {
    if (!isAppError(error, 'TASK_NOT_FOUND')) throw error;
    return {files: [], notes: [`The task was not ticked: ${error.message}`]};
  }
}

/** Only what the verification saw. */
function factsOf(run: Run, report: Report, reportPath: string | undefined): CompletionFacts {
  const {files, tests} = run.options.manifest;
  const count = (action: string): number => files.filter((file) => file.action === action).length;
  return {
    specialists: report.specialists.length,
    rounds: report.rounds.length,
    runId: run.id,
    files: {created: count('create'), modified: count('modify'), deleted: count('delete'), tests: tests?.files.length ?? 0},
    tests: report.tests === undefined ? undefined : {passed: report.tests.passed, total: report.tests.total},
    report: reportPath,
  };
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch (error) {
    throw new AppError('TASK_NOT_FOUND', `${path} is not UTF-8 in the verified commit.`, {cause: error});
  }
}
