import {AppError} from '../../core/errors.js';
import {demux, type Piece} from '../demux.js';
import type {containerSettings} from '../profile.js';
import {engineError, isStatus, pause, unlessGone, type Engine} from './engine-call.js';
import {createMemoryVolumes, podmanSettings} from './podman.js';

/** A container of ours: its name, its settings and its labels. */
export interface ContainerSpec {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly settings: ReturnType<typeof containerSettings>;
}

/** Creates a container. Throws IMAGE_MISSING when the engine does not have the image. */
export async function createContainer(engine: Engine, spec: ContainerSpec, signal: AbortSignal): Promise<void> {
  const settings = (await engine.isPodman(signal)) ? await settingsForPodman(engine, spec, signal) : spec.settings;
  try {
    await engine.ask(`create container ${spec.name}`, signal, (client, abortSignal) =>
      client.createContainer({...settings, name: spec.name, Labels: spec.labels, abortSignal}),
    );
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    throw new AppError('IMAGE_MISSING', `The image ${spec.settings.Image} is not on the engine any more.`, {hint: '`bulkhead setup` builds the images of Bulkhead.', cause: error});
  }
}

async function settingsForPodman(engine: Engine, spec: ContainerSpec, signal: AbortSignal): Promise<ContainerSpec['settings']> {
  const {settings, volumes} = podmanSettings(spec);
  await createMemoryVolumes(engine, {container: spec.name, labels: spec.labels, volumes}, signal);
  return settings;
}

/** Starts a created container. */
export async function startContainer(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  await engine.ask(`start container ${name}`, signal, (client, abortSignal) => client.getContainer(name).start({abortSignal}));
}

/**
 * Attaches to a created container, then starts it: no byte is lost. The pieces are what its main process prints; the
 * reader sets the pace. They end when its output ends, which is not yet the end of the process: see {@link waitDead}.
 * An abort destroys the connection. In the background, the connection alone keeps this process from ending no longer.
 */
export async function startAttached(engine: Engine, name: string, signal: AbortSignal, {background = false}: {readonly background?: boolean} = {}): Promise<AsyncGenerator<Piece, void, undefined>> {
  const stream = await engine.ask(`attach to container ${name}`, signal, (client) =>
    // No abortSignal here: an aborted attach ends silently, like one that is complete (measured with dockerode 5.0.1).
    client.getContainer(name).attach({stream: true, stdout: true, stderr: true}),
  );
  stream.on('error', () => undefined);
  if (background) (stream as unknown as {readonly socket?: {unref?(): void}}).socket?.unref?.();
  try {
    await startContainer(engine, name, signal);
  } catch (error) {
    destroy(stream);
    throw error;
  }
  return pieces(engine, {name, stream}, signal);
}

async function* pieces(engine: Engine, from: {readonly name: string; readonly stream: NodeJS.ReadWriteStream}, signal: AbortSignal): AsyncGenerator<Piece, void, undefined> {
  const stop = (): void => {
    destroy(from.stream);
  };
  signal.addEventListener('abort', stop, {once: true});
  if (signal.aborted) stop();
  try {
    yield* demux(from.stream as unknown as AsyncIterable<Uint8Array>);
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw engineError(`read the output of container ${from.name}`, engine.address, error);
  } finally {
    signal.removeEventListener('abort', stop);
    destroy(from.stream);
  }
}

function destroy(stream: NodeJS.ReadWriteStream): void {
  // Both kinds of stream that the library gives have it; its type does not say so.
  (stream as unknown as {destroy(): void}).destroy();
}

/** How the main process of a container ended, as the engine says. */
export interface DeadState {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

/**
 * Waits until a container is dead, by asking: the engine's own `wait` never settles when the engine is lost
 * (measured with dockerode 5.0.1). Throws ENGINE_FAILED when the container is gone, for then nobody knows.
 */
export async function waitDead(engine: Engine, name: string, signal: AbortSignal): Promise<DeadState> {
  for (let step = 10; ; step = Math.min(step * 2, 250)) {
    const state = await containerState(engine, name, signal);
    if (state === undefined || state.Status === 'removing' || state.Status === 'dead') throw new AppError('ENGINE_FAILED', `The container ${name} is gone, so nobody knows how it ended.`);
    if (!state.Running && !state.Restarting && state.Status !== 'created') return {exitCode: state.ExitCode, outOfMemory: state.OOMKilled};
    await pause(step, signal);
  }
}

/** The state of a container, or undefined when there is none of that name. */
export async function containerState(engine: Engine, name: string, signal: AbortSignal) {
  const info = await unlessGone(engine.ask(`inspect container ${name}`, signal, (client, abortSignal) => client.getContainer(name).inspect({abortSignal})));
  return info?.State;
}

/** The user that a container was made for, as the engine keeps it. Throws ENGINE_FAILED (details.status 404) when there is none of that name. */
export async function configuredUser(engine: Engine, name: string, signal: AbortSignal): Promise<string> {
  const info = await engine.ask(`inspect container ${name}`, signal, (client, abortSignal) => client.getContainer(name).inspect({abortSignal}));
  return info.Config.User;
}

/** Kills a container and waits until it is dead; one that is dead or gone already is fine. */
export async function killContainer(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.ask(`kill container ${name}`, signal, (client, abortSignal) => client.getContainer(name).kill({signal: 'SIGKILL', abortSignal}));
  } catch (error) {
    // Engines refuse with different statuses (404, 409; Podman 500) what is dead already.
    if ((await containerState(engine, name, signal))?.Running === true) throw error;
  }
  if ((await containerState(engine, name, signal)) !== undefined) await waitDead(engine, name, signal);
}
