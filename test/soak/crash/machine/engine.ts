import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {findProgram} from '../../../../src/sandbox/engine/discover.js';
import {readProcess} from '../../../../src/sandbox/engine/pid-file.js';
import {startDetached, type EngineLaunch} from '../../../../src/sandbox/engine/start.js';
import {imageReference} from '../../../../src/sandbox/images/catalog.js';
import {tool} from './tool.js';

/** A second container engine on this machine, to be killed. Needs root. Disposing ends it and removes what it had. */
export interface OwnEngine extends AsyncDisposable {
  /** Path of its socket. */
  readonly socket: string;
  /** Ends daemon and containerd with SIGKILL, and with them, when asked, everything that runs in its containers. */
  kill(containers: 'die' | 'live on'): Promise<void>;
  restart(signal: AbortSignal): Promise<void>;
}

/** Starts an engine without any network, and gives it the images of the engine at `from`. */
export async function startOwnEngine(from: string, signal: AbortSignal): Promise<OwnEngine> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-soak-engine-'));
  const [dockerd, unshare] = [await findProgram('dockerd', process.env), await findProgram('unshare', process.env)];
  if (dockerd === undefined || unshare === undefined) throw new Error('dockerd or unshare is not installed');
  const launch = launchIn(root, {dockerd, unshare});
  await writeFile(join(root, 'daemon.json'), '{}\n');
  const start = (within: AbortSignal): Promise<void> => startDetached(launch, {env: process.env, say: () => undefined, signal: within});
  const engine: OwnEngine = {
    socket: launch.socket,
    kill: (containers) => killEngine(launch, containers),
    restart: start,
    async [Symbol.asyncDispose]() {
      await killEngine(launch, 'die');
      await removeRoot(root);
    },
  };
  try {
    await start(signal);
    for (const name of ['base', 'node']) await copyImage(imageReference(name) ?? name, {from, to: launch.socket, signal});
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

function launchIn(root: string, {dockerd, unshare}: {readonly dockerd: string; readonly unshare: string}): EngineLaunch {
  const [socket, pidFile, execRoot] = ['docker.sock', 'docker.pid', 'exec'].map((name) => join(root, name)) as [string, string, string];
  const places = ['--data-root', join(root, 'data'), '--exec-root', execRoot, '--pidfile', pidFile, '--host', `unix://${socket}`, '--config-file', join(root, 'daemon.json')];
  const network = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
  // In a network namespace of its own: without a bridge, a daemon removes the `docker0` of the one that was there first.
  return {argv: [unshare, '--net', dockerd, ...places, ...network], socket, pidFile, execRoot, logFile: join(root, 'dockerd.log')};
}

async function killEngine({pidFile, execRoot}: EngineLaunch, containers: 'die' | 'live on'): Promise<void> {
  const files = [pidFile, join(execRoot, 'containerd/containerd.pid')];
  const daemons = (await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))).map(Number).filter((pid) => pid > 0);
  const shims = containers === 'die' ? await findShims(execRoot) : [];
  const inside = await descendants(shims);
  const pids: number[] = [];
  for (const [index, pid] of daemons.entries()) {
    // A number in an old pid file may be another program's by now.
    if ((await readProcess(pid))?.name === (index === 0 ? 'dockerd' : 'containerd')) pids.push(pid);
  }
  for (const pid of [...pids, ...shims, ...inside]) end(pid);
  for (const pid of pids) while ((await readProcess(pid)) !== undefined) await sleep(10);
}

/** The parents of this engine's containers: they name its containerd on their command line. */
async function findShims(execRoot: string): Promise<readonly number[]> {
  const address = join(execRoot, 'containerd/containerd.sock');
  const found = await Promise.all(
    (await processes()).map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      return /(^|\/)containerd-shim/.test(words[0] ?? '') && words.some((word) => word.startsWith(address)) ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

async function descendants(of: readonly number[]): Promise<readonly number[]> {
  const all = await processes();
  const parents = new Map(await Promise.all(all.map(async (pid) => [pid, (await readProcess(pid))?.parent] as const)));
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && (of.includes(parent) || isBelow(parent));
  };
  return all.filter(isBelow);
}

async function processes(): Promise<readonly number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

/** Saves an image on one engine and loads it on another; its id stays. */
async function copyImage(reference: string, {from, to, signal}: {readonly from: string; readonly to: string; readonly signal: AbortSignal}): Promise<void> {
  await new Promise<void>((done, fail) => {
    const load = request({socketPath: to, method: 'POST', path: '/images/load?quiet=1', headers: {host: 'engine', 'content-type': 'application/x-tar'}, signal}, (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode === 200) done();
        else fail(new Error(`the image ${reference} could not be loaded: ${String(answer.statusCode)}`));
      });
    });
    load.on('error', fail);
    const save = request({socketPath: from, path: `/images/get?names=${encodeURIComponent(reference)}`, headers: {host: 'engine'}, signal}, (saved) => {
      if (saved.statusCode !== 200) fail(new Error(`the image ${reference} is not on the engine: run \`bulkhead setup\``));
      else pipeline(saved, load).catch(fail);
    });
    save.on('error', fail).end();
  });
}

/** What a killed engine had mounted is still mounted. */
async function removeRoot(root: string): Promise<void> {
  const mounted = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const path of mounted.filter((one) => one.startsWith(`${root}/`)).reverse()) await tool('umount', '--lazy', path);
  await rm(root, {recursive: true, force: true});
}
