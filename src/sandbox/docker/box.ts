import {randomUUID} from 'node:crypto';
import {AppError} from '../../core/errors.js';
import type {BoxRequest, ExecRequest, ExecResult, Recalled, Sandbox} from '../../core/sandbox.js';
import {brokenResult, frameHeaderBytes, killedResult, parseCallFrame} from '../exec-frame.js';
import {cancelArgv, execArgv, limitSeconds, recallArgv} from '../exec-script.js';
import {labelKeys, makeLabels, readMoment} from '../labels.js';
import {boxSettings, imageProblem} from '../profile.js';
import {containerState, createContainer, killContainer, startContainer} from './attach.js';
import {cleanUp, isStatus, pause, unlessGone, type Engine} from './engine-call.js';
import {runExec, type ExecOutput} from './exec-stream.js';
import {imageFacts} from './image.js';
import {removeBox, removeContainer, workspaceVolumes} from './remove.js';
import {makeWorkspace} from './workspace.js';

/** The main process of a box: waits to be killed. Longer than any run, and understood by every `sleep`. */
const waitArgv = ['/bin/sh', '-c', 'exec sleep 2147483647'];

/** Starts a box over a snapshot; leftovers of its name go first. On any failure nothing of it is left. */
export async function startBox(engine: Engine, request: BoxRequest, signal: AbortSignal): Promise<Sandbox> {
  await removeBox(engine, request.names, signal);
  try {
    await makeBox(engine, request, signal);
    return openBox(engine, request.names.box);
  } catch (error) {
    await cleanUp((fresh) => removeBox(engine, request.names, fresh));
    throw error;
  }
}

async function makeBox(engine: Engine, request: BoxRequest, signal: AbortSignal): Promise<void> {
  const name = request.names.box;
  await createBoxContainer(engine, {request, argv: waitArgv, kind: 'box'}, signal);
  await startContainer(engine, name, signal);
  // Never assumed: an image can make any of them unwritable (measured on Engine 20.10).
  const probe = 'for d in /tmp /run /home/agent /workspace; do : >"$d/.bulkhead-probe" && rm "$d/.bulkhead-probe" || exit 1; done; echo writable';
  const output = await runExec(engine, {container: name, argv: ['/bin/sh', '-c', probe], maxBytes: 64}, signal);
  if (Buffer.from(output.stdout).toString() === 'writable\n') return;
  // A box that is dead by now, or an engine that is away, says nothing of the image.
  const state = await containerState(engine, name, signal);
  if (state?.Running !== true) throw new AppError('ENGINE_FAILED', `The box ${name} died while it was started.`);
  throw new AppError('ENGINE_UNFIT', `A box of the image ${request.image.reference} has no writable /tmp, /run, home or workspace.`, {details: {stderr: Buffer.from(output.stderr).toString()}});
}

/** Makes workspace and container of a box, without starting it. */
export async function createBoxContainer(engine: Engine, part: {readonly request: BoxRequest; readonly argv: readonly string[]; readonly kind: 'box' | 'process'}, signal: AbortSignal): Promise<void> {
  const {request, argv, kind} = part;
  const facts = await imageFacts(engine, request.image, signal);
  const problem = imageProblem(facts);
  if (problem !== undefined) throw new AppError('CONFIG_INVALID', `The image ${request.image.reference} ${problem}, which would hide a part of the work.`, {hint: 'Use another image.'});
  const {harness} = await makeWorkspace(engine, {names: request.names, ownership: request.ownership, scratch: kind === 'process'}, signal);
  const settings = boxSettings(request, {facts, argv, workVolume: workspaceVolumes(request.names).work, harnessVolume: harness ? request.names.snapshot : undefined});
  await createContainer(engine, {name: request.names.box, labels: makeLabels(request.ownership, kind, readMoment()), settings}, signal);
}

/** The running box of that name, or undefined. */
export async function findBox(engine: Engine, name: string, signal: AbortSignal): Promise<Sandbox | undefined> {
  const info = await unlessGone(engine.ask(`inspect container ${name}`, signal, (client, abortSignal) => client.getContainer(name).inspect({abortSignal})));
  if (info === undefined || !info.State.Running || info.Config.Labels[labelKeys.kind] !== 'box') return undefined;
  return openBox(engine, name);
}

function openBox(engine: Engine, name: string): Sandbox {
  return {
    name,
    exec: (request) => call(engine, name, request),
    recall: (id, signal) => recall(engine, {name, id}, signal),
    stop: (signal) => killContainer(engine, name, signal),
    [Symbol.asyncDispose]: () => cleanUp((fresh) => removeContainer(engine, name, fresh)),
  };
}

/** After its time limit a call has this long to end its processes and answer, before it is ended from outside. */
const graceMs = 15_000;
/** Ending a call takes one exec. */
const cancelMs = 15_000;
/** Reading a result: a box that makes it slower than this has made its files unreadable. */
const recallMs = 60_000;
/** Most bytes of each stream that {@link Sandbox.recall} takes; a call keeps fewer. */
const recallMaxBytes = 64 * 1024 * 1024;

async function call(engine: Engine, name: string, request: ExecRequest): Promise<ExecResult> {
  const {id, argv, stdin, signal, maxBytes} = request;
  signal.throwIfAborted();
  const nonce = randomUUID();
  const seconds = limitSeconds(request.timeoutMs);
  const late = AbortSignal.timeout(seconds * 1000 + graceMs);
  const spec = {
    container: name,
    argv: execArgv({id, nonce, argv, cwd: request.cwd ?? '', seconds, maxBytes, stdinBytes: stdin?.length ?? 0}),
    stdin: stdin !== undefined && stdin.length > 0 ? stdin : undefined,
    maxBytes: 2 * maxBytes + frameHeaderBytes,
  };
  try {
    return await resultOf(engine, {name, maxBytes, output: await runExec(engine, spec, AbortSignal.any([signal, late]))}, signal);
  } catch (error) {
    if (!signal.aborted && !late.aborted) throw deadBox(name, error);
    await endCall(engine, {name, id, nonce});
    signal.throwIfAborted();
    return killedResult();
  }
}

async function resultOf(engine: Engine, from: {readonly name: string; readonly maxBytes: number; readonly output: ExecOutput}, signal: AbortSignal): Promise<ExecResult> {
  const frame = parseCallFrame(from.output.stdout, from.maxBytes);
  if (frame.state === 'done' && !from.output.overflow) return frame.result;
  if (!(await isAlive(engine, from.name, signal))) throw new AppError('ENGINE_FAILED', `The box ${from.name} died while a command ran in it.`);
  if (frame.state === 'refused') return brokenResult('its id was used for another command');
  return brokenResult(frame.state === 'malformed' ? frame.why : 'its report is not that of a finished command', from.output.stderr);
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

function deadBox(name: string, error: unknown): unknown {
  if (!isStatus(error, 404, 409)) return error;
  return new AppError('ENGINE_FAILED', `The box ${name} is not running, so nothing can run in it.`, {details: error.details, cause: error});
}

/** Kills the process group of a call; a box that does not even let that happen is killed as a whole. */
async function endCall(engine: Engine, part: {readonly name: string; readonly id: string; readonly nonce: string}): Promise<void> {
  try {
    await runExec(engine, {container: part.name, argv: cancelArgv(part.id, part.nonce), maxBytes: 1024}, AbortSignal.timeout(cancelMs));
  } catch {
    await cleanUp((fresh) => killContainer(engine, part.name, fresh));
  }
}

async function recall(engine: Engine, call: {readonly name: string; readonly id: string}, signal: AbortSignal): Promise<Recalled> {
  const spec = {container: call.name, argv: recallArgv(call.id), maxBytes: 2 * recallMaxBytes + frameHeaderBytes};
  const late = AbortSignal.timeout(recallMs);
  let output: ExecOutput;
  try {
    output = await runExec(engine, spec, AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) return {state: 'done', result: brokenResult('it could not be read in time')};
    throw deadBox(call.name, error);
  }
  const frame = parseCallFrame(output.stdout, recallMaxBytes);
  if (frame.state === 'absent' || frame.state === 'running') return {state: frame.state};
  if (frame.state === 'lost') return {state: 'done', result: brokenResult('its shell was killed')};
  return {state: 'done', result: await resultOf(engine, {name: call.name, maxBytes: recallMaxBytes, output}, signal)};
}
