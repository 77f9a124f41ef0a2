import {AppError} from '../../../core/errors.js';
import type {LayerRequest, LayerResult} from '../../../core/sandbox.js';
import {harnessScript} from '../../box-script.js';
import {labelKeys, layersLabel, makeLabels, makeLayerLabels, readMoment} from '../../labels.js';
import {cleanUp, type Engine} from '../engine-call.js';
import {list, root, startFiller, startSteps, type RunStep} from '../fill.js';
import {userOf} from '../../profile.js';
import {removeContainer, removeVolume} from '../remove.js';
import {createVolume} from '../volume.js';
import {watchOf} from '../watch/disk-watch.js';
import {findLayer} from './find.js';
import type {LayerRan} from './layer-box.js';
import {layerParts, type LayerParts} from './parts.js';
import {runPrepareBox} from './prepare-box.js';
import {runRegistryBox} from './registry-box.js';
import {removeLayer, removeStaleMark} from './remove.js';

/**
 * Makes a layer, or finds it. The run's hold is there before it is looked for; the mark that it is complete is made last,
 * after a sync, and of two processes that fill the same one the first to finish gives it. A command that fails is a value.
 */
export async function makeLayer(engine: Engine, request: LayerRequest, signal: AbortSignal): Promise<LayerResult> {
  const {name, ownership} = request;
  const parts = layerParts(request);
  await createVolume(engine, {name: parts.hold, labels: {...makeLabels(ownership, 'scratch', readMoment()), ...layersLabel([name])}}, signal);
  if ((await findLayer(engine, name, signal)) !== undefined) return {state: 'there'};
  await removeStaleMark(engine, name, signal);
  await clear(engine, parts, signal);
  let kept = false;
  try {
    const labels = makeLayerLabels(name, ownership.owner, readMoment());
    const directory = await createVolume(engine, {name: parts.volume, labels}, signal);
    await startFiller(engine, {container: parts.helper, volume: parts.volume, ownership}, signal);
    const step = startSteps(engine, {container: parts.helper, what: `the layer ${name}`, owner: userOf('agent')}, signal);
    const {ended, stdout} = await run(engine, request, {step, directory}, signal);
    if (ended.exitCode !== 0 || ended.timedOut || ended.outOfMemory || ended.overDisk !== undefined) return {state: 'failed', ended, stdout};
    await step({title: 'keep its folders alone', argv: ['perl', '-e', harnessScript('trim.pl'), `${root}/workspace`], stdin: list(request.folders)});
    await step({title: 'write it to the disk', argv: ['sync', '-f', root]});
    await createVolume(engine, {name, labels: {...labels, [labelKeys.volume]: parts.volume, [labelKeys.folders]: JSON.stringify(request.folders)}}, signal);
    // A name that was there already stays as it was.
    const found = await findLayer(engine, name, signal);
    if (found === undefined) throw new AppError('ENGINE_FAILED', `The layer ${name} was removed as soon as it was made.`, {hint: '`bulkhead resume` makes it again.'});
    kept = found.volume === parts.volume;
    return {state: 'made', durationMs: ended.durationMs};
  } finally {
    await Promise.all([watchOf(engine).letGo(parts.names.box), cleanUp((fresh) => (kept ? clearWork(engine, parts, fresh) : clear(engine, parts, fresh)))]);
  }
}

function run(engine: Engine, request: LayerRequest, {step, directory}: {readonly step: RunStep; readonly directory: string}, signal: AbortSignal): Promise<LayerRan> {
  const {from} = request;
  return from.kind === 'files' ? runRegistryBox(engine, {...request, from}, step, signal) : runPrepareBox(engine, {...request, from}, directory, signal);
}

/** Takes away what is left of an earlier attempt of this run, or of this one. Throws ENGINE_FAILED when its volume is in use: nothing is filled twice. */
async function clear(engine: Engine, parts: LayerParts, signal: AbortSignal): Promise<void> {
  await clearWork(engine, parts, signal);
  if (await removeLayer(engine, parts.volume, signal)) return;
  throw new AppError('ENGINE_FAILED', `The volume ${parts.volume} of an earlier attempt is in use, so it cannot be filled.`, {hint: '`bulkhead clean` shows and removes leftovers.'});
}

async function clearWork(engine: Engine, {names: {box}, helper, merged, scratch}: LayerParts, signal: AbortSignal): Promise<void> {
  await Promise.all([box, helper, `${box}-count`, `${box}-hidden`].map((container) => removeContainer(engine, container, signal)));
  await removeVolume(engine, merged, signal);
  await removeVolume(engine, scratch, signal);
}
