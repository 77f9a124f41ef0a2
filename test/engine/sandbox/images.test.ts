import {randomBytes} from 'node:crypto';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {connectEngine, type EngineClient} from '../../../src/sandbox/docker/connect.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {inspectImage, pullImage, removeImage} from '../../../src/sandbox/docker/images.js';
import {findEngine} from '../../../src/sandbox/engine/discover.js';
import {probeMachine} from '../../../src/sandbox/engine/doctor.js';
import {startInstaller} from '../../../src/sandbox/engine/packages.js';
import {filterRow} from '../../../src/sandbox/engine/probe-box.js';
import {diskRow} from '../../../src/sandbox/engine/probe-living.js';
import {ensureImages, type ReadyImage} from '../../../src/sandbox/images/build.js';
import {baseLabel, type Catalog, imageLabel, imageReference, nodeLabel, ownCatalog} from '../../../src/sandbox/images/catalog.js';
import {requireGvisor} from '../../../src/sandbox/runtime/probe.js';

const {signal} = new AbortController();
const say = (): void => undefined;
let engine: EngineClient;
let address: string;
let ready: readonly ReadyImage[];

beforeAll(async () => {
  ({address} = await findEngine({env: process.env, signal}));
  engine = connectEngine(address);
  const packages = await startInstaller({allowed: true, env: process.env, say, signal});
  ready = await ensureImages({address, names: ['node', 'python'], env: process.env, packages, say, signal});
}, 600_000);

/** Runs one command in a fresh container without network, as the user of boxes; returns what it printed. */
async function runIn(name: string, ...argv: readonly string[]): Promise<string> {
  const container = await engine.createContainer({Image: imageReference(name) ?? name, Cmd: [...argv], User: '10001:10001', WorkingDir: '/', Tty: true, HostConfig: {NetworkMode: 'none'}});
  try {
    await container.start();
    const ended = (await container.wait()) as {readonly StatusCode: number};
    const output = (await container.logs({stdout: true, stderr: true})).toString('utf8').replaceAll('\r\n', '\n').trim();
    expect(`${ended.StatusCode} ${output}`).toMatch(/^0 /);
    return output;
  } finally {
    await container.remove({force: true});
  }
}

describe('our images', () => {
  it('are on the engine under the tag of their recipe, and say how they were made', async () => {
    expect(ready.map(({name}) => name)).toEqual(['base', 'node', 'python']);
    for (const {name, reference, id} of ready) {
      const image = await inspectImage(engine, reference, signal);
      expect(image?.id).toBe(id);
      expect(image?.labels[imageLabel]).toBe(name);
      expect(image?.labels[baseLabel]).toMatch(/^(present|pulled|bootstrapped)$/);
      if (name === 'node') expect(image?.labels[nodeLabel]).toMatch(/^(official|npm-package)$/);
    }
  });

  it('are not built a second time', async () => {
    const again = await ensureImages({address, names: ['node', 'python'], env: process.env, packages: undefined, say, signal});
    expect(again.map(({built}) => built)).toEqual([false, false, false]);
    expect(again.map(({id}) => id)).toEqual(ready.map(({id}) => id));
  });

  it('have Node.js 24, npm and npx', async () => {
    expect(await runIn('node', 'node', '-v')).toMatch(/^v24\./);
    expect(await runIn('node', 'npm', '-v')).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await runIn('node', 'npx', '--version')).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('have Python with pytest and coverage', async () => {
    expect(await runIn('python', 'python3', '-m', 'pytest', '--version')).toMatch(/^pytest \d/);
    expect(await runIn('python', 'python3', '-m', 'coverage', '--version')).toMatch(/^Coverage/);
  });

  it.each(['base', 'node', 'python'])('%s has git, perl and tar, a /tmp for everyone, a workspace and names for its users', async (name) => {
    const script = 'git --version >/dev/null && perl -e 1 && tar --version >/dev/null && stat -c %a /tmp && id -un && id -un 10002 && echo ok >/tmp/x';
    expect(await runIn(name, '/bin/sh', '-c', script)).toBe('1777\nagent\nrunner');
  });

  it('trust the extra certificate authorities of the host', async () => {
    const {certificates} = ownCatalog();
    const bundle = await runIn('node', 'cat', '/etc/ssl/certs/ca-certificates.crt');
    expect(bundle.split('BEGIN CERTIFICATE').length).toBeGreaterThan(certificates.length + 50);
    for (const {pem} of certificates) expect(bundle).toContain(pem.trim());
  });
});

describe('a build', () => {
  let folder: string;
  const made: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bh-images-'));
  });

  afterAll(async () => {
    for (const reference of made) await removeImage(engine, reference);
    await rm(folder, {recursive: true, force: true});
  });

  /** Our catalog with another recipe for `python`, under a name of its own. */
  async function catalogWith(dockerfile: string): Promise<{readonly catalog: Catalog; readonly reference: string}> {
    const id = randomBytes(6).toString('hex');
    await mkdir(join(folder, id));
    await writeFile(join(folder, id, 'Dockerfile'), `ARG BASE\nFROM \${BASE}\n${dockerfile}\n`);
    const {recipes, certificates} = ownCatalog();
    const reference = `bulkhead/python:test-${id}`;
    made.push(reference);
    return {catalog: {certificates, recipes: {...recipes, python: {...recipes.python, reference, folder: join(folder, id)}}}, reference};
  }

  const buildWith = (catalog: Catalog, env: Record<string, string> = {}): Promise<readonly ReadyImage[]> =>
    ensureImages({address, names: ['python'], env, packages: undefined, say, signal, catalog});

  it('that fails is an error with its last lines, and leaves neither image nor container', async () => {
    const cause = `cause-${randomBytes(4).toString('hex')}`;
    const {catalog, reference} = await catalogWith(`RUN echo ${cause}; exit 3`);
    const failed: unknown = await buildWith(catalog).catch((error: unknown) => error);
    expect(failed).toMatchObject({code: 'IMAGE_BUILD_FAILED'});
    expect(String(failed)).toContain(cause);
    expect(await inspectImage(engine, reference, signal)).toBeUndefined();
    const containers = await engine.listContainers({all: true});
    expect(containers.filter(({Command}) => Command.includes(cause))).toEqual([]);
  });

  it('gets the proxies of the host and keeps them out of the image', async () => {
    const {catalog, reference} = await catalogWith('RUN test "$http_proxy" = http://localhost:9');
    const images = await buildWith(catalog, {http_proxy: 'http://localhost:9', PATH: process.env['PATH'] ?? ''});
    expect(images.at(-1)).toMatchObject({reference, built: true});
    expect(JSON.stringify(await engine.getImage(reference).inspect())).not.toContain('localhost:9');
  });

  it('may run twice at once: both end with the same image', async () => {
    const {catalog, reference} = await catalogWith(`RUN echo ${randomBytes(4).toString('hex')} >/once`);
    const both = await Promise.all([buildWith(catalog), buildWith(catalog)]);
    const now = await inspectImage(engine, reference, signal);
    expect(both.map((images) => images.at(-1)?.id)).toEqual([now?.id, now?.id]);
  });

  it('goes on without a registry: a pull that cannot succeed is a plain no', async () => {
    expect(await pullImage(engine, 'localhost:9/nothing:here', signal)).toBe(false);
  });
});

it('doctor sees a machine that is ready, by trying it, and leaves nothing', async () => {
  const probes = await probeMachine({
    env: process.env,
    stateFolder: join(tmpdir(), 'not', 'there', 'yet'),
    git: () => Promise.resolve({version: '2.39.5', recentEnough: true}),
    ownership: {runId: `doctor-${process.pid}`, owner: `here ${process.pid} 0`},
    signal,
  });
  expect(probes.filter(({outcome}) => outcome === 'fail')).toEqual([]);
  expect(probes.map(({name}) => name)).toEqual(expect.arrayContaining(['node', 'git', 'engine', 'image base', 'image node', 'network', 'overlay', 'limit of memory', 'limit of processes', '/tmp of node']));
  // Nobody asks for gVisor here, so what does not hold with it is a warning; who requires it is refused for just that.
  expect(probes).toContainEqual(expect.objectContaining({name: 'runsc: kernel', outcome: 'ok'}));
  expect(probes).toContainEqual(expect.objectContaining({name: 'runsc: network', outcome: 'ok'}));
  const unkept = probes.flatMap(({name, outcome}) => (outcome === 'warn' && name.startsWith('runsc: ') ? [name.replace('runsc: ', '')] : [])).filter((name) => ![filterRow, diskRow].includes(name));
  const sealed = {engine: startDockerEngine({address, helperImage: imageReference('base') ?? '', imageReference, runtime: 'runsc'}), ownership: {runId: `doctor-${process.pid}`, owner: `here ${process.pid} 0`}};
  const refused: unknown = await requireGvisor(sealed, 'runsc', signal).catch((error: unknown) => error);
  expect(isAppError(refused, 'ENGINE_UNFIT') ? refused.details['failed'] : []).toEqual(unkept);
  const label = [`dev.bulkhead.run=doctor-${process.pid}`];
  expect(await engine.listContainers({all: true, filters: {label}})).toEqual([]);
  expect((await engine.listVolumes({filters: {label}})).Volumes).toHaveLength(0);
});
