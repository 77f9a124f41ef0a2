import {AppError} from '../../core/errors.js';
import type {Ownership, WorkspaceNames} from '../../core/sandbox.js';
import {labelKeys, makeLabels, makeWorkLabels, readMoment} from '../labels.js';
import {boxUser, helperSettings} from '../profile.js';
import {createContainer, startContainer, waitDead} from './attach.js';
import {cleanUp, unlessGone, type Engine} from './engine-call.js';
import {removeContainer, workspaceVolumes} from './remove.js';

interface WorkspaceRequest {
  readonly names: WorkspaceNames;
  readonly ownership: Ownership;
  /** What is written there is nobody's work. */
  readonly scratch: boolean;
}

/**
 * Makes the copy-on-write workspace of a box: a volume for what it writes and an overlay volume that shows it over the
 * snapshot. Metacopy, redirects and the index are off, so that the writable layer holds every changed file whole
 *. Says whether the snapshot has files of ours. Throws ENGINE_FAILED without a snapshot.
 */
export async function makeWorkspace(engine: Engine, request: WorkspaceRequest, signal: AbortSignal): Promise<{readonly harness: boolean}> {
  const {names, ownership, scratch} = request;
  const {upper, work} = workspaceVolumes(names);
  const labels = (kind: 'upper' | 'workspace') => (scratch ? makeLabels(ownership, 'scratch', readMoment()) : makeWorkLabels(ownership, kind, {names, now: readMoment()}));
  const snapshot = await inspectVolume(engine, names.snapshot, signal);
  if (snapshot === undefined) throw new AppError('ENGINE_FAILED', `There is no snapshot ${names.snapshot} to make a workspace from.`);
  await createVolume(engine, {name: upper, labels: labels('upper')}, signal);
  await prepareUpper(engine, {box: names.box, upper, ownership}, signal);
  const layer = await inspectVolume(engine, upper, signal);
  if (layer === undefined) throw new AppError('ENGINE_FAILED', `The volume ${upper} vanished.`);
  const lower = overlayPath(snapshot.Mountpoint);
  const above = overlayPath(layer.Mountpoint);
  const options = [`lowerdir=${lower}/tree`, `upperdir=${above}/upper`, `workdir=${above}/work`, 'metacopy=off', 'redirect_dir=off', 'index=off'];
  await createVolume(engine, {name: work, labels: labels('workspace'), overlay: options.join(',')}, signal);
  return {harness: snapshot.Labels[labelKeys.harness] === 'yes'};
}

/** A path of the engine's own, as an overlay option can carry it. */
function overlayPath(path: string): string {
  if (/^\/[^,:\\]*$/.test(path)) return path;
  throw new AppError('ENGINE_UNFIT', `The engine keeps volumes under a path that an overlay mount cannot name: ${path}`);
}

/** The two directories of an overlay must be there, and be the box's own, before it is mounted. */
async function prepareUpper(engine: Engine, part: {readonly box: string; readonly upper: string; readonly ownership: Ownership}, signal: AbortSignal): Promise<void> {
  const name = `${part.box}-prepare`;
  const settings = helperSettings({
    image: engine.helperImage,
    argv: ['/bin/sh', '-c', `mkdir /volume/upper /volume/work && chown ${boxUser} /volume/upper /volume/work`],
    mounts: [{volume: part.upper, target: '/volume', readOnly: false}],
    capabilities: ['CHOWN'],
  });
  try {
    await createContainer(engine, {name, labels: makeLabels(part.ownership, 'helper', readMoment()), settings}, signal);
    await startContainer(engine, name, signal);
    const {exitCode} = await waitDead(engine, name, signal);
    if (exitCode !== 0) throw new AppError('ENGINE_FAILED', `The writable layer ${part.upper} could not be prepared (exit code ${exitCode}).`);
  } finally {
    await cleanUp((fresh) => removeContainer(engine, name, fresh));
  }
}

/** Creates a volume of the local driver. */
export async function createVolume(engine: Engine, volume: {readonly name: string; readonly labels: Record<string, string>; readonly overlay?: string}, signal: AbortSignal): Promise<void> {
  const driverOpts: Record<string, string> = volume.overlay === undefined ? {} : {type: 'overlay', device: 'overlay', o: volume.overlay};
  await engine.ask(`create volume ${volume.name}`, signal, (client, abortSignal) =>
    client.createVolume({Name: volume.name, Driver: 'local', DriverOpts: driverOpts, Labels: volume.labels, abortSignal}),
  );
}

/** What the engine knows of a volume, or undefined. */
export async function inspectVolume(engine: Engine, name: string, signal: AbortSignal) {
  return unlessGone(engine.ask(`inspect volume ${name}`, signal, (client, abortSignal) => client.getVolume(name).inspect({abortSignal})));
}
