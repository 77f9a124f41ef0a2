import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {manifestSha256} from '../../core/manifest.js';
import type {Report} from '../../core/report.js';
import type {TaskAt} from '../../project/agent-os/places.js';
import {completionBlock, type CompletionFacts} from '../../project/agent-os/write/block.js';
import {completedFiles} from '../../project/agent-os/write/files.js';
import {refOf, type Run} from '../rooms.js';
import {shownCriteria} from './shown-criteria.js';
import {taskFiles, type TaskFiles} from './task-files.js';

const Bookkeeping = z.strictObject({
  commit: z.string(),
  /** Why the task file was not ticked, when it was not. */
  notes: z.array(z.string()),
});
export type Bookkeeping = z.infer<typeof Bookkeeping>;

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
      const {files, notes} = from === undefined ? {files: [], notes: []} : await tickedFiles(run, from, report, signal);
      const title = escapeText(run.task.split('\n')[0] ?? '');
      const message = `Verified: ${title}\n\nBulkhead-Run: ${run.id}\nBulkhead-Verified-Commit: ${report.commit}\nBulkhead-Manifest: sha256:${manifestSha256(manifest)}`;
      const commit = await repository.commitFiles({parent: report.commit, files, ref: refOf(run, 'result'), message, date: run.startedAt, signal});
      const touched = await repository.changedPaths(report.commit, commit, signal);
      const stray = touched.filter((path) => !files.some((file) => file.path === path));
      if (stray.length > 0) throw new AppError('INTERNAL', `The bookkeeping commit touches ${stray.join(', ')}.`);
      const signed = await run.rooms.signCommit({root: run.checkout.root, repositoryDir: repository.directory, commit, ref: refOf(run, 'result'), date: run.startedAt, signal});
      return {commit: signed.commit, notes: [...notes, ...(signed.why === undefined ? [] : [signed.why])]};
    },
  });
}

async function tickedFiles(run: Run, from: TaskAt, report: Report, signal: AbortSignal): Promise<TaskFiles> {
  const reader = await run.rooms.repository.reader(report.commit, signal);
  const date = run.startedAt.toISOString().slice(0, 10);
  const shows = shownCriteria({manifest: run.options.manifest, report});
  return taskFiles({reader, from, report, write: (read, reportPath) => completedFiles(from, {date, block: completionBlock(factsOf(run, report, reportPath)), shows}, read)}, signal);
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
