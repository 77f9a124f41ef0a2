import type {Duplex} from 'node:stream';
import {AppError} from '../../core/errors.js';
import {sessionArgv} from '../box-script.js';
import {startByteReader, type ByteReader} from '../byte-reader.js';
import {startCapture, type Capture} from '../capture.js';
import {demux} from '../demux.js';
import {escapeText} from '../../core/escape.js';
import type {Engine} from './engine-call.js';

/** A long-lived shell of ours in a box: requests one after another, without the cost of an exec for each. */
export interface Session {
  /**
   * Sends a request with the bytes that it announces and reads its answer. An abort, a broken stream and an answer that
   * `read` refuses end the session: what comes after could belong to anything. Throws ENGINE_FAILED, the reason of the
   * signal, and what `read` throws.
   */
  ask<T>(request: Request, read: (answer: ByteReader) => Promise<T>, signal: AbortSignal): Promise<T>;
  readonly isOpen: boolean;
  close(): void;
}

/** As `box.sh` takes it. */
export interface Request {
  readonly text: string;
  readonly stdin?: Uint8Array | undefined;
}

const greeting = 'bulkhead-session 1';
/** Part of a request that is sent before an abort is looked for again. */
const sliceBytes = 65_536;

/** Opens a session. Throws ENGINE_FAILED for a box that is not running (details.status 404 or 409), or that does not start a shell. */
export async function openSession(engine: Engine, container: string, signal: AbortSignal): Promise<Session> {
  const stream = await engine.ask(`open a session in container ${container}`, signal, async (client, abortSignal) => {
    const exec = await client.getContainer(container).exec({
      Cmd: [...sessionArgv()],
      // As the container's own user, which its profile set. Never a directory that the code in a box can choose (CVE-2024-21626).
      WorkingDir: '/',
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      abortSignal,
    });
    return exec.start({hijack: true, stdin: true, Detach: false, Tty: false, abortSignal});
  });
  // A stream that is destroyed must not throw into the void.
  stream.on('error', () => undefined);
  const session = sessionOver(container, stream);
  await session.ask(undefined, async (answer) => {
    if ((await answer.line(greeting.length)) !== greeting) throw lost(container, 'it does not greet');
  }, signal);
  return session;
}

function sessionOver(container: string, stream: Duplex) {
  const stderr = startCapture(1024);
  const reader = startByteReader(stdoutOf(stream, stderr), (why) => lost(container, why, stderr));
  let open = true;
  const close = (): void => {
    open = false;
    stream.destroy();
  };
  return {
    async ask<T>(request: Request | undefined, read: (answer: ByteReader) => Promise<T>, signal: AbortSignal): Promise<T> {
      signal.addEventListener('abort', close, {once: true});
      try {
        signal.throwIfAborted();
        const sent = request === undefined ? undefined : send(stream, request).catch(() => undefined);
        const answer = await read(reader);
        await sent;
        return answer;
      } catch (error) {
        close();
        signal.throwIfAborted();
        throw error instanceof AppError ? error : lost(container, 'its stream broke', stderr, error);
      } finally {
        signal.removeEventListener('abort', close);
      }
    },
    get isOpen() {
      return open;
    },
    close,
  };
}

async function send(stream: Duplex, {text, stdin}: Request): Promise<void> {
  await write(stream, Buffer.from(text));
  for (let at = 0; stdin !== undefined && at < stdin.length; at += sliceBytes) await write(stream, stdin.subarray(at, at + sliceBytes));
}

function write(stream: Duplex, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}

async function* stdoutOf(stream: AsyncIterable<Uint8Array>, stderr: Capture): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of demux(stream)) {
    if (piece.stream === 'stdout') yield piece.bytes;
    else stderr.push(piece.bytes);
  }
}

function lost(container: string, why: string, stderr?: Capture, cause?: unknown): AppError {
  const said = stderr === undefined ? '' : escapeText(Buffer.from(stderr.kept().head).toString().trim());
  return new AppError('ENGINE_FAILED', `A session in container ${container} was lost: ${why}.${said === '' ? '' : ` It said: ${said}`}`, {cause});
}
