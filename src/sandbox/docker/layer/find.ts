import {z} from 'zod';
import {AppError} from '../../../core/errors.js';
import type {FoundLayer} from '../../../core/sandbox.js';
import {factsOf, labelKeys, layersOf} from '../../labels.js';
import type {Engine} from '../engine-call.js';
import {inspectVolume} from '../volume.js';

/** A complete layer as the engine has it. */
export interface Layer {
  /** The volume that holds it. */
  readonly volume: string;
  /** Directory of that volume on the engine's host. */
  readonly directory: string;
  /** Folders of the workspace that it makes up. */
  readonly folders: readonly string[];
}

const Folders = z.array(z.string());

/** A complete layer, or undefined. Its name is that of an empty volume, which is made last and says which volume holds it. */
export async function findLayer(engine: Engine, name: string, signal: AbortSignal): Promise<Layer | undefined> {
  const labels = (await inspectVolume(engine, name, signal))?.Labels as Readonly<Record<string, string>> | null | undefined;
  const volume = labels?.[labelKeys.volume];
  if (labels?.[labelKeys.layer] !== name || volume === undefined) return undefined;
  const held = await inspectVolume(engine, volume, signal);
  // One that was made again by a mount of its name is empty, and has no labels.
  if ((held?.Labels as Readonly<Record<string, string>> | null | undefined)?.[labelKeys.layer] !== name) return undefined;
  return held && {volume, directory: held.Mountpoint, folders: readFolders(labels[labelKeys.folders])};
}

function readFolders(text = '[]'): readonly string[] {
  try {
    return Folders.parse(JSON.parse(text));
  } catch {
    throw new AppError('ENGINE_FAILED', 'The label of a dependency layer is damaged.', {hint: '`bulkhead clean` removes the layer; the next run makes it anew.'});
  }
}

/** The same of several, the topmost first. Throws ENGINE_FAILED when one of them is not there. */
export async function findLayers(engine: Engine, names: readonly string[], signal: AbortSignal): Promise<readonly Layer[]> {
  return Promise.all(
    names.map(async (name) => {
      const found = await findLayer(engine, name, signal);
      if (found === undefined) throw new AppError('ENGINE_FAILED', `The dependency layer ${name} is not on the engine any more.`, {hint: 'It was removed while it was needed. `bulkhead resume` makes it again.'});
      return found;
    }),
  );
}

/** Every layer, and what is left of those that were never completed. */
export async function listLayers(engine: Engine, signal: AbortSignal): Promise<readonly FoundLayer[]> {
  const volumes = await labelled(engine, labelKeys.layer, signal);
  const users = await labelled(engine, labelKeys.layers, signal);
  const needing = (name: string): readonly string[] => users.filter(({Labels}) => layersOf(Labels).includes(name)).map(({Name}) => Name);
  const marks = volumes.filter(({Name, Labels}) => Labels[labelKeys.layer] === Name);
  const held = new Set(marks.map(({Labels}) => Labels[labelKeys.volume]));
  const facts = ({Name, Labels}: (typeof volumes)[number]) => ({name: Name, owner: Labels[labelKeys.owner] ?? '', born: factsOf(Labels).born});
  return [
    ...marks.map((mark): FoundLayer => ({...facts(mark), complete: true, usedBy: needing(mark.Name)})),
    ...volumes.filter((volume) => !marks.includes(volume) && !held.has(volume.Name)).map((volume): FoundLayer => ({...facts(volume), complete: false, usedBy: []})),
  ];
}

/** What needs a layer at this moment. */
export async function usersOf(engine: Engine, name: string, signal: AbortSignal): Promise<readonly string[]> {
  return (await labelled(engine, labelKeys.layers, signal)).filter(({Labels}) => layersOf(Labels).includes(name)).map(({Name}) => Name);
}

async function labelled(engine: Engine, label: string, signal: AbortSignal) {
  const listed = await engine.ask('list volumes', signal, (client, abortSignal) => client.listVolumes({filters: {label: [label]}, abortSignal}));
  // The engine's own type is wrong here: without a volume the list is null.
  return (listed.Volumes as typeof listed.Volumes | null) ?? [];
}
