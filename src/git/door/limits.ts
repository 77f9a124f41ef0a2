import {totalmem} from 'node:os';
import {callGit, findProgram} from './process.js';

/** What the system itself keeps one process to, where it can: hostile objects or patterns then cost a process, not the machine. */
export interface ProcessLimits {
  /** Address space in bytes (RLIMIT_AS): of the heap, the stacks of all threads and everything that is mapped. */
  readonly memoryBytes: number;
  /** Largest file that may be written, in bytes (RLIMIT_FSIZE). */
  readonly fileBytes: number;
  /** Processor time in seconds, of all threads together (RLIMIT_CPU): also for a git that outlives a killed Bulkhead. */
  readonly cpuSeconds: number;
}

const gibibyte = 1024 ** 3;

/** Half of the machine, and never less than git needs for a repository of some hundred thousand objects. */
export const defaultMemoryBytes = Math.max(2 * gibibyte, Math.floor(totalmem() / 2));
/** Twice the largest submission that a user may allow (`config-schema.ts`). */
export const defaultFileBytes = 4 * gibibyte;
/** Threads that git may use in a call; more would be counted against its memory. */
export const maxThreads = 4;

/** What is started: the program, and the arguments that stand before those of git. */
export interface Launch {
  readonly program: string;
  readonly before: readonly string[];
}

/**
 * How git is started under limits: behind `prlimit` (util-linux), which becomes git itself. Where there is none, or where
 * it may not set them, git is started as it is, and time and output are all that is limited.
 */
export async function launchLimited(git: string, limits: ProcessLimits): Promise<Launch> {
  const prlimit = await usablePrlimit(git);
  return prlimit === undefined ? {program: git, before: []} : {program: prlimit, before: [...flagsOf(limits), git]};
}

const usable = new Map<string, Promise<string | undefined>>();

/** Tried once for each git: a container may have the program and not the right to use it. */
function usablePrlimit(git: string): Promise<string | undefined> {
  const known = usable.get(git) ?? probe(git);
  usable.set(git, known);
  return known;
}

async function probe(git: string): Promise<string | undefined> {
  const prlimit = await findProgram('prlimit');
  if (prlimit === undefined) return undefined;
  const argv = [...flagsOf({memoryBytes: defaultMemoryBytes, fileBytes: defaultFileBytes, cpuSeconds: 60}), git, 'version'];
  const call = {argv, subcommand: 'version', env: {}, diskOf: '/', cwd: '/', signal: AbortSignal.timeout(probeMs), timeoutMs: probeMs, maxBytes: 1024, okExits: [0]};
  return callGit(prlimit, call).then(() => prlimit, () => undefined);
}

const probeMs = 10_000;

function flagsOf({memoryBytes, fileBytes, cpuSeconds}: ProcessLimits): readonly string[] {
  return [`--as=${memoryBytes}`, `--fsize=${fileBytes}`, `--cpu=${cpuSeconds}`, '--core=0'];
}
