import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {LookFirst} from '../../git/deliver/look-first.js';
import {readEvents} from '../../record/journal/journal.js';
import {openedWith, readState} from '../open.js';
import {resultsOf, settledNotes} from '../results.js';
import {refOf} from '../rooms.js';
import type {DeliverRequest} from './deliver.js';

/** What of a run is delivered. */
export interface Taken {
  readonly commit: string;
  /** The branch that it goes to when a person names none. */
  readonly branch: string;
  readonly verified: boolean;
  /** Files that a rule merged. */
  readonly settled: readonly LookFirst[];
  readonly notes: readonly string[];
}

/**
 * The result of a verified run; of another one that has ended, and only with a reason, its merge under a commit that says
 * that it is not verified. Throws RUN_STATE, USAGE.
 */
export async function takeResult({files, checkout, rooms, override}: Pick<DeliverRequest, 'files' | 'checkout' | 'rooms' | 'override'>, signal: AbortSignal): Promise<Taken> {
  const state = await readState(files);
  const events = await readEvents(files.journal);
  const {bookkeeping, merged} = resultsOf(events);
  const tail = state.runId.slice(-4);
  if (state.status === 'verified' && bookkeeping !== undefined) {
    if (override !== undefined) throw new AppError('USAGE', `The run ${state.runId} is verified: there is nothing to override.`, {hint: 'Leave out --override.'});
    return {commit: bookkeeping, branch: state.branch ?? `bulkhead-result-${tail}`, verified: true, settled: settledNotes(events), notes: []};
  }
  const ended = state.status === 'blocked' || state.status === 'inconclusive' || state.status === 'cancelled';
  if (!ended) throw new AppError('RUN_STATE', `The run ${state.runId} has not ended: ${state.status}.`, {hint: `\`bulkhead resume ${state.runId}\` goes on with it, \`bulkhead cancel ${state.runId}\` ends it.`});
  if (merged === undefined) throw new AppError('RUN_STATE', `The run ${state.runId} is ${state.status} and has merged nothing.`, {hint: `\`bulkhead diff ${state.runId} SPECIALIST\` shows what there is.`});
  if (override === undefined) {
    throw new AppError('RUN_STATE', `The run ${state.runId} is not verified: ${state.status}.`, {
      hint: `Only a verified result is delivered. \`bulkhead diff ${state.runId}\` shows what there is. To take it all the same, and be named for it: --override --reason TEXT.`,
    });
  }
  const {startedAt, task} = openedWith(events);
  const reason = oneLine(override);
  const ref = refOf({id: state.runId}, 'overridden');
  const trailers = [`Bulkhead-Run: ${state.runId}`, `Bulkhead-Verdict: ${state.status}`, `Bulkhead-Unverified-Commit: ${merged}`, `Bulkhead-Override: ${reason}`];
  const message = rooms.redact.text(`Not verified: ${oneLine(task.split('\n')[0] ?? '')}\n\n${trailers.join('\n')}`);
  const made = await rooms.repository.commitFiles({parent: merged, files: [], ref, message, date: startedAt, signal});
  const {commit, why} = await rooms.signCommit({root: checkout.root, repositoryDir: rooms.repository.directory, commit: made, ref, date: startedAt, signal});
  return {commit, branch: `bulkhead-unverified-${tail}`, verified: false, settled: settledNotes(events), notes: ['This is not verified: you take it for a reason of yours.', ...(why === undefined ? [] : [why])]};
}

/** A trailer is one line (git-interpret-trailers). */
function oneLine(text: string): string {
  return escapeText(text.replace(/\s+/g, ' ').trim());
}
