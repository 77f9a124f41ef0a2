import {workspacePath, type EndedProcess, type ProcessRequest} from '../../core/sandbox.js';
import {startCapture} from '../capture.js';
import {killContainer, startAttached, waitDead} from './attach.js';
import {createBoxContainer} from './box.js';
import {cleanUp, type Engine} from './engine-call.js';
import {removeBox} from './remove.js';
import {endedError, watchOf} from './watch/disk-watch.js';

/**
 * Runs one process as the main process of a fresh container and reads how it ended from the dead container. Container
 * and workspace are removed in every case. A lost engine is ENGINE_UNREACHABLE or ENGINE_FAILED, never an exit code.
 */
export async function runProcess(engine: Engine, request: ProcessRequest, signal: AbortSignal): Promise<EndedProcess> {
  await removeBox(engine, request.names, signal);
  try {
    const argv = ['/bin/sh', '-c', `cd ${workspacePath} && exec "$@"`, 'sh', ...request.argv];
    await createBoxContainer(engine, {request, argv, kind: 'process'}, signal);
    return await runToEnd(engine, {...request, name: request.names.box}, signal);
  } finally {
    await Promise.all([watchOf(engine).letGo(request.names.box), cleanUp((fresh) => removeBox(engine, request.names, fresh))]);
  }
}

/** A created container whose main process is to run to its end. */
export interface MainProcess extends Pick<ProcessRequest, 'ownership' | 'limits' | 'timeoutMs' | 'onStdout' | 'maxStderrBytes'> {
  /** Of the container. */
  readonly name: string;
  /** Called once, when the process runs. */
  readonly begun?: (() => Promise<void>) | undefined;
}

/**
 * Starts a created container, takes what its main process prints, and reads from the dead container how it ended. It is
 * watched over from its start; whoever calls lets it go. Throws DISK_FULL when it was ended because the engine's disk is nearly full.
 */
export async function runToEnd(engine: Engine, request: MainProcess, signal: AbortSignal): Promise<EndedProcess> {
  const {name} = request;
  const stderr = startCapture(request.maxStderrBytes);
  const output = await startAttached(engine, name, signal);
  const started = performance.now();
  const watch = watchOf(engine);
  watch.watch({box: name, ownership: request.ownership, limits: request.limits});
  await using limit = startLimit(request.timeoutMs, () => killContainer(engine, name, signal));
  await request.begun?.();
  for await (const piece of output) {
    if (piece.stream === 'stdout') request.onStdout(piece.bytes);
    else stderr.push(piece.bytes);
  }
  const state = await waitDead(engine, name, signal);
  const timedOut = limit.passed();
  const why = watch.endOf(name);
  if (why?.limit === 'host') throw endedError(engine, name) ?? new TypeError('a box that was ended has a reason');
  return {...state, timedOut, overDisk: why?.limit, stderr: stderr.kept(), durationMs: Math.round(performance.now() - started)};
}

/** A time limit that acts once; disposing it waits until what it began has ended, so that no error is lost in the void. */
function startLimit(timeoutMs: number, act: () => Promise<void>): AsyncDisposable & {passed(): boolean} {
  let acting: Promise<unknown> | undefined;
  const timer = setTimeout(() => {
    // A failure to kill shows as the wait for the dead container that fails with it, or as an abort.
    acting = act().catch(() => undefined);
  }, timeoutMs);
  return {
    passed: () => acting !== undefined,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await acting;
    },
  };
}
