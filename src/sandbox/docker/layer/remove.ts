import {AppError} from '../../../core/errors.js';
import {labelKeys} from '../../labels.js';
import {isStatus, type Engine} from '../engine-call.js';
import {createVolume, inspectVolume} from '../volume.js';
import {findLayer, usersOf} from './find.js';

/**
 * Removes a layer, or a volume that was being filled. False when something needs it. Its mark goes first, then its users
 * are looked for once more: whoever needs a layer says so before looking for the mark, so one of the two sees the other.
 */
export async function removeLayer(engine: Engine, name: string, signal: AbortSignal): Promise<boolean> {
  const mark = await inspectVolume(engine, name, signal);
  if (mark === undefined) return true;
  const labels = mark.Labels as Readonly<Record<string, string>> | null;
  refuseForeign(name, labels ?? {});
  const volume = labels?.[labelKeys.volume];
  if (volume === undefined) return drop(engine, name, signal);
  if ((await usersOf(engine, name, signal)).length > 0) return false;
  await drop(engine, name, signal);
  if ((await usersOf(engine, name, signal)).length > 0) {
    await createVolume(engine, {name, labels: {...labels}}, signal);
    return false;
  }
  return drop(engine, volume, signal);
}

/** Removes a mark without a layer, whoever needs it: {@link findLayer} did not find what it says. */
export async function removeStaleMark(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  const mark = await inspectVolume(engine, name, signal);
  if (mark === undefined) return;
  const labels = mark.Labels as Readonly<Record<string, string>> | null;
  refuseForeign(name, labels ?? {});
  // Another run may have finished it meanwhile.
  if ((await findLayer(engine, name, signal)) === undefined) await drop(engine, name, signal);
}

function refuseForeign(name: string, labels: Readonly<Record<string, string>>): void {
  if (labels[labelKeys.layer] === undefined) throw new AppError('ENGINE_FAILED', `The volume ${name} is no layer of Bulkhead, so it is left alone; it is in the way.`, {hint: 'Rename or remove it yourself.'});
}

/** False when a container has it. */
async function drop(engine: Engine, volume: string, signal: AbortSignal): Promise<boolean> {
  try {
    await engine.ask(`remove volume ${volume}`, signal, (client, abortSignal) => client.getVolume(volume).remove({abortSignal}));
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return true;
    if (isStatus(error, 409)) return false;
    throw error;
  }
}
