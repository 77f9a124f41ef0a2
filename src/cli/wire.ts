import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {z} from 'zod';
import {runSpecialist} from '../agents/loop.js';
import {startModel, type Model} from '../agents/model.js';
import {conflictMessage, openingMessage, repairMessage, resolveMessage, systemPrompt} from '../agents/roles.js';
import {parseTraffic, TrafficScript} from '../agents/traffic/script.js';
import {startTrafficServer} from '../agents/traffic/server.js';
import type {PackageStore} from '../context/store.js';
import {canonicalJson} from '../core/canonical.js';
import {AppError} from '../core/errors.js';
import type {Redactor} from '../core/redact.js';
import type {SandboxEngine} from '../core/sandbox.js';
import {openRepository, type Repository} from '../git/repository.js';
import {applyToCheckout} from '../git/deliver/apply.js';
import {deliverBranch} from '../git/deliver/deliver.js';
import {openPullRequest} from '../git/deliver/pull-request.js';
import {signCommit} from '../git/deliver/sign.js';
import {isDelivered} from '../git/deliver/delivered.js';
import {isRecentEnough, readGitVersion} from '../git/door/version.js';
import type {Config} from '../project/config.js';
import {makeRegistries, type Registries} from '../project/install/registries.js';
import {boundedCache, fileCache} from '../record/cache.js';
import {processOwner} from '../record/driver/owner.js';
import type {Store} from '../record/store.js';
import type {DeliverRooms} from '../run/deliver/deliver.js';
import type {RunOptions} from '../run/options.js';
import type {Rooms} from '../run/rooms.js';
import type {SweepWorld} from '../run/sweep/world.js';
import {startDockerEngine} from '../sandbox/docker/engine.js';
import {findEngine} from '../sandbox/engine/discover.js';
import {imageReference} from '../sandbox/images/catalog.js';
import {readExtraCertificates} from '../sandbox/images/certificates.js';
import {chooseRuntime, type RuntimeWish} from '../sandbox/runtime/choose.js';
import {requireGvisor} from '../sandbox/runtime/probe.js';
import type {BaseCache} from '../verify/base-run.js';
import {readHarness} from '../verify/harness.js';
import type {SuiteRun} from '../verify/tests/results.js';
import {verifyCommit} from '../verify/verify.js';
import {baseUrlSetting, namedEngine} from './inputs/environment.js';
import {readModelKey} from './inputs/model-key.js';
import {stateHome} from './places.js';
import type {ProjectContext} from './project-context.js';
import {currentRedactor, hideSecret} from './secrets.js';
import type {TrafficText} from './inputs/traffic-flag.js';

export {filesAt, readFileAt, treeAt} from '../git/freeze/base-files.js';
export {readCheckout, resolveCommit} from '../git/freeze/checkout.js';
export {findLikelySecrets} from '../git/freeze/dirty/likely-secrets.js';
export {baseNotes} from '../git/freeze/notes.js';
export {applyToCheckout, deliverBranch};
export {commitFolder} from '../git/freeze/start-folder.js';
export {probeMachine} from '../sandbox/engine/doctor.js';
export {prepareMachine} from '../sandbox/engine/setup.js';

/** Our harness files: `images/` of this package, three folders up both from `src/cli/` and from `dist/cli/`. */
const harnessDir = fileURLToPath(new URL('../../images/harness', import.meta.url));
/** Our own package.json, which names this version. */
const packageFile = fileURLToPath(new URL('../../package.json', import.meta.url));

/** The installed git, as `doctor` asks for it. */
export async function readGit(signal: AbortSignal): Promise<{readonly version: string; readonly recentEnough: boolean}> {
  const version = await readGitVersion(signal);
  return {version, recentEnough: isRecentEnough(version)};
}

/** The schema of a traffic script, for `schema traffic`. */
export function trafficSchema(): z.ZodType {
  return TrafficScript;
}

interface EngineRequest {
  readonly flag: string | undefined;
  readonly config: Pick<Config, 'engine'>;
  /** What is asked of the runtime of boxes; undefined: the engine's default. */
  readonly runtime?: RuntimeWish | undefined;
  readonly signal: AbortSignal;
}

/** Finds the engine by flag, environment, user configuration and the usual places, and speaks to it. */
export async function wireEngine(request: EngineRequest): Promise<SandboxEngine> {
  return (await findWiredEngine(request)).engine;
}

async function findWiredEngine(request: EngineRequest): Promise<{readonly engine: SandboxEngine; readonly address: string; readonly runtime?: string | undefined}> {
  const {flag, config, signal} = request;
  const found = await findEngine({flag: namedEngine({flag, env: process.env, config}), env: process.env, home: homedir(), signal});
  const {address} = found;
  const options = {address, helperImage: imageReference('base') ?? 'base', imageReference};
  const engine = startDockerEngine(options);
  const {runtime} = request;
  if (runtime === undefined) return {engine, address};
  const name = chooseRuntime(runtime, await engine.facts(signal));
  const sealed = startDockerEngine({...options, runtime: name});
  const ownership = {runId: `gvisor-${process.pid}`, owner: processOwner()};
  if (runtime.requireGvisor && name !== undefined) await requireGvisor({engine: sealed, ownership}, name, signal);
  return {engine: sealed, address, runtime: name};
}

/** The bare repository that Bulkhead owns for a user's repository. */
export async function openStoreRepository(store: Store, signal: AbortSignal): Promise<Repository> {
  return openRepository(store.repository, signal);
}

/** What a delivery works with: no engine, no model. */
export async function wireDelivery(store: Store, signal: AbortSignal): Promise<DeliverRooms> {
  return {repository: await openStoreRepository(store, signal), deliverBranch, applyToCheckout, signCommit, openPullRequest, redact: currentRedactor()};
}

/** What a sweep works on, over an engine that was found before. */
export function wireSweep(engine: SandboxEngine): SweepWorld {
  return {engine, stateHome: stateHome(process.env), openRepository: openStoreRepository, isDelivered};
}

/** Everything real that a run needs. Disposing ends the connections to the engine, the model client and the traffic server. */
export interface WiredRooms extends AsyncDisposable {
  readonly rooms: Rooms;
  readonly engineAddress: string;
}

/** Puts the real rooms together. The model is live, or the traffic server with a script. */
export async function wireRooms(request: {
  readonly project: ProjectContext;
  readonly engine: string | undefined;
  readonly traffic: TrafficText | undefined;
  readonly options: RunOptions;
  /** False where no specialist works: then no key is needed. Default: true. */
  readonly withModel?: boolean;
  readonly signal: AbortSignal;
}): Promise<WiredRooms> {
  const {project, traffic, options, signal} = request;
  const wired = request.withModel === false ? noModel : await wireModel({config: project.config, name: options.model.name, traffic, signal});
  const registries = wireRegistries(project.config);
  // Behind the model: its key may come from a file, and the token of a registry from a variable of any name.
  const redact = currentRedactor();
  try {
    // Where no specialist works no box is made, so nothing is asked of its runtime.
    const wish = request.withModel === false ? undefined : options.runtime;
    const {engine, address, runtime} = await findWiredEngine({flag: request.engine, config: project.config, runtime: wish, signal});
    const rooms: Rooms = {
      engine,
      repository: await openStoreRepository(project.store, signal),
      model: wired.model,
      runSpecialist,
      prompts: {role: systemPrompt, opening: openingMessage, repair: repairMessage, conflict: conflictMessage, resolve: resolveMessage},
      verifyCommit,
      harness: await readHarness(harnessDir),
      registries,
      baseCache: ofRuntime(withoutSecrets(fileCache(project.store.baseResults), redact), runtime),
      contextStore: await openContextStore(project.store, options, redact),
      deliverBranch,
      signCommit,
      redact,
    };
    return {
      rooms,
      engineAddress: address,
      async [Symbol.asyncDispose]() {
        await engine[Symbol.asyncDispose]();
        await wired[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await wired[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a suite does can depend on the kernel that it runs on: results of one runtime say nothing of another. */
function ofRuntime(cache: BaseCache, runtime: string | undefined): BaseCache {
  if (runtime === undefined) return cache;
  const own = (key: string): string => `${runtime} ${key}`;
  return {get: (key) => cache.get(own(key)), set: (key, run) => cache.set(own(key), run)};
}

/** Where dependencies may come from. Tokens are secrets of this process from here on. */
export function wireRegistries({registries}: Pick<Config, 'registries'>): Registries {
  const certificates = readExtraCertificates({env: process.env}).map(({pem}) => pem).join('');
  const wired = makeRegistries({registries: registries.value, env: process.env, certificates});
  for (const {name, value} of wired.secrets) hideSecret(name, value);
  return wired;
}

/** Results whose tests have a secret in their names are not kept: under other names they would count as vanished. */
function withoutSecrets(cache: BaseCache, redact: Redactor): BaseCache {
  const names = (run: SuiteRun): string => JSON.stringify([run.cut, run.tests.map(({file, path}) => [file, path])]);
  return {
    get: (key) => cache.get(key),
    async set(key, run) {
      const kept = redact.value(run, 'text');
      if (names(kept) === names(run)) await cache.set(key, kept);
    },
  };
}

/** Packages of this version of Bulkhead; one that has a secret in it is not kept. */
async function openContextStore(store: Store, {context}: RunOptions, redact: Redactor): Promise<PackageStore> {
  const {version} = z.object({version: z.string()}).parse(JSON.parse(await readFile(packageFile, 'utf8')));
  const {packages = 0, refreshSeconds = 0} = context?.cache ?? {};
  const cache = boundedCache(store.contextPackages, {maxEntries: packages, maxAgeMs: refreshSeconds * 1000});
  const keyOf = (key: string): string => `${version} ${key}`;
  return {
    get: (key) => cache.get(keyOf(key)),
    async set(key, made) {
      if (canonicalJson(redact.value(made, 'text')) === canonicalJson(made)) await cache.set(keyOf(key), made);
    },
  };
}

interface WiredModel extends AsyncDisposable {
  readonly model: Model;
}

const noModel: WiredModel = {
  model: {
    turn: () => Promise.reject(new AppError('INTERNAL', 'A model was asked where none should be.')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

async function wireModel(request: {readonly config: Config; readonly name: string; readonly traffic: TrafficText | undefined; readonly signal: AbortSignal}): Promise<WiredModel> {
  const {config, name, traffic, signal} = request;
  if (traffic === undefined) {
    const apiKey = await readModelKey(process.env, config.model.keyFile.value);
    const model = startModel({apiKey, baseUrl: baseUrlSetting(process.env, config).value, model: name, redact: currentRedactor()});
    return {model, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]()};
  }
  const server = await startTrafficServer(parseTraffic(traffic.text, traffic.source), signal);
  const model = startModel({apiKey: 'replayed-traffic-needs-no-key', baseUrl: server.url, model: name});
  return {
    model,
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Folder of the demo: project, manifest and traffic script, all of it data. */
export const demoFolder = fileURLToPath(new URL('../../test/fixtures/demo', import.meta.url));
