import {constants} from 'node:fs';
import {access, statfs} from 'node:fs/promises';
import {delimiter, dirname, isAbsolute, join} from 'node:path';
import type {Readable, Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {execa, type Options} from 'execa';
import {AppError, isAppError, systemCode} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';

/** One call of the git program, whichever door it comes through. */
export interface GitCall {
  /** All arguments, the options of the door included. */
  readonly argv: readonly string[];
  /** Subcommand, for messages. */
  readonly subcommand: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Whose file system is looked at when the call fails. */
  readonly diskOf: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Wall-clock limit. */
  readonly timeoutMs: number;
}

/** What a call printed. */
export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
}

/** A running git with open streams. Consume `stdout`, end `stdin`, then await `done`. */
export interface GitProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Settles when the process has ended; rejects with an AppError unless it ended with 0. */
  readonly done: Promise<void>;
}

/** Free space under which a failed write is taken for a full disk (the run's brief: 16 MiB). */
const leastFreeBytes = 16 * 1024 * 1024;
/** Most bytes of stderr that are kept; more ends the process. */
const maxStderrBytes = 1024 * 1024;
/**
 * How long it is waited for an abort when a git was ended by a signal that we did not send: one to our process group (Ctrl-C
 * in a terminal) also ends a git that was forked and is not yet in a group of its own, and can be seen there first.
 */
const abortMs = 100;
/** How long git has after SIGTERM to remove its temporary files. */
const killAfterMs = 5000;

/** The absolute path of git in the PATH of this process. Throws ENVIRONMENT when there is none. */
export async function findGit(): Promise<string> {
  const git = await findProgram('git');
  if (git !== undefined) return git;
  throw new AppError('ENVIRONMENT', 'git is not installed, or not in PATH.', {hint: 'Install git 2.38 or newer, for example `apt-get install git`.'});
}

/** The absolute path of a program in an absolute folder of the PATH of this process, or undefined. */
export async function findProgram(name: 'git' | 'prlimit'): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const candidate = join(folder, name);
    const found = await access(candidate, constants.X_OK).then(() => true, () => false);
    if (found) return candidate;
  }
  return undefined;
}

/** The PATH that a git gets: where it lives, and the system's own folders. */
export function pathFor(git: string): string {
  return [...new Set([dirname(git), '/usr/local/bin', '/usr/bin', '/bin'])].join(delimiter);
}

/**
 * Runs git to its end. An exit code outside `okExits` is GIT_FAILED (DISK_FULL when the disk is), so is a time or
 * size limit; an aborted signal throws its reason.
 */
export async function callGit(
  git: string,
  call: GitCall & {readonly stdin?: string | Uint8Array | undefined; readonly maxBytes: number; readonly okExits: readonly number[]},
): Promise<GitResult> {
  call.signal.throwIfAborted();
  const result = await execa(git, call.argv, {
    ...common(call),
    input: call.stdin ?? '',
    encoding: 'buffer',
    maxBuffer: {stdout: call.maxBytes, stderr: maxStderrBytes},
  });
  if (result.exitCode !== undefined && call.okExits.includes(result.exitCode) && !result.isMaxBuffer) {
    return {exitCode: result.exitCode, stdout: Buffer.from(result.stdout)};
  }
  throw await failure(call, result);
}

/** Starts git with open streams; `done` fails as {@link callGit} does, with 0 as the only good exit code. */
export function startGit(git: string, call: GitCall): GitProcess {
  call.signal.throwIfAborted();
  const child = execa(git, call.argv, {
    ...common(call),
    stdin: 'pipe',
    buffer: {stdout: false, stderr: true},
    encoding: 'buffer',
    maxBuffer: {stderr: maxStderrBytes},
  });
  const done = child.then(async (result) => {
    if (result.exitCode !== 0) throw await failure(call, result);
  });
  // The caller awaits `done` after its streams; until then a failure is not an unhandled one.
  done.catch(() => undefined);
  return {stdin: child.stdin, stdout: child.stdout, done};
}

/**
 * Writes a source into a running git and waits for its end. The source's own error is told first, then that of git. A
 * source that lost its reader is no error by itself: a git that ended with 0 had all that it wanted (`done` of
 * fast-import comes before the end of the stream).
 */
export async function feed(process: GitProcess, source: Readable): Promise<void> {
  const [fed, done] = await Promise.allSettled([pipeline(source, process.stdin), process.done]);
  if (fed.status === 'rejected' && !lostItsReader(fed.reason)) throw fed.reason;
  if (done.status === 'rejected') throw done.reason;
}

/** Waits until an abort that has ended a git would be known, and throws its reason. */
export async function throwIfAbortedSoon(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await sleep(abortMs);
  signal.throwIfAborted();
}

/** Whether an error is a git command's own failure: not a limit of the machine, not an abort. */
export function isGitFailure(error: unknown): boolean {
  return isAppError(error, 'GIT_FAILED') && typeof error.details['exitCode'] === 'number';
}

function lostItsReader(error: unknown): boolean {
  return ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(systemCode(error) ?? '');
}

function common(call: GitCall) {
  return {
    cwd: call.cwd,
    env: call.env,
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    cancelSignal: call.signal,
    timeout: call.timeoutMs,
    forceKillAfterDelay: killAfterMs,
    // In a process group of its own: a Ctrl-C or a service manager's signal to ours must not end git in the middle of a
    // write. We end it ourselves, after the work is home; one that outlives a killed Bulkhead finishes its write.
    detached: true,
    windowsHide: true,
  } as const satisfies Options;
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly isCanceled: boolean;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly stderr?: unknown;
}

async function failure(call: GitCall, ended: Ended): Promise<unknown> {
  if (!ended.isCanceled && ended.signal !== undefined) await sleep(abortMs);
  if (call.signal.aborted) return call.signal.reason;
  const stderr = ended.stderr instanceof Uint8Array ? escapeText(Buffer.from(ended.stderr).toString('utf8').slice(0, 4000), {lines: true}) : '';
  const details = {subcommand: call.subcommand, exitCode: ended.exitCode, stderr};
  const free = await freeBytes(call.diskOf);
  if (free !== undefined && free < leastFreeBytes) {
    return new AppError('DISK_FULL', `The disk of ${call.diskOf} is full: \`git ${call.subcommand}\` failed.`, {hint: 'Free some space, then try again.', details});
  }
  const {message, limit} = reason(call, ended);
  return new AppError('GIT_FAILED', `\`git ${call.subcommand}\` ${message}.`, {
    hint: '`bulkhead doctor` checks the installed git; `--json` shows what it printed.',
    details: {...details, ...(limit ? {exitCode: undefined} : {})},
  });
}

function reason(call: GitCall, ended: Ended): {readonly message: string; readonly limit: boolean} {
  if (ended.timedOut) return {message: `did not end within ${Math.round(call.timeoutMs / 1000)} s`, limit: true};
  if (ended.isMaxBuffer) return {message: 'printed more than is accepted', limit: true};
  if (ended.exitCode === undefined) return {message: `was ended by ${ended.signal ?? 'the system'}`, limit: true};
  return {message: `failed with exit code ${ended.exitCode}`, limit: false};
}

async function freeBytes(path: string): Promise<number | undefined> {
  const stats = await statfs(path).catch(() => undefined);
  return stats === undefined ? undefined : stats.bavail * stats.bsize;
}
