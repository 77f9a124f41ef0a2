import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import type {EngineFacts, SandboxEngine} from '../../core/sandbox.js';
import {containerState} from './attach.js';
import {findBox, startBox} from './box.js';
import {startEngineCalls, type Engine} from './engine-call.js';
import {exportWorkspace, previewWorkspace} from './export.js';
import {lockImage} from './image.js';
import {listLayers} from './layer/find.js';
import {makeLayer} from './layer/make.js';
import {removeLayer} from './layer/remove.js';
import {openTerminal} from './live/terminal.js';
import {runProcess} from './process.js';
import {listLeftovers, removeBox, removeLeftover, removeSnapshot, workspaceVolumes} from './remove.js';
import {makeSnapshot} from './snapshot.js';
import {measureUsage} from './usage.js';
import {readMoment} from '../labels.js';
import {inspectVolume} from './volume.js';
import {watchOf} from './watch/disk-watch.js';

/** Which engine, and which images of ours are on it. */
export interface DockerEngineOptions {
  /** For example `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** Our image with git, tar and perl, in which snapshots are filled and workspaces are read. */
  readonly helperImage: string;
  /** The full reference of a bare name of ours such as `node`, or undefined. */
  readonly imageReference: (name: string) => string | undefined;
  /** The runtime of every box, one of `facts().runtimes`; undefined: the engine's default. */
  readonly runtime?: string | undefined;
}

/** An engine that speaks Docker's API. Connects at the first use; every method may throw ENGINE_UNREACHABLE or ENGINE_FAILED. */
export function startDockerEngine(options: DockerEngineOptions): SandboxEngine {
  const engine = startEngineCalls(options.address, options.helperImage, options.runtime);
  return {
    facts: (signal) => readFacts(engine, signal),
    lockImage: (reference, signal) => lockImage(engine, {reference, ours: options.imageReference(reference)}, signal),
    createSnapshot: (request, signal) => makeSnapshot(engine, request, signal),
    startBox: (request, signal) => startBox(engine, request, signal),
    findBox: (name, signal) => findBox(engine, name, signal),
    isRunning: async (name, signal) => (await containerState(engine, name, signal))?.Running === true,
    runProcess: (request, signal) => runProcess(engine, request, signal),
    hasWorkspace: async (names, signal) => {
      const {upper, work} = workspaceVolumes(names);
      return (await inspectVolume(engine, upper, signal)) !== undefined && (await inspectVolume(engine, work, signal)) !== undefined;
    },
    exportWorkspace: (request, signal) => exportWorkspace(engine, request, signal),
    previewWorkspace: (request, signal) => previewWorkspace(engine, request, signal),
    openTerminal: (request, signal) => openTerminal(engine, request, signal),
    removeWorkspace: async (names, signal) => {
      await watchOf(engine).letGo(names.box);
      await removeBox(engine, names, signal);
    },
    removeSnapshot: (name, signal) => removeSnapshot(engine, name, signal),
    makeLayer: (request, signal) => makeLayer(engine, request, signal),
    layers: (signal) => listLayers(engine, signal),
    removeLayer: (name, signal) => removeLayer(engine, name, signal),
    leftovers: (signal) => listLeftovers(engine, signal),
    remove: async (leftover, signal) => {
      if (leftover.kind === 'container') await watchOf(engine).letGo(leftover.name);
      await removeLeftover(engine, leftover, signal);
    },
    clocks: async (signal) => ({here: readMoment(), engine: await readEngineTime(engine, signal)}),
    usage: (signal) => measureUsage(engine, signal),
    async [Symbol.asyncDispose]() {
      for (const each of [...engine.open]) await each[Symbol.asyncDispose]();
    },
  };
}

const Version = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
});
const Info = z.object({
  Driver: z.string(),
  /** Docker before 20.10 does not say; it knew only version 1. */
  CgroupVersion: z.string().default('1'),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
});

const Time = z.object({SystemTime: z.string()});

async function readEngineTime(engine: Engine, signal: AbortSignal): Promise<Date | undefined> {
  const info = Time.safeParse(await engine.ask('read the clock of the engine', signal, (client) => client.info()));
  const at = new Date(info.data?.SystemTime ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

async function readFacts(engine: Engine, signal: AbortSignal): Promise<EngineFacts> {
  const version = Version.safeParse(await engine.ask('read the version of the engine', signal, (client) => client.version()));
  const info = Info.safeParse(await engine.ask('read the facts of the engine', signal, (client) => client.info()));
  if (!version.success || !info.success) throw new AppError('ENGINE_UNFIT', `What answers at ${engine.address} does not describe itself like a container engine.`);
  return {
    address: engine.address,
    name: (await engine.isPodman(signal)) ? 'podman' : 'docker',
    version: version.data.Version,
    apiVersion: version.data.ApiVersion,
    cgroupVersion: info.data.CgroupVersion,
    storageDriver: info.data.Driver,
    runtimes: Object.keys(info.data.Runtimes ?? {}).sort(),
  };
}
