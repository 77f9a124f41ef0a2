import {afterAll, describe, expect, it} from 'vitest';
import {canonicalJson, sha256} from '../../../src/core/canonical.js';
import type {LayerRequest, LayerResult} from '../../../src/core/sandbox.js';
import {givenPath} from '../../../src/core/sandbox.js';
import type {SeedFile} from '../../../src/core/tree.js';
import {connectEngine} from '../../../src/sandbox/docker/connect.js';
import {makeLabels, makeLayerLabels, readMoment} from '../../../src/sandbox/labels.js';
import {address, boxImage, calm, changes, file, makeHistory, out, sh, text, useEngine} from './engine-fixture.js';
import {startNpmRegistry} from './npm-registry.js';

const fixture = useEngine();
const {runId} = fixture.ownership;
const canary = 'canary-token-7f3a9c';

/** Names of the layers of this file. */
const begun: string[] = [];
/** A layer of this test alone; whoever asks removes it. */
const layer = (more: Partial<LayerRequest> & Pick<LayerRequest, 'from' | 'argv'>): LayerRequest => ({
  name: begun[begun.push(`bulkhead-layer-${sha256(canonicalJson([runId, begun.length])).slice(0, 32)}`) - 1]!,
  ownership: fixture.ownership,
  image: fixture.image(),
  limits: {memoryMiB: 1024, cpus: 2, pids: 256},
  env: {npm_config_userconfig: `${givenPath}/npmrc`, npm_config_cache: '/box/workspace/.cache', npm_config_update_notifier: 'false', npm_config_audit: 'false', npm_config_fetch_retries: '0'},
  timeoutMs: 90_000,
  folders: ['node_modules'],
  maxBytes: 20_000,
  ...more,
});

const files = (packages: readonly string[], lock: Readonly<Record<string, unknown>>): readonly SeedFile[] => {
  const dependencies = Object.fromEntries(packages.map((name) => [name, '*']));
  return [
    file('package.json', JSON.stringify({name: 'project', dependencies})),
    file('package-lock.json', JSON.stringify({name: 'project', lockfileVersion: 3, requires: true, packages: {'': {name: 'project', dependencies}, ...lock}})),
  ];
};

/** Also what holds a layer goes, as at the end of a run. */
async function dropLayer(name: string): Promise<void> {
  for (const item of await fixture.engine.leftovers(calm)) if (item.runId === fixture.ownership.runId && item.name.endsWith('-hold')) await fixture.engine.remove(item, calm);
  expect(await fixture.engine.removeLayer(name, calm)).toBe(true);
  expect((await fixture.engine.layers(calm)).filter((one) => one.name.startsWith(name))).toEqual([]);
}

/** Takes away all that a run has on the engine; layers are no run's. */
async function forget(run: string): Promise<void> {
  for (const item of await fixture.engine.leftovers(calm)) if (item.runId === run) await fixture.engine.remove(item, calm);
}

// What a test that failed left behind.
afterAll(async () => {
  await forget(runId);
  for (const {name} of await fixture.engine.layers(calm)) if (begun.some((one) => name.startsWith(one))) await fixture.engine.removeLayer(name, calm);
});

const said = (result: LayerResult): string => (result.state === 'failed' ? `failed: ${text(result.ended.stderr.head)} ${text(result.stdout.head)}` : result.state);
const dependency = {name: 'dep', version: '1.2.3', packageJson: {main: 'index.js', scripts: {preinstall: 'touch planted; touch /box/workspace/planted', postinstall: 'touch planted'}}, files: {'index.js': 'module.exports = 42;\n'}};
const npmCi = ['npm', 'ci', '--ignore-scripts', '--json'];

describe('a dependency layer', () => {
  it('is filled from a registry without running a script, and its token stays nowhere', async () => {
    await using registry = await startNpmRegistry([dependency], {token: canary, runId});
    const {url} = registry;
    const npmrc = `registry="${url}"\n${url.replace('http:', '')}:_authToken="${canary}"\n`;
    const request = layer({from: {kind: 'files', files: files(['dep'], {'node_modules/dep': registry.entry('dep')}), given: {npmrc}}, argv: ['/bin/sh', '-c', `${npmCi.join(' ')} && sleep 2.25`]});
    const client = connectEngine(address);
    const container = client.getContainer(`${request.name}-${runId}`);
    await using other = await fixture.box(await fixture.snapshot([file('a', 'A')]));
    const making = fixture.engine.makeLayer(request, calm);
    // While it has the token: no setting of its box, no list of processes and no other box shows it.
    await expect.poll(async () => JSON.stringify(await container.top().catch(() => '')), {timeout: 60_000}).toContain('sleep 2.25');
    expect(JSON.stringify([await container.inspect(), await container.top()])).not.toContain(canary);
    expect(await out(other, `cat /proc/[0-9]*/cmdline | tr '\\0' ' '; ls ${givenPath} 2>&1 || true`)).not.toMatch(new RegExp(`${canary}|npmrc|sleep 2.25`));
    expect(said(await making)).toBe('made');
    expect(await registry.asked()).toContain(`/dep/-/dep-1.2.3.tgz Bearer ${canary}`);
    expect(said(await fixture.engine.makeLayer(request, calm))).toBe('there');

    const project = [file('main.js', "console.log(require('dep'))\n"), file('package.json', '{"name": "project"}')];
    using history = makeHistory([project]);
    const snapshot = await fixture.snapshot(project, {history: {...history, exclude: ['node_modules']}});
    await using box = await fixture.box(snapshot, {layers: [request.name]});
    expect(await out(box, 'node main.js; git status --porcelain; cat package.json; ls -a')).toBe('42\n{"name": "project"}.\n..\n.git\nmain.js\nnode_modules\npackage.json\n');
    expect(await out(box, `ls node_modules/dep; grep -r ${canary} . /run /proc/1/environ 2>/dev/null || echo nothing`)).toBe('index.js\npackage.json\nnothing\n');
    // It is needed as long as a workspace is made over it.
    expect(await fixture.engine.removeLayer(request.name, calm)).toBe(false);
    expect((await fixture.engine.layers(calm)).find((one) => one.name === request.name)).toMatchObject({complete: true, usedBy: expect.arrayContaining([`${box.names.box}-upper`]) as unknown});
    await out(box, 'echo mine >node_modules/dep/index.js; rm node_modules/dep/package.json; mkdir -p node_modules/.cache; touch node_modules/.cache/x; echo work >work.txt');
    await box.stop(calm);
    expect(await changes(fixture.engine, {names: box.names, ownership: fixture.ownership})).toEqual(['file work.txt 5 "work\\n"']);
    await box[Symbol.asyncDispose]();
    await fixture.engine.removeWorkspace(box.names, calm);
    expect(JSON.stringify(await client.listVolumes())).not.toContain(canary);
    await dropLayer(request.name);
  });

  it('has nothing of a package outside of that package and no link of it, and is not made of one that has another hash', async () => {
    const hostile = {
      ...dependency,
      packageJson: {main: 'index.js', bin: {good: 'index.js', '../../../evil': 'index.js', passwd: '../../../../../etc/passwd'}},
      files: {...dependency.files, '../../../planted': 'x', '../sibling/index.js': 'x'},
      links: {out: '/etc/passwd', 'up': '../../..'},
    };
    await using registry = await startNpmRegistry([hostile], {runId});
    const locked = (entry: object): LayerRequest => layer({from: {kind: 'files', files: files(['dep'], {'node_modules/dep': entry}), given: {npmrc: `registry="${registry.url}"\n`}}, argv: npmCi});
    const request = locked({...registry.entry('dep'), bin: hostile.packageJson.bin});
    expect(said(await fixture.engine.makeLayer(request, calm))).toBe('made');
    await using box = await fixture.box(await fixture.snapshot([file('main.js', "console.log(require('dep'))\n")]), {layers: [request.name]});
    expect(await out(box, 'node main.js; ls; ls -A node_modules node_modules/dep')).toBe('42\nmain.js\nnode_modules\nnode_modules:\n.bin\n.package-lock.json\ndep\n\nnode_modules/dep:\nindex.js\npackage.json\n');
    expect(await out(box, 'for link in $(find node_modules -type l); do readlink -f "$link"; done | grep -v ^/box/workspace/node_modules/dep/ || echo none')).toBe('none\n');
    await box[Symbol.asyncDispose]();
    await fixture.engine.removeWorkspace(box.names, calm);
    await dropLayer(request.name);

    const wrong = locked({...registry.entry('dep'), integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`});
    expect(said(await fixture.engine.makeLayer(wrong, calm))).toMatch(/^failed:[^]*EINTEGRITY/);
    expect((await fixture.engine.layers(calm)).filter((one) => one.name.startsWith(wrong.name))).toEqual([]);
  });

  it('that two runs fill at once is one layer, and does not count as what a box over it has written', async () => {
    const other = {...fixture.ownership, runId: `${fixture.ownership.runId}-b`};
    const one = layer({from: {kind: 'files', files: [], given: {}}, argv: ['/bin/sh', '-c', 'mkdir node_modules; sleep 1; dd if=/dev/zero of=node_modules/x bs=1M count=64']});
    const both = await Promise.all([fixture.engine.makeLayer(one, calm), fixture.engine.makeLayer({...one, ownership: other}, calm)]);
    expect(both.map(said)).toEqual(['made', 'made']);
    expect((await fixture.engine.layers(calm)).filter(({name}) => name.startsWith(one.name))).toMatchObject([{name: one.name, complete: true}]);
    await using box = await fixture.box(await fixture.snapshot([file('a', 'A')]), {layers: [one.name], limits: {memoryMiB: 512, cpus: 1, pids: 64, diskMiB: 32}});
    await out(box, 'dd if=/dev/zero of=mine bs=1M count=20 2>/dev/null');
    expect((await box.stats(calm)).disk.bytes / 2 ** 20).toBeCloseTo(20, 0);
    expect(await out(box, 'stat -c %s node_modules/x')).toBe(`${64 * 2 ** 20}\n`);
    await box[Symbol.asyncDispose]();
    await fixture.engine.removeWorkspace(box.names, calm);
    await forget(other.runId);
    await dropLayer(one.name);
  });
});

describe('an install that does not come to its end', () => {
  const good = ['/bin/sh', '-c', 'ls -A; mkdir node_modules; echo whole >node_modules/x'];
  const parts = (name: string) => ({box: `${name}-${runId}`, volume: `${name}-${runId}-upper`});
  const made = async (name: string) => (await fixture.engine.layers(calm)).filter((one) => one.name.startsWith(name));

  it('because its process was killed is no layer, and is begun anew from nothing', async () => {
    const request = layer({from: {kind: 'files', files: [], given: {}}, argv: good});
    // As a kill leaves it: half of a volume, the box that still runs, and no mark.
    const {box, volume} = parts(request.name);
    const client = connectEngine(address);
    await client.createVolume({Name: volume, Labels: makeLayerLabels(request.name, 'gone 1 1', readMoment())});
    const half = await client.createContainer({name: box, Image: boxImage, Cmd: ['/bin/sh', '-c', 'mkdir -p /v/workspace/node_modules; echo half >/v/workspace/node_modules/x; exec sleep 600'], Labels: makeLabels(fixture.ownership, 'process', readMoment()), HostConfig: {Mounts: [{Type: 'volume', Source: volume, Target: '/v'}]}});
    await half.start();
    expect(await made(request.name)).toMatchObject([{name: volume, complete: false}]);
    const snapshot = await fixture.snapshot([file('a', 'A')]);
    await expect(fixture.box(snapshot, {layers: [request.name]})).rejects.toMatchObject({code: 'ENGINE_FAILED'});
    // While something uses it, it is not taken away either.
    expect(await fixture.engine.removeLayer(volume, calm)).toBe(false);
    expect(said(await fixture.engine.makeLayer(request, calm))).toBe('made');
    await using whole = await fixture.box(snapshot, {layers: [request.name]});
    expect(await out(whole, 'cat node_modules/x')).toBe('whole\n');
    await whole[Symbol.asyncDispose]();
    await fixture.engine.removeWorkspace(whole.names, calm);
    // Nor is a mark whose volume is gone taken for a layer.
    await client.getVolume(volume).remove();
    const later = {...request, ownership: {...fixture.ownership, runId: `${runId}-later`}};
    expect(said(await fixture.engine.makeLayer(later, calm))).toBe('made');
    expect(said(await fixture.engine.makeLayer(request, calm))).toBe('there');
    await forget(later.ownership.runId);
    await dropLayer(request.name);
  });

  it('because it was cancelled leaves nothing', async () => {
    const request = layer({from: {kind: 'files', files: [], given: {}}, argv: ['/bin/sh', '-c', 'mkdir node_modules; sleep 600']});
    const cancel = new AbortController();
    const making = fixture.engine.makeLayer(request, cancel.signal);
    const client = connectEngine(address);
    await expect.poll(async () => JSON.stringify(await client.getContainer(parts(request.name).box).top().catch(() => '')), {timeout: 60_000}).toContain('sleep 600');
    cancel.abort(new Error('cancelled'));
    await expect(making).rejects.toThrow('cancelled');
    expect(await made(request.name)).toEqual([]);
    await expect(client.getContainer(parts(request.name).box).inspect()).rejects.toMatchObject({statusCode: 404});
  });

  it('because it fills the disk is ended at its limit', async () => {
    const limits = {memoryMiB: 512, cpus: 2, pids: 64, diskMiB: 48};
    const request = layer({from: {kind: 'files', files: [], given: {}}, limits, argv: ['/bin/sh', '-c', 'mkdir node_modules; sleep 1; dd if=/dev/zero of=node_modules/x bs=1M count=400; sleep 60']});
    expect(await fixture.engine.makeLayer(request, calm)).toMatchObject({state: 'failed', ended: {overDisk: 'disk', timedOut: false}});
    expect(await made(request.name)).toEqual([]);
  });
});

describe('a prepared layer', () => {
  it('is made without a network over the snapshot, and holds its folders alone', async () => {
    const below = layer({from: {kind: 'files', files: [], given: {}}, argv: ['/bin/sh', '-c', 'mkdir -p node_modules/dep packages/a/node_modules; echo 1 >node_modules/dep/index.js; echo a >packages/a/node_modules/a.js'], folders: ['node_modules', 'packages/a/node_modules']});
    expect(said(await fixture.engine.makeLayer(below, calm))).toBe('made');
    const snapshot = await fixture.snapshot([file('main.js', 'main\n'), file('packages/a/index.js', 'a\n')]);
    const script = ['umask 077', 'cat main.js node_modules/dep/index.js', 'ls /sys/class/net', 'echo built >node_modules/dep/built', 'echo changed >main.js', 'touch outside', 'mv packages/a packages/b; mkdir -p packages/a/node_modules; echo new >packages/a/node_modules/n.js', 'ln -s /etc packages/c'].join(' && ');
    const above = layer({from: {kind: 'snapshot', snapshot, layers: [below.name]}, argv: ['/bin/sh', '-c', `${script} >node_modules/dep/seen`], folders: below.folders});
    expect(said(await fixture.engine.makeLayer(above, calm))).toBe('made');
    await using box = await fixture.box(snapshot, {layers: [above.name, below.name]});
    expect(await out(box, 'cat main.js packages/a/index.js; ls; ls packages; ls packages/a/node_modules; ls node_modules/dep')).toBe('main\na\nmain.js\nnode_modules\npackages\na\na.js\nn.js\nbuilt\nindex.js\nseen\n');
    // Users of several boxes share it by their group.
    expect(await out(box, 'find . -path "*node_modules*" ! -type l ! -perm -g=rw; find . -maxdepth 2 -type d ! -perm -g=rwx')).toBe('');
    await box[Symbol.asyncDispose]();
    await fixture.engine.removeWorkspace(box.names, calm);
    await dropLayer(above.name);
    await dropLayer(below.name);
  });

  it('of a command that fails or does not end is none', async () => {
    const snapshot = await fixture.snapshot([file('a', 'A')]);
    const failing = layer({from: {kind: 'snapshot', snapshot, layers: []}, argv: ['/bin/sh', '-c', 'echo why >&2; exit 3']});
    expect(await fixture.engine.makeLayer(failing, calm)).toMatchObject({state: 'failed', ended: {exitCode: 3}});
    const endless = layer({from: {kind: 'snapshot', snapshot, layers: []}, argv: ['/bin/sh', '-c', 'sleep 60'], timeoutMs: 1500});
    expect(await fixture.engine.makeLayer(endless, calm)).toMatchObject({state: 'failed', ended: {timedOut: true}});
    expect((await fixture.engine.layers(calm)).filter(({name}) => name.startsWith(failing.name) || name.startsWith(endless.name))).toEqual([]);
  });
});

it('a box over a layer that is not there is not started', async () => {
  const snapshot = await fixture.snapshot([file('a', 'A')]);
  await expect(fixture.box(snapshot, {layers: ['bulkhead-layer-0123456789abcdef0123456789abcdef']})).rejects.toMatchObject({code: 'ENGINE_FAILED'});
  await using box = await fixture.box(snapshot);
  expect((await sh(box, 'ls')).exitCode).toBe(0);
});
