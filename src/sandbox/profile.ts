import {dirname} from 'node:path/posix';
import {toolsPath, workspacePath, type BoxLimits, type BoxProfile, type BoxRequest} from '../core/sandbox.js';

/**
 * The unprivileged user of everything that runs in a box, by profile: no user of the host, and never root. They differ, so
 * that what an agent's box leaves as its own (a process, a file in a shared layer) is never the code under test's. Our
 * images know both by name (`images/base`).
 */
export const boxUids: Readonly<Record<BoxProfile, number>> = {agent: 10001, verify: 10002};
/** The group of both: a shared layer whose files a group may write can be written by either. */
export const boxGid = 10001;

/** User and group of a profile, as the engine wants them. */
export function userOf(profile: BoxProfile): string {
  return `${boxUids[profile]}:${boxGid}`;
}
/** Where the overlay is mounted that holds the workspace. */
export const overlayTarget = dirname(workspacePath);

/** What a profile must know of an image; read from the engine. */
export interface ImageFacts {
  /** Paths that the image declares as VOLUME. */
  readonly volumes: readonly string[];
  /** Whether the image sets PATH itself. */
  readonly hasPath: boolean;
}

/** A volume of ours in a container. */
export interface VolumeMount {
  readonly volume: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** What is the same in no two containers. */
export interface ContainerPart {
  readonly image: string;
  readonly user: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly limits: BoxLimits;
  readonly mounts: readonly VolumeMount[];
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Capabilities on top of none. */
  readonly capabilities: readonly string[];
  /** The engine's name of the runtime, such as `runsc`; undefined: the engine's default. */
  readonly runtime?: string | undefined;
  /** The engine's default network, for a box that fetches; default: none. */
  readonly network?: 'bridge' | undefined;
}

const mebibyte = 1024 * 1024;

/**
 * The settings of every container of ours, as the engine's API wants them. Pure; made
 * anew for each call, because the client library changes what it is given.
 */
export function containerSettings(part: ContainerPart) {
  return {
    Image: part.image,
    User: part.user,
    // Entrypoint, command, directory and health check of the image are code paths of a stranger: all are ours.
    Entrypoint: [part.argv[0] ?? '/bin/sh'],
    Cmd: part.argv.slice(1),
    WorkingDir: '/',
    Healthcheck: {Test: ['NONE']},
    Hostname: 'box',
    Env: [...part.env],
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    OpenStdin: false,
    StopTimeout: 2,
    HostConfig: {
      ...isolation(part),
      ...ceilings(part.limits),
      Tmpfs: {...part.tmpfs},
      Mounts: part.mounts.map(mountSettings),
    },
  };
}

function isolation(part: ContainerPart) {
  return {
    // Only `lo`: nothing to leave by and nothing to be reached by. The one exception is the box that fetches
    // dependencies: in it runs a package manager over manifests that were checked, and nothing of a repository.
    NetworkMode: part.network ?? 'none',
    // No capability, and no way to one by a setuid file. Seccomp and AppArmor stay the engine's defaults: naming them
    // could only loosen them; the same holds for masked and read-only paths.
    CapDrop: ['ALL'],
    CapAdd: [...part.capabilities],
    SecurityOpt: ['no-new-privileges:true'],
    Privileged: false,
    // Nothing of the image can be changed, so every exec finds the same /bin/sh.
    ReadonlyRootfs: true,
    // No path of the host, no device, no volume of another container.
    Binds: [],
    VolumesFrom: [],
    Devices: [],
    DeviceRequests: [],
    GroupAdd: [],
    // Namespaces of its own; an empty string is the engine's own "private".
    IpcMode: 'private',
    PidMode: '',
    UTSMode: '',
    UsernsMode: '',
    CgroupnsMode: 'private',
    // Reaps orphans, which would otherwise use up the limit of processes.
    Init: true,
    // Output is read by attaching; a log file of the engine would grow without a limit on the host's disk.
    LogConfig: {Type: 'none', Config: {}},
    // The exit state is read from the dead container, so it must neither come back nor vanish by itself.
    RestartPolicy: {Name: 'no'},
    AutoRemove: false,
    // A kernel of its own (gVisor) where the user wants one; left out, the engine's default holds.
    ...(part.runtime === undefined ? {} : {Runtime: part.runtime}),
  };
}

function ceilings(limits: BoxLimits) {
  const memory = limits.memoryMiB * mebibyte;
  return {
    Memory: memory,
    // Equal to the memory: no escape into swap.
    MemorySwap: memory,
    OomKillDisable: false,
    // The kernel ends boxes before it ends anything of the host.
    OomScoreAdj: 500,
    NanoCpus: Math.round(limits.cpus * 1e9),
    // Half the default weight: the host stays usable while boxes are busy.
    CpuShares: 512,
    // Ends fork bombs. Not the nproc limit: that one counts per user over all containers.
    PidsLimit: limits.pids,
    ShmSize: 64 * mebibyte,
    Ulimits: [
      {Name: 'nofile', Soft: 4096, Hard: 4096},
      // No core dumps on the host's disk.
      {Name: 'core', Soft: 0, Hard: 0},
      // One file cannot fill the disk.
      {Name: 'fsize', Soft: 2 * 1024 * mebibyte, Hard: 2 * 1024 * mebibyte},
      {Name: 'memlock', Soft: 0, Hard: 0},
    ],
  };
}

function mountSettings(mount: VolumeMount) {
  return {
    Type: 'volume' as const,
    Source: mount.volume,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    // Without NoCopy the engine fills an empty volume with what the image has at that path.
    VolumeOptions: {NoCopy: true, Labels: {}, DriverConfig: {Name: 'local', Options: {}}},
  };
}

/** What a box gets besides its request: found by the adapter. */
export interface BoxParts {
  readonly facts: ImageFacts;
  readonly workVolume: string;
  /** The volume with what is ours: the snapshot, or the one that it lies over; undefined: nothing of ours is needed. */
  readonly toolsVolume: string | undefined;
  readonly argv: readonly string[];
  readonly runtime?: string | undefined;
  readonly network?: 'bridge' | undefined;
}

/**
 * The settings of a box. The profiles differ in the user alone: all walls are the same, for an agent's tools and the code
 * under test are equally hostile. Runner and code under test still share that user within one box: a result stream is
 * protected there by its parent process alone.
 */
export function boxSettings(request: Pick<BoxRequest, 'image' | 'limits' | 'env' | 'profile'>, parts: BoxParts) {
  const mounts = [
    {volume: parts.workVolume, target: overlayTarget, readOnly: false},
    ...(parts.toolsVolume === undefined ? [] : [{volume: parts.toolsVolume, target: toolsPath, readOnly: true}]),
  ];
  return containerSettings({
    image: request.image.id,
    user: userOf(request.profile),
    argv: parts.argv,
    env: boxEnv(request.env, parts.facts),
    limits: request.limits,
    mounts,
    tmpfs: {...imageVolumes(parts.facts.volumes, request.profile), ...scratch(request.limits, request.profile)},
    capabilities: [],
    runtime: parts.runtime,
    network: parts.network,
  });
}

/** Variables of the image stay (its tools may need them); of the host there are none. */
function boxEnv(wanted: Readonly<Record<string, string>>, facts: ImageFacts): readonly string[] {
  const path = facts.hasPath ? {} : {PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'};
  return Object.entries({...path, HOME: '/home/agent', LANG: 'C.UTF-8', TZ: 'UTC', ...wanted}).map(([name, value]) => `${name}=${value}`);
}

/**
 * Memory-backed places to write, counted against the box's memory. They are owned by the box's user: on a path that
 * the image has, the engine ignores `mode` and takes the image's (measured on Engine 20.10). `exec`, because
 * native helpers are unpacked there.
 */
function scratch(limits: BoxLimits, profile: BoxProfile): Readonly<Record<string, string>> {
  const owner = ownerOf(profile);
  const half = Math.max(1, Math.floor(limits.memoryMiB / 2));
  const quarter = Math.max(1, Math.floor(limits.memoryMiB / 4));
  return {
    '/tmp': `rw,exec,nosuid,nodev,${owner},mode=1777,size=${half}m`,
    // Output of running commands is here.
    '/run': `rw,noexec,nosuid,nodev,${owner},mode=755,size=${quarter}m`,
    '/home/agent': `rw,exec,nosuid,nodev,${owner},mode=755,size=${quarter}m`,
  };
}

function ownerOf(profile: BoxProfile): string {
  return `uid=${boxUids[profile]},gid=${boxGid}`;
}

/** A VOLUME of an image would be an anonymous volume: writable and unlimited on the host's disk. A small tmpfs takes its place. */
function imageVolumes(volumes: readonly string[], profile: BoxProfile): Readonly<Record<string, string>> {
  const ours = [overlayTarget, workspacePath, toolsPath];
  return Object.fromEntries(
    volumes.map((path) => path.replace(/\/+$/, '')).filter((path) => !ours.includes(path)).map((path) => [path, `rw,noexec,nosuid,nodev,${ownerOf(profile)},mode=755,size=16m`]),
  );
}

/** Why an image cannot carry a workspace, or undefined: a volume inside what we mount would hide what is there, and lose what is written. */
export function imageProblem(facts: ImageFacts): string | undefined {
  const inside = facts.volumes.map((path) => path.replace(/\/+$/, '')).find((path) => [overlayTarget, toolsPath].some((ours) => path.startsWith(`${ours}/`)));
  return inside === undefined ? undefined : `declares a volume at ${inside}, where Bulkhead puts the work`;
}

/** Ceilings of our own helper containers: git indexing a large pack is the hungriest of them. */
export const helperLimits: BoxLimits = {memoryMiB: 2048, cpus: 2, pids: 128};

/** The settings of a helper: our image, our script, root without capabilities but the ones named. */
export function helperSettings(part: Pick<ContainerPart, 'image' | 'argv' | 'mounts' | 'capabilities'>) {
  return containerSettings({
    ...part,
    user: '0:0',
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/tmp', 'LANG=C.UTF-8', 'GIT_CONFIG_NOSYSTEM=1', 'GIT_CONFIG_GLOBAL=/dev/null'],
    limits: helperLimits,
    tmpfs: {'/tmp': 'rw,noexec,nosuid,nodev,mode=1777,size=64m'},
  });
}
