import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {readPidFile, readProcess, removeStalePidFile, removeStaleSocket} from './pid-file.js';

/** The files that an engine keeps while it runs. */
export interface EngineFiles {
  /** Absolute path of the unix socket on which it answers when it runs. */
  readonly socket: string;
  readonly pidFile: string;
  /** The engine's `exec-root`, under which it keeps its containerd. */
  readonly execRoot: string;
}

/**
 * The process of the engine that these files belong to, when it lives: by its pid file, or, where that is missing or
 * another one is in use, as the parent of its containerd.
 */
export async function findLivingEngine({pidFile, execRoot}: EngineFiles): Promise<number | undefined> {
  const listed = await readPidFile(pidFile, 'dockerd');
  if (listed.state === 'alive') return listed.pid;
  for (const pid of await findContainerds(execRoot)) {
    const parent = (await readProcess(pid))?.parent;
    if (parent !== undefined && (await readProcess(parent))?.name === 'dockerd') return parent;
  }
  return undefined;
}

/**
 * Clears what an engine left that is known not to live ({@link findLivingEngine}): its pid file and socket, its containerd, and that one's pid file. Each is removed
 * only when nothing alive but a containerd of this very engine stands behind it. Returns what was cleared, for people.
 */
export async function clearLeftovers({socket, pidFile, execRoot}: EngineFiles, signal: AbortSignal): Promise<readonly string[]> {
  const containerds = await findContainerds(execRoot);
  for (const pid of containerds) await endProcess(pid, signal);
  const containerdPidFile = join(execRoot, 'containerd/containerd.pid');
  const files = [
    (await removeStalePidFile(pidFile, 'dockerd')) ? pidFile : undefined,
    (await removeStalePidFile(containerdPidFile, 'containerd')) ? containerdPidFile : undefined,
    (await removeStaleSocket(socket)) ? socket : undefined,
  ].filter((path) => path !== undefined);
  return [...containerds.map((pid) => `its containerd (process ${pid})`), ...files];
}

/**
 * Processes that were started with the configuration that the engine writes for its own containerd. The engine would
 * either wait for such a one in vain (measured on 20.10: 15 s, then it gives up) or start a second one over the same
 * database; running containers have their own parents and do not end with it.
 */
async function findContainerds(execRoot: string): Promise<readonly number[]> {
  const config = join(execRoot, 'containerd/containerd.toml');
  const spellings = [config, config.replace(/^\/var\/run\//, '/run/')];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      const isOurs = /(^|\/)containerd$/.test(program) && args.some((word, index) => args[index - 1] === '--config' && spellings.includes(word));
      return isOurs ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** Time for an orderly end before the process is killed; containerd needs some ten milliseconds. */
const graceMs = 3000;
const pollMs = 20;

async function endProcess(pid: number, signal: AbortSignal): Promise<void> {
  for (const how of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, how);
    } catch {
      // It ended in between, or is not ours to end: the start will tell.
      return;
    }
    const deadline = Date.now() + graceMs;
    while (Date.now() < deadline) {
      if ((await readProcess(pid)) === undefined) return;
      await sleep(pollMs, undefined, {signal});
    }
  }
}
