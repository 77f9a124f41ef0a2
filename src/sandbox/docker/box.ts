import {AppError} from '../../core/errors.js';
import type {BoxRequest, Sandbox} from '../../core/sandbox.js';
import {busyboxPath} from '../box-script.js';
import {diskLabel, diskLimitsOf, labelKeys, makeLabels, ownershipOf, readMoment} from '../labels.js';
import {boxSettings, imageProblem} from '../profile.js';
import {createContainer, killContainer, startContainer} from './attach.js';
import {startCalls, type Calls} from './calls.js';
import {cleanUp, unlessGone, type Engine} from './engine-call.js';
import {imageFacts} from './image.js';
import {freezerOf, isFrozen, thaw} from './live/freezer.js';
import {readStats} from './live/stats.js';
import {removeBox, removeContainer, workspaceVolumes} from './remove.js';
import {watchOf, type WatchRequest} from './watch/disk-watch.js';
import {makeWorkspace} from './workspace.js';

/** The main process of a box: waits to be killed, longer than any run. Ours, so that nothing of the image runs unasked. */
const waitArgv = [busyboxPath, 'sleep', '2147483647'];

/** Starts a box over a snapshot; leftovers of its name go first. On any failure nothing of it is left. */
export async function startBox(engine: Engine, request: BoxRequest, signal: AbortSignal): Promise<Sandbox> {
  const name = request.names.box;
  await watchOf(engine).letGo(name);
  await removeBox(engine, request.names, signal);
  const calls = startCalls(engine, name);
  try {
    await createBoxContainer(engine, {request, argv: waitArgv, kind: 'box'}, signal);
    await startContainer(engine, name, signal);
    await proveBox(calls, request, signal);
    return openBox(engine, {box: name, ownership: request.ownership, limits: request.limits}, calls);
  } catch (error) {
    await calls[Symbol.asyncDispose]();
    await cleanUp((fresh) => removeBox(engine, request.names, fresh));
    throw error;
  }
}

/** Nothing is assumed: an image can make a place unwritable, an engine can give a network where none was asked for. */
async function proveBox(calls: Calls, {names, image}: BoxRequest, signal: AbortSignal): Promise<void> {
  const problem = await calls.prove(signal);
  if (problem === undefined) return;
  throw new AppError('ENGINE_UNFIT', `The box ${names.box} of the image ${image.reference} was not started: ${problem}.`, {
    hint: '`bulkhead doctor` looks at the engine. Another image: `image:` in the manifest; another engine: --engine URL.',
  });
}

/** Makes workspace and container of a box, without starting it. */
export async function createBoxContainer(engine: Engine, part: {readonly request: BoxRequest; readonly argv: readonly string[]; readonly kind: 'box' | 'process'}, signal: AbortSignal): Promise<void> {
  const {request, argv, kind} = part;
  const facts = await imageFacts(engine, request.image, signal);
  const problem = imageProblem(facts);
  if (problem !== undefined) throw new AppError('CONFIG_INVALID', `The image ${request.image.reference} ${problem}, which would hide a part of the work.`, {hint: 'Use another image.'});
  const toolsVolume = await makeWorkspace(engine, {names: request.names, ownership: request.ownership, isWork: kind === 'box', layers: request.layers}, signal);
  const settings = boxSettings(request, {facts, argv, workVolume: workspaceVolumes(request.names).work, toolsVolume, runtime: engine.runtime});
  await createContainer(engine, {name: request.names.box, labels: {...makeLabels(request.ownership, kind, readMoment()), ...diskLabel(request.limits)}, settings}, signal);
}

/** The running box of that name, or undefined. */
export async function findBox(engine: Engine, name: string, signal: AbortSignal): Promise<Sandbox | undefined> {
  const info = await unlessGone(engine.ask(`inspect container ${name}`, signal, (client, abortSignal) => client.getContainer(name).inspect({abortSignal})));
  if (info === undefined || !info.State.Running || info.Config.Labels[labelKeys.kind] !== 'box') return undefined;
  const ownership = ownershipOf(info.Config.Labels) ?? {runId: '', owner: ''};
  // A process that ended while it read the box let nobody tell it to go on.
  if (await isFrozen(engine, name, signal)) await freezerOf(engine, name).whileRunning(() => thaw(engine, name, signal), signal);
  return openBox(engine, {box: name, ownership, limits: diskLimitsOf(info.Config.Labels)}, startCalls(engine, name));
}

function openBox(engine: Engine, watched: WatchRequest, calls: Calls): Sandbox {
  const name = watched.box;
  const watch = watchOf(engine);
  watch.watch(watched);
  let held: AsyncDisposable | undefined;
  const resume = async (): Promise<void> => {
    const hold = held;
    held = undefined;
    await hold?.[Symbol.asyncDispose]();
  };
  return {
    name,
    exec: (request) => calls.exec(request),
    recall: (id, signal) => calls.recall(id, signal),
    async stop(signal) {
      await Promise.all([watch.letGo(name), killContainer(engine, name, signal)]);
    },
    async pause(signal) {
      const hold = await freezerOf(engine, name).hold(signal);
      if (held === undefined) held = hold;
      else await hold[Symbol.asyncDispose]();
    },
    resume,
    stats: (signal) => readStats(engine, watched, signal),
    [Symbol.asyncDispose]: async () => {
      await calls[Symbol.asyncDispose]();
      await Promise.all([watch.letGo(name), cleanUp((fresh) => removeContainer(engine, name, fresh))]);
      await cleanUp(resume);
    },
  };
}
