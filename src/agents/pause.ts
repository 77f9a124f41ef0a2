import {setTimeout as wait} from 'node:timers/promises';

/** Waits; rejects with the reason of the signal when it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, {signal});
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
