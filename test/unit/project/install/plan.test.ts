import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {planInstall} from '../../../../src/project/install/plan.js';
import {isAllowedAddress} from '../../../../src/project/install/npm-lock.js';
import {specProblem} from '../../../../src/project/install/npm-names.js';
import {memoryTree, type Content} from '../../verify/memory-tree.js';

const never = new AbortController().signal;
const registries = {addresses: ['https://registry.npmjs.org/', 'https://npm.example.org/private/']};
const integrity = `sha512-${'A'.repeat(86)}==`;
const dep = {version: '1.2.3', resolved: 'https://registry.npmjs.org/dep/-/dep-1.2.3.tgz', integrity};

interface Given {
  readonly argv?: readonly string[];
  readonly manifest?: object;
  readonly packages?: object;
  readonly more?: Readonly<Record<string, Content>>;
}

/** A project that depends on one package, with whatever is to be different about it. */
function plan({argv = ['npm', 'ci'], manifest = {}, packages = {}, more = {}}: Given) {
  const files = {
    'package.json': JSON.stringify({name: 'project', scripts: {preinstall: 'evil', prepare: 'evil'}, dependencies: {dep: '^1.0.0'}, ...manifest}),
    'package-lock.json': JSON.stringify({name: 'project', lockfileVersion: 3, packages: {'': {name: 'project', dependencies: {dep: '^1.0.0'}}, 'node_modules/dep': dep, ...packages}}),
    ...more,
  };
  return planInstall(argv, {tree: memoryTree(files), registries}, never);
}

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe('a plan to install', () => {
  test('has the manifests and the lock file without anything that runs, and installs without scripts', async () => {
    const {argv, files, folders, packages} = await plan({more: {'.npmrc': 'registry=https://evil.example/\n', 'main.js': 'x'}});
    expect(argv).toEqual(['npm', 'ci', '--ignore-scripts']);
    expect(files.map((file) => file.path)).toEqual(['package.json', 'package-lock.json']);
    expect(files.map((file) => textOf(file.bytes)).join()).not.toContain('evil');
    expect([folders, packages]).toEqual([['node_modules'], 1]);
  });

  test('knows workspaces by the lock file, with a folder of dependencies each', async () => {
    const workspace = {packages: {'packages/a': {name: 'a', version: '1.0.0'}, 'node_modules/a': {resolved: 'packages/a', link: true}, 'packages/a/node_modules/dep': dep}};
    const {files, folders} = await plan({manifest: {workspaces: ['packages/*']}, ...workspace, more: {'packages/a/package.json': '{"name": "a", "scripts": {"install": "evil"}}'}});
    expect(files.map((file) => file.path)).toEqual(['package.json', 'packages/a/package.json', 'package-lock.json']);
    expect(folders).toEqual(['node_modules', 'packages/a/node_modules']);
  });

  test('is another one when lock file, manifest, command or registries are other ones, and the same for the same', async () => {
    const one = await plan({});
    expect((await plan({more: {'other.js': 'x'}})).sha256).toBe(one.sha256);
    const others = await Promise.all([plan({argv: ['npm', 'ci', '--omit=dev']}), plan({manifest: {dependencies: {dep: '1.2.3'}}}), plan({packages: {'node_modules/dep': {...dep, version: '1.2.4'}}})]);
    expect(new Set([one, ...others].map(({sha256}) => sha256)).size).toBe(4);
  });

  test.each<readonly [string, Given]>([
    ['a package on another host', {packages: {'node_modules/dep': {...dep, resolved: 'https://evil.example/dep-1.2.3.tgz'}}}],
    ['a host that begins like an allowed one', {packages: {'node_modules/dep': {...dep, resolved: 'https://registry.npmjs.org.evil.example/dep.tgz'}}}],
    ['an allowed host as a user name', {packages: {'node_modules/dep': {...dep, resolved: 'https://registry.npmjs.org@evil.example/dep.tgz'}}}],
    ['a way out of an allowed folder', {packages: {'node_modules/dep': {...dep, resolved: 'https://npm.example.org/private/../public/dep.tgz'}}}],
    ['another protocol', {packages: {'node_modules/dep': {...dep, resolved: 'http://registry.npmjs.org/dep.tgz'}}}],
    ['a git repository in the lock file', {packages: {'node_modules/dep': {version: '1.0.0', resolved: 'git+ssh://git@github.com/a/dep.git#0123'}}}],
    ['a git repository in package.json', {manifest: {dependencies: {dep: 'github:a/dep'}}}],
    ['the short form of one', {manifest: {devDependencies: {dep: 'a/dep'}}}],
    ['a git repository deep in the tree', {packages: {'node_modules/dep': {...dep, dependencies: {x: 'git+https://example.org/x'}}}}],
    ['a folder', {manifest: {dependencies: {dep: 'file:../dep'}}}],
    ['a file in the lock file', {packages: {'node_modules/dep': {version: '1.0.0', resolved: 'file:dep.tgz', integrity}}}],
    ['an archive', {manifest: {dependencies: {dep: 'dep.tgz'}}}],
    ['the folder above', {manifest: {dependencies: {dep: '..'}}}],
    ['an override with an address', {manifest: {overrides: {dep: {x: 'https://evil.example/x.tgz'}}}}],
    ['an alias of an address', {manifest: {dependencies: {dep: 'npm:x@https://evil.example/x.tgz'}}}],
    ['a package without a hash', {packages: {'node_modules/dep': {version: '1.2.3', resolved: dep.resolved}}}],
    ['a hash of sha1 alone', {packages: {'node_modules/dep': {...dep, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='}}}],
    ['a link out of the tree', {packages: {'node_modules/dep': {resolved: '../../etc', link: true}}}],
    ['a place out of the tree', {packages: {'../outside': dep}}],
    ['a place that is none', {packages: {'node_modules/../../x': dep}}],
    ['a bundled package in nothing', {packages: {'node_modules/x': {version: '1.0.0', inBundle: true}}}],
    ['a name that is an option', {manifest: {dependencies: {'--registry=https://evil.example': '1.0.0'}}}],
    ['a lock file of version 1', {more: {'package-lock.json': '{"lockfileVersion": 1, "dependencies": {}}'}}],
    ['a lock file in the middle of a conflict', {more: {'package-lock.json': '<<<<<<< a\n{}\n=======\n{}\n>>>>>>> b\n'}}],
    ['a lock file that is too deep', {more: {'package-lock.json': `{"packages":${'['.repeat(200_000)}`}}],
    ['a workspace that is not there', {packages: {'packages/gone': {name: 'gone'}}}],
    ['files where dependencies go', {more: {'node_modules/dep/index.js': 'evil'}}],
  ])('refuses %s', async (_, given) => {
    await expect(plan(given)).rejects.toMatchObject({code: 'INSTALL_REFUSED'});
  });

  test('refuses a project without a lock file', async () => {
    await expect(planInstall(['npm', 'ci'], {tree: memoryTree({'package.json': '{}'}), registries}, never)).rejects.toMatchObject({code: 'INSTALL_REFUSED'});
  });

  test.each([[['npm', 'install']], [['npm', 'ci', '--registry=https://evil.example/']], [['npm', 'ci', '--ignore-scripts=false']], [['npm', 'ci', '--script-shell=/bin/sh']], [['npm', 'ci', 'x']], [['sh', '-c', 'npm ci']], [['pip', 'install', '-r', 'r.txt']], [['npm']]])('refuses the command %j', async (argv) => {
    await expect(plan({argv})).rejects.toMatchObject({code: 'INSTALL_UNSUPPORTED'});
  });
});

describe('a version', () => {
  test.each(['', '*', 'latest', '1.2.3', '^1.0.0', '~1.2', '>=1 <2', '1.x || 2.x', '1.0.0 - 2.0.0', '1.0.0-beta.1+build', 'npm:other@^1', 'npm:@scope/other@1.0.0', 'npm:other'])('%j comes from a registry', (spec) => {
    expect(specProblem(spec)).toBeUndefined();
  });

  test('with a colon or a slash is never one, but for an alias', () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom(':', '/', '\\'), fc.string(), (before, mark, after) => before.startsWith('npm') || specProblem(`${before}${mark}${after}`) !== undefined));
  });

  test('that takes long to read is read at once', () => {
    for (const spec of [`npm:${'@'.repeat(50_000)}`, 'a.'.repeat(50_000), `npm:${'a/'.repeat(50_000)}`]) expect(specProblem(spec)).toBeDefined();
  });
});

test('an address that is allowed has the host of a registry, however it is written', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.string().map((rest) => `https://registry.npmjs.org${rest}`)), (address) => {
      if (isAllowedAddress(address, ['https://registry.npmjs.org/'])) expect(new URL(address)).toMatchObject({origin: 'https://registry.npmjs.org', username: '', search: ''});
    }),
  );
});
