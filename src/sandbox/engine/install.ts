import {AppError} from '../../core/errors.js';
import {systemSocket, type EngineQuery} from './candidates.js';
import {absenceError, findEngine, findProgram, type FoundEngine, lookForEngine, type Tried} from './discover.js';
import {type DistributionPackage, isDebianLike, type PackageInstaller, readOsRelease} from './packages.js';
import {startSystemEngine} from './start.js';

/** What preparing an engine needs. */
export interface PrepareEngineRequest extends EngineQuery {
  /** Installs packages; undefined where nobody allowed that or it cannot work here. */
  readonly packages: PackageInstaller | undefined;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** An engine that answers, and what it took. */
export interface PreparedEngine extends FoundEngine {
  readonly outcome: 'answered' | 'started' | 'installed';
}

/** Addresses that mean the machine's own engine, which may be started here. */
const ownAddresses: readonly string[] = [systemSocket, 'unix:///run/docker.sock'];

/**
 * Makes an engine answer: uses one that does, starts one that is installed, or installs the distribution's. An address
 * that somebody named and that is not the machine's own engine is never replaced by another. Throws ENGINE_MISSING or
 * ENGINE_UNREACHABLE with what to type, ENVIRONMENT when the packages cannot be installed.
 */
export async function prepareEngine(request: PrepareEngineRequest): Promise<PreparedEngine> {
  const {env, say, signal} = request;
  const installed = (program: string): Promise<string | undefined> => findProgram(program, env);
  const search = await lookForEngine(request);
  if (search.found !== undefined) return {...search.found, outcome: 'answered'};
  const foreign = search.explicit !== undefined && !ownAddresses.includes(search.explicit.address);
  const locked = search.tried.some(({problemCode}) => problemCode === 'EACCES' || problemCode === 'EPERM');
  if (foreign || locked) throw await absenceError(search, installed);
  const dockerd = await installed('dockerd');
  if (dockerd !== undefined) {
    if (process.getuid?.() !== 0) throw await absenceError(search, installed);
    await startSystemEngine(dockerd, {env, say, signal});
    return {...(await findEngine(request)), outcome: 'started'};
  }
  if ((await installed('podman')) !== undefined) throw await absenceError(search, installed);
  return await installEngine(request, search.tried);
}

async function installEngine(request: PrepareEngineRequest, tried: readonly Tried[]): Promise<PreparedEngine> {
  const {packages, env, say, signal} = request;
  if (packages === undefined) throw await missing(tried);
  const wanted = (await findProgram('git', env)) === undefined ? ['docker.io', 'ca-certificates', 'git'] : ['docker.io', 'ca-certificates'];
  const news = await packages.install(wanted);
  const dockerd = await findProgram('dockerd', env);
  if (dockerd === undefined) throw new AppError('ENGINE_MISSING', 'The packages are installed, but there is no dockerd.', {hint: 'Install a container engine by hand.'});
  // Where services may start on installation it is up or coming up by now; the start only waits then.
  if ((await lookForEngine(request)).found === undefined) await startSystemEngine(dockerd, {env, say, signal});
  const found = await findEngine(request);
  sayFarewell(news, say);
  return {...found, outcome: 'installed'};
}

function sayFarewell(installed: readonly DistributionPackage[], say: (line: string) => void): void {
  say('the container engine was installed and runs');
  say('  to stop it:   systemctl stop docker.socket docker   (without systemd: kill "$(cat /var/run/docker.pid)")');
  say(`  to remove it: apt-get purge ${installed.map(({name}) => name).join(' ')} && rm -rf /var/lib/docker /var/lib/containerd`);
}

async function missing(tried: readonly Tried[]): Promise<AppError> {
  const hint = isDebianLike(await readOsRelease())
    ? 'As root: bulkhead setup --yes (it installs and starts docker.io), or by hand: apt-get install docker.io'
    : 'Install Docker (https://docs.docker.com/engine/install/) or Podman (https://podman.io/docs/installation), start it, then: bulkhead setup';
  return new AppError('ENGINE_MISSING', 'No container engine was found on this machine, and none may be installed by this command.', {hint, details: {tried}});
}
