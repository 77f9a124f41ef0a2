import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {Report} from '../../core/report.js';
import type {TaskAt} from '../../project/agent-os/places.js';
import type {Blocker} from '../../project/agent-os/write/block.js';
import {blockedFiles} from '../../project/agent-os/write/files.js';
import {refOf, type Rooms} from '../rooms.js';
import {taskFiles} from './task-files.js';

/** A run that ended blocked, and where what blocks it is written. */
export interface BlockerRequest {
  readonly repository: Rooms['repository'];
  /** Of the run; its `runId` names the ref. */
  readonly report: Report;
  readonly from: TaskAt;
  readonly startedAt: Date;
}

/**
 * A commit on the run's *base* with nothing but the task's files, in which the task is marked as blocked by the rules of
 * their dialect, and the report beside them: none of the work that was not verified is in it, and nothing is ticked. The
 * same run gives the same commit. Throws TASK_NOT_FOUND when there is no file that could be marked.
 */
export async function commitBlocker({repository, report, from, startedAt}: BlockerRequest, signal: AbortSignal): Promise<{readonly commit: string; readonly paths: readonly string[]; readonly notes: readonly string[]}> {
  const reader = await repository.reader(report.base, signal);
  const {files, notes} = await taskFiles({reader, from, report, write: (read, reportPath) => blockedFiles(from, blockerOf(report, reportPath), read)}, signal);
  if (files.length === 0) throw new AppError('TASK_NOT_FOUND', `Nothing could be marked as blocked. ${notes.join(' ')}`, {hint: 'The report has the findings: `bulkhead status` names what there is.'});
  const title = escapeText(report.task.split('\n')[0] ?? '');
  const id = report.runId ?? '';
  const message = `Blocked: ${title}\n\nBulkhead-Run: ${id}`;
  const commit = await repository.commitFiles({parent: report.base, files, ref: refOf({id}, 'blocked'), message, date: startedAt, signal});
  return {commit, paths: files.map(({path}) => path), notes};
}

/** The first finding in its own words, how many more there are, and what would satisfy it. */
function blockerOf({findings, rounds, runId}: Report, reportPath: string | undefined): Blocker {
  const [first, ...more] = findings;
  const issue = first === undefined ? 'the verification did not pass' : `${first.code}: ${first.message.replace(/\.$/, '')}`;
  const others = more.length === 0 ? '' : `, and ${more.length} more ${more.length === 1 ? 'finding' : 'findings'}`;
  return {
    issue: `${issue}${others} (run ${runId ?? ''}${reportPath === undefined ? '' : `, ${reportPath}`})`,
    attempts: rounds.length,
    ...(first === undefined ? {} : {recommendation: first.hint}),
    report: reportPath,
  };
}
