import type {Leftover} from '../core/sandbox.js';
import type {RunState} from '../record/state.js';

/** What becomes of a leftover, and why. */
export interface Judged {
  readonly remove: boolean;
  readonly why: string;
}

/** What a sweep goes by. */
export interface SweepRules {
  readonly isGone: (owner: string) => boolean;
  /** Also what no journal knows: another user's state folder, or one that was deleted. */
  readonly unknown: boolean;
}

/**
 * Whether something with our labels may go. Pure. It fails closed: what belongs to a run that lives, that can go on, or
 * whose owner cannot be judged, stays. `state` is undefined when no journal of that run was found.
 */
export function judgeLeftover(item: Pick<Leftover, 'owner' | 'runId'>, state: RunState | undefined, {isGone, unknown}: SweepRules): Judged {
  if (!isGone(item.owner)) return {remove: false, why: `its owner may still live: ${item.owner}`};
  if (state === undefined) {
    const why = 'no journal here knows its run';
    return unknown ? {remove: true, why} : {remove: false, why: `${why}; bulkhead clean --unknown removes it`};
  }
  if (state.status === 'interrupted' || state.status === 'parked' || state.status === 'running') {
    return {remove: false, why: `its run is ${state.status}: bulkhead resume ${item.runId}, or bulkhead discard ${item.runId}`};
  }
  return {remove: true, why: `its run has ended: ${state.status}`};
}
