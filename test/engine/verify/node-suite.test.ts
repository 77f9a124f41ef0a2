import {describe, expect, it} from 'vitest';
import {AppError} from '../../../src/core/errors.js';
import type {SuiteRun} from '../../../src/verify/tests/results.js';
import {startEngine} from '../sandbox/engine-fixture.js';
import {memoryTree} from '../../unit/verify/memory-tree.js';
import {codesOf, useVerification, type Case} from './verify-fixture.js';

const verify = useVerification('node');

const base = {
  'package.json': '{"name":"sums","type":"module","scripts":{"test":"node --test"}}',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js': `import assert from 'node:assert';
import {describe, it, test} from 'node:test';
import {add} from '../src/add.js';
describe('add', () => { it('adds', () => { assert.equal(add(1, 2), 3); }); it('adds nothing', () => { assert.equal(add(1, 0), 1); }); });
test('known trouble', () => { assert.equal(add(1, '2'), 3); });
`,
};
const double = "import {add} from './add.js';\nexport const double = (a) => add(a, a);\n";
const doubleTest = `import assert from 'node:assert';
import {test} from 'node:test';
import {double} from '../src/double.js';
test('doubles', () => { assert.equal(double(2), 4); });
test('doubles nothing', () => { assert.equal(double(0), 0); });
`;
const manifest = {
  files: [{path: 'src/double.js', action: 'create', owner: 'implementation', must: [{contains: 'export const double'}]}],
  tests: {
    command: ['npm', 'test'],
    files: [{path: 'test/double.test.js', owner: 'test', covers: ['src/double.js'], minTests: 2}],
    timeoutMs: 60_000,
  },
};
const honest = {'src/double.js': double, 'test/double.test.js': doubleTest};
const one = (change: Case['change'], tests: object = {}, files: readonly object[] = manifest.files): Case => ({base, change: {...honest, ...change}, manifest: {files, tests: {...manifest.tests, ...tests}}});

describe('verification with node:test', () => {
  it('honest work is verified, and a known failure of the base is named', async () => {
    const verification = await verify(one({}));
    expect(codesOf(verification)).toEqual([]);
    expect(verification).toMatchObject({
      verdict: 'verified',
      restored: [],
      checks: [
        {check: 'files', outcome: 'passed', passed: 2, total: 2},
        {check: 'content', outcome: 'passed', passed: 1, total: 1},
        {check: 'tests', outcome: 'passed', passed: 4, total: 5},
        {check: 'acceptance', outcome: 'notConfigured'},
        {check: 'integration', outcome: 'notConfigured'},
      ],
      tests: {
        runner: 'node',
        new: ['test/double.test.js > doubles', 'test/double.test.js > doubles nothing'],
        kept: ['test/add.test.js > add > adds', 'test/add.test.js > add > adds nothing'],
        knownFailing: ['test/add.test.js > known trouble'],
        failToPass: {wanted: 2, met: 2, byLoad: ['test/double.test.js > doubles', 'test/double.test.js > doubles nothing']},
      },
    });
  });

  it('base results are taken from the cache the second time, and the verdict is the same', async () => {
    const kept = new Map<string, SuiteRun>();
    let taken = 0;
    const baseCache = {
      get: (key: string) => {
        if (kept.has(key)) taken += 1;
        return Promise.resolve(kept.get(key));
      },
      set: (key: string, value: SuiteRun) => {
        kept.set(key, value);
        return Promise.resolve();
      },
    };
    const said: string[] = [];
    const first = await verify({...one({}), request: {baseCache, tell: (line) => said.push(line)}});
    const second = await verify({...one({}), request: {baseCache}});
    expect([kept.size, taken]).toEqual([1, 1]);
    expect({...second, durationMs: 0}).toEqual({...first, durationMs: 0});
    expect(said).toHaveLength(3);
  });

  it('a new test that fails by assertion without the work is no by-load', async () => {
    const test = "import assert from 'node:assert';\nimport {test} from 'node:test';\nimport {add} from '../src/add.js';\ntest('adds three', () => { assert.equal(add(1, 2, 3), 6); });\ntest('adds four', () => { assert.equal(add(1, 2, 3, 4), 10); });\n";
    const change = {'src/double.js': undefined, 'src/add.js': 'export const add = (...all) => all.reduce((a, b) => a + b);\n', 'test/double.test.js': test};
    const verification = await verify(one(change, {}, [{path: 'src/add.js', action: 'modify', owner: 'implementation'}]));
    expect(codesOf(verification)).toEqual([]);
    expect(verification.tests?.failToPass).toEqual({wanted: 2, met: 2, byLoad: []});
  });

  it('a missing file blocks, and the test that needs it fails', async () => {
    const verification = await verify(one({'src/double.js': undefined}));
    expect(verification.verdict).toBe('blocked');
    expect(codesOf(verification)).toEqual([['FILE_MISSING', 'src/double.js'], ['TEST_FAILED', 'test/double.test.js']]);
    expect(verification.findings[1]?.owners).toEqual(['test', 'implementation']);
    expect(verification.checks[2]).toMatchObject({check: 'tests', outcome: 'failed'});
  });

  it('a broken old test blocks as a regression of who changed the product', async () => {
    const verification = await verify({...one({'src/add.js': 'export const add = (a, b) => a + b + (b === 0 ? 1 : 0);\n'}), request: {authors: (path) => (path === 'src/add.js' ? ['documentation'] : [])}});
    expect(codesOf(verification)).toEqual([['REGRESSION', 'test/add.test.js'], ['TEST_FAILED', 'test/double.test.js']]);
    expect(verification.findings[0]?.owners).toEqual(['documentation']);
    expect(verification.tests?.broken).toEqual(['test/add.test.js > add > adds nothing']);
  });

  it('a skipped test blocks', async () => {
    const verification = await verify(one({'test/double.test.js': doubleTest.replace("test('doubles nothing',", "test.skip('doubles nothing',")}));
    expect(codesOf(verification)).toEqual([['TEST_SKIPPED', 'test/double.test.js'], ['TEST_MISSING', 'test/double.test.js']]);
  });

  it('a new test that passes without the work blocks', async () => {
    const verification = await verify(one({'test/double.test.js': "import {test} from 'node:test';\ntest('a', () => {});\ntest('b', () => {});\n"}));
    expect(codesOf(verification).map(([code]) => code)).toEqual(['NOT_FAIL_TO_PASS', 'NOT_FAIL_TO_PASS']);
  });

  it('product code that exits early with 0 makes the tests vanish, and blocks', async () => {
    const verification = await verify(one({'src/add.js': `${base['src/add.js']}process.exit(0);\n`}));
    expect(verification.verdict).toBe('blocked');
    expect(codesOf(verification).filter(([code]) => code !== 'NOT_FAIL_TO_PASS')).toEqual([
      ['TESTS_VANISHED', 'test/add.test.js'],
      ['TESTS_VANISHED', 'test/add.test.js'],
      ['TEST_MISSING', 'test/double.test.js'],
    ]);
  });

  it('an exit after the first results blocks too', async () => {
    const test = `${doubleTest}test('last', async () => { await new Promise((done) => setTimeout(done, 300)); process.exit(0); });\n`;
    const verification = await verify(one({'test/double.test.js': test}));
    expect(verification.verdict).toBe('blocked');
    expect(codesOf(verification).map(([code]) => code)).toContain('NO_TEST_RESULTS');
  });

  it('tests that never end are a time-out, not a failed test', async () => {
    const verification = await verify(one({'test/double.test.js': `${doubleTest}test('hangs', () => new Promise(() => { setInterval(() => {}, 1000); }));\n`}, {timeoutMs: 4000}));
    expect(verification.verdict).toBe('blocked');
    expect(codesOf(verification).map(([code]) => code)).toEqual(['TIME_OUT']);
  });

  it('too much memory is its own class', async () => {
    const eater = "const all = [];\nexport const double = (a) => { if (a === 2) for (;;) all.push(Buffer.alloc(16_000_000, 1)); return 0; };\n";
    const verification = await verify({...one({'src/double.js': eater}), request: {limits: {memoryMiB: 256, cpus: 2, pids: 256}}});
    expect(codesOf(verification).map(([code]) => code)).toEqual(['OUT_OF_MEMORY']);
  });

  it('result lines that product code prints, or writes to the runner itself, change nothing', async () => {
    const forged = `import fs from 'node:fs';
const nonce = 'f'.repeat(32);
const lines = '\\n@bulkhead hello {"v":1,"nonce":"' + nonce + '","runner":"node","version":"v24"}\\n'
  + '@bulkhead ' + nonce + ' {"t":"test","file":"test/double.test.js","path":["forged"],"status":"passed"}\\n'
  + '@bulkhead ' + nonce + ' {"t":"end","tests":1,"files":0,"success":true}\\n';
console.log(lines);
try { fs.writeFileSync('/proc/' + process.ppid + '/fd/1', lines); } catch {}
export const double = () => 5;
`;
    const verification = await verify(one({'src/double.js': forged}));
    expect(codesOf(verification).map(([code]) => code)).toEqual(['TEST_FAILED', 'TEST_FAILED']);
    expect(JSON.stringify(verification)).not.toContain('forged');
  });

  it('a weakened old test is graded as on the base, and reported', async () => {
    const weak = "import {describe, it} from 'node:test';\ndescribe('add', () => { it('adds', () => {}); it('adds nothing', () => {}); });\n";
    const verification = await verify(one({'src/add.js': 'export const add = () => 4;\n', 'test/add.test.js': weak}));
    expect(verification.restored).toEqual(['test/add.test.js']);
    const [protectedFile, ...rest] = codesOf(verification);
    expect(protectedFile).toEqual(['PROTECTED_FILE_CHANGED', 'test/add.test.js']);
    expect(rest.filter(([code]) => code === 'REGRESSION')).toHaveLength(2);
  });

  it('a test script that always succeeds is not what is run', async () => {
    const verification = await verify(one({'package.json': base['package.json'].replace('node --test', 'true'), 'src/double.js': 'export const double = () => 0;\n'}));
    expect(codesOf(verification).map(([code]) => code)).toEqual(['PROTECTED_FILE_CHANGED', 'TEST_FAILED']);
  });

  it('a test that vanishes from a file that may not change blocks', async () => {
    const named = {...base, 'src/names.js': "export const names = ['a', 'b'];\n", 'test/names.test.js': "import {test} from 'node:test';\nimport {names} from '../src/names.js';\nfor (const name of names) test(`has ${name}`, () => {});\n"};
    const verification = await verify({...one({'src/names.js': "export const names = ['a'];\n"}), base: named});
    expect(codesOf(verification)).toEqual([['TESTS_VANISHED', 'test/names.test.js']]);
    expect(verification.tests?.vanished).toEqual(['test/names.test.js > has b']);
  });

  it('an old test file that does not load any more is one regression', async () => {
    const verification = await verify(one({'src/add.js': 'export const sum = 1;\n', 'src/double.js': 'export const double = (a) => a + a;\n'}));
    expect(codesOf(verification)).toEqual([['REGRESSION', 'test/add.test.js']]);
    expect(verification.findings[0]?.message).toContain('SyntaxError');
  });

  it('an emptied test outside of every test folder is graded as on the base', async () => {
    const checks = {...base, 'checks/add.mjs': "import assert from 'node:assert';\nimport {add} from '../src/add.js';\nassert.equal(add(1, 2), 3);\n"};
    const tests = {command: ['node', '--test', 'checks/add.mjs', 'test/double.test.js']};
    const cheat = await verify({...one({'src/add.js': 'export const add = (a, b) => a * 2 || b;\n', 'checks/add.mjs': ''}, tests), base: checks});
    expect([cheat.verdict, codesOf(cheat)]).toEqual(['blocked', [['PROTECTED_FILE_CHANGED', 'checks/add.mjs'], ['REGRESSION', 'checks/add.mjs']]]);
    const work = await verify({...one({}, tests), base: checks});
    expect([work.verdict, codesOf(work)]).toEqual(['verified', []]);
  });

  it('what the test command loads is as on the base', async () => {
    const named = {...base, 'setup.mjs': '', 'package.json': base['package.json'].replace('node --test', 'node --import ./setup.mjs --test')};
    const patch = "import test from 'node:test';\ntest.it = () => {};\n";
    expect(codesOf(await verify({...one({'setup.mjs': patch}), base: named}))).toEqual([['PROTECTED_FILE_CHANGED', 'setup.mjs']]);
    expect((await verify({...one({}), base: named})).verdict).toBe('verified');
  });

  it('a script that the test script runs is as on the base', async () => {
    const through = (unit: string): string => JSON.stringify({type: 'module', scripts: {test: 'npm run unit', unit}});
    const files = {...base, 'package.json': through('node --test')};
    const cheat = await verify({...one({'package.json': through('true'), 'src/double.js': 'export const double = () => 0;\n'}), base: files});
    expect(codesOf(cheat)).toEqual([['PROTECTED_FILE_CHANGED', 'package.json'], ['TEST_FAILED', 'test/double.test.js']]);
    expect(await verify({...one({}), base: files})).toMatchObject({verdict: 'verified', tests: {runner: 'node'}});
  });

  it('a test that passes by failing, and a suite that is skipped, prove nothing', async () => {
    const expected = await verify(one({'src/double.js': 'export const double = () => 5;\n', 'test/double.test.js': doubleTest.replaceAll("', () =>", "', {expectFailure: true}, () =>")}));
    expect(codesOf(expected).map(([code]) => code)).toEqual(['TEST_SKIPPED', 'TEST_SKIPPED', 'TEST_MISSING']);
    const suite = await verify(one({'test/double.test.js': `import {describe, it} from 'node:test';\n${doubleTest}describe.skip('later', () => { it('is', () => {}); });\n`}));
    expect([suite.verdict, codesOf(suite)]).toEqual(['blocked', [['TEST_SKIPPED', 'test/double.test.js']]]);
  });

  it('a suite of the base that throws is a known failure, and blocks nothing', async () => {
    const files = {...base, 'test/old.test.js': "import {describe} from 'node:test';\ndescribe('thrower', () => { throw new Error('old'); });\n"};
    const verification = await verify({...one({}), base: files});
    expect([verification.verdict, codesOf(verification)]).toEqual(['verified', []]);
    expect(verification.tests?.knownFailing).toContain('test/old.test.js > thrower');
  });

  it('a test that is only there with the work is no by-load: its file did load', async () => {
    const test = "import {existsSync} from 'node:fs';\nimport {test} from 'node:test';\nif (existsSync('src/double.js')) { test('a', () => {}); test('b', () => {}); }\n";
    const verification = await verify(one({'test/double.test.js': test}));
    expect(codesOf(verification).map(([code]) => code)).toEqual(['NOT_FAIL_TO_PASS', 'NOT_FAIL_TO_PASS']);
  });

  it('tests that do not end on the base, or end there without results, decide nothing and are not kept', async () => {
    const hanging = {...base, 'test/add.test.js': "import {test} from 'node:test';\ntest('hangs', () => new Promise(() => { setInterval(() => {}, 1000); }));\n"};
    const kept: string[] = [];
    const baseCache = {get: () => Promise.resolve(undefined), set: (key: string) => Promise.resolve(void kept.push(key))};
    const said: string[] = [];
    const verification = await verify({...one({'test/add.test.js': base['test/add.test.js']}, {timeoutMs: 3000, files: [...manifest.tests.files, {path: 'test/add.test.js', owner: 'test'}]}), base: hanging, request: {baseCache, tell: (line) => said.push(line)}});
    expect([verification.verdict, kept, said.length]).toEqual(['inconclusive', [], 1]);
    expect(verification.findings).toMatchObject([{code: 'HARNESS_FAILED', owners: [], evidence: {class: 'harness'}}]);
    expect(verification.tests).toMatchObject({baseEnd: 'time-out', total: 0});
    expect(verification.checks[2]).toMatchObject({check: 'tests', outcome: 'inconclusive'});
  });

  it('new tests that do not end without the work decide nothing', async () => {
    const test = doubleTest.replace("import {double} from '../src/double.js';", "const {double} = await import('../src/double.js').catch(() => new Promise(() => { setInterval(() => {}, 1000); }));");
    const verification = await verify(one({'test/double.test.js': test}, {timeoutMs: 4000}));
    expect([verification.verdict, codesOf(verification), verification.tests?.beforeEnd]).toEqual(['inconclusive', [['HARNESS_FAILED', undefined]], 'time-out']);
  });

  it('a runner that the image lacks is told at once, and blames nobody', async () => {
    const said: string[] = [];
    const verification = await verify({...one({}, {command: ['pytest']}), request: {tell: (line) => said.push(line)}});
    expect([verification.verdict, said.length, verification.tests?.baseEnd]).toEqual(['inconclusive', 1, 'not-started']);
    expect(verification.findings).toMatchObject([{code: 'HARNESS_FAILED', owners: []}]);
    expect(verification.findings[0]?.message).toMatch(/pytest.*node/);
  });

  it('a first test that the command names by its path is verified, although the base has nothing to run', async () => {
    const verification = await verify({...one({}, {command: ['node', '--test', 'test/double.test.js']}), base: {'package.json': base['package.json'], 'src/add.js': base['src/add.js']}});
    expect([verification.verdict, codesOf(verification)]).toEqual(['verified', []]);
  });

  it('a gutted rule of a Makefile is graded as on the base; without make in the image that is no failed test', async () => {
    const files = {...base, Makefile: 'test:\n\tnode check.mjs\n', 'check.mjs': ''};
    const verification = await verify({base: files, change: {Makefile: 'test:\n\ttrue\n', 'src/double.js': double}, manifest: {files: manifest.files, tests: {command: ['make', 'test'], failToPass: 'none'}}});
    expect([verification.verdict, codesOf(verification).map(([code]) => code)]).toEqual(['inconclusive', ['PROTECTED_FILE_CHANGED', 'HARNESS_FAILED']]);
  });

  it('a command without an adapter is judged by its exit code, and says so', async () => {
    const files = {...base, 'check.js': "import {add} from './src/add.js';\nif (add(1, 2) !== 3) process.exit(1);\n"};
    const change = {'src/double.js': double, 'check-double.js': ''};
    const tests = {command: ['node', 'check.js'], failToPass: 'none', timeoutMs: 60_000};
    const verification = await verify({base: files, change, manifest: {files: manifest.files, tests}});
    expect(verification).toMatchObject({verdict: 'verified', tests: {runner: 'exit-code'}});
    const broken = await verify({base: files, change: {...change, 'src/add.js': 'export const add = () => 0;\n'}, manifest: {files: manifest.files, tests}});
    expect(broken.findings).toMatchObject([{code: 'TEST_FAILED', evidence: {class: 'exit-code'}}]);
    expect(broken.checks[2]).toEqual({check: 'tests', outcome: 'failed', passed: 0, total: 1});
  });

  it('tests of a submission that were lost where its conflict was resolved are found, and those that are still there are not', async () => {
    const triple = doubleTest.replace("'doubles'", "'doubles twice'");
    const submitted = memoryTree({...base, ...honest, 'test/triple.test.js': triple});
    const lost = await verify({...one({}), request: {sides: [{name: 'quality', commit: submitted}]}});
    expect(lost.findings.map(({code, path, owners}) => [code, path, owners])).toEqual([
      ['TESTS_VANISHED', 'test/triple.test.js', ['quality']],
      ['TESTS_VANISHED', 'test/triple.test.js', ['quality']],
    ]);
    const kept = await verify({...one({'test/triple.test.js': triple}), request: {sides: [{name: 'quality', commit: submitted}]}});
    expect([kept.verdict, codesOf(kept)]).toEqual(['verified', []]);
  });

  it('a lost engine is inconclusive, never a failed test', async () => {
    const engine = {...startEngine(), runProcess: () => Promise.reject(new AppError('ENGINE_UNREACHABLE', 'gone'))};
    const verification = await verify({...one({}), request: {engine}});
    expect(verification.verdict).toBe('inconclusive');
    expect(codesOf(verification).map(([code]) => code)).toEqual(['HARNESS_FAILED']);
  });

  it('an abort is no verdict', async () => {
    const stop = new AbortController();
    const verification = verify({...one({}), request: {signal: stop.signal, tell: () => { setTimeout(() => { stop.abort(new AppError('INTERRUPTED', 'stop')); }, 100); }}});
    await expect(verification).rejects.toMatchObject({code: 'INTERRUPTED'});
  });

  it('findings of import and merge belong to the verdict', async () => {
    const carried = {id: 'files:SCOPE_VIOLATION:x', code: 'SCOPE_VIOLATION', check: 'files', owners: ['test'], message: 'm', hint: 'h', evidence: {class: 'file-fact'}} as const;
    const verification = await verify({base: {a: '1'}, change: {b: '1'}, manifest: {files: [{path: 'b', action: 'create', owner: 'o'}], withoutTests: 'none'}, request: {carried: [{...carried, owners: ['test']}]}});
    expect([verification.verdict, codesOf(verification)]).toEqual(['blocked', [['SCOPE_VIOLATION', undefined]]]);
  });
});
