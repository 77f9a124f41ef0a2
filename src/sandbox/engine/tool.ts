import {execa} from 'execa';
import type {Environment} from './candidates.js';

/** How a host tool ended. `lines`: the last lines of its stdout, then its stderr. */
export interface ToolResult {
  readonly ok: boolean;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly lines: readonly string[];
}

/** One call of a host tool; never of anything that came from a repository. */
export interface ToolCall {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Let it finish, out of reach of Ctrl-C, even when `signal` is aborted: for what must not be cut in the middle. */
  readonly uninterruptible?: boolean | undefined;
  /** Called for each line of stderr as it comes: for progress. */
  readonly onLine?: ((line: string) => void) | undefined;
  readonly signal: AbortSignal;
}

const lastLines = 15;

/** Runs a host tool without a shell and without input. A failure is a value; an abort rejects. */
export async function runTool({argv, env, cwd, uninterruptible = false, onLine, signal}: ToolCall): Promise<ToolResult> {
  signal.throwIfAborted();
  const [program, ...args] = argv;
  const watch = function* (line: unknown): Generator<string> {
    onLine?.(String(line));
    yield String(line);
  };
  const result = await execa(program, args, {
    env,
    extendEnv: false,
    cwd: cwd ?? '/',
    stdin: 'ignore',
    reject: false,
    detached: uninterruptible,
    cleanup: !uninterruptible,
    cancelSignal: uninterruptible ? new AbortController().signal : signal,
    stderr: ['pipe', watch],
  });
  signal.throwIfAborted();
  const output = `${result.stdout}\n${result.stderr}`;
  const lines = tailLines(output.trim() === '' ? (result.shortMessage ?? '') : output);
  return {ok: !result.failed, exitCode: result.exitCode, stdout: result.stdout, lines};
}

/** The last lines of an output that are not empty. */
export function tailLines(text: string, count = lastLines): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}

const passedOn = /^(HOME|USER|LOGNAME|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|(https?|no|ftp|all)_proxy|npm_config_.*)$/i;

/**
 * The environment for host tools and for an engine that we start: what finds programs, homes, proxies and certificates.
 * Keys and tokens of the user stay out: an engine lives on, and its environment can be read.
 */
export function toolEnvironment(env: Environment, extra: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const kept = Object.entries(env).flatMap(([name, value]) => (value !== undefined && passedOn.test(name) ? [[name, value] as const] : []));
  const folders = [...(env['PATH'] ?? '').split(':').filter((folder) => folder !== ''), '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return {...Object.fromEntries(kept), PATH: [...new Set(folders)].join(':'), LC_ALL: 'C.UTF-8', ...extra};
}
