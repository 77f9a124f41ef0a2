import {lstat, readFile, rm} from 'node:fs/promises';
import {systemCode} from '../../core/errors.js';

/** What a pid file says about the world. `stale`: its process is gone, or the number belongs to another program now. */
export type PidFileState = {readonly state: 'absent'} | {readonly state: 'stale'} | {readonly state: 'alive'; readonly pid: number};

/** Linux cuts a process name after 15 bytes (proc(5), `comm`). */
const maxNameLength = 15;

/** A living process. */
export interface LivingProcess {
  /** At most 15 bytes long (proc(5), `comm`). */
  readonly name: string;
  readonly parent: number;
}

/** A process that is there and no zombie: `/proc/N/stat` is `pid (name) state parent …`, and the name may hold any character. */
export async function readProcess(pid: number): Promise<LivingProcess | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  const [, name, state, parent] = /^\d+ \(([\s\S]*)\) (\S) (\d+)/.exec(stat ?? '') ?? [];
  return name === undefined || state === undefined || state === 'Z' ? undefined : {name, parent: Number(parent)};
}

/**
 * Looks at a pid file: whether the process in it lives and is `program`. A zombie counts as gone: it will never answer,
 * and where process 1 reaps nobody it stays for ever. An unreadable content is stale. Linux only (/proc).
 */
export async function readPidFile(file: string, program: string): Promise<PidFileState> {
  const text = await readIfThere(file);
  if (text === undefined) return {state: 'absent'};
  const pid = parsePid(text);
  if (pid === undefined) return {state: 'stale'};
  const found = await readProcess(pid);
  return found?.name === program.slice(0, maxNameLength) ? {state: 'alive', pid} : {state: 'stale'};
}


/**
 * Removes a pid file that is stale, and only then; says whether it did. An engine refuses to start over one whose
 * number was given to another program, or, for its containerd, waits for that program for ever.
 */
export async function removeStalePidFile(file: string, program: string): Promise<boolean> {
  if ((await readPidFile(file, program)).state !== 'stale') return false;
  await rm(file, {force: true});
  return true;
}

/** Removes a socket file; anything else at that path is left alone. Says whether it did. The caller knows that nobody listens. */
export async function removeStaleSocket(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return false;
  await rm(path, {force: true});
  return true;
}

function parsePid(text: string): number | undefined {
  const digits = /^\s*(\d{1,10})\s*$/.exec(text)?.[1];
  const pid = digits === undefined ? 0 : Number(digits);
  return pid > 0 ? pid : undefined;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (['ENOENT', 'ENOTDIR', 'ESRCH'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
