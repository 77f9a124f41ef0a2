import {setTimeout as sleep} from 'node:timers/promises';
import {AppError} from '../../core/errors.js';
import {askDriver, driverOf, type DriverRequest} from '../../record/driver/lock.js';
import type {RunState} from '../../record/journal/state.js';
import type {RunFiles} from '../../record/store.js';
import {cancelled} from '../../run/drive.js';
import {isOpen, readState} from '../../run/open.js';

/** How long a driver may take to bring its work home and say so. */
const answerMs = 120_000;
const pollMs = 100;

/** A signal that ends with the given one, or when another process asks the driver of the run to stop. */
export function stoppable(signal: AbortSignal, runId: string): {readonly signal: AbortSignal; readonly onRequest: (request: DriverRequest) => void} {
  const asked = new AbortController();
  return {
    signal: AbortSignal.any([signal, asked.signal]),
    onRequest: (request) => {
      asked.abort(request === 'cancel' ? cancelled(runId) : new AppError('INTERRUPTED', 'Another process asked it to stop.'));
    },
  };
}

/**
 * Asks the process that drives a run to stop, and waits until it has. Gives the state that the run has then, which is
 * its verdict when it came first; undefined when nobody drives the run.
 */
export async function stopDriver(files: RunFiles, request: DriverRequest, signal: AbortSignal): Promise<RunState | undefined> {
  if (!(await askDriver(files.directory, request, signal))) return undefined;
  for (let waited = 0; waited < answerMs; waited += pollMs) {
    if ((await driverOf(files.directory)) === 'none') return readState(files);
    await sleep(pollMs, undefined, {signal});
  }
  throw new AppError('RUN_LOCKED', `The process that drives ${files.runId} was asked to stop and has not within ${answerMs / 1000} s.`, {hint: '`bulkhead status` names the process; end it, then try again.'});
}

/** Throws RUN_STATE for a run that has ended. */
export function requireOpen(state: RunState): void {
  if (!isOpen(state)) throw new AppError('RUN_STATE', `The run ${state.runId} has ended already: ${state.status}.`, {hint: '`bulkhead status` shows it, `bulkhead discard` drops it.'});
}
