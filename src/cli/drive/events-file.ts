import {constants} from 'node:fs';
import {open, realpath, type FileHandle} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative, resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {AppError, systemCode, translateSystemError} from '../../core/errors.js';
import {startTail} from '../../record/journal/follow.js';

/** Where lines go. */
export interface EventsTarget extends AsyncDisposable {
  /** What the user called it. */
  readonly name: string;
  /** Takes some of the bytes and says how many: 0 when nothing can be taken now. */
  write(bytes: Uint8Array): Promise<number>;
}

/** The lines of a journal on their way to a target. Disposing waits until the target has them, or takes no more. */
export interface EventsStream extends AsyncDisposable {
  /** There is something new in the journal. Returns at once: a slow reader never holds up a run. */
  wake(): void;
}

/** How often a target is asked again that could take nothing: a full pipe, or one that nobody reads yet. */
const retryMs = 100;
/** How long a target may take nothing at the end, before what is left is given up. */
const patienceMs = 5000;

/**
 * Opens what `--events` names: `-` is stdout, everything else a path that is appended to and made for its user alone.
 * A pipe need not have a reader yet. A symbolic link is not followed, be it the file or a folder inside the repository:
 * what a repository brings must not decide where something is written. Throws USAGE, and DISK_FULL.
 */
export async function openEventsTarget(name: string, {directory, root}: {readonly directory: string; readonly root: string}): Promise<EventsTarget> {
  if (name === '-') return {name: 'stdout', write: writeStdout, [Symbol.asyncDispose]: () => Promise.resolve()};
  const path = resolve(directory, name);
  const folder = await realpath(dirname(path)).catch((error: unknown) => {
    throw refused(name, error);
  });
  for (const within of [directory, root]) {
    const inside = relative(within, dirname(path));
    if (inside.startsWith('..') || isAbsolute(inside)) continue;
    if (folder !== join(await realpath(within), inside)) throw new AppError('USAGE', `--events ${name}: a folder on this path is a symbolic link.`, {hint: 'Name the file where it really is.'});
  }
  let handle = await openToAppend(name, path);
  return {
    name,
    async write(bytes) {
      handle ??= await openToAppend(name, path);
      return handle === undefined ? 0 : writeSome(handle, bytes);
    },
    [Symbol.asyncDispose]: async () => handle?.close(),
  };
}

/**
 * Sends every line of a journal to a target, from the first one on and byte for byte. They are read from the journal's
 * own file, so nothing piles up behind a slow reader. A reader that goes away and a full disk end the stream, which is
 * said once, and not the run.
 */
export function streamEvents({target, journal, say}: {readonly target: EventsTarget; readonly journal: string; readonly say: (line: string) => void}): EventsStream {
  const tail = startTail(journal);
  let left: Uint8Array = Buffer.alloc(0);
  let failed = false;
  let woken = false;
  let ending = false;
  let running: Promise<void> | undefined;

  /** False when there is nothing to send. */
  async function fill(): Promise<boolean> {
    if (left.length === 0) left = Buffer.from((await tail.next()).map(({line}) => `${line}\n`).join(''));
    return left.length > 0;
  }

  async function send(): Promise<void> {
    let waitedMs = 0;
    while (await fill()) {
      const taken = await target.write(left);
      left = left.subarray(taken);
      waitedMs = taken > 0 || !ending ? 0 : waitedMs + retryMs;
      if (waitedMs > patienceMs) throw new Error('nobody reads it');
      if (taken === 0) await sleep(retryMs);
    }
  }

  async function run(): Promise<void> {
    try {
      while (woken) {
        woken = false;
        await send();
      }
    } catch (error) {
      failed = true;
      say(`--events ${target.name}: no more lines go there (${systemCode(error) ?? (error instanceof Error ? error.message : 'unknown')}). The run goes on.`);
    } finally {
      running = undefined;
    }
  }

  return {
    wake() {
      woken = !failed;
      if (woken) running ??= run();
    },
    async [Symbol.asyncDispose]() {
      ending = true;
      await running;
      await target[Symbol.asyncDispose]();
    },
  };
}

/** Undefined for a pipe that nobody reads yet. */
async function openToAppend(name: string, path: string): Promise<FileHandle | undefined> {
  // These alone are links by nature, to what this process was given by the one who started it.
  const noFollow = /^\/dev\/fd\/\d+$/.test(path) ? 0 : constants.O_NOFOLLOW;
  try {
    return await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | noFollow, 0o600);
  } catch (error) {
    if (systemCode(error) === 'ENXIO') return undefined;
    throw refused(name, error);
  }
}

async function writeSome(handle: FileHandle, bytes: Uint8Array): Promise<number> {
  try {
    return (await handle.write(bytes)).bytesWritten;
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return 0;
    throw error;
  }
}

function writeStdout(bytes: Uint8Array): Promise<number> {
  return new Promise((done, fail) => {
    process.stdout.write(bytes, (error) => {
      if (error instanceof Error) fail(error);
      else done(bytes.length);
    });
  });
}

function refused(name: string, error: unknown): AppError {
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return translateSystemError(error) ?? new AppError('DISK_FULL', `There is no space to make ${name}.`);
  const why = code === 'ELOOP' ? 'it is a symbolic link' : (code ?? 'unknown');
  return new AppError('USAGE', `--events ${name}: it cannot be written to (${why}).`, {hint: 'Name a file in a folder that is there, a pipe, or - for stdout.', cause: error});
}
