import {ensureImages, type ReadyImage} from '../images/build.js';
import {imageReference, type OwnImage} from '../images/catalog.js';
import type {EngineQuery} from './candidates.js';
import {prepareEngine, type PreparedEngine} from './install.js';
import {startInstaller} from './packages.js';
import {ensureGvisor} from '../runtime/register.js';
import {startDockerEngine} from '../docker/engine.js';
import {preparePodman} from './podman.js';

/** What `setup` is told. */
export interface SetupRequest extends EngineQuery {
  /** Packages of the distribution may be installed without a question. */
  readonly yes: boolean;
  /** Also what only the test suites need. */
  readonly forTests: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A machine that is ready. */
export interface PreparedMachine {
  readonly engine: PreparedEngine;
  readonly images: readonly ReadyImage[];
}

/** What a run needs, and what the suites need besides. */
const setupImages = {always: ['base', 'node'], forTests: ['base', 'node', 'python']} as const satisfies Record<string, readonly OwnImage[]>;

/**
 * Makes this machine ready: an engine that answers, and our images on it. With everything there it only looks. Throws as
 * {@link prepareEngine} and {@link ensureImages} do; for the tests also as {@link preparePodman} does.
 */
export async function prepareMachine({yes, forTests, ...request}: SetupRequest): Promise<PreparedMachine> {
  const {env, say, signal} = request;
  const packages = await startInstaller({allowed: yes, env, say, signal});
  const engine = await prepareEngine({...request, packages});
  const names = forTests ? setupImages.forTests : setupImages.always;
  const images = await ensureImages({address: engine.address, names, env, packages, say, signal});
  if (forTests) {
    const runtimes = async (within: AbortSignal): Promise<readonly string[]> => (await startDockerEngine({address: engine.address, helperImage: imageReference('base') ?? 'base', imageReference}).facts(within)).runtimes;
    await ensureGvisor({address: engine.address, name: engine.name, runtimes, packages, env, say, signal});
  }
  if (forTests) await preparePodman({packages, from: engine.address, images: images.map(({reference}) => reference), env, say, signal});
  return {engine, images};
}
