import {mkdtemp, mkdir, rm, writeFile} from 'node:fs/promises';
import {createServer, type RequestListener, type Server} from 'node:http';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {sha256} from '../../../src/core/canonical.js';
import {parseEngineAddress} from '../../../src/sandbox/engine/address.js';
import {listCandidates} from '../../../src/sandbox/engine/candidates.js';
import {absenceError, findEngine} from '../../../src/sandbox/engine/discover.js';
import {prepareEngine} from '../../../src/sandbox/engine/install.js';

const {signal} = new AbortController();
let home: string;
let servers: Server[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bh-discover-'));
  servers = [];
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(home, {recursive: true, force: true});
});

const docker: RequestListener = (request, response) => {
  response.writeHead(request.url === '/_ping' ? 200 : 404, {'Api-Version': '1.47'}).end('OK');
};
const podman: RequestListener = (_request, response) => {
  response.writeHead(200, {'Api-Version': '1.41', 'Libpod-Api-Version': '4.3.1'}).end('OK');
};

async function listen(name: string, listener: RequestListener): Promise<string> {
  const path = join(home, name);
  await mkdir(dirname(path), {recursive: true});
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return `unix://${path}`;
}

async function listenTcp(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `tcp://127.0.0.1:${address.port}`;
}

async function writeContext(name: string, host: string): Promise<void> {
  const file = join(home, '.docker/contexts/meta', sha256(name), 'meta.json');
  await mkdir(dirname(file), {recursive: true});
  await writeFile(file, JSON.stringify({Name: name, Metadata: {}, Endpoints: {docker: {Host: host, SkipTLSVerify: false}}}));
}

describe('an engine is found by speaking to it', () => {
  it('takes the flag before every variable', async () => {
    const flag = await listen('flag.sock', docker);
    const other = await listen('other.sock', podman);
    const found = await findEngine({flag, env: {BULKHEAD_ENGINE: other, DOCKER_HOST: other, DOCKER_CONTEXT: 'gone'}, home, signal});
    expect(found).toMatchObject({address: flag, name: 'docker', apiVersion: '1.47', source: '--engine'});
  });

  it('takes our variable before the one of docker, and that before a context', async () => {
    const ours = await listen('ours.sock', docker);
    const theirs = await listen('theirs.sock', docker);
    expect((await findEngine({env: {BULKHEAD_ENGINE: ours, DOCKER_HOST: theirs}, home, signal})).address).toBe(ours);
    expect((await findEngine({env: {DOCKER_HOST: theirs, DOCKER_CONTEXT: 'gone'}, home, signal})).address).toBe(theirs);
  });

  it('takes the current docker context, and DOCKER_CONTEXT before it', async () => {
    const current = await listen('current.sock', docker);
    const named = await listen('named.sock', podman);
    await writeContext('current', current);
    await writeContext('named', named);
    await writeFile(join(home, '.docker/config.json'), JSON.stringify({currentContext: 'current', auths: {}}));
    expect(await findEngine({env: {}, home, signal})).toMatchObject({address: current, source: 'docker context current'});
    expect(await findEngine({env: {DOCKER_CONTEXT: 'named'}, home, signal})).toMatchObject({address: named, name: 'podman'});
  });

  it('speaks plain HTTP to a tcp address', async () => {
    const flag = await listenTcp(docker);
    expect(await findEngine({flag, env: {}, home, signal})).toMatchObject({address: flag, name: 'docker'});
  });

  it('tries the usual sockets in the documented order when nothing is named', async () => {
    const candidates = await listCandidates({env: {XDG_RUNTIME_DIR: '/run/user/7', DOCKER_CONTEXT: 'default'}, home: '/home/u'});
    expect(candidates.map(({address}) => address)).toEqual([
      'unix:///var/run/docker.sock',
      'unix:///run/user/7/docker.sock',
      'unix:///home/u/.docker/run/docker.sock',
      'unix:///run/user/7/podman/podman.sock',
      'unix:///run/podman/podman.sock',
    ]);
    expect(candidates.every(({explicit}) => !explicit)).toBe(true);
  });
});

describe('an address that somebody named is never replaced by another', () => {
  const refusal = (env: Record<string, string>, flag?: string): Promise<unknown> => findEngine({flag, env, home, signal}).catch((error: unknown) => error);

  it.each([
    ['a socket that does not exist', 'unix:///nowhere/docker.sock'],
    ['a scheme that is not served', 'ssh://host'],
    ['no address at all', 'localhost:2375'],
    ['a relative path', 'unix://docker.sock'],
  ])('%s is ENGINE_UNREACHABLE and named', async (_name, address) => {
    for (const error of [await refusal({}, address), await refusal({DOCKER_HOST: address}), await refusal({BULKHEAD_ENGINE: address})]) {
      expect(error).toMatchObject({code: 'ENGINE_UNREACHABLE'});
      expect(String(error)).toContain(address);
    }
  });

  it('a context whose engine is dead is ENGINE_UNREACHABLE', async () => {
    await writeContext('dead', `unix://${home}/dead.sock`);
    expect(await refusal({DOCKER_CONTEXT: 'dead'})).toMatchObject({code: 'ENGINE_UNREACHABLE'});
  });

  it('a context that does not exist, or a broken configuration, is ENGINE_UNREACHABLE', async () => {
    expect(await refusal({DOCKER_CONTEXT: 'gone'})).toMatchObject({code: 'ENGINE_UNREACHABLE'});
    await mkdir(join(home, '.docker'));
    await writeFile(join(home, '.docker/config.json'), '{"currentContext": ');
    expect(await refusal({})).toMatchObject({code: 'ENGINE_UNREACHABLE'});
  });

  it('TLS is refused by name instead of spoken to in plain text', async () => {
    const address = await listenTcp(docker);
    expect(await refusal({DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1'})).toMatchObject({code: 'ENGINE_UNREACHABLE'});
  });

  it.each<[string, RequestListener]>([
    ['a server that is no engine', (_request, response) => response.end('hello')],
    ['an engine that fails', (_request, response) => response.writeHead(500, {'Api-Version': '1.47'}).end()],
    ['a listener that hangs up', (request) => request.socket.destroy()],
  ])('%s is not taken for an engine', async (_name, listener) => {
    expect(await refusal({}, await listen('odd.sock', listener))).toMatchObject({code: 'ENGINE_UNREACHABLE'});
  });

  it('a listener that never answers is given up on', async () => {
    expect(await refusal({}, await listen('mute.sock', () => undefined))).toMatchObject({code: 'ENGINE_UNREACHABLE'});
  });

  it('setup neither starts nor installs an engine in its place', async () => {
    let installed = 0;
    const packages = {install: () => Promise.resolve((installed += 1, []))};
    const said: string[] = [];
    const request = {env: {DOCKER_HOST: `unix://${home}/dead.sock`}, home, packages, say: (line: string) => void said.push(line), signal};
    await expect(prepareEngine(request)).rejects.toMatchObject({code: 'ENGINE_UNREACHABLE'});
    expect([installed, said]).toEqual([0, []]);
  });
});

describe('the absence of an engine gets its right cause', () => {
  const tried = (problemCode: string) => [{address: 'unix:///var/run/docker.sock', source: 'usual place', problem: 'x', problemCode}];
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);

  it('nothing installed is ENGINE_MISSING', async () => {
    const error = await absenceError({tried: tried('ENOENT')}, nothing);
    expect(error.code).toBe('ENGINE_MISSING');
    expect(error.details['tried']).toHaveLength(1);
  });

  it('installed but not running is ENGINE_UNREACHABLE and names the way out', async () => {
    const error = await absenceError({tried: tried('ECONNREFUSED')}, (name) => Promise.resolve(name === 'dockerd' ? '/usr/sbin/dockerd' : undefined));
    expect(error.code).toBe('ENGINE_UNREACHABLE');
    expect(error.hint).toContain('bulkhead setup');
  });

  it('a socket that this user may not open is not called missing', async () => {
    expect((await absenceError({tried: tried('EACCES')}, nothing)).code).toBe('ENGINE_UNREACHABLE');
  });
});

describe('addresses', () => {
  it.each([
    ['unix:///var/run/docker.sock', {kind: 'unix', path: '/var/run/docker.sock'}],
    ['tcp://localhost', {kind: 'tcp', host: 'localhost', port: 2375}],
    ['tcp://[::1]:77/', {kind: 'tcp', host: '::1', port: 77}],
  ])('%s is read', (text, expected) => {
    expect(parseEngineAddress(text)).toEqual(expected);
  });

  it.each(['', 'unix://', 'http://h', 'npipe:////./pipe/docker', 'tcp://', 'tcp://user:word@h', 'tcp://h/path', 'tcp://h:99999', 'fd://'])('%j is refused', (text) => {
    expect(parseEngineAddress(text).kind).toBe('refused');
  });
});
