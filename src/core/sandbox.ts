import type {Readable} from 'node:stream';
import type {Moment} from './moment.js';
import type {SeedFile, TreeContent} from './tree.js';

/**
 * Where the workspace is in a box. Its parent is the root of the overlay and belongs to root: the workspace itself can be
 * neither replaced nor removed from inside.
 */
export const workspacePath = '/box/workspace';
/** Where a box sees, read-only, what is ours: `tools/`, and the `harness/` of its snapshot. */
export const toolsPath = '/opt/bulkhead';

/** What the engine says of itself; for reports and `doctor`. */
export interface EngineFacts {
  /** Address that was used, for example `unix:///var/run/docker.sock`. */
  readonly address: string;
  readonly name: 'docker' | 'podman';
  readonly version: string;
  readonly apiVersion: string;
  readonly cgroupVersion: string;
  readonly storageDriver: string;
  readonly runtimes: readonly string[];
}

/** An image, locked by content at the start of a run. */
export interface LockedImage {
  /** What the user or the manifest wrote. */
  readonly reference: string;
  /** Engine-local id, `sha256:…`. Boxes are made from this, never from the reference. */
  readonly id: string;
  /** Registry digest `name@sha256:…`, where there is one. */
  readonly digest?: string | undefined;
  /** Ordered content ids of the layers: the same on every engine. */
  readonly diffIds: readonly string[];
}

/** Who owns what is made on the engine: goes into the labels that `clean` reads. */
export interface Ownership {
  readonly runId: string;
  /** The process that drives the run, as `processOwner` names it. */
  readonly owner: string;
}

/** Asks for a volume that holds a tree once, to be shared by many workspaces. */
export interface SnapshotRequest {
  /** Volume name; decided and journalled by the caller. */
  readonly name: string;
  readonly ownership: Ownership;
  /** Every file; with `over`, those that are new or other than there. */
  readonly files: AsyncIterable<TreeContent>;
  /** A git pack of everything that `commit` reaches (with `over`: what its commit does not); makes the workspace a git repository of its own. */
  readonly history?: History | undefined;
  /** Whose boxes write to it: the user of that profile owns the files. Default: `agent`. With `over`: that of that one. */
  readonly profile?: BoxProfile | undefined;
  /** Files of ours that a box sees read-only under {@link toolsPath}, for example a test reporter. With `over`: those of that one. */
  readonly harness?: readonly SeedFile[] | undefined;
  /** Makes it the difference to another snapshot, which must be complete and stay as long as this one. */
  readonly over?: {readonly snapshot: string; readonly deleted: readonly string[]} | undefined;
}

/** The past that a workspace gets. */
export interface History {
  readonly pack: Readable;
  readonly commit: string;
  /** Folders, relative to the workspace, that git is not to show as untracked. Default: none. */
  readonly exclude?: readonly string[] | undefined;
  /** Commits whose parents are not in the pack, because the history was not whole. With `over`: those of that one. Default: none. */
  readonly cuts?: readonly string[] | undefined;
}

/** Limits of a box. */
export interface BoxLimits {
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly pids: number;
  /** MiB of disk blocks in the box's own layer, deleted files that are still open included. Default: {@link diskDefaults}. */
  readonly diskMiB?: number | undefined;
  /** Files, folders, links and marks of deletion in the box's own layer. Default: {@link diskDefaults}. */
  readonly inodes?: number | undefined;
}

/**
 * What a box may write into its layer when nobody says otherwise. Two node_modules and a build fit; the number of files stays
 * below the entries that an import looks at (300,000), so that the work of a box that was ended for it can still be taken.
 */
export const diskDefaults = {diskMiB: 8192, inodes: 250_000} as const;

/** A limit whose breach ends a box as a whole: what was written does not go away with one process. */
export type DiskLimit = 'disk' | 'inodes';

/** What the layer of a box takes on the engine's disk. */
export interface DiskUse {
  /** Bytes of allocated blocks: a hole in a sparse file takes none, a file of many names counts once. */
  readonly bytes: number;
  readonly inodes: number;
}

/** What a living box uses, as the kernel counts it. */
export interface BoxStats {
  /** Milliseconds of processor time of all processes since the start, user and system. */
  readonly cpuMs: number;
  /** Bytes now, without file cache that can be given back at once. */
  readonly memoryBytes: number;
  /** Most bytes so far, file cache included; undefined: the engine does not tell. */
  readonly memoryPeakBytes: number | undefined;
  /** Processes and threads now. */
  readonly pids: number;
  /** What the box has written, as far as it was counted. */
  readonly disk: DiskUse & {
    /** False: counting stopped at the limits of the box, and there is more. */
    readonly complete: boolean;
  };
}

/** Names the volumes of one box: its writable layer and the mounted view; decided and journalled by the caller. */
export interface WorkspaceNames {
  /** The snapshot volume underneath. */
  readonly snapshot: string;
  /** Prefix of the volumes and the container of this box. */
  readonly box: string;
}

/** `agent`: a living box with a workspace. `verify`: the code under test, as another user; nothing survives it. */
export type BoxProfile = 'agent' | 'verify';

/** Asks for a box: network none, unprivileged, read-only root, the workspace at {@link workspacePath}. */
export interface BoxRequest {
  readonly names: WorkspaceNames;
  readonly ownership: Ownership;
  readonly image: LockedImage;
  readonly limits: BoxLimits;
  /** The whole environment besides PATH, HOME and locale; nothing of the host's. */
  readonly env: Readonly<Record<string, string>>;
  readonly profile: BoxProfile;
  /** Layers over the snapshot, the topmost first; each must have been made. Default: none. */
  readonly layers?: readonly string[] | undefined;
}

/**
 * Asks for a layer: folders of a workspace that one command fills, kept on the engine and shared by all runs. Its name
 * stands for everything that went into it; what the command leaves outside of its folders is thrown away.
 */
export interface LayerRequest {
  /** `bulkhead-layer-…`: by content, decided by the caller. While it is filled, its volume and container are named `<name>-<run>`. */
  readonly name: string;
  readonly ownership: Ownership;
  readonly image: LockedImage;
  readonly limits: BoxLimits;
  readonly from: LayerSource;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Folders of the workspace, relative to it, that make up the layer. */
  readonly folders: readonly string[];
  /** Most bytes kept of each of stdout and stderr. */
  readonly maxBytes: number;
}

/**
 * `files`: an otherwise empty workspace, on the engine's default network; `given` lies under {@link givenPath}, in
 * memory, and is gone with the container: nothing of it is in a setting, a volume or an image. `snapshot`: the tree and
 * the layers over it, the topmost first, without a network.
 */
export type LayerSource =
  | {readonly kind: 'files'; readonly files: readonly SeedFile[]; readonly given: Readonly<Record<string, string>>}
  | {readonly kind: 'snapshot'; readonly snapshot: string; readonly layers: readonly string[]};

/** Where the command of a layer finds what it was given. */
export const givenPath = '/run/bulkhead-given';

/** What became of a request for a layer. A command that failed leaves none. */
export type LayerResult =
  | {readonly state: 'there'}
  | {readonly state: 'made'; readonly durationMs: number}
  | {readonly state: 'failed'; readonly ended: EndedProcess; readonly stdout: Captured};

/** A layer on the engine, or what is left of one that was never completed. */
export interface FoundLayer {
  /** Of the layer; of a volume that was being filled when its process ended, that of the volume. */
  readonly name: string;
  readonly complete: boolean;
  /** The process that made it. */
  readonly owner: string;
  /** When it was made, by its labels; undefined: they do not say. */
  readonly born?: Moment | undefined;
  /** Names of the volumes that need it: workspaces, and what a run holds it by. */
  readonly usedBy: readonly string[];
}

/** One command in a box. */
export interface ExecRequest {
  /**
   * Name of the call, unique in this box, `[a-z0-9-]`: makes its outcome readable later by {@link Sandbox.recall},
   * also by another process after a crash of this one.
   */
  readonly id: string;
  readonly argv: readonly string[];
  readonly stdin?: Uint8Array | undefined;
  /** Relative to {@link workspacePath}; entered by a shell in the box, so a hostile link costs only the box. */
  readonly cwd?: string | undefined;
  readonly timeoutMs: number;
  /** Most bytes kept of each of stdout and stderr: the first and the last half. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What was kept of one output stream: head and tail, when it was longer than the cap. */
export interface Captured {
  readonly head: Uint8Array;
  /** Empty when nothing was cut. */
  readonly tail: Uint8Array;
  readonly totalBytes: number;
}

/** How a command ended. A failing command is a value, not an error. */
export interface ExecResult {
  /** 0-255; 128 + n for a signal; 124 when {@link timedOut}. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** Limits of the box that something in it ran into during the command, as the kernel counted; often why it failed. */
  readonly ranInto: readonly ('memory' | 'processes')[];
  readonly stdout: Captured;
  readonly stderr: Captured;
}

/** What is known of an earlier call: it never began, it is still running, or its result. */
export type Recalled = {readonly state: 'absent'} | {readonly state: 'running'} | {readonly state: 'done'; readonly result: ExecResult};

/** A living box of one specialist. Disposing it removes the container, never the workspace's volumes. */
export interface Sandbox extends AsyncDisposable {
  readonly name: string;
  /** Runs a command; ends its whole process group at the time limit. Throws ENGINE_FAILED when the box is dead. */
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Looks up a call by its id, for a resume. Throws ENGINE_FAILED when the box is dead. */
  recall(id: string, signal: AbortSignal): Promise<Recalled>;
  /** Kills every process and waits until the container is dead. The workspace stays. */
  stop(signal: AbortSignal): Promise<void>;
  /**
   * Holds every process still; commands wait from then on, while their time limits go on. On a paused box it does nothing.
   * Throws ENGINE_FAILED when the box is dead.
   */
  pause(signal: AbortSignal): Promise<void>;
  /** Lets the processes go on. On a box that is not paused it does nothing. */
  resume(signal: AbortSignal): Promise<void>;
  /** What it uses. The box stands still for a moment while its files are counted. Throws ENGINE_FAILED when the box is dead. */
  stats(signal: AbortSignal): Promise<BoxStats>;
}

/** Asks for a process in a living box beside its commands: a person's shell. */
export interface TerminalRequest {
  /** Name of the running box. */
  readonly box: string;
  /** Undefined: a shell, bash where the image has it. */
  readonly argv: readonly string[] | undefined;
  /** Gives it a terminal of that size, of the kind that `term` names; undefined: three plain streams. */
  readonly terminal: {readonly size: TerminalSize; readonly term: string} | undefined;
}

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A process of a person in a box. Disposing it ends the process with its children, and nothing else in the box. */
export interface BoxTerminal extends AsyncDisposable {
  /** What it prints, as it comes: hostile bytes. With a terminal, all of it is `stdout`. The reader sets the pace. */
  readonly output: AsyncIterable<{readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array}>;
  /** Types into it; settles when it was taken. What comes after its end is dropped. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends its input. */
  end(): void;
  resize(size: TerminalSize, signal: AbortSignal): Promise<void>;
  /** Its exit code, once {@link output} has ended: 0-255. Throws ENGINE_FAILED when nobody knows it. */
  exitCode(signal: AbortSignal): Promise<number>;
}

/**
 * One entry of the stream that the trusted exporter makes of a stopped box's workspace. `deleted` takes the path away
 * with everything below it, and comes before any other entry at or below that path.
 */
export type ExportEntry =
  | {readonly kind: 'file'; readonly path: Uint8Array; readonly executable: boolean; readonly size: number; readonly bytes: Uint8Array}
  | {readonly kind: 'symlink'; readonly path: Uint8Array; readonly target: Uint8Array}
  | {readonly kind: 'deleted'; readonly path: Uint8Array}
  | {readonly kind: 'special'; readonly path: Uint8Array; readonly what: string};

/**
 * One entry of a preview: what a *living* box has changed so far. Not an {@link ExportEntry}, and made so that it is none: a
 * preview can never become a submission, because the box goes on and may take everything back.
 */
export interface PreviewEntry {
  readonly preview: 'file' | 'executable' | 'symlink' | 'deleted' | 'special';
  readonly path: Uint8Array;
  /** Bytes of the file; 0 for everything else. */
  readonly size: number;
  /** Content of a file that is not over the cap, or target of a link. */
  readonly content?: Uint8Array | undefined;
}

/** Asks for one process as the main process of a fresh container that nothing survives. */
export interface ProcessRequest extends BoxRequest {
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  /** Called for each chunk of stdout as it comes; never called again after the promise has settled. */
  readonly onStdout: (chunk: Uint8Array) => void;
  /** Most bytes kept of stderr. */
  readonly maxStderrBytes: number;
}

/** How the main process of a dead container ended, as the engine saw it. */
export interface EndedProcess {
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly outOfMemory: boolean;
  /** The limit of what it may write for which it was ended; undefined, or absent: for none. */
  readonly overDisk?: DiskLimit | undefined;
  readonly stderr: Captured;
  readonly durationMs: number;
}

/** Something on the engine that carries our labels. */
export interface Leftover {
  readonly kind: 'container' | 'volume' | 'network';
  readonly name: string;
  readonly runId: string;
  readonly owner: string;
  /** When it was made, by its labels; undefined: they do not say. */
  readonly born?: Moment | undefined;
  /** On the volumes of a box in which a specialist worked: how to export what it did; `unknown` when the labels do not say how. */
  readonly work?: WorkspaceNames | 'unknown' | undefined;
}

/** The clocks that an age depends on. */
export interface Clocks {
  /** This machine, in the form in which labels have it. */
  readonly here: Moment;
  /** The engine's own wall clock; undefined: it does not say. */
  readonly engine: Date | undefined;
}

/** What our things take on the engine's disk, in bytes. */
export interface EngineUsage {
  readonly volumes: {readonly count: number; readonly bytes: number};
  /** The writable layers of containers. */
  readonly containers: {readonly count: number; readonly bytes: number};
  /** Things whose size the engine does not tell; they count as nothing above. */
  readonly unknown: number;
}

/**
 * A container engine, as much of it as Bulkhead uses. Disposing ends every connection, sessions in boxes included: boxes live
 * on, and this process can end.
 */
export interface SandboxEngine extends AsyncDisposable {
  facts(signal: AbortSignal): Promise<EngineFacts>;
  /** Looks an image up; never pulls. A bare name such as `node` means ours. Throws IMAGE_MISSING. */
  lockImage(reference: string, signal: AbortSignal): Promise<LockedImage>;
  /** Makes and fills a snapshot volume; an existing, complete one of that name is kept, an incomplete one refilled. */
  createSnapshot(request: SnapshotRequest, signal: AbortSignal): Promise<void>;
  /** Starts a box over a snapshot. Leftovers of the same name are removed first, workspace included. */
  startBox(request: BoxRequest, signal: AbortSignal): Promise<Sandbox>;
  /** The running box of that name, or undefined: for a resume. */
  findBox(name: string, signal: AbortSignal): Promise<Sandbox | undefined>;
  /** Whether the box of that name runs, paused or not. */
  isRunning(name: string, signal: AbortSignal): Promise<boolean>;
  /** Runs one process to its end in a container of its own and removes container and workspace. */
  runProcess(request: ProcessRequest, signal: AbortSignal): Promise<EndedProcess>;
  /** Whether a workspace of that box exists on the engine. */
  hasWorkspace(names: WorkspaceNames, signal: AbortSignal): Promise<boolean>;
  /**
   * What a stopped box changed against its snapshot, `.git` left out, in no particular order. Fails on a
   * running box. A file over `maxFileBytes` comes with its true size and no bytes.
   */
  exportWorkspace(
    request: {readonly names: WorkspaceNames; readonly ownership: Ownership; readonly maxFileBytes: number},
    signal: AbortSignal,
  ): AsyncIterable<ExportEntry>;
  /**
   * What a living box has changed so far, read by the same exporter; the box stands still meanwhile, and always goes on
   * afterwards. Throws ENGINE_FAILED for a box that does not run, and for one that somebody else let go on while it was read.
   */
  previewWorkspace(
    request: {readonly names: WorkspaceNames; readonly ownership: Ownership; readonly maxFileBytes: number},
    signal: AbortSignal,
  ): AsyncIterable<PreviewEntry>;
  /** Starts a process of a person in a living box, beside its commands. Throws ENGINE_FAILED (details.status 404 or 409) when it does not run. */
  openTerminal(request: TerminalRequest, signal: AbortSignal): Promise<BoxTerminal>;
  /** Removes container and volumes of a box; with nothing there it does nothing. */
  removeWorkspace(names: WorkspaceNames, signal: AbortSignal): Promise<void>;
  removeSnapshot(name: string, signal: AbortSignal): Promise<void>;
  /** Makes a layer; a complete one of that name is kept. The run holds it from then on, until all that it has on the engine is removed. */
  makeLayer(request: LayerRequest, signal: AbortSignal): Promise<LayerResult>;
  /** Every layer on the engine. They are no leftovers: no run owns them. */
  layers(signal: AbortSignal): Promise<readonly FoundLayer[]>;
  /** Removes a layer, or what is left of one. False, and nothing is changed, when something needs it. */
  removeLayer(name: string, signal: AbortSignal): Promise<boolean>;
  /** Everything on the engine that carries our labels. */
  leftovers(signal: AbortSignal): Promise<readonly Leftover[]>;
  remove(leftover: Leftover, signal: AbortSignal): Promise<void>;
  clocks(signal: AbortSignal): Promise<Clocks>;
  /** Measures what carries our labels. May take long on an engine with much on it: give it a deadline. */
  usage(signal: AbortSignal): Promise<EngineUsage>;
}
