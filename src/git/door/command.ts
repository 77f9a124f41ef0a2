import {availableParallelism, devNull} from 'node:os';
import {dirname} from 'node:path';
import {defaultFileBytes, defaultMemoryBytes, launchLimited, maxThreads, type ProcessLimits} from './limits.js';
import {callGit, findGit, pathFor, startGit, type GitCall, type GitProcess, type GitResult} from './process.js';

/** A call of git on a bare repository that only Bulkhead writes. */
export interface GitRequest {
  readonly gitDir: string;
  /** Subcommand and its arguments; no shell sees them. */
  readonly args: readonly string[];
  readonly stdin?: string | Uint8Array | undefined;
  /** Settings of this call alone, `key=value`, over the fixed ones. */
  readonly config?: readonly string[] | undefined;
  /** Default `/`. */
  readonly cwd?: string | undefined;
  /** Added to the fixed environment; values of the host alone. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
  /** Most bytes of stdout; default 64 MiB. More is GIT_FAILED. */
  readonly maxBytes?: number | undefined;
  /** Wall-clock limit; default 2 minutes, for streams 30. */
  readonly timeoutMs?: number | undefined;
  /** Exit codes that are an answer; default 0 alone. */
  readonly okExits?: readonly number[] | undefined;
  /**
   * Other limits of the system than the default ones (`limits.ts`); `none` for the one call that may take what a user's
   * history takes.
   */
  readonly limits?: Partial<ProcessLimits> | 'none' | undefined;
}

/** The tree without entries: git knows it in every repository (gitglossary, `hash-object -t tree /dev/null`). */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const defaultMaxBytes = 64 * 1024 * 1024;
const defaultTimeoutMs = 120_000;
const streamTimeoutMs = 1_800_000;

/** Settings of every call through door one. Defence in depth: the real one is that nobody else writes the repository. */
const settings: readonly string[] = [
  'safe.bareRepository=explicit',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.protectHFS=true',
  'core.protectNTFS=true',
  'core.sshCommand=/bin/false',
  'core.alternateRefsCommand=/bin/false',
  'core.fsync=all',
  'core.quotePath=false',
  'credential.helper=',
  'protocol.allow=never',
  'protocol.version=2',
  'transfer.fsckObjects=true',
  'transfer.bundleURI=false',
  'fetch.unpackLimit=1',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'commit.gpgSign=false',
  'tag.gpgSign=false',
  'log.showSignature=false',
  'diff.renameLimit=1000',
  'merge.renameLimit=1000',
  // Packs are mapped piece by piece, deltas looked for in a bounded window: both count as memory.
  'core.packedGitWindowSize=64m',
  'core.packedGitLimit=1g',
  'pack.windowMemory=256m',
];

/**
 * Door one: runs git on our own bare repository with a fixed environment, no configuration but ours, no transport, and
 * bounded time, output, memory and files. Throws GIT_FAILED, DISK_FULL, ENVIRONMENT.
 */
export async function runGit(request: GitRequest): Promise<GitResult> {
  const git = await findGit();
  const {program, call} = await prepare(git, request, request.timeoutMs ?? defaultTimeoutMs);
  return callGit(program, {
    ...call,
    stdin: request.stdin,
    maxBytes: request.maxBytes ?? defaultMaxBytes,
    okExits: request.okExits ?? [0],
  });
}

/** {@link runGit} for a single line of text: an id, a path. Its line end is removed. */
export async function readGit(request: GitRequest): Promise<string> {
  const {stdout} = await runGit(request);
  return stdout.toString('utf8').replace(/\n$/, '');
}

/** Door one with open streams, for `cat-file --batch`, `pack-objects`, `index-pack`, `fast-import`. */
export async function spawnGit(request: Omit<GitRequest, 'stdin' | 'maxBytes' | 'okExits'>): Promise<GitProcess> {
  const git = await findGit();
  const {program, call} = await prepare(git, request, request.timeoutMs ?? streamTimeoutMs);
  return startGit(program, call);
}

async function prepare(git: string, request: GitRequest, timeoutMs: number): Promise<{readonly program: string; readonly call: GitCall}> {
  const call = callOf(git, request, timeoutMs);
  if (request.limits === 'none') return {program: git, call};
  const cpuSeconds = Math.ceil(timeoutMs / 1000) * maxThreads;
  const {program, before} = await launchLimited(git, {memoryBytes: defaultMemoryBytes, fileBytes: defaultFileBytes, cpuSeconds, ...request.limits});
  return {program, call: {...call, argv: [...before, ...call.argv]}};
}

function callOf(git: string, request: GitRequest, timeoutMs: number): GitCall {
  // A call that is limited in memory is limited in threads, too: each has a stack and a heap of its own.
  const threads = request.limits === 'none' ? [] : [`pack.threads=${Math.min(maxThreads, availableParallelism())}`];
  return {
    argv: [`--git-dir=${request.gitDir}`, '--no-pager', ...[...settings, ...threads, ...(request.config ?? [])].flatMap((setting) => ['-c', setting]), ...request.args],
    subcommand: request.args[0] ?? '',
    env: {...environment(git, request.gitDir), ...request.env},
    diskOf: request.gitDir,
    cwd: request.cwd ?? '/',
    signal: request.signal,
    timeoutMs,
  };
}

function environment(git: string, gitDir: string): Readonly<Record<string, string>> {
  return {
    PATH: pathFor(git),
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: devNull,
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ATTR_SOURCE: emptyTree,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: '/bin/false',
    GIT_EDITOR: '/bin/false',
    GIT_PAGER: 'cat',
    GIT_ALLOW_PROTOCOL: '',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_CEILING_DIRECTORIES: dirname(gitDir),
  };
}
