import {labelKeys} from '../labels.js';
import type {ContainerSpec} from './attach.js';
import type {Engine} from './engine-call.js';

/**
 * What Podman's form of the API leaves out: a memory-backed place that belongs to somebody. Each becomes a volume that
 * is mounted while its container runs.
 */
export interface MemoryVolume {
  readonly name: string;
  readonly target: string;
  /** Options of the kernel's tmpfs. */
  readonly mountOptions: string;
  /** Options of the mount inside the container. */
  readonly flags: string;
}

/**
 * Processes of the box's user over all boxes. Podman sets this limit to about a million when nobody names it, which an
 * engine without CAP_SYS_RESOURCE may not (seen on 4.3.1); a box has its own limit of processes besides.
 */
const userProcesses = 32_768;
/** The kernel counts a tmpfs in pages. Where they are larger than this, the memory of the box is the tighter limit. */
const pagesPerMiB = 256;

/** The settings of a container in the words of Podman, and the volumes that they need. Pure. */
export function podmanSettings({name, settings}: Pick<ContainerSpec, 'name' | 'settings'>): {readonly settings: ContainerSpec['settings']; readonly volumes: readonly MemoryVolume[]} {
  const {HostConfig: host} = settings;
  const places = Object.entries(host.Tmpfs);
  const owned = places.filter(([, options]) => options.includes('uid='));
  const volumes = owned.map(([target, options], index) => memoryVolume(`${name}-memory${index}`, target, options));
  const Ulimits = [...host.Ulimits, {Name: 'nproc', Soft: userProcesses, Hard: userProcesses}];
  const Tmpfs = Object.fromEntries(places.filter((place) => !owned.includes(place)));
  const Binds = volumes.map((volume) => `${volume.name}:${volume.target}:${volume.flags}`);
  return {settings: {...settings, HostConfig: {...host, Ulimits, Tmpfs, Binds: Binds as never[]}}, volumes};
}

/** `size` cannot be said: Podman takes it for a disk quota, which most file systems refuse (seen on 4.3.1). */
function memoryVolume(name: string, target: string, options: string): MemoryVolume {
  const words = options.split(',');
  const mountOptions = words.flatMap((word) => {
    const [key, value = ''] = word.split('=');
    if (key === 'size') return [`nr_blocks=${Number(value.replace(/m$/, '')) * pagesPerMiB}`];
    return key === 'uid' || key === 'gid' || key === 'mode' ? [word] : [];
  });
  return {name, target, mountOptions: mountOptions.join(','), flags: words.filter((word) => ['rw', 'exec', 'noexec', 'nosuid', 'nodev'].includes(word)).join(',')};
}

/** Makes the volumes of {@link podmanSettings}; they carry the name of their container. */
export async function createMemoryVolumes(engine: Engine, part: {readonly container: string; readonly labels: ContainerSpec['labels']; readonly volumes: readonly MemoryVolume[]}, signal: AbortSignal): Promise<void> {
  const labels = {...part.labels, [labelKeys.kind]: 'scratch', [labelKeys.memoryOf]: part.container};
  for (const {name, mountOptions} of part.volumes) {
    await engine.ask(`create volume ${name}`, signal, (client, abortSignal) =>
      client.createVolume({Name: name, Driver: 'local', DriverOpts: {type: 'tmpfs', device: 'tmpfs', o: mountOptions}, Labels: labels, abortSignal}),
    );
  }
}

/** The names of the volumes that were made for a container; none on Docker. */
export async function memoryVolumesOf(engine: Engine, container: string, signal: AbortSignal): Promise<readonly string[]> {
  if (!(await engine.isPodman(signal))) return [];
  const filters = {label: [`${labelKeys.memoryOf}=${container}`]};
  const {Volumes: found} = await engine.ask('list volumes', signal, (client, abortSignal) => client.listVolumes({filters, abortSignal}));
  // The engine's own type is wrong here: without a volume the list is null.
  return ((found as typeof found | null) ?? []).map((volume) => volume.Name);
}
