import {once} from 'node:events';
import type {Writable} from 'node:stream';
import {startByteReader, type ByteReader} from '../door/byte-reader.js';
import {spawnGit} from '../door/command.js';
import {throwIfAbortedSoon} from '../door/process.js';
import type {GitStore} from './refs.js';

/** A `cat-file --batch-command`: it answers line by line, in the order of the questions (git-cat-file). */
interface Process {
  readonly stdin: Writable;
  readonly answers: ByteReader;
  /** Ends it, whatever it does. */
  kill(reason?: unknown): void;
  /** Lets it end by itself; fails as git does. */
  end(): Promise<void>;
}

/** A process for each reader of the moment, kept for the next one: to start git costs more than most of what it is asked. */
export interface ObjectPool extends AsyncDisposable {
  take(store: GitStore): Promise<Process>;
  giveBack(process: Process): void;
}

/** Keeps the processes that read objects of one repository until it is disposed. */
export function startObjectPool(): ObjectPool {
  const idle: Process[] = [];
  let closed = false;
  return {
    take: async (store) => idle.pop() ?? startProcess(store),
    giveBack(process) {
      if (closed) process.kill();
      else idle.push(process);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.all(idle.splice(0).map((process) => process.end()));
    },
  };
}

/**
 * Asks for objects, each question `info <id>` or `contents <id>`, and reads the answers while they come. `read` must take
 * all of them; a generator that is left early ends its process. Throws GIT_FAILED, ENVIRONMENT, and the signal's reason.
 */
export async function* askObjects<T>(
  store: GitStore,
  {questions, signal}: {readonly questions: readonly string[]; readonly signal: AbortSignal},
  read: (answers: ByteReader) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  signal.throwIfAborted();
  const process = await (store.objects?.take(store) ?? startProcess(store));
  const stop = (): void => { process.kill(signal.reason); };
  signal.addEventListener('abort', stop, {once: true});
  const asked = ask(process.stdin, questions);
  asked.catch(() => undefined);
  let isRead = false;
  try {
    yield* read(process.answers);
    await asked;
    isRead = true;
  } catch (error) {
    // That the answers ended is what follows from an abort.
    await throwIfAbortedSoon(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    if (!isRead || signal.aborted) process.kill();
  }
  signal.throwIfAborted();
  if (store.objects === undefined) await process.end();
  else store.objects.giveBack(process);
}

async function startProcess(store: GitStore): Promise<Process> {
  const stop = new AbortController();
  const git = await spawnGit({gitDir: store.directory, args: ['cat-file', '--batch-command'], signal: stop.signal});
  // A git that ended is seen by who reads its answers.
  git.stdin.on('error', () => undefined);
  return {
    stdin: git.stdin,
    answers: startByteReader(git.stdout),
    kill: (reason) => { stop.abort(reason); },
    async end() {
      git.stdin.end();
      await git.done;
    },
  };
}

/** Questions of about one pipe at a time: who reads the answers has to come in between. */
const maxQuestionBytes = 64 * 1024;

async function ask(stdin: Writable, questions: readonly string[]): Promise<void> {
  let block = '';
  for (const question of questions) {
    block += `${question}\n`;
    if (block.length < maxQuestionBytes) continue;
    if (!stdin.write(block)) await once(stdin, 'drain');
    block = '';
  }
  if (block !== '') stdin.write(block);
}
