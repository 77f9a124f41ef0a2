import {AppError} from '../../../core/errors.js';
import type {DiskUse, Ownership} from '../../../core/sandbox.js';
import {harnessScript} from '../../box-script.js';
import {startCapture} from '../../capture.js';
import {makeLabels, readMoment} from '../../labels.js';
import {helperSettings} from '../../profile.js';
import {configuredUser, createContainer, startAttached, waitDead, type ContainerSpec} from '../attach.js';
import {cleanUp, type Engine} from '../engine-call.js';
import {removeContainer, workspaceVolumes} from '../remove.js';
import {freezerOf} from '../live/freezer.js';

/** A box whose layer is to be counted. */
export interface CountRequest {
  readonly box: string;
  readonly ownership: Ownership;
  /** Where counting stops. */
  readonly maxInodes: number;
}

/** What was counted. */
export interface Count extends DiskUse {
  readonly complete: boolean;
  /** Processes that do not let their open files be seen; undefined: the engine cannot show processes of one container to another. */
  readonly blind: number | undefined;
}

/** A count takes about a second for 100,000 files, most of it for its helpers; on a machine that is overloaded it takes many times that. Nothing runs in the box meanwhile. */
const countMs = 30_000;

/**
 * Counts what a living box has written into its layer, its deleted but open files too, while it stands still. Throws
 * ENGINE_FAILED for a box that does not run and a count that did not end in time or in order. The box goes on in every case.
 */
export async function countLayer(engine: Engine, request: CountRequest, signal: AbortSignal): Promise<Count> {
  await using _held = await freezerOf(engine, request.box).hold(signal);
  const late = AbortSignal.timeout(countMs);
  try {
    const within = AbortSignal.any([signal, late]);
    const [seen, hidden] = await Promise.all([
      runHelper(engine, {request, ...visibleHelper(engine, request)}, within),
      countHidden(engine, request, within).catch(() => undefined),
    ]);
    const [bytes = 0, inodes = 0, complete = 0] = numbersOf(seen, 'counted') ?? failed(request.box, 'its count was not understood');
    const [more = 0, files = 0, blind] = (hidden === undefined ? undefined : numbersOf(hidden, 'hidden')) ?? [0, 0, undefined];
    return {bytes: bytes + more, inodes: inodes + files, complete: complete === 1, blind};
  } catch (error) {
    signal.throwIfAborted();
    return late.aborted ? failed(request.box, `it was not done within ${countMs / 1000} s`, error) : rethrow(error);
  }
}

type Helper = Pick<ContainerSpec, 'name' | 'settings'>;

/** Reads the layer itself, with the right of the exporter: a box may take every permission off its own files. */
function visibleHelper(engine: Engine, {box, maxInodes}: CountRequest): Helper {
  const settings = helperSettings({
    image: engine.helperImage,
    argv: ['perl', '-e', harnessScript('count.pl'), '/upper', String(maxInodes)],
    mounts: [{volume: workspaceVolumes({box, snapshot: ''}).upper, target: '/upper', readOnly: true}],
    capabilities: ['DAC_OVERRIDE'],
  });
  return {name: `${box}-count`, settings};
}

/**
 * Sees the processes of the box as its own user, without any capability and without a volume; all of them stand still. Which
 * user that is depends on the profile, and nothing in a box can become another one: the engine tells whose it made it.
 */
async function countHidden(engine: Engine, request: CountRequest, signal: AbortSignal): Promise<string> {
  const {box} = request;
  const user = await configuredUser(engine, box, signal);
  const settings = helperSettings({image: engine.helperImage, argv: ['perl', '-e', harnessScript('hidden.pl')], mounts: [], capabilities: []});
  const asUser = {...settings, User: user, HostConfig: {...settings.HostConfig, PidMode: `container:${box}`, Init: false}};
  return runHelper(engine, {request, name: `${box}-hidden`, settings: asUser}, signal);
}

async function runHelper(engine: Engine, {request, name, settings}: Helper & {readonly request: CountRequest}, signal: AbortSignal): Promise<string> {
  await removeContainer(engine, name, signal);
  try {
    await createContainer(engine, {name, labels: makeLabels(request.ownership, 'helper', readMoment()), settings}, signal);
    const stdout = startCapture(1024);
    const stderr = startCapture(1024);
    for await (const piece of await startAttached(engine, name, signal)) (piece.stream === 'stdout' ? stdout : stderr).push(piece.bytes);
    const {exitCode} = await waitDead(engine, name, signal);
    if (exitCode !== 0) failed(request.box, `its count ended with exit code ${exitCode}`);
    return Buffer.from(stdout.kept().head).toString('latin1');
  } finally {
    // Before the box goes on: nothing of it may meet a process of ours.
    await cleanUp((fresh) => removeContainer(engine, name, fresh));
  }
}

function numbersOf(printed: string, word: string): readonly number[] | undefined {
  const [first, ...rest] = printed.trim().split(' ');
  return first === word && rest.length === 3 && rest.every((part) => /^\d{1,15}$/.test(part)) ? rest.map(Number) : undefined;
}

function failed(box: string, why: string, cause?: unknown): never {
  throw new AppError('ENGINE_FAILED', `What the box ${box} has written could not be counted: ${why}.`, {cause});
}

function rethrow(error: unknown): never {
  throw error;
}
