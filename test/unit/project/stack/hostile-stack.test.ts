import {execFileSync} from 'node:child_process';
import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {checkoutLookup} from '../../../../src/project/stack/checkout-lookup.js';
import {detectStack} from '../../../../src/project/stack/detect.js';
import type {Stack} from '../../../../src/project/stack/fact.js';
import {plainJson} from '../../../../src/project/stack/json-with-comments.js';
import {said, stackOf} from './stack-fixture.js';

let outside = '';
let root = '';

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'bulkhead-stack-'));
  root = join(outside, 'checkout');
  await mkdir(root);
});
afterEach(async () => {
  await rm(outside, {recursive: true, force: true});
});

async function put(path: string, text = ''): Promise<void> {
  await mkdir(dirname(join(root, path)), {recursive: true});
  await writeFile(join(root, path), text);
}

async function onDisk(): Promise<Stack> {
  return detectStack(checkoutLookup(root, AbortSignal.timeout(60_000)));
}

test('an empty project has no facts, and what is missing is said', async () => {
  const stack = await onDisk();
  expect(stack.facts).toEqual([]);
  expect(stack.missing).toEqual(['language', 'package-manager', 'runner', 'test-command', 'build-command', 'version', 'container', 'ci']);
});

test('a checkout and a commit with the same files look the same', async () => {
  const files = {'package.json': '{"workspaces": ["a/*"], "scripts": {"test": "jest"}}', 'a/b/package.json': '{}', '.github/workflows/x.yml': 'a: {run: npm test}\n', '.devcontainer/devcontainer.json': '{"image": "x"}', 'py/tox.ini': '[tox]\n', Dockerfile: 'FROM a\n'};
  for (const [path, text] of Object.entries(files)) await put(path, text);
  const there = await onDisk();
  expect(there.facts.length).toBeGreaterThan(8);
  expect(there).toEqual(await stackOf(files));
});

describe('a link is never followed', () => {
  test('not to a file', async () => {
    await writeFile(join(outside, 'secret.json'), '{"scripts": {"test": "cat secret"}}');
    await symlink(join(outside, 'secret.json'), join(root, 'package.json'));
    expect((await onDisk()).facts).toEqual([]);
  });

  test('not through a folder, outside of the tree or in it', async () => {
    await mkdir(join(outside, 'other'));
    await writeFile(join(outside, 'other/package.json'), '{}');
    await put('package.json', '{"workspaces": ["linked", "inner", "real"]}');
    await put('real/package.json', '{}');
    await symlink(join(outside, 'other'), join(root, 'linked'));
    await symlink(join(root, 'real'), join(root, 'inner'));
    expect(said(await onDisk(), 'workspace')).toEqual(['real certain package.json']);
    await symlink(join(outside, 'other'), join(root, '.github'));
    expect(said(await onDisk(), 'ci')).toEqual([]);
    const lookup = checkoutLookup(root, AbortSignal.timeout(20_000));
    for (const path of ['linked/package.json', 'inner/package.json', '../other/package.json', '/etc/hostname', '.git/config']) expect(await lookup.read(path)).not.toHaveProperty('text');
    for (const folder of ['linked', 'inner', '..', '/etc', '.git']) expect(await lookup.list(folder)).toEqual([]);
  });

  test('not in a commit either, and a submodule is no folder', async () => {
    const stack = await stackOf({'package.json': {mode: 'symlink', text: '/etc/passwd'}, lib: {mode: 'submodule', text: ''}, '.nvmrc': {mode: 'symlink', text: 'x'}});
    expect(stack.facts).toEqual([]);
  });
});

describe('what cannot be read is a problem by name', () => {
  test('a pipe, bytes that are no text, a file that is too large, JSON that is none', async () => {
    execFileSync('mkfifo', [join(root, 'pyproject.toml')]);
    await put('requirements.txt');
    await writeFile(join(root, '.nvmrc'), Buffer.from([0xff, 0xfe, 0x00]));
    await put('package.json', `{"a": "${'x'.repeat(300_000)}"}`);
    await put('.devcontainer.json', '{"image": }');
    const {problems} = await onDisk();
    expect(problems.map((problem) => problem.file).sort()).toEqual(['.devcontainer.json', '.nvmrc', 'package.json', 'pyproject.toml']);
  });

  test('CI and workspace files that are no YAML', async () => {
    const stack = await stackOf({'.gitlab-ci.yml': 'a: [', 'pnpm-workspace.yaml': 'a: [', 'compose.yml': 'a: [', '.github/workflows/a.yml': 'a: &a {b: *a}\n'});
    expect(stack.problems.map((problem) => problem.file).sort()).toEqual(['.github/workflows/a.yml', '.gitlab-ci.yml', 'compose.yml', 'pnpm-workspace.yaml']);
  });
});

const names = ['package.json', 'pyproject.toml', 'setup.cfg', 'tox.ini', 'Makefile', 'Dockerfile', '.devcontainer.json', '.tool-versions', '.nvmrc', 'mise.toml', 'compose.yml', '.gitlab-ci.yml', 'pnpm-workspace.yaml', 'requirements.txt', 'setup.py', 'lerna.json', '.github/workflows/x.yml', 'a/package.json', 'tests/test_x.py'];

test('whatever the files hold, detection ends with a result', async () => {
  const text = fc.oneof(fc.string({maxLength: 300, unit: 'binary'}), fc.jsonValue().map((value) => JSON.stringify(value)), fc.constantFrom('{"scripts": {"__proto__": "x", "test": 7}, "workspaces": {"packages": [1, "a/*"]}, "jest": null}', '[tool.uv.workspace]\nmembers = ["', '[[[', 'FROM', 'test:', '{"workspaces": ["**", "*", "", "."]}'));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), text, {noNullPrototype: true}), async (files) => {
      const stack = await stackOf(files);
      for (const fact of stack.facts) expect([Object.hasOwn(files, fact.file), fact.value === '']).toEqual([true, false]);
    }),
    {numRuns: 150},
  );
});

test.each([
  ['headers', 'pyproject.toml', '['.repeat(200_000)],
  ['quotes', 'pyproject.toml', '"""'.repeat(80_000)],
  ['an array that never ends', 'pyproject.toml', `[tool.uv.workspace]\nmembers = [${'"a", '.repeat(40_000)}`],
  ['a target of spaces', 'Makefile', `test${' '.repeat(200_000)}x`],
  ['blank lines of a test', 'tests/test_x.py', '\n'.repeat(250_000)],
  ['blank targets', 'Makefile', 'test '.repeat(50_000)],
  ['spaces of a Dockerfile', 'Dockerfile', `FROM ${' '.repeat(200_000)}`],
  ['comments of JSON', '.devcontainer.json', '/*'.repeat(100_000)],
  ['commas of JSON', '.devcontainer.json', `[${','.repeat(200_000)}]`],
  ['a script of one word', 'package.json', JSON.stringify({scripts: {test: '-'.repeat(200_000)}})],
  ['names like pytest', 'requirements.txt', ' pytest-'.repeat(30_000)],
  ['ten thousand scripts', 'package.json', JSON.stringify({scripts: Object.fromEntries(Array.from({length: 10_000}, (_, n) => [`test:${n}`, 'x']))})],
])('%s in %s do not hang it', async (_name, file, text) => {
  expect((await stackOf({[file]: text, 'setup.py': ''})).facts.length).toBeGreaterThan(0);
}, 20_000);

test('comments and commas are taken out of JSON, and nothing of its texts', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 1);
      expect(JSON.parse(plainJson(text))).toEqual(JSON.parse(text));
      expect(JSON.parse(plainJson(`// "a\n${text} /* " */`))).toEqual(JSON.parse(text));
    }),
  );
  expect(JSON.parse(plainJson('{"a": [1, 2, /* x */ ], // y\n "b//": "/* z */,]",}'))).toEqual({a: [1, 2], 'b//': '/* z */,]'});
  expect(() => {
    JSON.parse(plainJson('{"a": 1 /* open'));
  }).toThrow(SyntaxError);
});
