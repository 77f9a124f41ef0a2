import type {Duplex} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {startCapture} from '../capture.js';
import {demux} from '../demux.js';
import {engineError, type Engine} from './engine-call.js';

/** One process to start inside a running container. */
export interface ExecSpec {
  readonly container: string;
  readonly argv: readonly string[];
  /** Default: the container's own. */
  readonly user?: string | undefined;
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Most bytes of stdout that are kept; more is an error of our own script, or an attack, and ends the reading. */
  readonly maxBytes: number;
}

/** What a process inside a container printed. */
export interface ExecOutput {
  readonly stdout: Uint8Array;
  /** Whether stdout was longer than the cap; it is cut then. */
  readonly overflow: boolean;
  /** The first KiB: for an explanation, not for a decision. */
  readonly stderr: Uint8Array;
}

/**
 * Runs a process to its end by the engine's exec. The working directory is always `/`: one that the code in a box can
 * choose is a way out (CVE-2024-21626). With stdin the connection is hijacked, else the process never sees its end
 * (measured with dockerode 5.0.1). An abort destroys the connection and rejects with the signal's reason; the
 * process goes on, which the engine cannot help (pitfall 3): whoever calls ends it by its group.
 * Throws ENGINE_FAILED when the container is not running (details.status 404 or 409).
 */
export async function runExec(engine: Engine, spec: ExecSpec, signal: AbortSignal): Promise<ExecOutput> {
  const what = `run a command in container ${spec.container}`;
  const hijack = spec.stdin !== undefined;
  const stream = await engine.ask(what, signal, async (client, abortSignal) => {
    const exec = await client.getContainer(spec.container).exec({
      Cmd: [...spec.argv],
      ...(spec.user === undefined ? {} : {User: spec.user}),
      WorkingDir: '/',
      AttachStdin: hijack,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      abortSignal,
    });
    return exec.start({hijack, stdin: hijack, Detach: false, Tty: false, abortSignal});
  });
  const [source, output] = await Promise.all([
    spec.stdin === undefined ? undefined : send(stream, spec.stdin),
    readOutput(stream, spec.maxBytes, signal).catch((error: unknown) => ({error})),
  ]);
  signal.throwIfAborted();
  // A source of ours that broke is the cause of whatever the other side saw.
  if (source !== undefined) throw source.error;
  if ('error' in output) throw engineError(what, engine.address, output.error);
  return output;
}

/** Sends everything and half-closes. Gives the error of the source alone: a refused byte only shows that the process ended before its input. */
async function send(stream: Duplex, data: Uint8Array | AsyncIterable<Uint8Array>): Promise<{readonly error: unknown} | undefined> {
  let broken: {readonly error: unknown} | undefined;
  const watched = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* data instanceof Uint8Array ? slices(data) : data;
    } catch (error) {
      broken = {error};
      throw error;
    }
  };
  try {
    await pipeline(watched, stream);
  } catch {
    stream.destroy();
  }
  return broken;
}

/** Parts of 64 KiB, so that an abort is seen between them. */
function* slices(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += 65_536) yield data.subarray(at, at + 65_536);
}

async function readOutput(stream: Duplex, maxBytes: number, signal: AbortSignal): Promise<ExecOutput> {
  const stop = (): void => {
    stream.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', stop, {once: true});
  if (signal.aborted) stop();
  // A stream that is destroyed before it is read, or after, must not throw into the void.
  stream.on('error', () => undefined);
  try {
    return await collect(stream as AsyncIterable<Uint8Array>, maxBytes);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function collect(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<ExecOutput> {
  const parts: Uint8Array[] = [];
  const stderr = startCapture(2048);
  let total = 0;
  for await (const piece of demux(source)) {
    if (piece.stream === 'stderr') {
      stderr.push(piece.bytes);
      continue;
    }
    total += piece.bytes.length;
    parts.push(piece.bytes);
    if (total > maxBytes) break;
  }
  return {stdout: Buffer.concat(parts).subarray(0, maxBytes), overflow: total > maxBytes, stderr: stderr.kept().head};
}
