import {constants} from 'node:fs';
import {access} from 'node:fs/promises';
import {join} from 'node:path';
import {AppError} from '../../core/errors.js';
import {type Candidate, type EngineQuery, type Environment, listCandidates} from './candidates.js';
import {pingEngine} from './ping.js';

/** An address that was tried and did not answer, with the cause in words. */
export interface Tried {
  readonly address: string;
  readonly source: string;
  readonly problem: string;
  /** System error code, where there was one. */
  readonly problemCode?: string | undefined;
}

/** An engine that answered. */
export interface FoundEngine {
  readonly address: string;
  readonly name: 'docker' | 'podman';
  /** The newest API version it speaks, for example `1.41`. */
  readonly apiVersion: string;
  /** Who named the address. */
  readonly source: string;
  /** What was tried before it. */
  readonly tried: readonly Tried[];
}

/** What discovery needs. */
export interface FindEngineRequest extends EngineQuery {
  readonly signal: AbortSignal;
}

/**
 * Finds the engine to use by speaking to each candidate in turn; the first that answers is taken. An address that
 * somebody named (flag, environment, docker context) is the only candidate: when it fails the error is
 * ENGINE_UNREACHABLE, never a silent choice of another. Nothing found: ENGINE_UNREACHABLE when an engine is installed or
 * refuses this user, else ENGINE_MISSING; `details.tried` has every address with its cause.
 */
export async function findEngine(request: FindEngineRequest): Promise<FoundEngine> {
  const outcome = await lookForEngine(request);
  if (outcome.found !== undefined) return outcome.found;
  throw await absenceError(outcome, (program) => findProgram(program, request.env));
}

/** What {@link lookForEngine} saw. */
export interface SearchOutcome {
  readonly found?: FoundEngine | undefined;
  readonly tried: readonly Tried[];
  /** The address that somebody named, when one was. */
  readonly explicit?: Candidate | undefined;
}

/** The search itself: like {@link findEngine}, with absence as a value. Throws ENGINE_UNREACHABLE for an unusable context. */
export async function lookForEngine({signal, ...query}: FindEngineRequest): Promise<SearchOutcome> {
  const candidates = await listCandidates(query);
  const tried: Tried[] = [];
  for (const {address, source} of candidates) {
    const answer = await pingEngine(address, signal);
    if (answer.state === 'answers') {
      return {found: {address, name: answer.name, apiVersion: answer.apiVersion, source, tried}, tried};
    }
    tried.push({address, source, problem: answer.problem, problemCode: answer.problemCode});
  }
  return {tried, explicit: candidates.find((candidate) => candidate.explicit)};
}

/** Where system programs live that a plain user's PATH often lacks. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/**
 * The absolute path of a program on PATH or in the usual system folders, or undefined. (A `docker` client alone is no
 * engine: ask for `dockerd`.)
 */
export async function findProgram(name: string, env: Environment): Promise<string | undefined> {
  const folders = [...(env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/')), ...systemFolders];
  for (const folder of folders) {
    const path = join(folder, name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}

/** The error that says why no engine was found: the right cause of several, with what to do. `installed` gives a program's path. */
export async function absenceError({tried, explicit}: SearchOutcome, installed: (program: string) => Promise<string | undefined>): Promise<AppError> {
  const details = {tried};
  if (explicit !== undefined) {
    const problem = tried[0]?.problem ?? 'it was not tried';
    const hint = `Start the engine that it names, or correct ${explicit.source}. No other engine is tried while it is set.`;
    return new AppError('ENGINE_UNREACHABLE', `The engine at ${explicit.address} (${explicit.source}) does not answer: ${problem}.`, {hint, details});
  }
  const forbidden = tried.find(({problemCode}) => problemCode === 'EACCES' || problemCode === 'EPERM');
  if (forbidden !== undefined) {
    const hint = 'Run as a user who may use the engine (for Docker: a member of the group `docker`, after a new login), or use a rootless engine.';
    return new AppError('ENGINE_UNREACHABLE', `The engine at ${forbidden.address} does not let this user in: ${forbidden.problem}.`, {hint, details});
  }
  for (const program of ['dockerd', 'podman']) {
    const path = await installed(program);
    if (path === undefined) continue;
    const hint =
      program === 'dockerd'
        ? 'Start it: bulkhead setup (as root).'
        : 'Podman answers only while its service runs: systemctl start podman.socket, or: podman system service --time=0 &';
    return new AppError('ENGINE_UNREACHABLE', `A container engine is installed (${path}) but does not run: ${causes(tried)}.`, {hint, details});
  }
  const hint = 'Install one: bulkhead setup says what is needed; bulkhead setup --yes installs it (as root, on Debian and Ubuntu).';
  return new AppError('ENGINE_MISSING', 'No container engine was found on this machine.', {hint, details});
}

function causes(tried: readonly Tried[]): string {
  return tried.map(({address, problem}) => `${address}: ${problem}`).join('; ');
}
