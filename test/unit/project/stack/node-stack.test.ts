import {describe, expect, test} from 'vitest';
import {chooseImage, chooseTestCommand, testCommandsBelow} from '../../../../src/project/stack/choose.js';
import {runnerOfScript} from '../../../../src/project/stack/node-runners.js';
import {said, stackOf} from './stack-fixture.js';

const packageJson = (value: unknown): Readonly<Record<string, string>> => ({'package.json': JSON.stringify(value)});

describe('package managers', () => {
  test.each([
    ['package-lock.json', 'npm'],
    ['npm-shrinkwrap.json', 'npm'],
    ['pnpm-lock.yaml', 'pnpm'],
    ['yarn.lock', 'yarn'],
    ['bun.lock', 'bun'],
    ['bun.lockb', 'bun'],
  ])('%s makes %s likely', async (file, manager) => {
    expect(said(await stackOf({...packageJson({}), [file]: ''}), 'package-manager')).toEqual([`${manager} likely ${file}`]);
  });

  test('the field of the package.json is certain, and its manager runs the scripts', async () => {
    const stack = await stackOf(packageJson({packageManager: 'pnpm@9.1.0+sha512.x', scripts: {test: 'vitest run'}}));
    expect(said(stack, 'package-manager')).toEqual(['pnpm certain package.json']);
    expect(said(stack, 'test-command')).toEqual(['pnpm test certain package.json']);
  });

  test('without any sign npm is a guess', async () => {
    expect(said(await stackOf(packageJson({})), 'package-manager')).toEqual(['npm guess package.json']);
  });

  test('signs that do not agree are a warning', async () => {
    expect(said(await stackOf({...packageJson({}), 'yarn.lock': '', 'package-lock.json': '{}'}), 'warning')).toHaveLength(1);
  });
});

describe('runners', () => {
  test.each([
    ['node --test', 'node'],
    ['NODE_ENV=test node --enable-source-maps --test test/', 'node'],
    ['tsc && vitest run --coverage', 'vitest'],
    ['jest --ci', 'jest'],
    ['mocha "test/**/*.js"', 'mocha'],
    ['ava', 'ava'],
    ['tap test/*.js', 'tap'],
    ['c8 npx tape test.js', 'tape'],
    ['bun test', 'bun'],
    ['react-scripts test', 'jest'],
    ['node scripts/run.js', undefined],
    ['vitest run && jest', undefined],
    ['echo vitestish', undefined],
  ])('the script `%s` starts %s', (line, runner) => {
    expect(runnerOfScript(line)).toBe(runner);
  });

  test.each([
    ['vitest.config.ts', 'vitest'],
    ['jest.config.cjs', 'jest'],
    ['.mocharc.yml', 'mocha'],
    ['ava.config.mjs', 'ava'],
    ['.taprc', 'tap'],
    ['playwright.config.ts', 'playwright'],
  ])('%s makes %s certain', async (file, runner) => {
    expect(said(await stackOf({...packageJson({}), [file]: ''}), 'runner')).toEqual([`${runner} certain ${file}`]);
  });

  test('a dependency is likely, a key is certain, and the same thing is said once, at its surest', async () => {
    expect(said(await stackOf(packageJson({devDependencies: {jest: '29', ava: '6'}, jest: {}})), 'runner')).toEqual(['ava likely package.json', 'jest certain package.json']);
  });
});

describe("node's own runner", () => {
  const imports = "import test from 'node:test';\n";

  test.each([
    ['test/add.test.js', imports],
    ['test/unit/add.js', "const {test} = require('node:test');\n"],
    ['src/add.test.mjs', 'import {describe} from "node:test"\n'],
    ['add-test.cjs', "const t = await import('node:test');\n"],
    ['__tests__/add_test.js', imports],
  ])('%s that imports it makes it and its command likely', async (file, text) => {
    const stack = await stackOf({...packageJson({}), 'test/aaa.test.js': 'it("x", () => {});\n', [file]: text});
    expect([said(stack, 'runner'), said(stack, 'test-command')]).toEqual([[`node likely ${file}`], [`node --test likely ${file}`]]);
    expect(chooseTestCommand(stack, 'node')).toMatchObject({value: ['node', '--test'], inImage: true});
  });

  test.each(['spec/add.spec.js', 'test/add.test.ts', 'tests/helper/test_add.js'])('%s is no file that it finds by itself: the runner is said, no command', async (file) => {
    const stack = await stackOf({...packageJson({}), [file]: imports});
    expect([said(stack, 'runner'), said(stack, 'test-command')]).toEqual([[`node likely ${file}`], []]);
  });

  test.each(['test/add.test.js', 'src/node.js'])('%s without the import is no sign of it', async (file) => {
    const stack = await stackOf({...packageJson({}), [file]: "// 'node:test' would do\nconst test = 'node:test';\n"});
    expect(said(stack, 'runner')).toEqual([]);
  });

  test('a script that starts no known runner is less sure than the imports; one that starts a runner decides', async () => {
    const files = {'test/add.test.js': imports};
    const odd = await stackOf({...packageJson({scripts: {test: 'node scripts/run.js'}}), ...files});
    expect(said(odd, 'test-command')).toEqual(['node --test likely test/add.test.js', 'npm test likely package.json']);
    expect(chooseTestCommand(odd, 'node')?.value).toEqual(['node', '--test']);
    const none = await stackOf({...packageJson({scripts: {test: 'echo later'}}), ...files});
    expect([said(none, 'test-command'), said(none, 'warning').length]).toEqual([['node --test likely test/add.test.js'], 1]);
    const named = await stackOf({...packageJson({scripts: {test: 'c8 node --test'}}), ...files});
    expect([said(named, 'runner'), said(named, 'test-command')]).toEqual([['node certain package.json'], ['npm test certain package.json']]);
  });

  test('a large tree of tests is looked at in bounds', async () => {
    const many = Object.fromEntries(Array.from({length: 400}, (_, index) => [`test/d${index}/a.test.js`, '// nothing\n']));
    expect(said(await stackOf({...packageJson({}), ...many}), 'runner')).toEqual([]);
  });
});

describe('commands', () => {
  test('test and build scripts are certain, others of the tests likely', async () => {
    const stack = await stackOf(packageJson({scripts: {test: 'node --test', 'test:unit': 'node --test unit', build: 'tsc', start: 'node .'}}));
    expect(said(stack, 'test-command')).toEqual(['npm run test:unit likely package.json', 'npm test certain package.json']);
    expect(said(stack, 'build-command')).toEqual(['npm run build certain package.json']);
    expect(stack.facts.find((fact) => fact.value === 'npm test')?.argv).toEqual(['npm', 'test']);
  });

  test('what `npm init` writes is no test command, and its absence is said', async () => {
    const stack = await stackOf(packageJson({scripts: {test: 'echo "Error: no test specified" && exit 1'}}));
    expect(said(stack, 'test-command')).toEqual([]);
    expect(stack.missing).toContain('test-command');
  });

  test.each(['echo ok', 'true', 'exit 0', 'echo "no tests yet"; exit 0', ''])('`%s` tests nothing, which is said', async (line) => {
    const stack = await stackOf(packageJson({scripts: {test: line}}));
    expect([said(stack, 'test-command'), said(stack, 'warning')]).toEqual([[], ['`npm test` tests nothing likely package.json']]);
  });

  test.each(['jest --watch', 'jest --watchAll', 'vitest watch', 'vitest --ui'])('`%s` never ends, which is said', async (line) => {
    expect(said(await stackOf(packageJson({scripts: {test: line}})), 'warning')).toHaveLength(1);
  });

  test.each(['jest --watchman', 'jest --watchAll=false', 'vitest run'])('`%s` ends', async (line) => {
    expect(said(await stackOf(packageJson({scripts: {test: line}})), 'warning')).toEqual([]);
  });
});

describe('workspaces', () => {
  const member = {'packages/a/package.json': '{"scripts": {"test": "jest"}}', 'packages/b/package.json': '{}', 'packages/notes/README.md': '', 'tool/package.json': '{}'};

  test.each([
    ['npm and yarn', packageJson({workspaces: ['packages/*', 'tool']})],
    ['the older form of yarn', packageJson({workspaces: {packages: ['packages/*', './tool/']}})],
    ['pnpm', {...packageJson({}), 'pnpm-workspace.yaml': 'packages:\n  - "packages/**"\n  - tool\n'}],
    ['lerna', {...packageJson({}), 'lerna.json': '{"packages": ["packages/*", "tool"]}'}],
  ])('%s: every member that has a package.json, and nothing else', async (_name, root) => {
    const stack = await stackOf({...root, ...member});
    expect(stack.facts.filter((fact) => fact.kind === 'workspace').map((fact) => fact.value)).toEqual(['packages/a', 'packages/b', 'tool']);
    expect(said(stack, 'runner')).toEqual(['jest certain packages/a/package.json']);
  });

  test('a pattern cannot lead out of the tree, and `!` takes away', async () => {
    const stack = await stackOf({...packageJson({workspaces: ['../*', '/etc', 'packages/*', '!packages/b', '**/{a,b}']}), ...member});
    expect(stack.facts.filter((fact) => fact.kind === 'workspace').map((fact) => fact.value)).toEqual(['packages/a']);
  });

  test('a project one folder down is seen, one in a folder of dependencies is not', async () => {
    const stack = await stackOf({'web/package.json': '{}', 'api/pyproject.toml': '', 'node_modules/x/package.json': '{}', 'vendor/package.json': '{}'});
    expect(said(stack, 'language')).toEqual(['node certain web/package.json', 'python certain api/pyproject.toml']);
    const mono = await stackOf({...packageJson({workspaces: ['packages/*']}), 'packages/web/package.json': '{"scripts": {"test": "vitest run"}}', 'packages/api/pyproject.toml': '[tool.pytest.ini_options]', 'deep/down/package.json': '{}'});
    expect(said(mono, 'language')).toEqual(['node certain package.json', 'node certain packages/web/package.json', 'python certain packages/api/pyproject.toml']);
    expect(testCommandsBelow(mono)).toEqual([{folder: 'packages/web', command: 'npm test'}, {folder: 'packages/api', command: 'pytest'}]);
  });
});

describe('choices', () => {
  test('one language with an image of ours decides the image', async () => {
    expect(chooseImage(await stackOf(packageJson({})))).toMatchObject({value: 'node'});
    expect(chooseImage(await stackOf({'setup.py': ''}))).toMatchObject({value: 'python'});
    expect(chooseImage(await stackOf({'api/setup.py': ''}))).toMatchObject({value: 'python'});
  });

  test.each([[{}], [{'go.mod': 'module x'}], [{'package.json': '{}', 'setup.py': ''}], [{'package.json': '{}', 'Cargo.toml': ''}]])('%j leaves it open, with a reason', async (files) => {
    const choice = chooseImage(await stackOf(files));
    expect('why' in choice && choice.why).toMatch(/seen|image/);
  });

  test('the test command is one that the image can start, before a surer one that it cannot', async () => {
    const stack = await stackOf({...packageJson({scripts: {test: 'x'}}), 'pytest.ini': '', 'setup.py': ''});
    expect(chooseTestCommand(stack, 'node')).toMatchObject({value: ['npm', 'test'], inImage: true});
    expect(chooseTestCommand(stack, 'python')).toMatchObject({value: ['pytest'], inImage: true});
    expect(chooseTestCommand(stack, 'registry.test/own:1')).toMatchObject({inImage: undefined});
    expect(chooseTestCommand(await stackOf({...packageJson({packageManager: 'yarn@4', scripts: {test: 'x'}})}), 'node')).toMatchObject({value: ['yarn', 'test'], inImage: false});
  });

  test('a command of a folder below is never taken for the whole', async () => {
    expect(chooseTestCommand(await stackOf({'web/package.json': '{"scripts": {"test": "jest"}}', 'web/test/a.test.js': "import 'node:test';\n"}), 'node')).toBeUndefined();
  });

  test('a command of the whole may be seen in a file below', async () => {
    expect(chooseTestCommand(await stackOf({'requirements.txt': '', 'tests/conftest.py': ''}), 'python')?.value).toEqual(['pytest']);
  });
});
