import {stat, statfs} from 'node:fs/promises';
import {dirname} from 'node:path';
import type {EngineFacts, Ownership, SandboxEngine} from '../../core/sandbox.js';
import {connectEngine} from '../docker/connect.js';
import {startDockerEngine} from '../docker/engine.js';
import {inspectImage, readDataRoot} from '../docker/images.js';
import {baseLabel, imageReference, nodeLabel, type OwnImage, ownImages} from '../images/catalog.js';
import type {EngineQuery} from './candidates.js';
import {findEngine} from './discover.js';
import {failure, type ProbeResult} from './probe.js';
import {probeBoxes} from './probe-box.js';
import {probeRuntime} from '../runtime/probe.js';
import {gvisorName, type RuntimeWish} from '../runtime/choose.js';
import {probeContract} from './probe-contract.js';

/** What is probed, and what the probes leave their name on. */
export interface ProbeRequest extends EngineQuery {
  /** Where runs are kept; it need not exist yet. */
  readonly stateFolder: string;
  /** The installed git, as the room of git sees it; rejects with an AppError when there is none. */
  readonly git: (signal: AbortSignal) => Promise<{readonly version: string; readonly recentEnough: boolean}>;
  /** For the labels of the probe containers, so that an interrupted probe is found by `clean`. */
  readonly ownership: Ownership;
  /** What the user's configuration asks of the runtime of boxes; default: nothing. */
  readonly runtime?: RuntimeWish | undefined;
  /** Also tries the whole contract of a box on the engine, and tells of each promise as it goes. Default: not. */
  readonly deep?: ((line: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Looks at everything a run needs of this machine, by trying it where that is cheap: a box is really started over a real
 * overlay, and its limits are really run into. Problems are values; it rejects only on abort. What needs an engine, or
 * the base image, is left out when that is missing, since the first failure names it.
 */
export async function probeMachine(request: ProbeRequest): Promise<readonly ProbeResult[]> {
  const {signal, stateFolder} = request;
  const host = [probeNode(), await probeGit(request), await probeDisk('disk for runs', stateFolder)];
  try {
    const found = await findEngine(request);
    const start = () => startDockerEngine({address: found.address, helperImage: imageReference('base') ?? 'base', imageReference});
    const engine = start();
    const facts = await engine.facts(signal);
    const images = await probeImages(found.address, signal);
    const boxes = images.present.includes('base') ? await probeAllBoxes(request, {engine, facts, images: images.present}) : [];
    const {deep} = request;
    const contract = deep !== undefined && images.present.includes('base') ? await probeContract({start, owner: request.ownership.owner, say: deep, signal}) : [];
    return [...host, probeFacts(facts), ...(await probeDataRoot(found.address, signal)), ...images.results, ...boxes, ...contract];
  } catch (error) {
    signal.throwIfAborted();
    return [...host, failure('engine', error)];
  }
}

/** Boxes of the default runtime, and of the one that runs would use or could: whatever that one does not enforce is listed. */
async function probeAllBoxes({runtime = {requireGvisor: false}, ownership, signal}: ProbeRequest, {engine, facts, images}: {readonly engine: SandboxEngine; readonly facts: EngineFacts; readonly images: readonly OwnImage[]}): Promise<readonly ProbeResult[]> {
  const sealed = startDockerEngine({address: facts.address, helperImage: imageReference('base') ?? 'base', imageReference, runtime: runtime.name ?? gvisorName});
  const [{results}, ofRuntime] = await Promise.all([probeBoxes({engine, images, ownership, signal}), probeRuntime({engine: sealed, facts, wish: runtime, ownership}, signal)]);
  return [...results, ...ofRuntime];
}

/** `engines` in package.json. */
const nodeFloor = [20, 19] as const;

function probeNode(): ProbeResult {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > nodeFloor[0] || (major === nodeFloor[0] && minor >= nodeFloor[1]);
  const message = `Node.js ${process.versions.node}`;
  return fits ? {name: 'node', outcome: 'ok', message} : {name: 'node', outcome: 'fail', message: `${message} is too old`, fix: `install Node.js ${nodeFloor.join('.')} or newer`};
}

async function probeGit({git, signal}: ProbeRequest): Promise<ProbeResult> {
  try {
    const {version, recentEnough} = await git(signal);
    if (recentEnough) return {name: 'git', outcome: 'ok', message: `git ${version}`};
    return {name: 'git', outcome: 'fail', message: `git ${version} is too old`, fix: 'install git 2.38 or newer'};
  } catch (error) {
    signal.throwIfAborted();
    return failure('git', error);
  }
}

function probeFacts({name, version, apiVersion, address, cgroupVersion, storageDriver}: EngineFacts): ProbeResult {
  return {name: 'engine', outcome: 'ok', message: `${name} ${version} at ${address} (API ${apiVersion}, cgroup v${cgroupVersion}, ${storageDriver})`};
}

/** What is needed to run at all, and the kind that only some projects need. */
const optional: readonly OwnImage[] = ['python'];

async function probeImages(address: string, signal: AbortSignal): Promise<{readonly present: readonly OwnImage[]; readonly results: readonly ProbeResult[]}> {
  const client = connectEngine(address);
  const present: OwnImage[] = [];
  const results: ProbeResult[] = [];
  for (const image of ownImages) {
    const reference = imageReference(image) ?? image;
    const name = `image ${image}`;
    const found = await inspectImage(client, reference, signal);
    if (found !== undefined) {
      present.push(image);
      results.push({name, outcome: 'ok', message: `${reference} (${origin(image, found.labels)})`});
    } else if (optional.includes(image)) results.push({name, outcome: 'warn', message: `${reference} is not built; only projects in that language need it`, fix: 'bulkhead setup --for-tests'});
    else results.push({name, outcome: 'fail', message: `${reference} is not on the engine`, fix: 'bulkhead setup'});
  }
  return {present, results};
}

const origins: Readonly<Record<string, string>> = {
  present: 'on a Debian image that was on the engine',
  pulled: 'on a Debian image from a registry',
  bootstrapped: 'made from Debian packages, without a registry',
  official: 'Node.js from the official image',
  'npm-package': 'Node.js from the npm package node-linux, a repack by a third party',
};

function origin(image: OwnImage, labels: Readonly<Record<string, string>>): string {
  const keys = image === 'node' ? [baseLabel, nodeLabel] : [baseLabel];
  return keys.map((key) => origins[labels[key] ?? ''] ?? 'of unknown origin').join('; ');
}

const gibibyte = 1024 ** 3;
/** A small project's run takes some hundred MiB of boxes, objects and logs; below that nothing ends well. */
const diskFloorGiB = 1;
/** Room for several runs with dependencies of some hundred MiB each (measured on Engine 20.10). */
const diskComfortGiB = 5;

async function probeDisk(name: string, folder: string): Promise<ProbeResult> {
  const existing = await nearestFolder(folder);
  const {bavail, bsize} = await statfs(existing);
  const freeGiB = (bavail * bsize) / gibibyte;
  const message = `${freeGiB.toFixed(1)} GiB free at ${existing}`;
  if (freeGiB >= diskComfortGiB) return {name, outcome: 'ok', message};
  return {name, outcome: freeGiB < diskFloorGiB ? 'fail' : 'warn', message, fix: 'free some space: bulkhead clean'};
}

async function nearestFolder(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** Nothing for an engine elsewhere: its disk cannot be seen from here. */
async function probeDataRoot(address: string, signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const root = await readDataRoot(connectEngine(address), signal);
  const isLocal = address.startsWith('unix://') && root !== undefined && (await nearestFolder(root)) === root;
  return isLocal ? [await probeDisk('disk for boxes', root)] : [];
}
