import {readFileSync} from 'node:fs';
import {bootText, lifetimeMs, parseMoment, type Moment} from '../core/moment.js';
import {diskDefaults, type BoxLimits, type Leftover, type Ownership, type WorkspaceNames} from '../core/sandbox.js';

/** The labels that everything of ours on an engine carries; `clean` finds things by them and never by a name. */
export const labelKeys = {
  run: 'dev.bulkhead.run',
  owner: 'dev.bulkhead.owner',
  /** ISO time after which a sweep may take it for abandoned. */
  expires: 'dev.bulkhead.expires',
  /** Boot id and seconds since the boot at its creation: an age that no clock can jump over. */
  born: 'dev.bulkhead.born',
  kind: 'dev.bulkhead.kind',
  /** On snapshots: what the volume was filled from. */
  content: 'dev.bulkhead.content',
  /** On snapshots that are the difference to another one: its name. */
  over: 'dev.bulkhead.over',
  /** On the volumes of a specialist's box: its name, and the snapshot under it. */
  box: 'dev.bulkhead.box',
  snapshot: 'dev.bulkhead.snapshot',
  /** On a box: how much it may write, `MEBIBYTES INODES`, for a process that finds it running. */
  disk: 'dev.bulkhead.disk',
  /** On the volumes of a layer, which belong to no run and do not carry its label: the layer's name. */
  layer: 'dev.bulkhead.layer',
  /** On the mark of a complete layer: the volume that holds it, and its folders as a JSON list. */
  volume: 'dev.bulkhead.volume',
  folders: 'dev.bulkhead.folders',
  /** On whatever needs layers: their names, the topmost first, with commas between them. */
  layers: 'dev.bulkhead.layers',
  /** On volumes that are memory of a container (Podman): its name. */
  memoryOf: 'dev.bulkhead.memory-of',
} as const;

/** What a labelled object is for. `scratch`: volumes whose content is nobody's work. */
export type ObjectKind = 'box' | 'process' | 'helper' | 'snapshot' | 'upper' | 'workspace' | 'scratch' | 'layer';

/** The labels of one new object. `now` is the moment of its creation. */
export function makeLabels(ownership: Ownership, kind: ObjectKind, now: Moment): Record<string, string> {
  const born = bootText(now);
  return {
    [labelKeys.run]: ownership.runId,
    [labelKeys.owner]: ownership.owner,
    [labelKeys.expires]: new Date(now.at.getTime() + lifetimeMs).toISOString(),
    [labelKeys.kind]: kind,
    ...(born === undefined ? {} : {[labelKeys.born]: born}),
  };
}

/** The labels of a volume in which a specialist's work lies: also where it is, so that it can be exported without a journal. */
export function makeWorkLabels(ownership: Ownership, kind: 'upper' | 'workspace', {names, now}: {readonly names: WorkspaceNames; readonly now: Moment}): Record<string, string> {
  return {...makeLabels(ownership, kind, now), [labelKeys.box]: names.box, [labelKeys.snapshot]: names.snapshot};
}

/** The label of a box that says how much it may write. */
export function diskLabel({diskMiB = diskDefaults.diskMiB, inodes = diskDefaults.inodes}: Partial<BoxLimits>): Record<string, string> {
  return {[labelKeys.disk]: `${diskMiB} ${inodes}`};
}

/** How much a box may write by its labels; nothing that is readable: the defaults hold. */
export function diskLimitsOf(labels: Labels): Pick<BoxLimits, 'diskMiB' | 'inodes'> {
  const [, diskMiB, inodes] = /^(\d{1,12}) (\d{1,12})$/.exec(labels?.[labelKeys.disk] ?? '') ?? [];
  return diskMiB === undefined || inodes === undefined ? {} : {diskMiB: Number(diskMiB), inodes: Number(inodes)};
}

/** The labels of a volume of a layer: no run's, so that the end of none takes it along. */
export function makeLayerLabels(layer: string, owner: string, now: Moment): Record<string, string> {
  const {[labelKeys.run]: _, ...rest} = makeLabels({runId: '', owner}, 'layer', now);
  return {...rest, [labelKeys.layer]: layer};
}

/** The label that says which layers something needs; none for none. */
export function layersLabel(layers: readonly string[] = []): Record<string, string> {
  return layers.length === 0 ? {} : {[labelKeys.layers]: layers.join(',')};
}

/** The layers that something needs, by its labels. */
export function layersOf(labels: Labels): readonly string[] {
  const text = labels?.[labelKeys.layers] ?? '';
  return text === '' ? [] : text.split(',');
}

type Labels = Readonly<Record<string, string>> | null | undefined;

/** The owner in the labels of an object, or undefined when it is not ours. */
export function ownershipOf(labels: Labels): Ownership | undefined {
  const runId = labels?.[labelKeys.run];
  if (runId === undefined) return undefined;
  return {runId, owner: labels?.[labelKeys.owner] ?? ''};
}

/** What the labels of an object of ours say besides. */
export function factsOf(labels: Labels): Pick<Leftover, 'born' | 'work'> {
  const expires = Date.parse(labels?.[labelKeys.expires] ?? '');
  const box = labels?.[labelKeys.box];
  const snapshot = labels?.[labelKeys.snapshot];
  const holdsWork = ['upper', 'workspace'].includes(labels?.[labelKeys.kind] ?? '');
  const named = box !== undefined && snapshot !== undefined && objectName.test(box) && objectName.test(snapshot);
  return {
    born: Number.isNaN(expires) ? undefined : parseMoment(labels?.[labelKeys.born], new Date(expires - lifetimeMs)),
    work: !holdsWork ? undefined : named ? {box, snapshot} : 'unknown',
  };
}

/** What an engine takes for a name (moby: daemon/names). */
const objectName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;

/** This moment by the clocks of this machine; where there is no /proc, by the wall clock alone. */
export function readMoment(): Moment {
  const boot = read('/proc/sys/kernel/random/boot_id')?.slice(0, 8);
  const uptime = Number(read('/proc/uptime')?.split(' ')[0] ?? Number.NaN);
  const known = boot !== undefined && /^[0-9a-f]{8}$/.test(boot) && Number.isFinite(uptime);
  return known ? {boot, uptimeS: uptime, at: new Date()} : {boot: undefined, uptimeS: undefined, at: new Date()};
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
