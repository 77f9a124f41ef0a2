import {AppError} from '../../core/errors.js';
import type {Ownership, WorkspaceNames} from '../../core/sandbox.js';
import {labelKeys, layersLabel, makeLabels, makeWorkLabels, readMoment} from '../labels.js';
import type {Engine} from './engine-call.js';
import {findLayers} from './layer/find.js';
import {snapshotParts, workspaceVolumes} from './remove.js';
import {createVolume, inspectVolume} from './volume.js';

/** A complete snapshot as the engine has it. */
export interface SnapshotLayers {
  /** Directories on the engine's host, the topmost first. */
  readonly directories: readonly string[];
  /** The volume with the tools and the harness. */
  readonly tools: string;
}

/** The layers of a snapshot, or undefined when it, or the one that it lies over, is not there or not complete. */
export async function snapshotLayers(engine: Engine, name: string, signal: AbortSignal): Promise<SnapshotLayers | undefined> {
  const [volume, done] = await Promise.all([inspectVolume(engine, name, signal), inspectVolume(engine, snapshotParts(name).done, signal)]);
  if (volume === undefined || done === undefined) return undefined;
  const over = volume.Labels[labelKeys.over];
  if (over === undefined) return {directories: [volume.Mountpoint], tools: name};
  const below = await snapshotLayers(engine, over, signal);
  return below && {directories: [volume.Mountpoint, ...below.directories], tools: below.tools};
}

/**
 * Makes the copy-on-write workspace of a box: volumes for what it writes, and an overlay volume that shows them over the
 * snapshot. No container is needed for that: the root of the overlay stays the engine's, and the workspace in it comes
 * with its owner from the snapshot. Gives the volume with the tools. Throws ENGINE_FAILED without a snapshot.
 */
export async function makeWorkspace(engine: Engine, request: {readonly names: WorkspaceNames; readonly ownership: Ownership; readonly isWork: boolean; readonly layers?: readonly string[] | undefined}, signal: AbortSignal): Promise<string> {
  const {names, ownership, isWork} = request;
  const {upper, scratch, work} = workspaceVolumes(names);
  const nobodys = makeLabels(ownership, 'scratch', readMoment());
  const labels = (kind: 'upper' | 'workspace') => (isWork ? makeWorkLabels(ownership, kind, {names, now: readMoment()}) : nobodys);
  // From here on the layers are needed: what looks for their users finds this one before it is looked whether they are there.
  const writable = createVolume(engine, {name: upper, labels: {...labels('upper'), ...layersLabel(request.layers)}}, signal);
  const [layers, above, directory, beside] = await Promise.all([
    snapshotLayers(engine, names.snapshot, signal),
    writable.then(() => findLayers(engine, request.layers ?? [], signal)),
    writable,
    createVolume(engine, {name: scratch, labels: nobodys}, signal),
  ]);
  if (layers === undefined) throw new AppError('ENGINE_FAILED', `There is no snapshot ${names.snapshot} to make a workspace from.`);
  await createVolume(engine, {name: work, labels: labels('workspace'), overlay: {lower: [...above.map((layer) => layer.directory), ...layers.directories], upper: {directory, work: beside}}}, signal);
  return layers.tools;
}
