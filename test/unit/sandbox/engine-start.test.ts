import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {copyFile, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {readPidFile, removeStalePidFile, removeStaleSocket} from '../../../src/sandbox/engine/pid-file.js';
import {type EngineLaunch, startDetached} from '../../../src/sandbox/engine/start.js';
import {toolEnvironment} from '../../../src/sandbox/engine/tool.js';

let folder: string;
let pidFile: string;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bh-start-'));
  pidFile = join(folder, 'engine.pid');
  children = [];
});

afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(folder, {recursive: true, force: true});
});

/** A living process whose name is the given one: a copy of `sleep`. */
async function startNamed(name: string): Promise<number> {
  const program = join(folder, name);
  await copyFile('/bin/sleep', program);
  const child = spawn(program, ['60'], {stdio: 'ignore'});
  children.push(child);
  await once(child, 'spawn');
  return child.pid ?? 0;
}

async function deadPid(): Promise<number> {
  const child = spawn('/bin/true', {stdio: 'ignore'});
  await once(child, 'exit');
  return child.pid ?? 0;
}

const write = (content: string | number): Promise<void> => writeFile(pidFile, `${content}`);

describe('a pid file', () => {
  it('of a living process of that name is alive, and is kept', async () => {
    const pid = await startNamed('dockerd');
    await write(`${pid}\n`);
    expect(await readPidFile(pidFile, 'dockerd')).toEqual({state: 'alive', pid});
    expect(await removeStalePidFile(pidFile, 'dockerd')).toBe(false);
    expect(existsSync(pidFile)).toBe(true);
  });

  it('whose process is gone is stale, and is removed', async () => {
    await write(await deadPid());
    expect(await removeStalePidFile(pidFile, 'dockerd')).toBe(true);
    expect(existsSync(pidFile)).toBe(false);
  });

  it('whose number belongs to another program now is stale, and that program lives on', async () => {
    const pid = await startNamed('editor (x) Z y');
    await write(pid);
    expect(await removeStalePidFile(pidFile, 'dockerd')).toBe(true);
    expect(process.kill(pid, 0)).toBe(true);
  });

  it.each(['', 'abc', '-1', '0', '1 2', '99999999999999'])('with the content %j is stale', async (content) => {
    await write(content);
    expect(await readPidFile(pidFile, 'dockerd')).toEqual({state: 'stale'});
  });

  it('that is not there is absent', async () => {
    expect(await readPidFile(pidFile, 'dockerd')).toEqual({state: 'absent'});
  });
});

describe('a socket path', () => {
  it('is cleared of a socket, and of nothing else', async () => {
    const path = join(folder, 'a.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await removeStaleSocket(path)).toBe(true);
    server.close();
    await writeFile(path, 'precious');
    expect(await removeStaleSocket(path)).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('precious');
  });
});

describe('starting an engine', () => {
  const launch = (script: string): EngineLaunch => ({
    argv: ['/bin/sh', '-c', script],
    socket: join(folder, 'engine.sock'),
    pidFile,
    execRoot: join(folder, 'exec'),
    logFile: join(folder, 'log/engine.log'),
  });
  const {signal} = new AbortController();
  const context = {env: {PATH: '/usr/bin:/bin', SECRET_TOKEN: 'hidden'}, say: () => undefined, signal};

  it('that ends at once fails at once, with the last lines of this start alone', async () => {
    await mkdir(join(folder, 'log'));
    await writeFile(join(folder, 'log/engine.log'), 'an older story\n');
    const failed: unknown = await startDetached(launch('echo no cgroups >&2; exit 1'), context).catch((error: unknown) => error);
    expect(failed).toMatchObject({code: 'ENGINE_UNREACHABLE', details: {lines: ['no cgroups']}});
  });

  it('keeps what is secret in the environment from it', async () => {
    await startDetached(launch('env; exit 1'), context).catch(() => undefined);
    const log = await readFile(join(folder, 'log/engine.log'), 'utf8');
    expect(log).toContain('PATH=');
    expect(log).not.toContain('hidden');
  });

  it('that cannot be run is ENGINE_UNREACHABLE', async () => {
    const gone: EngineLaunch = {...launch(''), argv: [join(folder, 'no-such-program')]};
    await expect(startDetached(gone, context)).rejects.toMatchObject({code: 'ENGINE_UNREACHABLE'});
  });

  it('ends what it started when it is interrupted', async () => {
    const stop = new AbortController();
    const started = startDetached(launch(`echo $$ >${join(folder, 'own.pid')}; exec sleep 600`), {...context, signal: stop.signal});
    const settled = started.catch((error: unknown) => error);
    const pid = await eventually(async () => Number(await readFile(join(folder, 'own.pid'), 'utf8').catch(() => '')) || undefined);
    stop.abort();
    expect(await settled).toMatchObject({name: 'AbortError'});
    await eventually(() => Promise.resolve(existsSync(`/proc/${pid}`) ? undefined : true));
  });
});

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('host tools get programs, proxies and certificates, and no keys', () => {
  const env = toolEnvironment({PATH: '/opt/bin', https_proxy: 'http://p', NODE_EXTRA_CA_CERTS: '/ca', npm_config_registry: 'r', ANTHROPIC_API_KEY: 'k', GITHUB_TOKEN: 't'});
  expect(env).toMatchObject({https_proxy: 'http://p', NODE_EXTRA_CA_CERTS: '/ca', npm_config_registry: 'r'});
  expect(env['PATH']?.split(':')).toEqual(expect.arrayContaining(['/opt/bin', '/usr/sbin']));
  expect(Object.values(env)).not.toEqual(expect.arrayContaining(['k', 't']));
});
