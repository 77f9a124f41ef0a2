import type {JournalEvent} from '../../../src/core/journal.js';
import {wrongEnd} from './settle.js';
import {startSite} from './site.js';
import {readEnded, type Outcome} from './outcome.js';

/** What the scenario ends with when nothing disturbs it. */
export interface Reference extends Outcome {
  readonly events: readonly JournalEvent[];
  /** From the start of the process to its end. */
  readonly durationMs: number;
}

/** What all points share. */
export interface Lab {
  readonly reference: Reference;
  /** Path of the socket of the machine's engine. */
  readonly socket: string;
  readonly signal: AbortSignal;
}

/** Runs the scenario once, undisturbed. Throws when it is not what it should be: a conflict, a repair, verified. */
export async function measureReference(socket: string, signal: AbortSignal): Promise<Reference> {
  await using site = await startSite(socket, signal);
  const started = performance.now();
  const problems = wrongEnd('run', await site.startRun().ended, [undefined]);
  const durationMs = Math.round(performance.now() - started);
  const ended = problems.length === 0 ? await readEnded(site) : undefined;
  const isScenario = ended !== undefined && ended.rounds.join(' ') === 'blocked verified' && ended.steps.includes('merge/0/quality/1');
  if (!isScenario) throw new Error(`the undisturbed run is not the scenario (kept in ${site.project.home}): ${problems.join('; ') || JSON.stringify(ended?.report, null, 2)}`);
  const {verdict, rounds, tree, result, submissions, steps, events} = ended;
  await site.remove();
  return {verdict, rounds, tree, result, submissions, steps, events, durationMs};
}
