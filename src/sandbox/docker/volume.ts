import {AppError} from '../../core/errors.js';
import {unlessGone, type Engine} from './engine-call.js';

/** A volume that is to be made with the local driver. */
export interface VolumeSpec {
  readonly name: string;
  readonly labels: Record<string, string>;
  /** Makes it a view: an overlay, mounted while a container uses it. */
  readonly overlay?: OverlayLayers;
}

/** Directories of the engine's host. The first of `lower` is on top; without `upper` nothing can be written. */
export interface OverlayLayers {
  readonly lower: readonly string[];
  readonly upper?: {readonly directory: string; readonly work: string};
}

/** Creates a volume and gives the directory in which it lies on the engine's host. One of that name that is there already stays as it is. */
export async function createVolume(engine: Engine, {name, labels, overlay}: VolumeSpec, signal: AbortSignal): Promise<string> {
  const keep = overlay !== undefined && (await engine.isPodman(signal)) ? [keepOwner] : [];
  const driverOpts: Record<string, string> = overlay === undefined ? {} : {type: 'overlay', device: 'overlay', o: [...overlayOptions(overlay), ...keep].join(',')};
  await engine.ask(`create volume ${name}`, signal, (client, abortSignal) => client.createVolume({Name: name, Driver: 'local', DriverOpts: driverOpts, Labels: labels, abortSignal}));
  const made = await inspectVolume(engine, name, signal);
  if (made === undefined) throw new AppError('ENGINE_FAILED', `The volume ${name} vanished.`);
  return made.Mountpoint;
}

/** What the engine knows of a volume, or undefined. */
export async function inspectVolume(engine: Engine, name: string, signal: AbortSignal) {
  return unlessGone(engine.ask(`inspect volume ${name}`, signal, (client, abortSignal) => client.getVolume(name).inspect({abortSignal})));
}

/**
 * Metacopy, redirects and the index are off, so that the writable layer holds every changed file whole. They matter to
 * a layer that is written: a kernel refuses some of them for a view.
 */
function overlayOptions({lower, upper}: OverlayLayers): readonly string[] {
  const layers = `lowerdir=${lower.map(overlayPath).join(':')}`;
  if (upper === undefined) return [layers];
  return [layers, `upperdir=${overlayPath(upper.directory)}`, `workdir=${overlayPath(upper.work)}`, 'metacopy=off', 'redirect_dir=off', 'index=off'];
}

/**
 * Podman gives the root of a volume to the user of its first container, who could then rename the workspace; it does not
 * where a `uid` is among the options. To mount(8), which it calls, this one is a comment: `x-` options are for others,
 * and in quotes a comma is no end (seen with 4.3.1).
 */
const keepOwner = 'x-bulkhead="owner,uid=0,stays"';

/** A path of the engine's own, as an overlay option can carry it. */
function overlayPath(path: string): string {
  if (/^\/[^,:\\]*$/.test(path)) return path;
  throw new AppError('ENGINE_UNFIT', `The engine keeps volumes under a path that an overlay mount cannot name: ${path}`);
}
