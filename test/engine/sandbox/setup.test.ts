import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {findEngine, findProgram} from '../../../src/sandbox/engine/discover.js';
import {readPidFile} from '../../../src/sandbox/engine/pid-file.js';
import {pingEngine} from '../../../src/sandbox/engine/ping.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {ensureGvisor} from '../../../src/sandbox/runtime/register.js';
import {prepareMachine} from '../../../src/sandbox/engine/setup.js';
import {type EngineLaunch, startDetached} from '../../../src/sandbox/engine/start.js';

/** A second engine of this machine: its own files in a temporary folder, its own network and mounts, no bridge. */
let folder: string;
let launch: EngineLaunch;
let containerdPidFile: string;
let bystander: ChildProcess;
const said: string[] = [];
const context = {env: process.env, say: (line: string) => void said.push(line), signal: new AbortController().signal};

beforeAll(async () => {
  const dockerd = await findProgram('dockerd', process.env);
  if (dockerd === undefined) throw new Error('this suite needs an installed dockerd and root');
  folder = await mkdtemp(join(tmpdir(), 'bh-'));
  const [socket, pidFile, execRoot] = [join(folder, 'd.sock'), join(folder, 'd.pid'), join(folder, 'x')];
  await mkdir(execRoot);
  const own = ['--config-file', join(folder, 'none.json'), '--host', `unix://${socket}`, '--pidfile', pidFile, '--exec-root', execRoot, '--data-root', join(folder, 'data')];
  await writeFile(join(folder, 'none.json'), '{}');
  launch = {argv: ['/usr/bin/unshare', '-n', '-m', dockerd, ...own, '--bridge', 'none', '--iptables=false'], socket, pidFile, execRoot, logFile: join(folder, 'd.log')};
  containerdPidFile = join(execRoot, 'containerd/containerd.pid');
  bystander = spawn('/bin/sleep', ['600'], {stdio: 'ignore'});
  await once(bystander, 'spawn');
});

afterAll(async () => {
  for (const pid of [await alive(launch.pidFile, 'dockerd'), await alive(containerdPidFile, 'containerd')]) {
    if (pid !== undefined) await end(pid, 'SIGTERM');
  }
  bystander.kill('SIGKILL');
  await rm(folder, {recursive: true, force: true});
}, 60_000);

async function alive(file: string, program: string): Promise<number | undefined> {
  const seen = await readPidFile(file, program);
  return seen.state === 'alive' ? seen.pid : undefined;
}

/** The process of a pid file that must be alive. */
async function running(file: string, program: string): Promise<number> {
  const pid = await alive(file, program);
  if (pid === undefined) throw new Error(`${program} is not running (${await readFile(file, "utf8").catch(String)}): ${(await readFile(launch.logFile, "utf8")).slice(-600)}`);
  return pid;
}

async function end(pid: number, how: NodeJS.Signals): Promise<void> {
  try {
    process.kill(pid, how);
  } catch {
    return;
  }
  while (await isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** A zombie is gone. */
async function isThere(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}

const answers = async (): Promise<boolean> => (await pingEngine(`unix://${launch.socket}`, context.signal)).state === 'answers';

it('an engine that was never started is started, outlives the call and is found', async () => {
  await startDetached(launch, context);
  expect(await findEngine({flag: `unix://${launch.socket}`, env: {}, signal: context.signal})).toMatchObject({name: 'docker'});
  await running(launch.pidFile, 'dockerd');
});

it('an engine that runs is not started twice', async () => {
  const before = await running(launch.pidFile, 'dockerd');
  await startDetached(launch, context);
  expect(await running(launch.pidFile, 'dockerd')).toBe(before);
});

it('after kill -9 it is started over its pid file and its socket', async () => {
  const before = await running(launch.pidFile, 'dockerd');
  await end(before, 'SIGKILL');
  expect([existsSync(launch.pidFile), existsSync(launch.socket), await answers()]).toEqual([true, true, false]);
  await startDetached(launch, context);
  expect(await answers()).toBe(true);
  expect(await running(launch.pidFile, 'dockerd')).not.toBe(before);
});

it.each([true, false])('a containerd that outlived its engine does not stop the next one (its pid file is there: %s)', async (listed) => {
  const containerd = await running(containerdPidFile, 'containerd');
  await end(await running(launch.pidFile, 'dockerd'), 'SIGKILL');
  await end(containerd, 'SIGKILL');
  const left = spawn((await findProgram('containerd', process.env)) ?? 'containerd', ['--config', join(launch.execRoot, 'containerd/containerd.toml')], {stdio: 'ignore', detached: true});
  await once(left, 'spawn');
  await (listed ? writeFile(containerdPidFile, String(left.pid)) : rm(containerdPidFile));
  await startDetached(launch, context);
  expect(await answers()).toBe(true);
});

it('pid files whose numbers belong to another program stop neither the start nor that program', async () => {
  const containerd = await running(containerdPidFile, 'containerd');
  await end(await running(launch.pidFile, 'dockerd'), 'SIGKILL');
  await end(containerd, 'SIGKILL');
  for (const file of [launch.pidFile, containerdPidFile]) await writeFile(file, String(bystander.pid));
  await startDetached(launch, context);
  expect(await answers()).toBe(true);
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
});

it('an engine is given gVisor by a reload of its own configuration, which keeps what it had, and once', async () => {
  const config = join(folder, 'none.json');
  await writeFile(config, '{"labels": ["kept=yes"]}');
  const engine = startDockerEngine({address: `unix://${launch.socket}`, helperImage: 'none', imageReference: () => undefined});
  const request = {...context, address: `unix://${launch.socket}`, name: 'docker' as const, runtimes: async (signal: AbortSignal) => (await engine.facts(signal)).runtimes, packages: undefined};
  const before = await running(launch.pidFile, 'dockerd');
  await ensureGvisor(request);
  expect((await engine.facts(context.signal)).runtimes).toContain('runsc');
  const text = await readFile(config, 'utf8');
  expect(JSON.parse(text)).toMatchObject({labels: ['kept=yes'], runtimes: {runsc: {}}});
  await ensureGvisor(request);
  expect([await readFile(config, 'utf8'), await running(launch.pidFile, 'dockerd')]).toEqual([text, before]);
  await expect(ensureGvisor({...request, address: 'unix:///nobody.sock', runtimes: () => Promise.resolve(['runc'])})).rejects.toMatchObject({code: 'ENVIRONMENT'});
});

it('an engine that lives without its pid file and its socket is neither started twice nor robbed of its containerd', async () => {
  const [engine, containerd] = [await running(launch.pidFile, 'dockerd'), await running(containerdPidFile, 'containerd')];
  await rm(launch.pidFile);
  await rm(launch.socket);
  const stop = new AbortController();
  const say = (): void => {
    stop.abort();
  };
  await expect(startDetached(launch, {...context, say, signal: stop.signal})).rejects.toMatchObject({name: 'AbortError'});
  expect([await isThere(engine), await isThere(containerd), existsSync(launch.pidFile)]).toEqual([true, true, false]);
  await writeFile(launch.pidFile, String(engine));
});

it('setup on a machine that is ready builds nothing and changes nothing', async () => {
  await prepareMachine({env: process.env, yes: true, forTests: true, say: () => undefined, signal: context.signal});
  const lines: string[] = [];
  const again = await prepareMachine({env: process.env, yes: false, forTests: true, say: (line) => void lines.push(line), signal: context.signal});
  expect(again.engine.outcome).toBe('answered');
  expect(again.images.map(({built}) => built)).toEqual([false, false, false]);
  expect(lines).toEqual([]);
});
