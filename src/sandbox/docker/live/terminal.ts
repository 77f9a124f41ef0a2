import {randomUUID} from 'node:crypto';
import type {Duplex} from 'node:stream';
import type Docker from 'dockerode';
import {AppError} from '../../../core/errors.js';
import {workspacePath, type BoxTerminal, type TerminalRequest} from '../../../core/sandbox.js';
import {busyboxPath, cancelArgv} from '../../box-script.js';
import {demux, type Piece} from '../../demux.js';
import {cleanUp, engineError, pause, type Engine} from '../engine-call.js';
import {runExec} from '../exec-stream.js';
import {freezerOf} from './freezer.js';

/** The shell of a person, in the words of /bin/sh. */
const shellArgv = ['/bin/sh', '-c', 'if command -v bash >/dev/null 2>&1; then exec bash -i; else exec /bin/sh -i; fi'];

/**
 * What starts the command: it leaves its process number where `box.sh cancel` looks for it, and marks what it starts. The
 * engine makes each such process the leader of a group of its own.
 */
const startScript = 'mkdir -p /run/bulkhead && echo "$$" >"/run/bulkhead/$1.pid" && cd "$2" && export BULKHEAD_CALL="$1" && shift 2 && exec "$@"';

/** Kind of a terminal as a shell is told it (term(7)); anything else could be more than a word. */
const termForm = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** A box that takes longer to end one process is dead or fights. */
const endMs = 15_000;

/**
 * Starts a process of a person in a running box. It has a connection of its own: the commands of the box's specialist go on
 * over theirs. Throws ENGINE_FAILED (details.status 404 or 409) for a box that does not run.
 */
export async function openTerminal(engine: Engine, {box, argv, terminal}: TerminalRequest, signal: AbortSignal): Promise<BoxTerminal> {
  const id = `shell-${randomUUID()}`;
  const term = terminal !== undefined && termForm.test(terminal.term) ? terminal.term : 'xterm';
  const tty = terminal !== undefined;
  const started = await freezerOf(engine, box).whileRunning(
    () =>
      engine.ask(`start a process in container ${box}`, signal, async (client, abortSignal) => {
        const exec = await client.getContainer(box).exec({
          Cmd: [busyboxPath, 'sh', '-c', startScript, 'sh', id, workspacePath, ...(argv ?? shellArgv)],
          // As the container's own user, which its profile set. Never a directory that the code in a box can choose (CVE-2024-21626).
          WorkingDir: '/',
          ...(tty ? {Env: [`TERM=${term}`]} : {}),
          AttachStdin: true,
          AttachStdout: true,
          AttachStderr: true,
          Tty: tty,
          abortSignal,
        });
        return {exec, stream: await exec.start({hijack: true, stdin: true, Detach: false, Tty: tty, abortSignal})};
      }),
    signal,
  );
  started.stream.on('error', () => undefined);
  const opened = openedTerminal(engine, {...started, box, id, tty});
  if (terminal !== undefined) await opened.resize(terminal.size, signal);
  return opened;
}

interface Started {
  readonly exec: Docker.Exec;
  readonly stream: Duplex;
  readonly box: string;
  readonly id: string;
  readonly tty: boolean;
}

function openedTerminal(engine: Engine, {exec, stream, box, id, tty}: Started): BoxTerminal {
  let ended = false;
  return {
    output: outputOf(engine, {box, stream, tty}, () => {
      ended = true;
    }),
    write: (bytes) => write(stream, bytes),
    end: () => {
      stream.end();
    },
    async resize({columns, rows}, signal) {
      await engine.ask(`resize a terminal in container ${box}`, signal, (_client, abortSignal) => exec.resize({w: columns, h: rows, abortSignal}));
    },
    exitCode: (signal) => exitCodeOf(engine, {box, exec}, signal),
    async [Symbol.asyncDispose]() {
      stream.destroy();
      if (ended) return;
      await cleanUp(async () => {
        const within = AbortSignal.timeout(endMs);
        await freezerOf(engine, box).whileRunning(() => runExec(engine, {container: box, argv: cancelArgv(id, id), maxBytes: 1024}, within), within);
      });
    },
  };
}

async function* outputOf(engine: Engine, {box, stream, tty}: Pick<Started, 'box' | 'stream' | 'tty'>, onEnd: () => void): AsyncGenerator<Piece, void, undefined> {
  try {
    if (!tty) yield* demux(stream as AsyncIterable<Uint8Array>);
    // With a terminal the engine sends its bytes as they are.
    else for await (const bytes of stream as AsyncIterable<Uint8Array>) yield {stream: 'stdout', bytes};
    onEnd();
  } catch (error) {
    throw engineError(`read the output of a process in container ${box}`, engine.address, error);
  }
}

function write(stream: Duplex, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    // What nobody takes any more is not worth an error: the output has ended, or will.
    if (stream.writableEnded || stream.destroyed) resolve();
    else stream.write(bytes, () => { resolve(); });
  });
}

/** By asking: the stream of a lost engine ends like one of a process that is done. */
async function exitCodeOf(engine: Engine, {box, exec}: Pick<Started, 'box' | 'exec'>, signal: AbortSignal): Promise<number> {
  for (let step = 10; step <= 5000; step *= 2) {
    const info = await engine.ask(`ask how a process in container ${box} ended`, signal, (_client, abortSignal) => exec.inspect({abortSignal}));
    const {Running: running, ExitCode: code} = info as {readonly Running: boolean; readonly ExitCode: number | null};
    if (!running && code !== null) return code;
    await pause(step, signal);
  }
  throw new AppError('ENGINE_FAILED', `The connection to a process in the box ${box} ended before the process, so nobody knows how it will end.`);
}
