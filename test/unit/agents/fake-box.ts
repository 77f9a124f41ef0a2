import {spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {AppError} from '../../../src/core/errors.js';
import type {Captured, ExecRequest, ExecResult, Recalled, Sandbox} from '../../../src/core/sandbox.js';

/** A box without a container: commands run in a temporary directory of this machine. For commands of the tests' own only. */
export interface FakeBox extends Sandbox {
  /** Where `/workspace` would be. */
  readonly directory: string;
  /** Ids of every command that really ran, in order. */
  readonly ran: readonly string[];
  /** As if its container had gone. */
  kill(): void;
}

/** Makes a box; disposing it removes its directory. */
export async function startFakeBox(): Promise<FakeBox> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-fake-box-'));
  const results = new Map<string, ExecResult>();
  const ran: string[] = [];
  let dead = false;
  return {
    name: 'fake',
    directory,
    ran,
    kill: () => {
      dead = true;
    },
    async exec(request) {
      if (dead) throw new AppError('ENGINE_FAILED', 'The box is dead.');
      if (results.has(request.id)) throw new Error(`the id ${request.id} was used before`);
      ran.push(request.id);
      const result = await execute(directory, request);
      results.set(request.id, result);
      return result;
    },
    recall(id): Promise<Recalled> {
      if (dead) return Promise.reject(new AppError('ENGINE_FAILED', 'The box is dead.'));
      const result = results.get(id);
      return Promise.resolve(result === undefined ? {state: 'absent'} : {state: 'done', result});
    },
    stop: () => Promise.resolve(),
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    stats: () => Promise.resolve({cpuMs: 0, memoryBytes: 0, memoryPeakBytes: 0, pids: 1, disk: {bytes: 0, inodes: 0, complete: true}}),
    [Symbol.asyncDispose]: () => rm(directory, {recursive: true, force: true}),
  };
}

async function execute(directory: string, request: ExecRequest): Promise<ExecResult> {
  const [program = '', ...args] = request.argv;
  const child = spawn(program, args, {cwd: directory, stdio: 'pipe'});
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(request.stdin);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(code ?? 128);
    });
  });
  return {exitCode, timedOut: false, ranInto: [], stdout: captured(stdout, request.maxBytes), stderr: captured(stderr, request.maxBytes)};
}

function captured(chunks: readonly Buffer[], maxBytes: number): Captured {
  const all = Buffer.concat(chunks);
  if (all.length <= maxBytes) return {head: all, tail: new Uint8Array(), totalBytes: all.length};
  const half = Math.floor(maxBytes / 2);
  return {head: all.subarray(0, half), tail: all.subarray(all.length - half), totalBytes: all.length};
}
