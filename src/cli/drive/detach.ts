import {spawn, type ChildProcess} from 'node:child_process';
import {mkdir, open, rm, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {z} from 'zod';
import {codes, type ErrorCode} from '../../core/codes.js';
import {AppError} from '../../core/errors.js';
import type {RunFiles} from '../../record/store.js';
import {toAppError} from '../exit.js';

/** What `--detach` ends with: the run is under way in a process of its own. */
export interface Detached {
  readonly runId: string;
  readonly detached: true;
  readonly pid: number;
  /** What that process prints. */
  readonly log: string;
}

/** The driver's side of `--detach`: the one who started it waits until the run has begun. */
export interface Waiting {
  began(): void;
  /** Hands over why the run did not begin; nothing when it has. Settles when that has been sent. */
  failed(error: unknown): Promise<void>;
}

const errorCode = z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(codes, code));
const Message = z.discriminatedUnion('type', [
  z.object({type: z.literal('began')}),
  z.object({type: z.literal('failed'), code: errorCode, message: z.string(), hint: z.string().optional(), details: z.record(z.string(), z.unknown())}),
]);
type Message = z.infer<typeof Message>;

/**
 * Starts the same command again as the driver of a run, in a session of its own, so that neither the terminal nor its
 * hang-up reaches it, and waits until it says by its own channel that the run has begun. What it prints goes to a log in
 * the run's folder. Throws the error with which the driver failed before, and ENVIRONMENT when it could not be started
 * or was killed. An aborted signal ends the driver.
 */
export async function startDriver(command: {readonly id: string; readonly argv: readonly string[]}, files: RunFiles, signal: AbortSignal): Promise<Detached> {
  signal.throwIfAborted();
  await mkdir(dirname(files.driverLog), {recursive: true, mode: 0o700});
  await using log = await open(files.driverLog, 'a', 0o600);
  const program = process.argv[1] ?? '';
  const argv = [...process.execArgv, program, command.id, '--driver', files.runId, ...command.argv];
  const child = spawn(process.execPath, argv, {detached: true, stdio: ['ignore', log.fd, log.fd, 'ipc']});
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, {once: true});
  try {
    const message = await firstMessage(child, files.driverLog);
    signal.throwIfAborted();
    if (message.type === 'failed') throw new AppError(message.code, message.message, {...(message.hint === undefined ? {} : {hint: message.hint}), details: message.details});
    return {runId: files.runId, detached: true, pid: child.pid ?? 0, log: files.driverLog};
  } finally {
    signal.removeEventListener('abort', stop);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** The side of the process that drives: undefined when nobody waits for it. */
export function waitingParent(): Waiting {
  let told = false;
  const tell = (message: Message): Promise<void> =>
    new Promise((done) => {
      if (told || process.send === undefined || !process.connected) {
        done();
        return;
      }
      told = true;
      // One that has gone in the meantime is not told; the run goes on.
      process.send(message, undefined, undefined, () => {
        if (process.connected) process.disconnect();
        done();
      });
    });
  return {
    began: () => void tell({type: 'began'}),
    async failed(error) {
      const known = toAppError(error);
      if (known === undefined) return;
      const {code, message, hint, details} = known;
      await tell({type: 'failed', code, message, ...(hint === undefined ? {} : {hint}), details: {...details}});
    },
  };
}

/** Removes the folder of a run that never began; says whether it was one. */
export async function dropUnbegun(files: RunFiles): Promise<boolean> {
  if (await hasBegun(files)) return false;
  await rm(files.directory, {recursive: true, force: true});
  return true;
}

/** Throws USAGE for an id under which no new run can be started. */
export async function requireUnbegun(files: RunFiles): Promise<void> {
  if (!/^[0-9a-z-]+$/.test(files.runId) || (await hasBegun(files))) throw new AppError('USAGE', '--driver is for --detach alone.');
}

async function hasBegun(files: RunFiles): Promise<boolean> {
  return stat(files.journal).then(({size}) => size > 0, () => false);
}

async function firstMessage(child: ChildProcess, log: string): Promise<Message> {
  return new Promise((done, fail) => {
    child.once('message', (message) => {
      const parsed = Message.safeParse(message);
      if (parsed.success) done(parsed.data);
      else fail(new TypeError('the driver said something else than how the run began'));
    });
    child.once('error', (error) => {
      fail(new AppError('ENVIRONMENT', `The process that would drive the run could not be started (${error.message}).`, {hint: 'Try again, or run without --detach.', cause: error}));
    });
    // Not `exit`: what it said last may come after that.
    child.once('close', (code, by) => {
      fail(new AppError('ENVIRONMENT', `The process that would drive the run ended before the run began (${by ?? `exit code ${code ?? 'unknown'}`}).`, {hint: `What it printed is in ${log}.`}));
    });
  });
}
