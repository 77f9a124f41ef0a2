import {escapeText} from '../../core/escape.js';
import {AppError} from '../../core/errors.js';
import type {LockedImage} from '../../core/sandbox.js';
import type {ImageFacts} from '../profile.js';
import {unlessGone, type Engine} from './engine-call.js';

/** Characters of an image reference (distribution specification, "reference"); it becomes a part of the engine's URL. */
const referenceForm = /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$/;

/** Looks an image up and locks it by content. `ours` is the full name when `reference` is a bare name of ours. Throws IMAGE_MISSING. */
export async function lockImage(engine: Engine, request: {readonly reference: string; readonly ours: string | undefined}, signal: AbortSignal): Promise<LockedImage> {
  const name = request.ours ?? request.reference;
  if (!referenceForm.test(name) || name.split('/').includes('..')) {
    throw new AppError('IMAGE_MISSING', `This is not the name of an image: ${escapeText(name)}`, {hint: 'Correct `image:` in the manifest.'});
  }
  const info = await inspectImage(engine, name, signal);
  if (info === undefined) {
    const hint = request.ours === undefined ? `Get it with \`docker pull ${name}\`.` : 'Build it with `bulkhead setup`.';
    throw new AppError('IMAGE_MISSING', `The image ${name} is not on the engine.`, {hint});
  }
  return {reference: request.reference, id: info.Id, digest: info.RepoDigests[0], diffIds: info.RootFS.Layers ?? []};
}

/** What a profile must know of a locked image. Throws IMAGE_MISSING when it was removed since. */
export async function imageFacts(engine: Engine, image: LockedImage, signal: AbortSignal): Promise<ImageFacts> {
  const info = await inspectImage(engine, image.id, signal);
  if (info === undefined) throw new AppError('IMAGE_MISSING', `The image ${image.reference} (${image.id}) is not on the engine any more.`);
  // The engine leaves out or nulls what an image does not have; its types do not say so.
  const config = info.Config as {readonly Volumes?: Readonly<Record<string, unknown>> | null; readonly Env?: readonly string[] | null} | null | undefined;
  return {volumes: Object.keys(config?.Volumes ?? {}), hasPath: (config?.Env ?? []).some((entry) => entry.startsWith('PATH='))};
}

function inspectImage(engine: Engine, name: string, signal: AbortSignal) {
  return unlessGone(engine.ask(`inspect image ${name}`, signal, (client) => client.getImage(name).inspect()));
}
