import {describe, expect, it} from 'vitest';
import {parseManifest} from '../../../src/core/manifest.js';
import {isSteeringPath, isTestPath} from '../../../src/verify/patterns.js';
import {restorePackageFields, sameTestTables} from '../../../src/verify/package-fields.js';
import {planProtection, type Protection} from '../../../src/verify/protect.js';
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

async function plan(before: Files, after: Files): Promise<{readonly protection: Protection; readonly graded: Texts; readonly proof: Texts}> {
  const [base, commit] = [memoryTree(before), memoryTree(after)];
  const protection = await planProtection({manifest, base, commit, scripts: []}, never);
  const parts = {base, commit, protection};
  return {protection, graded: await collect(mergedTree(parts, never)), proof: await collect(beforeTree(parts, manifest, never))};
}

describe('protected files', () => {
  it.each(['test/a.js', 'tests/x/y.py', '__tests__/a.ts', 'spec/a_spec.rb', 'src/a.test.ts', 'src/a.spec.mjs', 'pkg/a_test.go', 'test_a.py', 'test.js', 'src/conftest.py', 'src/__snapshots__/a.snap', 'Test/a.js'])('%s is a test', (path) => {
    expect(isTestPath(path)).toBe(true);
  });
  it.each(['src/contest.js', 'src/latest.js', 'src/testing.ts', 'docs/testing.md', 'src/attest/a.js', 'src/inspect.js', 'README.md'])('%s is no test', (path) => {
    expect(isTestPath(path)).toBe(false);
  });
  it.each(['conftest.py', 'a/sitecustomize.py', 'x.pth', '.npmrc', 'vitest.config.mts', 'vite.config.js', 'jest.config.cjs', '.mocharc.yml', '.nycrc.json', 'setup.cfg', 'node_modules/x/index.js', 'a/node_modules', '.env.test', 'PYTEST.INI'])('%s steers tests', (path) => {
    expect(isSteeringPath(path)).toBe(true);
  });
  it.each(['package.json', 'src/config.js', '.env.example', 'tsconfig.json', 'src/vite.js'])('%s does not', (path) => {
    expect(isSteeringPath(path)).toBe(false);
  });

  it('a weakened and a deleted test are graded as on the base', async () => {
    const {protection, graded} = await plan({'test/a.test.js': 'strict', 'test/b.test.js': 'b', 'src/a.js': '1'}, {'test/a.test.js': 'weak', 'src/a.js': '2'});
    expect(protection.changes.map(({path, action}) => [path, action])).toEqual([['test/a.test.js', 'restored'], ['test/b.test.js', 'restored']]);
    expect(graded).toEqual({'test/a.test.js': 'strict', 'test/b.test.js': 'b', 'src/a.js': '2'});
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
