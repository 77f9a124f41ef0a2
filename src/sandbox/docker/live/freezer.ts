import {AppError} from '../../../core/errors.js';
import {containerState} from '../attach.js';
import {isStatus, pause, type Engine} from '../engine-call.js';

/** Holds the processes of one box still, and lets them go on. */
export interface Freezer {
  /**
   * Holds everything in the box still until it is disposed; with several holders until the last one is. Waits for processes
   * that are being started. Throws ENGINE_FAILED when the box does not run.
   */
  hold(signal: AbortSignal): Promise<AsyncDisposable>;
  /** Starts something in the box while nobody holds it still: an engine refuses, or never answers, in a box that stands still. */
  whileRunning<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Freezers by the handle of their engine and the name of their box: a box has one however often it is looked up. */
const freezers = new WeakMap<Engine, Map<string, Freezer>>();

/** The freezer of a box. */
export function freezerOf(engine: Engine, box: string): Freezer {
  const known = freezers.get(engine) ?? new Map<string, Freezer>();
  freezers.set(engine, known);
  const freezer = known.get(box) ?? startFreezer(engine, box);
  known.set(box, freezer);
  return freezer;
}

const stepMs = 10;

function startFreezer(engine: Engine, box: string): Freezer {
  let holders = 0;
  let starting = 0;
  /** The last change between still and running; the next one waits for it. */
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = last.then(act);
    last = done.catch(() => undefined);
    return done;
  }

  async function begin(signal: AbortSignal): Promise<void> {
    holders += 1;
    try {
      while (starting > 0) await pause(stepMs, signal);
      // Also when others hold it: somebody else may have let it go on.
      await freeze(engine, box, signal);
    } catch (error) {
      await end();
      throw error;
    }
  }

  async function end(): Promise<void> {
    holders -= 1;
    if (holders === 0) await thaw(engine, box, AbortSignal.timeout(thawMs));
  }

  return {
    async hold(signal) {
      await inTurn(() => begin(signal));
      let held = true;
      return {
        async [Symbol.asyncDispose]() {
          if (held) await inTurn(end);
          held = false;
        },
      };
    },
    async whileRunning(act, signal) {
      for (;;) {
        while (holders > 0) await pause(stepMs, signal);
        starting += 1;
        try {
          return await act();
        } catch (error) {
          // Another process may hold it still, one that this one knows nothing of.
          if (!isStatus(error, 409) || (await containerState(engine, box, signal))?.Paused !== true) throw error;
        } finally {
          starting -= 1;
        }
        await pause(10 * stepMs, signal);
      }
    },
  };
}

/** A box must go on; an engine that does not do that within this time is lost. */
const thawMs = 60_000;

/** Holds a container still. One that is held already is fine. Throws ENGINE_FAILED when it does not run. */
async function freeze(engine: Engine, box: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.ask(`pause container ${box}`, signal, (client, abortSignal) => client.getContainer(box).pause({abortSignal}));
  } catch (error) {
    if (await isFrozen(engine, box, signal)) return;
    throw error;
  }
}

/** Lets a container go on; one that is not held still, or is dead or gone, is fine. */
export async function thaw(engine: Engine, box: string, signal: AbortSignal): Promise<void> {
  for (let step = 10; ; step = Math.min(step * 2, 1000)) {
    try {
      await engine.ask(`let container ${box} go on`, signal, (client, abortSignal) => client.getContainer(box).unpause({abortSignal}));
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(await isFrozen(engine, box, signal))) return;
      if (!isStatus(error, 409, 500)) throw error;
    }
    await pause(step, signal);
  }
}

/** Whether a container lives and stands still. */
export async function isFrozen(engine: Engine, box: string, signal: AbortSignal): Promise<boolean> {
  const state = await containerState(engine, box, signal);
  return state?.Running === true && state.Paused;
}

/** Throws ENGINE_FAILED unless the container still stands still: what was read of it meanwhile is of one moment only then. */
export async function assertFrozen(engine: Engine, box: string, signal: AbortSignal): Promise<void> {
  if (await isFrozen(engine, box, signal)) return;
  throw new AppError('ENGINE_FAILED', `The box ${box} went on, or died, while it was read, so what was read is of no use.`);
}
