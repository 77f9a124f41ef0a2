import {canonicalJson, sha256} from '../../core/canonical.js';
import type {BoxRequest, LockedImage, Ownership, SandboxEngine, WorkspaceNames} from '../../core/sandbox.js';
import type {SeedFile} from '../../core/tree.js';
import type {BoxChoice, Lab, LabBox} from './case.js';

/** What the labs of all cases share. */
export interface LabRequest {
  readonly engine: SandboxEngine;
  readonly again: () => SandboxEngine;
  readonly image: LockedImage;
  readonly ownership: Ownership;
}

/** Gives each case a lab of its own. */
export interface Labs extends AsyncDisposable {
  /** Disposing it removes what the case made, but for snapshots, which may be used again, and for the shared box. */
  forCase(signal: AbortSignal): Lab & AsyncDisposable;
}

/** Room for a command that prints a hundred megabytes: its output lies in a quarter of the memory until it is cut. */
const limits = {memoryMiB: 512, cpus: 1, pids: 128};
const processTimeoutMs = 60_000;
const maxStderrBytes = 65_536;
const removeMs = 60_000;

/** Starts; makes nothing yet. What it leaves carries the run id of `ownership`. */
export function startLab(request: LabRequest): Labs {
  let count = 0;
  let shared: LabBox | undefined;
  const fresh = (): string => `bulkhead-${request.ownership.runId}-${(count += 1)}`;
  return {
    forCase: (signal) =>
      labOf(request, {
        signal,
        fresh,
        async shared(lab) {
          if (shared !== undefined && (await request.engine.findBox(shared.name, signal)) === undefined) shared = undefined;
          shared ??= await startLabBox(lab, await lab.snapshot([]));
          return shared;
        },
      }),
    async [Symbol.asyncDispose]() {
      await shared?.[Symbol.asyncDispose]();
    },
  };
}

async function startLabBox(lab: Lab, snapshot: string, choice?: BoxChoice): Promise<LabBox> {
  const names = lab.names(snapshot);
  return Object.assign(await lab.engine.startBox(lab.request(names, choice), lab.signal), {names});
}

interface Within {
  readonly signal: AbortSignal;
  readonly fresh: () => string;
  readonly shared: (lab: Lab) => Promise<LabBox>;
}

function labOf({engine, again, image, ownership}: LabRequest, {signal, fresh, shared}: Within): Lab & AsyncDisposable {
  const made: WorkspaceNames[] = [];
  const lab: Lab & AsyncDisposable = {
    engine,
    again,
    image,
    ownership,
    signal,
    shared: () => shared(lab),
    names: (snapshot) => ({snapshot, box: fresh()}),
    async snapshot(files, {name: given, ...more} = {}) {
      // The same files make the same snapshot, which the engine keeps: filling one is what takes the time.
      const name = given ?? (Object.keys(more).length > 0 ? fresh() : `bulkhead-${ownership.runId}-${contentOf(files)}`);
      await engine.createSnapshot({name, ownership, files: stream(files), ...more}, signal);
      return name;
    },
    request: (names, choice = {}): BoxRequest => ({names, ownership, image, limits, env: {}, profile: 'agent', ...choice}),
    async box(over, choice) {
      const box = await startLabBox(lab, typeof over === 'string' ? over : await lab.snapshot(over), choice);
      made.push(box.names);
      return box;
    },
    process: (snapshot, argv, more = {}) => ({...lab.request(lab.names(snapshot)), profile: 'verify', argv, timeoutMs: processTimeoutMs, onStdout: () => undefined, maxStderrBytes, ...more}),
    async [Symbol.asyncDispose]() {
      // What cannot be removed now is found by its label at the end.
      await Promise.allSettled(made.map((names) => engine.removeWorkspace(names, AbortSignal.timeout(removeMs))));
    },
  };
  return lab;
}

function contentOf(files: readonly SeedFile[]): string {
  return sha256(canonicalJson(files.map(({path, mode, bytes}) => ({path, mode, sha256: sha256(bytes)})))).slice(0, 12);
}

// eslint-disable-next-line @typescript-eslint/require-await -- the port takes an async source
async function* stream(files: readonly SeedFile[]): AsyncGenerator<SeedFile, void, undefined> {
  yield* files;
}
