import {AppError} from '../../../core/errors.js';
import {workspacePath, type LayerRequest, type LayerSource} from '../../../core/sandbox.js';
import {makeLabels, readMoment} from '../../labels.js';
import type {Engine} from '../engine-call.js';
import {removeContainer} from '../remove.js';
import {createVolume} from '../volume.js';
import {snapshotLayers} from '../workspace.js';
import {findLayers} from './find.js';
import {createLayerBox, runLayerBox, type LayerRan} from './layer-box.js';
import {layerParts} from './parts.js';

/** A request for a layer that is made over a snapshot, without a network. */
export type SnapshotLayerRequest = LayerRequest & {readonly from: Extract<LayerSource, {kind: 'snapshot'}>};

/** Runs the command of a layer over a snapshot with its layers; the new layer, whose `directory` is empty, is what it writes. */
export async function runPrepareBox(engine: Engine, request: SnapshotLayerRequest, directory: string, signal: AbortSignal): Promise<LayerRan> {
  const {from, ownership} = request;
  const {scratch, merged, names} = layerParts(request);
  const below = await snapshotLayers(engine, from.snapshot, signal);
  if (below === undefined) throw new AppError('ENGINE_FAILED', `There is no snapshot ${from.snapshot} to prepare a layer over.`);
  const above = (await findLayers(engine, from.layers, signal)).map((layer) => layer.directory);
  const nobodys = makeLabels(ownership, 'scratch', readMoment());
  const work = await createVolume(engine, {name: scratch, labels: nobodys}, signal);
  await createVolume(engine, {name: merged, labels: nobodys, overlay: {lower: [...above, ...below.directories], upper: {directory, work}}}, signal);
  const argv = ['/bin/sh', '-c', `cd ${workspacePath} && exec "$@"`, 'sh', ...request.argv];
  await createLayerBox(engine, request, {argv, workVolume: merged, toolsVolume: below.tools, network: undefined}, signal);
  const ran = await runLayerBox(engine, request, {}, signal);
  // The overlay must be gone before anybody else touches what was its upper directory.
  await removeContainer(engine, names.box, signal);
  return ran;
}
