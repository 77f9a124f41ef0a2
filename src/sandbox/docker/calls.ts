import {randomUUID} from 'node:crypto';
import {AppError} from '../../core/errors.js';
import {readProof, readShort, readWhole, resultOf} from '../answers.js';
import type {ExecRequest, ExecResult, Recalled} from '../../core/sandbox.js';
import {callRequest, cancelArgv, limitSeconds, proveRequest, recallArgv, wholeRequest} from '../box-script.js';
import type {ByteReader} from '../byte-reader.js';
import {brokenResult, frameHeaderBytes, killedResult, parseCallFrame} from '../call-frame.js';
import {proofProblem, startSink} from '../network-proof.js';
import {containerState, killContainer} from './attach.js';
import {cleanUp, isStatus, pause, type Engine} from './engine-call.js';
import {runExec, type ExecOutput} from './exec-stream.js';
import {freezerOf} from './live/freezer.js';
import {openSession, type Request, type Session} from './session.js';
import {endedError} from './watch/disk-watch.js';

/** Commands in one running box, each over a session that is free. Disposing ends the sessions, not the box. */
export interface Calls extends AsyncDisposable {
  exec(request: ExecRequest): Promise<ExecResult>;
  recall(id: string, signal: AbortSignal): Promise<Recalled>;
  /** What is wrong with this box, or undefined: that it can write where it must, and that it has no way out. */
  prove(signal: AbortSignal): Promise<string | undefined>;
}

/** After its time limit a call has this long to end its processes and answer, before it is ended from outside. */
const graceMs = 15_000;
/** Ending a call takes one exec. */
const cancelMs = 15_000;
/** Opening a session takes one exec, also on a busy machine. */
const openMs = 60_000;
/** Reading a result: a box that makes it slower than this has made its files unreadable. */
const recallMs = 60_000;
/** Most bytes of each stream that {@link Calls.recall} takes; a call keeps fewer. */
const recallMaxBytes = 64 * 1024 * 1024;

/** Connects to nothing; disposed with the engine at the latest. */
export function startCalls(engine: Engine, name: string): Calls {
  const free: Session[] = [];
  const all = new Set<Session>();

  async function take(signal: AbortSignal): Promise<Session> {
    for (let session = free.pop(); session !== undefined; session = free.pop()) {
      if (session.isOpen) return session;
      all.delete(session);
    }
    const session = await freezerOf(engine, name).whileRunning(() => openSession(engine, name, signal), signal);
    all.add(session);
    return session;
  }

  /** One request over a free session. The session is used again only when its answer was read to the end. */
  async function ask<T>(request: Request, read: (answer: ByteReader) => Promise<T>, signal: AbortSignal): Promise<T> {
    const session = await take(AbortSignal.any([signal, AbortSignal.timeout(openMs)]));
    try {
      return await session.ask(request, read, signal);
    } finally {
      if (session.isOpen) free.push(session);
      else all.delete(session);
    }
  }

  const calls: Calls = {
    exec: (request) => call({engine, name, ask}, request),
    recall: (id, signal) => recall(engine, {name, id}, signal),
    async prove(signal) {
      await using sink = await startSink();
      const lines = await ask({text: proveRequest(sink.addresses)}, readProof, signal);
      return proofProblem(lines, sink.came());
    },
    [Symbol.asyncDispose]() {
      engine.open.delete(calls);
      for (const session of all) session.close();
      return Promise.resolve();
    },
  };
  engine.open.add(calls);
  return calls;
}

interface Box {
  readonly engine: Engine;
  readonly name: string;
  readonly ask: <T>(request: Request, read: (answer: ByteReader) => Promise<T>, signal: AbortSignal) => Promise<T>;
}

async function call({engine, name, ask}: Box, request: ExecRequest): Promise<ExecResult> {
  const {id, argv, stdin, signal, maxBytes} = request;
  signal.throwIfAborted();
  const nonce = randomUUID();
  const seconds = limitSeconds(request.timeoutMs);
  const late = AbortSignal.timeout(seconds * 1000 + graceMs);
  const text = callRequest({id, nonce, argv, cwd: request.cwd ?? '', seconds, maxBytes, stdinBytes: stdin?.length ?? 0});
  try {
    const within = AbortSignal.any([signal, late]);
    const short = await ask({text, stdin}, (answer) => readShort(answer, {nonce, maxBytes}), within);
    return short ?? resultOf(await ask({text: wholeRequest(id, maxBytes)}, (answer) => readWhole(answer, maxBytes), within));
  } catch (error) {
    if (!signal.aborted && !late.aborted) return afterLoss(engine, name, error);
    await endCall(engine, {name, id, nonce});
    signal.throwIfAborted();
    return killedResult();
  }
}

/** A session that broke while its box lives cost one result; a box that does not live any more, or has no room for another session, is lost. */
async function afterLoss(engine: Engine, name: string, error: unknown): Promise<ExecResult> {
  const fresh = AbortSignal.timeout(openMs);
  if (isStatus(error, 404, 409) || !(await isAlive(engine, name, fresh))) {
    throw endedError(engine, name, error) ?? new AppError('ENGINE_FAILED', `The box ${name} is not running any more.`, {cause: error});
  }
  try {
    (await freezerOf(engine, name).whileRunning(() => openSession(engine, name, fresh), fresh)).close();
  } catch (cause) {
    await cleanUp((within) => killContainer(engine, name, within));
    throw new AppError('ENGINE_FAILED', `The box ${name} takes no command any more (its limits are used up), so it was ended.`, {cause});
  }
  return brokenResult('its session was ended from inside the box');
}

/** How long a dying box can still be said to run: the commands in it end before the engine hears of its own end. */
const dyingMs = 2000;

async function isAlive(engine: Engine, name: string, signal: AbortSignal): Promise<boolean> {
  const stepMs = 200;
  for (let waited = 0; ; waited += stepMs) {
    const state = await containerState(engine, name, signal);
    if (state?.Running !== true) return false;
    if (waited >= dyingMs) return true;
    await pause(stepMs, signal);
  }
}

/** Kills the processes of a call; a box that does not even let that happen is killed as a whole. */
async function endCall(engine: Engine, part: {readonly name: string; readonly id: string; readonly nonce: string}): Promise<void> {
  try {
    const within = AbortSignal.timeout(cancelMs);
    await freezerOf(engine, part.name).whileRunning(() => runExec(engine, {container: part.name, argv: cancelArgv(part.id, part.nonce), maxBytes: 1024}, within), within);
  } catch {
    await cleanUp((fresh) => killContainer(engine, part.name, fresh));
  }
}

async function recall(engine: Engine, call: {readonly name: string; readonly id: string}, signal: AbortSignal): Promise<Recalled> {
  const spec = {container: call.name, argv: recallArgv(call.id, recallMaxBytes), maxBytes: 2 * recallMaxBytes + frameHeaderBytes};
  const late = AbortSignal.timeout(recallMs);
  let output: ExecOutput;
  try {
    const within = AbortSignal.any([signal, late]);
    output = await freezerOf(engine, call.name).whileRunning(() => runExec(engine, spec, within), within);
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) return {state: 'done', result: brokenResult('it could not be read in time')};
    if (!isStatus(error, 404, 409)) throw error;
    throw endedError(engine, call.name, error) ?? new AppError('ENGINE_FAILED', `The box ${call.name} is not running, so nothing can run in it.`, {details: error.details, cause: error});
  }
  const frame = parseCallFrame(output.stdout, recallMaxBytes);
  if (frame.state === 'absent' || frame.state === 'running') return {state: frame.state};
  if (frame.state === 'lost') return {state: 'done', result: brokenResult('its shell was killed')};
  return {state: 'done', result: resultOf(frame)};
}
