import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdir, open, readFile, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {AppError} from '../../core/errors.js';
import type {Environment} from './candidates.js';
import {clearLeftovers, type EngineFiles, findLivingEngine} from './leftover.js';
import {pingEngine} from './ping.js';
import {runTool, tailLines, toolEnvironment} from './tool.js';

/** How one engine daemon is started, and the files that it keeps. */
export interface EngineLaunch extends EngineFiles {
  /** The program by absolute path, and its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly logFile: string;
}

/** Where a start reports to, and what it may take from the host. */
export interface StartContext {
  readonly env: Environment;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** dockerd with its own configuration and its own usual files. */
function systemLaunch(dockerd: string): EngineLaunch {
  return {
    argv: [dockerd],
    socket: '/var/run/docker.sock',
    pidFile: '/var/run/docker.pid',
    execRoot: '/var/run/docker',
    logFile: '/var/log/bulkhead-dockerd.log',
  };
}

/** A first start makes a bridge and reads its store; seconds here. A minute is what systemd units of engines allow too. */
const startTimeoutMs = 60_000;
const pollMs = 100;
/** `systemctl start` of a unit that does not exist (LSB exit code, "program is not installed"). */
const unitMissing = 5;

/**
 * Starts the machine's installed Docker engine and waits until it answers: by systemd where that runs and knows the
 * unit, else as a process of its own. Needs root. Throws ENGINE_UNREACHABLE with the last lines of the engine's log.
 */
export async function startSystemEngine(dockerd: string, context: StartContext): Promise<void> {
  const launch = systemLaunch(dockerd);
  if (existsSync('/run/systemd/system') && (await startUnit(launch, context))) return;
  await startDetached(launch, context);
}

/** False when systemd has no such unit. */
async function startUnit(launch: EngineLaunch, {env, say, signal}: StartContext): Promise<boolean> {
  say('starting the container engine: systemctl start docker');
  const toolEnv = toolEnvironment(env);
  const started = await runTool({argv: ['systemctl', 'start', 'docker'], env: toolEnv, signal});
  if (started.exitCode === unitMissing) return false;
  if (started.ok && (await waitForAnswer(launch.socket, () => false, signal))) return true;
  const journal = await runTool({argv: ['journalctl', '-u', 'docker', '-n', '15', '--no-pager'], env: toolEnv, signal});
  throw startFailed('systemctl start docker', journal.ok ? journal.lines : started.lines, 'journalctl -u docker');
}

/**
 * Starts a daemon that outlives this process: its own session, its output in its log file. What a killed engine left
 * (pid file, socket, its containerd) is cleared first. An engine that is alive but does not answer yet is waited for,
 * never started twice. Throws ENGINE_UNREACHABLE. An abort while waiting ends what was started.
 */
export async function startDetached(launch: EngineLaunch, {env, say, signal}: StartContext): Promise<void> {
  const running = await findLivingEngine(launch);
  if (running !== undefined) {
    say(`a container engine runs already, but does not answer yet (process ${running}); waiting for it`);
    if (await waitForAnswer(launch.socket, () => false, signal)) return;
    throw startFailed(`process ${running}, which was not started twice`, await logTail(launch.logFile, 0), launch.logFile);
  }
  const cleared = await clearLeftovers(launch, signal);
  if (cleared.length > 0) say(`cleared what a killed engine left: ${cleared.join(', ')}`);
  await mkdir(dirname(launch.logFile), {recursive: true});
  const logStart = await stat(launch.logFile).then(
    ({size}) => size,
    () => 0,
  );
  say(`starting the container engine: ${launch.argv.join(' ')} (log: ${launch.logFile})`);
  const daemon = await spawnDaemon(launch, env);
  try {
    if (await waitForAnswer(launch.socket, daemon.ended, signal)) return;
  } catch (error) {
    daemon.stop();
    throw error;
  }
  // Still running after the time limit: it is left alone, the next start waits for it.
  throw startFailed(launch.argv[0], await logTail(launch.logFile, logStart), launch.logFile);
}

interface Daemon {
  readonly ended: () => boolean;
  readonly stop: () => void;
}

async function spawnDaemon(launch: EngineLaunch, env: Environment): Promise<Daemon> {
  const [program, ...args] = launch.argv;
  await using log = await open(launch.logFile, 'a', 0o640);
  const child = spawn(program, args, {detached: true, stdio: ['ignore', log.fd, log.fd], cwd: '/', env: toolEnvironment(env)});
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new AppError('ENGINE_UNREACHABLE', `The container engine ${program} could not be started.`, {cause: error});
  }
  child.unref();
  return {ended: () => child.exitCode !== null || child.signalCode !== null, stop: () => void child.kill('SIGTERM')};
}

/** True as soon as the engine answers; false when it ended or the time is up. Rejects on abort. */
async function waitForAnswer(socket: string, ended: () => boolean, signal: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    // Read before asking: another process's engine may answer although ours ended.
    const gone = ended();
    if ((await pingEngine(`unix://${socket}`, signal)).state === 'answers') return true;
    if (gone) return false;
    await sleep(pollMs, undefined, {signal});
  }
  return false;
}

async function logTail(file: string, from: number): Promise<readonly string[]> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  return tailLines(bytes.subarray(Math.min(from, bytes.length)).toString('utf8'));
}

function startFailed(what: string, lines: readonly string[], log: string): AppError {
  const tail = lines.length === 0 ? 'It left no message.' : `Its last lines:\n${lines.join('\n')}`;
  return new AppError('ENGINE_UNREACHABLE', `The container engine did not come up (${what}). ${tail}`, {
    hint: `The whole log: ${log}`,
    details: {lines},
  });
}
