import {spawn} from 'node:child_process';
import {setTimeout as sleep} from 'node:timers/promises';
import {readFile} from 'node:fs/promises';
import {main, type Ended} from '../../../e2e/fixture.js';

/** The built command line as a process in a process group of its own, with its git children. */
export interface Driver {
  /** How it ended. Rejects when its time is up; its whole group is ended then. */
  readonly ended: Promise<Ended>;
  readonly running: () => boolean;
  /** Sends a signal to the process alone; its children live or die as in life. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Stops the process and its children where they are; resolves when none of them runs any more. */
  readonly freeze: () => Promise<void>;
  /** Ends whatever is left of the group. */
  readonly endGroup: () => void;
}

/** Where and with what a command line is started. */
export interface DriverRequest {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Starts the built command line. */
export function startDriver({args, cwd, env, limitMs, signal}: DriverRequest): Driver {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [main, ...args], {cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe']});
  const output = {stdout: [] as Buffer[], stderr: [] as Buffer[]};
  child.stdout.on('data', (chunk: Buffer) => output.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.stderr.push(chunk));
  const toGroup = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined) send(-child.pid, name);
  };
  const endGroup = (): void => {
    toGroup('SIGKILL');
  };
  const closed = new Promise<Ended>((done, fail) => {
    child.on('error', fail);
    child.on('close', (exitCode) => {
      done({exitCode, stdout: Buffer.concat(output.stdout).toString(), stderr: Buffer.concat(output.stderr).toString()});
    });
  });
  const ended = within(closed, {limitMs, signal, what: `bulkhead ${args[0] ?? ''}`, giveUp: endGroup});
  // Whoever waits for a moment first looks at it later.
  ended.catch(() => undefined);
  return {
    ended,
    running: () => child.exitCode === null && child.signalCode === null,
    kill: (name) => child.kill(name),
    async freeze() {
      toGroup('SIGSTOP');
      while (child.pid !== undefined && (await isRunning(child.pid))) await sleep(1);
    },
    endGroup,
  };
}

interface Limit {
  readonly limitMs: number;
  readonly signal: AbortSignal;
  readonly what: string;
  readonly giveUp: () => void;
}

async function within<T>(work: Promise<T>, {limitMs, signal, what, giveUp}: Limit): Promise<T> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, {signal: AbortSignal.any([signal, timer.signal])}).then(() => {
    throw new Error(`${what} did not end within ${limitMs / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** A stopped process has the state `T` (proc(5)); one that waits for its disk stops when that wait is over. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /^\d+ \([\s\S]*\) [RSD]/.test(stat);
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}
