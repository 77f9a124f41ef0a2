import {PassThrough} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {canonicalJson, sha256} from '../../core/canonical.js';
import {AppError} from '../../core/errors.js';
import type {History, SnapshotRequest} from '../../core/sandbox.js';
import {labelKeys, makeLabels, readMoment} from '../labels.js';
import {cleanUp, type Engine} from './engine-call.js';
import {fillLayer, type Filling} from './fill.js';
import {removeContainer, removeSnapshot, removeVolume, snapshotParts} from './remove.js';
import {createVolume, inspectVolume} from './volume.js';
import {snapshotLayers} from './workspace.js';

/**
 * Makes and fills a snapshot: a volume with `workspace/` (the files, and `.git` when there is a history), `tools/` and
 * `harness/`; or, over another one, with what differs from it, as the kernel's overlay writes a difference. A second,
 * empty volume is the mark that it is complete: it is made last, after a sync. A complete one that was filled from the
 * same commit and harness is kept; the files themselves are not compared, the name stands for them. Throws
 * REPOSITORY_UNSUPPORTED for a path that no checkout can hold, DISK_FULL when the volume has no room left.
 */
export async function makeSnapshot(engine: Engine, given: SnapshotRequest, signal: AbortSignal): Promise<void> {
  const request = {...given, history: given.history === undefined ? undefined : held(given.history)};
  const {done, helper, scratch, merged} = snapshotParts(request.name);
  const labels = {...makeLabels(request.ownership, 'snapshot', readMoment()), [labelKeys.content]: contentKey(request)};
  try {
    if (await isThere(engine, request, signal)) return;
    await removeSnapshot(engine, request.name, signal);
    await fillLayer(engine, await mountPoints(engine, request, labels, signal), signal);
    await createVolume(engine, {name: done, labels}, signal);
  } finally {
    request.history?.pack.destroy();
    await cleanUp(async (fresh) => {
      await removeContainer(engine, helper, fresh);
      await removeVolume(engine, merged, fresh);
      await removeVolume(engine, scratch, fresh);
    });
  }
}

async function isThere(engine: Engine, request: SnapshotRequest, signal: AbortSignal): Promise<boolean> {
  const done = await inspectVolume(engine, snapshotParts(request.name).done, signal);
  if (done?.Labels[labelKeys.content] !== contentKey(request)) return false;
  return (await snapshotLayers(engine, request.name, signal)) !== undefined;
}

/** Makes the volume; over another snapshot also the view through which its difference is written. */
async function mountPoints(engine: Engine, request: SnapshotRequest, labels: Record<string, string>, signal: AbortSignal): Promise<Filling> {
  const {name, over, ownership} = request;
  if (over === undefined) {
    await createVolume(engine, {name, labels}, signal);
    return {request, volume: name};
  }
  const {scratch, merged} = snapshotParts(name);
  const nobodys = makeLabels(ownership, 'scratch', readMoment());
  const below = await snapshotLayers(engine, over.snapshot, signal);
  if (below === undefined) throw new AppError('ENGINE_FAILED', `There is no snapshot ${over.snapshot} to make ${name} over.`);
  const directory = await createVolume(engine, {name, labels: {...labels, [labelKeys.over]: over.snapshot}}, signal);
  const work = await createVolume(engine, {name: scratch, labels: nobodys}, signal);
  await createVolume(engine, {name: merged, labels: nobodys, overlay: {lower: below.directories, upper: {directory, work}}}, signal);
  return {request, volume: merged};
}

/**
 * Holds the pack from the first moment: the output of a child process that nobody reads yet is thrown away by Node.js
 * when the process ends, and with it the end of a small pack.
 */
function held(history: History): History {
  const pack = new PassThrough();
  // An error reaches whoever reads `pack`.
  pipeline(history.pack, pack).catch(() => undefined);
  return {...history, pack};
}

function contentKey({history, harness, over, profile}: SnapshotRequest): string {
  const files = (harness ?? []).map((file) => ({path: file.path, mode: file.mode, sha256: sha256(file.bytes)}));
  return sha256(canonicalJson({layout: 2, commit: history?.commit, exclude: history?.exclude, harness: files, over: over?.snapshot, profile: profile === 'verify' ? profile : undefined}));
}
