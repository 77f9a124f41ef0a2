import {setTimeout as sleep} from 'node:timers/promises';
import {z} from 'zod';
import {AppError, isAppError, systemCode} from '../../core/errors.js';
import {connectEngine, type EngineClient} from './connect.js';

/** An engine, and how it is asked. */
export interface Engine {
  readonly address: string;
  readonly helperImage: string;
  /** What holds connections open until it is disposed. */
  readonly open: Set<AsyncDisposable>;
  /** The runtime of every box; helpers of ours, which run no code of a stranger, have the engine's default. */
  readonly runtime: string | undefined;
  /** The client, made at the first use. */
  client(): EngineClient;
  /** Asks with a deadline; every foreign error comes out as an AppError. `what` completes "could not …". */
  ask<T>(what: string, signal: AbortSignal, call: (client: EngineClient, abortSignal: AbortSignal) => Promise<T>): Promise<T>;
  /** Whether it is Podman, which takes some settings in other words; asked once. */
  isPodman(signal: AbortSignal): Promise<boolean>;
}

/** No single answer takes so long, not even the start of a container on a busy machine; a lost one would wait for ever. */
const answerMs = 120_000;
/** Enough to remove a container with thousands of processes; used when the caller's own signal is aborted already. */
const cleanUpMs = 60_000;

/** Makes the handle; connects to nothing. */
export function startEngineCalls(address: string, helperImage: string, runtime?: string): Engine {
  let client: EngineClient | undefined;
  const connected = (): EngineClient => (client ??= connectEngine(address));
  let podman: boolean | undefined;
  const engine: Engine = {
    address,
    helperImage,
    open: new Set(),
    runtime,
    client: connected,
    async ask(what, signal, call) {
      signal.throwIfAborted();
      const deadline = AbortSignal.timeout(answerMs);
      try {
        return await call(connected(), AbortSignal.any([signal, deadline]));
      } catch (error) {
        signal.throwIfAborted();
        if (deadline.aborted) throw new AppError('ENGINE_FAILED', `The container engine did not answer within ${answerMs / 1000} s: could not ${what}.`, {cause: error});
        throw engineError(what, address, error);
      }
    },
    async isPodman(signal) {
      podman ??= namesPodman(await engine.ask('read the version of the engine', signal, (asked) => asked.version()));
      return podman;
    },
  };
  return engine;
}

const Version = z.object({Components: z.array(z.object({Name: z.string()})).nullish()});

/** Whether an answer to `/version` is Podman's. */
function namesPodman(version: unknown): boolean {
  return (Version.safeParse(version).data?.Components ?? []).some((component) => component.Name === 'Podman Engine');
}

/** Errors of the connection itself: the engine is not there, or is gone. */
const lostCodes = ['ECONNREFUSED', 'ENOENT', 'EACCES', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTSOCK'];

/** Translates by status and system code alone; the engine's own words stay in `cause`. */
export function engineError(what: string, address: string, error: unknown): AppError {
  if (isAppError(error)) return error;
  const code = systemCode(error);
  if (code !== undefined && lostCodes.includes(code)) {
    return new AppError('ENGINE_UNREACHABLE', `The container engine at ${address} does not answer (${code}): could not ${what}.`, {
      hint: code === 'EACCES' ? 'You may not use its socket: join its group or become root.' : 'Start it with `bulkhead setup`; `bulkhead doctor` shows every address that was tried.',
      cause: error,
    });
  }
  const status = statusOf(error);
  if (code === 'ENOSPC' || status === 507) return new AppError('DISK_FULL', `The disk is full: could not ${what}.`, {cause: error});
  const why = status === undefined ? (code ?? 'no status') : `status ${status}`;
  const said = error instanceof Error ? error.message.trim() : String(error);
  return new AppError('ENGINE_FAILED', `The container engine could not ${what} (${why}): ${said}`, {details: status === undefined ? {} : {status}, cause: error});
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Whether a translated error is the engine's answer with one of these HTTP statuses. */
export function isStatus(error: unknown, ...statuses: readonly number[]): error is AppError {
  const status = isAppError(error) ? error.details['status'] : undefined;
  return typeof status === 'number' && statuses.includes(status);
}

/** The value, or undefined when the engine has no such object. */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Waits; an abort rejects with the signal's own reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, {signal});
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Runs what must happen also after an abort; a failure leaves something behind that its label finds, and hides no other error. */
export async function cleanUp(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await work(AbortSignal.timeout(cleanUpMs));
  } catch {
    // Found and removed by the next sweep.
  }
}
