import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';
import type {Report} from '../../src/core/report.js';
import type {FoundLayer} from '../../src/core/sandbox.js';
import {startDockerEngine} from '../../src/sandbox/docker/engine.js';
import {address, helperImage} from '../engine/sandbox/engine-fixture.js';
import {startNpmRegistry, type NpmRegistry} from '../engine/sandbox/npm-registry.js';
import {bulkhead, engineLeftovers, runFlags, smallProject, startBulkhead, startProject, subtractManifest, subtractTraffic, type Project} from './fixture.js';

// A run that is begun three times in one test.
vi.setConfig({testTimeout: 400_000});
const never = new AbortController().signal;
const canary = 'canary-token-93fe11';
const engine = startDockerEngine({address, helperImage, imageReference: () => undefined});
const published = [
  {name: '@acme/minus', version: '1.0.0', packageJson: {type: 'module', exports: './index.js', scripts: {preinstall: 'touch PLANTED', install: 'touch PLANTED', postinstall: 'touch PLANTED'}}, files: {'index.js': 'export const minus = (a, b) => a - b;\n'}},
];
/** Two small packages of the public registry, as npm locked them. */
const publicPackages = {
  'node_modules/is-number': {version: '6.0.0', resolved: 'https://registry.npmjs.org/is-number/-/is-number-6.0.0.tgz', integrity: 'sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPwfDzg==', license: 'MIT', engines: {node: '>=0.10.0'}},
  'node_modules/is-odd': {version: '3.0.1', resolved: 'https://registry.npmjs.org/is-odd/-/is-odd-3.0.1.tgz', integrity: 'sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA==', license: 'MIT', dependencies: {'is-number': '^6.0.0'}, engines: {node: '>=4'}},
};
let registry: NpmRegistry;
let before: readonly string[] = [];

beforeAll(async () => {
  before = (await engine.layers(never)).map((one) => one.name);
  registry = await startNpmRegistry(published, {token: canary, runId: 'test-e2e-registry'});
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  for (const {name} of await engine.layers(never)) if (!before.includes(name)) await engine.removeLayer(name, never);
});

/** A project whose tests need two public packages, and whose new function is to use one of a private registry. */
async function startInstalling(lock: Readonly<Record<string, unknown>> = {}): Promise<Project> {
  const dependencies = {'@acme/minus': '^1.0.0', 'is-odd': '^3.0.1'};
  const packages = {'': {name: 'sums', dependencies}, 'node_modules/@acme/minus': registry.entry('@acme/minus'), ...publicPackages, ...lock};
  const project = await startProject({
    ...smallProject,
    'package.json': JSON.stringify({name: 'sums', type: 'module', scripts: {test: 'node --test', preinstall: 'touch PLANTED'}, dependencies}),
    'package-lock.json': JSON.stringify({name: 'sums', lockfileVersion: 3, requires: true, packages}),
    // What a repository says of registries does not count.
    '.npmrc': 'registry=http://registry.invalid/\n@acme:registry=http://registry.invalid/\nignore-scripts=false\n',
    'test/odd.test.js': "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport isOdd from 'is-odd';\nimport {add} from '../src/add.js';\n\ntest('two and three are odd', () => {\n  assert.equal(isOdd(add(2, 3)), true);\n});\n",
  });
  await mkdir(join(project.home, 'config/bulkhead'), {recursive: true});
  await writeFile(join(project.home, 'config/bulkhead/config.yml'), `registries: [{url: "${registry.url}", scope: "@acme", tokenFrom: PRIVATE_NPM}]\n`);
  return project;
}

const manifest = `${subtractManifest}install: [npm, ci]\n`;
// The registry is on the network of this engine's boxes.
const onEngine = {DOCKER_HOST: address};
const env = {...onEngine, PRIVATE_NPM: canary};
const usesIt = "edit: {command: create, path: src/subtract.js, file_text: \"import {minus} from '@acme/minus';\\nexport const subtract = (a, b) => minus(a, b);\\n\"}";
const turns = [
  'tools: [{bash: {command: "ls node_modules/@acme/minus; git status --porcelain; cat node_modules/is-odd/prepared.txt; echo mine >node_modules/is-odd/mine.txt; env; ls -a"}}]',
  `tools: [{${usesIt}}]`,
  'tools: [{submit: {summary: wrote the function}}]',
];
/** Tells which networks it saw, and spoils what is not its own. */
const prepare = `prepare: [node, -e, "const {writeFileSync, readdirSync} = require('fs'); writeFileSync('node_modules/is-odd/prepared.txt', 'seen: ' + readdirSync('/sys/class/net').join() + '.'); writeFileSync('src/add.js', 'spoiled')"]\n`;

/** Every file below a folder that holds a text. */
async function filesWith(folder: string, text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, {recursive: true, withFileTypes: true})) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}

/** Starts a run, kills it in the middle of its install, and says what it left of the layer. */
async function killInstalling(project: Project, flags: readonly string[]): Promise<FoundLayer> {
  const run = startBulkhead(project, [...flags, '--json'], {env});
  let left: FoundLayer | undefined;
  for (const deadline = Date.now() + 60_000; left === undefined; ) {
    if (Date.now() > deadline) throw new Error(`no layer was ever begun: ${(await run.ended).stderr}`);
    left = (await engine.layers(never)).find((one) => !before.includes(one.name));
  }
  run.kill('SIGKILL');
  await run.ended;
  return left;
}

describe('a run with dependencies', () => {
  it('is verified with what its lock file says, whatever happened to the install before, and keeps no token', async () => {
    await using project = await startInstalling();
    const flags = await runFlags(project, {manifest: `${manifest}${prepare}`, traffic: subtractTraffic(turns)});
    expect(await killInstalling(project, flags)).toMatchObject({complete: false});

    const wrong = 'wrong-token-5512';
    const refused = await bulkhead(project, ['resume', 'latest', '--json'], {env: {...onEngine, PRIVATE_NPM: wrong}});
    expect([refused.exitCode, JSON.parse(refused.stdout)]).toEqual([3, {error: expect.objectContaining({code: 'REGISTRY_FAILED'}) as unknown}]);
    expect(await filesWith(project.home, wrong)).toEqual([]);
    expect(refused.stdout + refused.stderr).not.toContain(wrong);

    const ended = await bulkhead(project, ['resume', 'latest', '--json'], {env});
    expect([ended.exitCode, ended.stderr]).toEqual([0, expect.any(String)]);
    const report = JSON.parse(ended.stdout) as Report;
    expect(report).toMatchObject({verdict: 'verified', findings: [], dependencies: {install: ['npm', 'ci'], packages: 3}});
    const layers = report.dependencies?.commit ?? [];
    expect([layers.length, report.dependencies?.base]).toEqual([2, layers]);
    // The layers are there, they are no leftovers of the run, and nobody needs them any more.
    const found = (await engine.layers(never)).filter((one) => !before.includes(one.name));
    expect(found.map(({name}) => name).sort()).toEqual([...layers].sort());
    for (const layer of found) expect(layer).toMatchObject({complete: true, usedBy: []});
    expect((await engineLeftovers()).filter((name) => name.includes(report.runId ?? '?'))).toEqual([]);
    expect(await project.git('diff', '--stat', 'HEAD', report.commit, '--name-only')).toBe('src/subtract.js\ntest/subtract.test.js\n');
    expect(await registry.asked()).toContain(`minus-1.0.0.tgz Bearer ${canary}`);
    expect(await filesWith(project.home, canary)).toEqual([]);
    expect(ended.stdout + ended.stderr).not.toContain(canary);
    const said = await readFile(join(report.reportPath ?? '', '../journal.ndjson'), 'utf8');
    const [looked = ''] = said.split('\n').filter((line) => line.includes('"step.finished"') && line.includes('"tool/implementation/1/0"'));
    expect(looked).toContain('index.js');
    expect(looked).toContain('seen: lo.');
    // As `env` and `ls` in the box saw it.
    expect(looked).not.toMatch(/PLANTED|PRIVATE_NPM/);
    const cleaned = JSON.parse((await bulkhead(project, ['clean', '--dry-run', '--json'], {env})).stdout) as {rows: readonly {kind: string; name: string; outcome: string}[]};
    for (const name of layers) expect(cleaned.rows).toContainEqual(expect.objectContaining({kind: 'layer', name, outcome: 'kept'}));
  });

  it('is blocked when a specialist breaks the lock file; its tests run with the dependencies of the base, which are not fetched again', async () => {
    await using project = await startInstalling();
    const asked = await registry.asked();
    const own = manifest.replace('tests:', '  - {path: package-lock.json, action: modify, owner: implementation}\ntests:');
    const breaks = 'tools: [{bash: {command: "sed -i s,sha512-,sha1-, package-lock.json"}}]';
    const ended = await bulkhead(project, [...(await runFlags(project, {manifest: own, traffic: subtractTraffic([breaks, ...turns])})), '--repair-rounds', '0', '--json'], {env});
    const report = JSON.parse(ended.stdout) as Report;
    expect(report).toMatchObject({verdict: 'blocked', findings: [{code: 'DEPENDENCIES_BROKEN', owners: ['implementation'], path: 'package-lock.json'}]});
    expect(report.tests).toMatchObject({failed: 0});
    expect(await registry.asked()).toBe(asked);
  });

  it('is refused before anything is made when the lock file names another host', async () => {
    await using project = await startInstalling({'node_modules/is-odd': {...publicPackages['node_modules/is-odd'], resolved: 'https://evil.example/is-odd.tgz'}});
    const asked = await registry.asked();
    const ended = await bulkhead(project, [...(await runFlags(project, {manifest, traffic: subtractTraffic(turns)})), '--json'], {env});
    expect([ended.exitCode, JSON.parse(ended.stdout)]).toEqual([2, {error: expect.objectContaining({code: 'INSTALL_REFUSED'}) as unknown}]);
    expect(await registry.asked()).toBe(asked);
  });
});
