import pLimit from 'p-limit';
import {startPreviews} from '../merge/preview.js';
import type {Run} from '../rooms.js';
import type {Beginning} from './tell-context.js';
import {workPhase, type HandedIn, type Specialist} from './work.js';

/** Lets specialists work in one phase, so many at a time; gives what they handed in, in their order. */
export async function workTogether(
  run: Run,
  specialists: readonly Specialist[],
  at: {readonly phase: string; readonly commit: string; readonly begin: (one: Specialist) => Beginning},
  signal: AbortSignal,
): Promise<readonly HandedIn[]> {
  // When one fails, the others are stopped and their work brought home before the failure goes on.
  const stop = new AbortController();
  const limit = pLimit(run.options.maxParallel);
  const either = AbortSignal.any([signal, stop.signal]);
  const preview = startPreviews(run, at.phase, either);
  const working = specialists.map((one) =>
    limit(async () => {
      try {
        either.throwIfAborted();
        const handed = await workPhase(run, one, {phase: at.phase, commit: at.commit, ...at.begin(one)}, either);
        await preview(handed);
        return handed;
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
  const settled = await Promise.allSettled(working);
  if (either.aborted) throw either.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}
