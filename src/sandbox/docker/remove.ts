import {AppError} from '../../core/errors.js';
import type {Leftover, WorkspaceNames} from '../../core/sandbox.js';
import {factsOf, labelKeys, ownershipOf} from '../labels.js';
import {isStatus, pause, unlessGone, type Engine} from './engine-call.js';
import {memoryVolumesOf} from './podman.js';

/** How long a removal that the engine refuses for the moment (409: still in use, already under way) is tried again. */
const retryMs = 15_000;

/**
 * The volumes of a box: what it writes, what the overlay needs beside that, the mounted view, and the view of the
 * snapshot alone for an export (where the snapshot is more than one volume).
 */
export function workspaceVolumes({box}: WorkspaceNames): Readonly<Record<'upper' | 'scratch' | 'work' | 'lower', string>> {
  return {upper: `${box}-upper`, scratch: `${box}-scratch`, work: `${box}-work`, lower: `${box}-lower`};
}

/** The exporter of a box, and its view of the snapshot where that is more than one volume. A preview has its own: an export may follow at once. */
export function exporterParts(names: WorkspaceNames, what: 'export' | 'preview'): {readonly name: string; readonly lower: string} {
  return what === 'export' ? {name: `${names.box}-export`, lower: workspaceVolumes(names).lower} : {name: `${names.box}-preview`, lower: `${names.box}-seen`};
}

/** What belongs to a snapshot besides its volume: the mark that it is complete, and what only its filling needs. */
export function snapshotParts(snapshot: string): Readonly<Record<'done' | 'helper' | 'scratch' | 'merged', string>> {
  return {done: `${snapshot}-done`, helper: `${snapshot}-fill`, scratch: `${snapshot}-scratch`, merged: `${snapshot}-merged`};
}

/** Removes a container of ours with all its processes; nothing there is fine. Throws ENGINE_FAILED when the name belongs to someone else. */
export async function removeContainer(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  const found = await unlessGone(engine.ask(`inspect container ${name}`, signal, (client, abortSignal) => client.getContainer(name).inspect({abortSignal})));
  if (found !== undefined) {
    refuseForeign('container', name, found.Config.Labels);
    await untilGone(signal, () => engine.ask(`remove container ${name}`, signal, (client, abortSignal) => client.getContainer(found.Id).remove({force: true, v: true, abortSignal})));
  }
  for (const volume of await memoryVolumesOf(engine, name, signal)) await removeVolume(engine, volume, signal);
}

/** Removes a volume of ours; nothing there is fine. Throws ENGINE_FAILED when the name belongs to someone else. */
export async function removeVolume(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  const found = await unlessGone(engine.ask(`inspect volume ${name}`, signal, (client, abortSignal) => client.getVolume(name).inspect({abortSignal})));
  if (found === undefined) return;
  refuseForeign('volume', name, found.Labels);
  await untilGone(signal, () => engine.ask(`remove volume ${name}`, signal, (client, abortSignal) => client.getVolume(name).remove({abortSignal})));
}

async function removeNetwork(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  const found = await unlessGone(engine.ask(`inspect network ${name}`, signal, (client) => client.getNetwork(name).inspect()));
  if (found === undefined) return;
  refuseForeign('network', name, found.Labels);
  await untilGone(signal, () => engine.ask(`remove network ${name}`, signal, (client, abortSignal) => client.getNetwork(found.Id).remove({abortSignal})));
}

function refuseForeign(kind: string, name: string, labels: Readonly<Record<string, string>> | null | undefined): void {
  if (ownershipOf(labels) !== undefined) return;
  throw new AppError('ENGINE_FAILED', `The ${kind} ${name} was not made by Bulkhead, so it is left alone; it is in the way.`, {hint: 'Rename or remove it yourself.'});
}

async function untilGone(signal: AbortSignal, remove: () => Promise<unknown>): Promise<void> {
  for (let waited = 0, step = 50; ; waited += step, step = Math.min(step * 2, 1000)) {
    try {
      await remove();
      return;
    } catch (error) {
      if (isStatus(error, 404)) return;
      if (!isStatus(error, 409) || waited > retryMs) throw error;
    }
    await pause(step, signal);
  }
}

/** What reads a box and is gone when it has read, unless its process ended meanwhile. */
const readers = ['export', 'preview', 'count', 'hidden'] as const;

/** Removes container, mounted view and writable layer of a box, helpers included, in the order in which they use each other. */
export async function removeBox(engine: Engine, names: WorkspaceNames, signal: AbortSignal): Promise<void> {
  const {upper, scratch, work, lower} = workspaceVolumes(names);
  await Promise.all([names.box, ...readers.map((reader) => `${names.box}-${reader}`)].map((container) => removeContainer(engine, container, signal)));
  await Promise.all([work, lower, exporterParts(names, 'preview').lower].map((volume) => removeVolume(engine, volume, signal)));
  await Promise.all([upper, scratch].map((volume) => removeVolume(engine, volume, signal)));
}

/** Removes a snapshot; first its mark, so that half of one is never taken for a whole one. */
export async function removeSnapshot(engine: Engine, snapshot: string, signal: AbortSignal): Promise<void> {
  const {done, helper, scratch, merged} = snapshotParts(snapshot);
  await removeVolume(engine, done, signal);
  await removeContainer(engine, helper, signal);
  await removeVolume(engine, merged, signal);
  await Promise.all([scratch, snapshot].map((volume) => removeVolume(engine, volume, signal)));
}

/** Everything with our label: containers first, so that the volumes after them are free. */
export async function listLeftovers(engine: Engine, signal: AbortSignal): Promise<readonly Leftover[]> {
  const filters = (): {label: string[]} => ({label: [labelKeys.run]});
  const containers = await engine.ask('list containers', signal, (client, abortSignal) => client.listContainers({all: true, filters: filters(), abortSignal}));
  const volumes = await engine.ask('list volumes', signal, (client, abortSignal) => client.listVolumes({filters: filters(), abortSignal}));
  const networks = await engine.ask('list networks', signal, (client, abortSignal) => client.listNetworks({filters: filters(), abortSignal}));
  // The engine's own type is wrong here: without a volume the list is null.
  const volumeList = volumes.Volumes as typeof volumes.Volumes | null;
  return [
    ...containers.flatMap((item) => leftover('container', item.Names[0]?.replace(/^\//, '') ?? item.Id, item.Labels)),
    ...(volumeList ?? []).flatMap((item) => leftover('volume', item.Name, item.Labels)),
    ...networks.flatMap((item) => leftover('network', item.Name, item.Labels)),
  ];
}

function leftover(kind: Leftover['kind'], name: string, labels: Readonly<Record<string, string>> | null | undefined): readonly Leftover[] {
  const ownership = ownershipOf(labels);
  if (ownership === undefined) return [];
  const {born, work} = factsOf(labels);
  const says = work === undefined || work === 'unknown' || Object.values(workspaceVolumes(work)).includes(name);
  return [{kind, name, ...ownership, born, work: says ? work : 'unknown'}];
}

/** Removes one thing that {@link listLeftovers} named, if it still is there and still is ours. */
export async function removeLeftover(engine: Engine, item: Leftover, signal: AbortSignal): Promise<void> {
  switch (item.kind) {
    case 'container':
      return removeContainer(engine, item.name, signal);
    case 'volume':
      return removeVolume(engine, item.name, signal);
    case 'network':
      return removeNetwork(engine, item.name, signal);
  }
}
