import {describe, expect, it} from 'vitest';
import {parseManifest} from '../../../src/core/manifest.js';
import {isTestPath} from '../../../src/core/test-path.js';
import {isSteeringPath} from '../../../src/verify/patterns.js';
import {restorePackageFields, sameTestTables} from '../../../src/verify/package-fields.js';
import {planProtection, type Protection} from '../../../src/verify/protect.js';
import {readReach} from '../../../src/verify/reach.js';
import {baseTree, beforeTree, mergedTree} from '../../../src/verify/trees.js';
import {collect, memoryTree, never, type Content} from './memory-tree.js';

const manifest = parseManifest(
  {
    schemaVersion: 1,
    task: 't',
    files: [
      {path: 'src/new.js', action: 'create', owner: 'implementation'},
      {path: 'spec/api.yml', action: 'modify', owner: 'implementation'},
    ],
    tests: {command: ['node', '--test'], files: [{path: 'test/new.test.js', owner: 'test', covers: ['src/new.js', 'spec/api.yml']}]},
    allow: {testConfig: ['vitest.config.js']},
  },
  'm',
);
type Files = Readonly<Record<string, Content>>;
type Texts = Readonly<Record<string, string>>;

interface More {
  readonly tests?: object;
  readonly files?: readonly object[];
  readonly testFiles?: readonly string[];
}

async function plan(before: Files, after: Files, {tests = {}, files = [], testFiles = []}: More = {}): Promise<{readonly protection: Protection; readonly graded: Texts; readonly proof: Texts}> {
  const [base, commit] = [memoryTree(before), memoryTree(after)];
  const here = parseManifest({...manifest, files: [...manifest.files, ...files], tests: {...manifest.tests, ...tests}}, 'm');
  const protection = await planProtection({manifest: here, base, commit, reach: await readReach(here.tests!, base, never), testFiles}, never);
  const parts = {base, commit, protection};
  return {protection, graded: await collect(mergedTree(parts, never)), proof: await collect(beforeTree(parts, here, never))};
}

/** Paths of the changes that have no permission. */
async function changed(before: Files, after: Files, more: More): Promise<readonly string[]> {
  return (await plan(before, after, more)).protection.changes.map(({path, fields}) => [path, ...fields].join(' '));
}

describe('protected files', () => {
  it.each(['test/a.js', 'tests/x/y.py', '__tests__/a.ts', 'spec/a_spec.rb', 'src/a.test.ts', 'src/a.spec.mjs', 'pkg/a_test.go', 'test_a.py', 'test.js', 'src/conftest.py', 'src/__snapshots__/a.snap', 'Test/a.js', 'packages/a/spec/b.js', 'src/test/java/A.java', 'test/.hidden'])('%s is a test', (path) => {
    expect(isTestPath(path)).toBe(true);
  });
  it.each(['src/contest.js', 'src/latest.js', 'src/testing.ts', 'docs/testing.md', 'src/attest/a.js', 'src/inspect.js', 'README.md', 'src/spec/parse.js', 'lib/a/specs/x.js', 'src/verify/tests/judge.ts', 'packages/a/src/spec/parse.js', 'api.spec.yml'])('%s is no test', (path) => {
    expect(isTestPath(path)).toBe(false);
  });
  it.each(['conftest.py', 'a/sitecustomize.py', 'x.pth', '.npmrc', 'vitest.config.mts', 'vite.config.js', 'jest.config.cjs', 'vitest.setup.ts', 'src/setupTests.js', 'jest-preset.js', '.mocharc.yml', '.nycrc.json', 'setup.cfg', 'node_modules/x/index.js', 'a/node_modules', '.env.test', 'PYTEST.INI', 'Makefile', 'sub/GNUmakefile', 'rules.mk', 'justfile', 'Taskfile.yml', 'Rakefile', 'noxfile.py'])('%s steers tests', (path) => {
    expect(isSteeringPath(path)).toBe(true);
  });
  it.each(['package.json', 'src/config.js', '.env.example', 'tsconfig.json', 'src/vite.js', 'makefile.md', 'src/rakefile.js'])('%s does not', (path) => {
    expect(isSteeringPath(path)).toBe(false);
  });

  it('a weakened and a deleted test are graded as on the base', async () => {
    const {protection, graded} = await plan({'test/a.test.js': 'strict', 'test/b.test.js': 'b', 'src/a.js': '1'}, {'test/a.test.js': 'weak', 'src/a.js': '2'});
    expect(protection.changes.map(({path, action}) => [path, action])).toEqual([['test/a.test.js', 'restored'], ['test/b.test.js', 'restored']]);
    expect(graded).toEqual({'test/a.test.js': 'strict', 'test/b.test.js': 'b', 'src/a.js': '2'});
  });

  it('a test that only changed its mode is graded with the mode of the base', async () => {
    expect(await changed({'test/a.test.js': 'a'}, {'test/a.test.js': {mode: 'executable', text: 'a'}}, {})).toEqual(['test/a.test.js']);
    expect(await changed({'src/a.js': 'a'}, {'src/a.js': {mode: 'executable', text: 'a'}}, {})).toEqual([]);
  });

  it('a file that gave a result on the base is a test, and so is its folder when it is called one; the product beside it is not', async () => {
    const before = {'checks/add.mjs': 's', 'src/pkg/tests/helper.py': 's', 'src/pkg/tests/run.py': 's', 'src/spec/parse.js': '1', 'checks/new.mjs': 's'};
    const after = {'checks/add.mjs': '', 'src/pkg/tests/helper.py': '', 'src/pkg/tests/run.py': 's', 'src/spec/parse.js': '2', 'checks/new.mjs': ''};
    const more = {testFiles: ['checks/add.mjs', 'src/pkg/tests/run.py', 'checks/new.mjs'], files: [{path: 'checks/new.mjs', action: 'modify', owner: 'test'}]};
    expect(await changed(before, after, more)).toEqual(['checks/add.mjs', 'src/pkg/tests/helper.py']);
    expect((await plan(before, after, more)).graded['src/spec/parse.js']).toBe('2');
  });

  it.each<[readonly string[], string]>([
    [['node', '--import', './setup.mjs', '--test'], 'setup.mjs'],
    [['node', '--import=./setup.mjs', '--test'], 'setup.mjs'],
    [['node', '--import', 'file:///box/workspace/setup.mjs', '--test'], 'setup.mjs'],
    [['node', '-r', './hooks/setup', '--test'], 'hooks/setup.cjs'],
    [['node', '--experimental-loader=./loader.mjs', '--test'], 'loader.mjs'],
    [['pytest', '-c', 'other.ini'], 'other.ini'],
    [['pytest', '-p', 'tools.plug'], 'tools/plug.py'],
    [['pytest', '-ptools.plug'], 'tools/plug.py'],
    [['python3', '-m', 'tools.check'], 'tools/check/__main__.py'],
    [['sh', 'scripts/check.sh'], 'scripts/check.sh'],
    [['./scripts/check.sh'], 'scripts/check.sh'],
    [['sh', '-c', 'cd scripts && sh check.sh'], 'scripts/check.sh'],
    [['npm', 'test'], 'tools/unit.mjs'],
  ])('what %j names is protected: %s', async (command, path) => {
    const scripts = {test: 'npm run unit -- --x', unit: 'CI=1 node tools/unit.mjs | tee out.txt', lint: 'node tools/lint.mjs'};
    const before = {...Object.fromEntries(['setup.mjs', 'hooks/setup.cjs', 'loader.mjs', 'other.ini', 'tools/plug.py', 'tools/check/__main__.py', 'scripts/check.sh', 'tools/unit.mjs'].map((each) => [each, 'strict'])), 'tools/lint.mjs': '1', 'src/a.js': '1', 'package.json': JSON.stringify({scripts})};
    const after = {...Object.fromEntries(Object.keys(before).map((each) => [each, 'weak'])), 'package.json': before['package.json']};
    expect(await changed(before, after, {tests: {command}})).toEqual([path]);
    expect(await changed(before, after, {tests: {command}, files: [{path, action: 'modify', owner: 'implementation'}]})).toEqual([]);
  });

  it('what the environment and the configured options of pytest name is protected', async () => {
    const before = {'a/one.py': '1', 'two.py': '1', 'three.mjs': '1', 'src/four.py': '1', 'five.py': '1', 'pytest.ini': '[pytest]\naddopts = -q -p two\n'};
    const after = {'a/one.py': '2', 'two.py': '2', 'three.mjs': '2', 'src/four.py': '2', 'five.py': '2', 'pytest.ini': before['pytest.ini']};
    const env = {PYTEST_PLUGINS: 'a.one', NODE_OPTIONS: '--import=./three.mjs', PYTHONPATH: 'src:x'};
    expect(await changed(before, after, {tests: {command: ['pytest', '-p', 'four'], env}})).toEqual(['a/one.py', 'src/four.py', 'three.mjs', 'two.py']);
  });

  it('a file that would be found in the place of a named one is left out, another new file is not', async () => {
    const tests = {command: ['pytest', '-p', 'tools.plug']};
    expect(await changed({'tools/plug.py': '1'}, {'tools/plug.py': '1', 'tools/plug/__init__.py': '', 'tools/__init__.py': '', 'tools/other.py': ''}, {tests})).toEqual(['tools/__init__.py', 'tools/plug/__init__.py']);
    expect(await changed({}, {'pytest.py': ''}, {tests: {command: ['python3', '-m', 'pytest']}})).toEqual([]);
  });

  it('a rule of a Makefile may change by permission only', async () => {
    const [before, after] = [{Makefile: 'test:\n\tnode check.mjs\n'}, {Makefile: 'test:\n\ttrue\n'}];
    expect(await changed(before, after, {tests: {command: ['make', 'test']}})).toEqual(['Makefile']);
    expect(await changed(before, after, {files: [{path: 'Makefile', action: 'modify', owner: 'implementation'}]})).toEqual([]);
  });

  it('scripts that the test script runs are as on the base, others as delivered', async () => {
    const scripts = {test: 'run-s unit:* && npm run deep', 'unit:a': 'node a.mjs', deep: 'yarn deeper', deeper: 'node b.mjs', start: 'node .'};
    const now = {...scripts, 'unit:a': 'true', deeper: 'true', predeep: 'exit 0', start: 'node x'};
    const {protection, graded} = await plan({'package.json': JSON.stringify({scripts})}, {'package.json': JSON.stringify({scripts: now})}, {tests: {command: ['npm', 'test']}});
    expect(protection.changes.map(({fields}) => fields)).toEqual([['scripts.unit:a', 'scripts.deeper', 'scripts.predeep']]);
    expect(JSON.parse(graded['package.json'] ?? '')).toEqual({scripts: {...scripts, start: 'node x'}});
  });

  it('promised and allowed paths may change, and new tests may stay', async () => {
    const before = {'.npmrc': 'same', 'test/new.test.js': 'old', 'vitest.config.js': 'old'};
    const after = {'.npmrc': 'same', 'test/new.test.js': 'new', 'vitest.config.js': 'new', 'test/more.test.js': 'more'};
    const {protection, graded} = await plan(before, after);
    expect(protection.changes).toEqual([]);
    expect(graded).toEqual(after);
  });

  it('a new file that a runner would load by itself is left out', async () => {
    const {protection, graded} = await plan({'a.js': ''}, {'a.js': '', 'conftest.py': 'x', 'sub/.npmrc': 'x', node_modules: {mode: 'symlink', text: 'a'}});
    expect(protection.changes.map(({path, action}) => [path, action])).toEqual([['conftest.py', 'removed'], ['node_modules', 'removed'], ['sub/.npmrc', 'removed']]);
    expect(graded).toEqual({'a.js': ''});
  });

  it('what stands in the way of a restored file gives way', async () => {
    const {graded} = await plan({'test/a.test.js': 'a', 'test/b.test.js': 'b'}, {test: {mode: 'symlink', text: 'elsewhere'}, 'elsewhere/a.test.js': 'weak'});
    expect(graded).toEqual({'test/a.test.js': 'a', 'test/b.test.js': 'b', 'elsewhere/a.test.js': 'weak'});
    const folder = await plan({'test/a.test.js': 'a'}, {'test/a.test.js/x': 'x'});
    expect(folder.graded).toEqual({'test/a.test.js': 'a'});
  });

  it('the tree that proves new tests has them, and the product of the base', async () => {
    const {proof} = await plan({'src/old.js': '1', 'test/old.test.js': 'o'}, {'src/old.js': '2', 'src/new.js': 'n', 'test/old.test.js': 'weak', 'test/new.test.js': 't', 'test/part.js': 'p'});
    expect(proof).toEqual({'src/old.js': '1', 'test/old.test.js': 'o', 'test/new.test.js': 't', 'test/part.js': 'p'});
  });

  it('a promised product file stays the base\'s one there, also in a folder named like one of tests', async () => {
    const {proof, graded} = await plan({'spec/api.yml': '1'}, {'spec/api.yml': '2'});
    expect([proof, graded]).toEqual([{'spec/api.yml': '1'}, {'spec/api.yml': '2'}]);
  });

  it('a promised file of someone who delivers no tests is product there; a helper of the tests is not', async () => {
    const files = [{path: 'spec/parse.js', action: 'modify', owner: 'implementation'}, {path: 'test/helper.js', action: 'create', owner: 'test'}];
    const {proof} = await plan({'spec/parse.js': '1'}, {'spec/parse.js': '2', 'test/helper.js': 'h', 'test/new.test.js': 't'}, {files});
    expect(proof).toEqual({'spec/parse.js': '1', 'test/helper.js': 'h', 'test/new.test.js': 't'});
  });

  it('submodules are left out of every tree', async () => {
    const files: Files = {'a.js': '1', lib: {mode: 'submodule', text: ''}};
    expect((await plan(files, files)).graded).toEqual({'a.js': '1'});
    expect(await collect(baseTree(memoryTree(files), never))).toEqual({'a.js': '1'});
  });

  it('package.json keeps what is delivered, but for the members that steer tests', async () => {
    const base = {name: 'x', scripts: {test: 'node --test', start: 'a'}, jest: {a: 1}};
    const now = {name: 'x', scripts: {start: 'b', test: 'true', lint: 'l', pretest: 'p'}, vitest: {}, dependencies: {d: '1'}};
    const {protection, graded} = await plan({'package.json': JSON.stringify(base)}, {'package.json': JSON.stringify(now)});
    expect(protection.changes).toEqual([{path: 'package.json', action: 'fields', fields: ['jest', 'vitest', 'scripts.test', 'scripts.pretest']}]);
    expect(JSON.parse(graded['package.json'] ?? '')).toEqual({name: 'x', scripts: {start: 'b', lint: 'l', test: 'node --test'}, jest: {a: 1}, dependencies: {d: '1'}});
  });

  it('an ordinary change of package.json is no finding', () => {
    expect(restorePackageFields('{"scripts":{"test":"t"}}', '{"scripts":{"test":"t","start":"s"},"dependencies":{}}', [])).toBeUndefined();
    expect(restorePackageFields(undefined, '{"type":"module"}', [])).toBeUndefined();
  });

  it('a script that the test command runs is protected too', () => {
    expect(restorePackageFields('{"scripts":{"check":"t"}}', '{"scripts":{"check":"true"}}', ['check'])?.fields).toEqual(['scripts.check']);
  });

  it('pyproject.toml may change where it does not name pytest or coverage', () => {
    const base = '[project]\nversion = "1"\n\n[tool.pytest.ini_options]\naddopts = ["-q",\n  ["x"]\n]\n\n[tool.other]\na = 1\n';
    expect(sameTestTables(base, base.replace('"1"', '"2"').replace('a = 1', 'a = 2'))).toBe(true);
    expect(sameTestTables(base, base.replace('"-q"', '"-p evil"'))).toBe(false);
    expect(sameTestTables(base, base.replace(']\n]', ']\n, "evil"]'))).toBe(false);
    expect(sameTestTables(base, `${base}[tool]\npytest.ini_options.addopts = "x"\n`)).toBe(false);
    expect(sameTestTables(base, `${base}["tool"."p\\u0079test".ini_options]\n`)).toBe(false);
  });
});
