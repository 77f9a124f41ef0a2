import {spawn, type ChildProcess} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {closeSync, createReadStream, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import {constants, tmpdir} from 'node:os';
import {join} from 'node:path';
import {AppError} from '../../../src/core/errors.js';
import type {Captured, ExecRequest, ExecResult, Recalled, Sandbox} from '../../../src/core/sandbox.js';
import {startCapture} from '../../../src/sandbox/capture.js';

/** A box without a container: commands run in a temporary directory of this machine. For commands of the tests' own only. */
export interface FakeBox extends Sandbox {
  /** Where the workspace would be. */
  readonly directory: string;
  /** Ids of every command that really ran, in order. */
  readonly ran: readonly string[];
  /** As if its container had gone. */
  kill(): void;
}

/** Makes a box; disposing it removes its directory. */
export async function startFakeBox(name = 'fake'): Promise<FakeBox> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-fake-box-'));
  const directory = join(root, 'workspace');
  const home = join(root, 'home');
  await Promise.all([mkdir(directory), mkdir(home)]);
  const results = new Map<string, ExecResult>();
  const running = new Set<string>();
  const ran: string[] = [];
  const death = new AbortController();
  // The box may die while a command is awaited.
  const isDead = (): boolean => death.signal.aborted;
  const dead = (): AppError => new AppError('ENGINE_FAILED', 'The box is dead.');
  return {
    name,
    directory,
    ran,
    kill: () => {
      death.abort();
    },
    async exec(request) {
      if (isDead()) throw dead();
      request.signal.throwIfAborted();
      if (results.has(request.id)) throw new Error(`the id ${request.id} was used before`);
      ran.push(request.id);
      running.add(request.id);
      try {
        const result = await execute({root, directory, home}, request, death.signal);
        request.signal.throwIfAborted();
        if (isDead()) throw dead();
        results.set(request.id, result);
        return result;
      } finally {
        running.delete(request.id);
      }
    },
    recall(id): Promise<Recalled> {
      if (isDead()) return Promise.reject(dead());
      const result = results.get(id);
      if (result !== undefined) return Promise.resolve({state: 'done', result});
      return Promise.resolve({state: running.has(id) ? 'running' : 'absent'});
    },
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    stats: () => Promise.resolve({cpuMs: 0, memoryBytes: 0, memoryPeakBytes: 0, pids: 1, disk: {bytes: 0, inodes: 0, complete: true}}),
    stop: () => {
      death.abort();
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => rm(root, {recursive: true, force: true}),
  };
}

interface Folders {
  readonly root: string;
  readonly directory: string;
  readonly home: string;
}

async function execute({root, directory, home}: Folders, request: ExecRequest, death: AbortSignal): Promise<ExecResult> {
  const [program = '', ...args] = request.argv;
  const cwd = join(directory, request.cwd ?? '');
  if (!existsSync(cwd)) return {exitCode: 126, timedOut: false, ranInto: [], stdout: nothing, stderr: nothing};
  const mark = randomUUID();
  // Files, as in a real box: a child that holds them keeps nobody waiting.
  const [outFile, errFile] = [join(root, `${mark}.out`), join(root, `${mark}.err`)];
  const [outFd, errFd] = [openSync(outFile, 'w'), openSync(errFile, 'w')];
  const child = spawn(program, args, {cwd, detached: true, stdio: ['pipe', outFd, errFd], env: {...process.env, HOME: home, BULKHEAD_CALL: mark}});
  closeSync(outFd);
  closeSync(errFd);
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const endAll = (): void => {
    killAll(child, mark);
  };
  const ends = AbortSignal.any([timeout, request.signal, death]);
  ends.addEventListener('abort', endAll, {once: true});
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.stdin);
  const code = await ended(child);
  // What was forked while the others were ended.
  while (ends.aborted && strays(mark).length > 0) endAll();
  ends.removeEventListener('abort', endAll);
  const [stdout, stderr] = [await captured(outFile, request.maxBytes), await captured(errFile, request.maxBytes)];
  return {exitCode: timeout.aborted ? 124 : code, timedOut: timeout.aborted, ranInto: [], stdout, stderr};
}

const nothing: Captured = {head: new Uint8Array(), tail: new Uint8Array(), totalBytes: 0};

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', () => {
      resolve(127);
    });
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** The group of a command, and what left it: every process of a command carries its mark. */
function killAll(child: ChildProcess, mark: string): void {
  for (const pid of [...(child.pid === undefined ? [] : [-child.pid]), ...strays(mark)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  }
}

function strays(mark: string): readonly number[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(`BULKHEAD_CALL=${mark}`)).map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

async function captured(path: string, maxBytes: number): Promise<Captured> {
  const capture = startCapture(maxBytes);
  if (statSync(path).size <= maxBytes) capture.push(readFileSync(path));
  else for await (const chunk of createReadStream(path)) capture.push(chunk as Buffer);
  rmSync(path);
  return capture.kept();
}
