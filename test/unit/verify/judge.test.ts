import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {parseManifest} from '../../../src/core/manifest.js';
import type {Verification} from '../../../src/core/verification.js';
import {actorsOf} from '../../../src/verify/owners.js';
import {judgeExitCode} from '../../../src/verify/tests/exit-code.js';
import {fateOf, takeInventory} from '../../../src/verify/tests/inventory.js';
import {judgeTests} from '../../../src/verify/tests/judge.js';
import type {SeenTest, SuiteRun, TestStatus} from '../../../src/verify/tests/results.js';

const oldFile = 'test/old.test.js';
const newFile = 'test/new.test.js';
const test = (file: string, name: string, status: TestStatus = 'passed'): SeenTest => ({kind: 'test', file, path: [name], status, ...(status === 'failed' ? {message: 'why'} : {})});
const whole = (file: string, status: TestStatus = 'failed'): SeenTest => ({kind: 'file', file, path: [], status});
const run = (tests: readonly SeenTest[], more: Partial<SuiteRun> = {}): SuiteRun => ({end: 'complete', exitCode: 0, detail: '', tests: [...tests], cut: [], ...more});

interface Case {
  readonly base?: readonly SeenTest[];
  readonly before?: readonly SeenTest[];
  readonly merged: readonly SeenTest[];
  readonly end?: Partial<SuiteRun>;
  readonly baseEnd?: Partial<SuiteRun>;
  readonly beforeEnd?: Partial<SuiteRun>;
  readonly tests?: object;
  readonly files?: readonly object[];
}

const implementation = {path: 'src/new.js', action: 'create', owner: 'implementation'};
function evidenceOf({base = [test(oldFile, 'old')], before = [whole(newFile)], merged, end = {}, baseEnd = {}, beforeEnd = {}, tests = {}, files = [implementation]}: Case) {
  const manifest = parseManifest(
    {
      schemaVersion: 1,
      task: 't',
      files: [...files, {path: 'docs/new.md', action: 'create', owner: 'documentation'}],
      tests: {command: ['node', '--test'], files: [{path: newFile, owner: 'test', covers: ['src/new.js']}], ...tests},
    },
    'm',
  );
  const runs = {base: run(base, baseEnd), before: run(before, beforeEnd), merged: run(merged, end)};
  return {manifest, tests: manifest.tests!, ...runs, actors: actorsOf({manifest, changed: ['docs/new.md', 'src/new.js', newFile]}), inventory: takeInventory(runs)};
}
function judge(one: Case) {
  const {summary, findings} = judgeTests(evidenceOf(one), {name: 'node', evidence: 'in-process'});
  expect(new Set(findings.map((item) => item.id)).size).toBe(findings.length);
  for (const item of findings) expect(item.owners).not.toEqual([]);
  return {summary, findings, seen: findings.map((item) => [item.code, item.path, item.owners])};
}
const honest: readonly SeenTest[] = [test(oldFile, 'old'), test(newFile, 'new')];

describe('classification', () => {
  const statuses = ['passed', 'failed', 'skipped', 'todo', undefined] as const;
  it('gives every test exactly one fate, and every list of the summary only its own', () => {
    const status = fc.constantFrom<TestStatus[]>('passed', 'failed', 'skipped', 'todo');
    const tests = fc.array(fc.tuple(fc.constantFrom(oldFile, newFile), fc.constantFrom('a', 'b', 'c'), status), {maxLength: 12}).map((list) => list.map(([file, name, each]) => test(file, name, each)));
    fc.assert(
      fc.property(tests, tests, (base, merged) => {
        const inventory = takeInventory({base: run(base), merged: run(merged)});
        expect(new Set(inventory.map((row) => row.id)).size).toBe(inventory.length);
        expect(inventory.filter((row) => row.now !== undefined)).toHaveLength(merged.length);
        expect(inventory.filter((row) => row.base !== undefined)).toHaveLength(base.length);
        const {summary} = judge({base, merged});
        const lists = [summary.new, summary.kept, summary.broken, summary.vanished, summary.knownFailing].flat();
        expect(new Set(lists).size).toBe(lists.length);
        expect(summary.passed + summary.failed + summary.skipped).toBe(summary.total);
      }),
    );
  });
  it('decides by the two statuses alone', () => {
    expect(statuses.map((base) => statuses.map((now) => fateOf(base, now)))).toEqual([
      ['kept', 'broken', 'lost', 'lost', 'vanished'],
      ['new', 'knownFailing', 'skipped', 'skipped', 'gone'],
      ['new', 'failing', 'skipped', 'skipped', 'gone'],
      ['new', 'failing', 'skipped', 'skipped', 'gone'],
      ['new', 'failing', 'skipped', 'skipped', 'gone'],
    ]);
  });
});

describe('verdict on tests', () => {
  it('holds for new tests that fail without the work, and old ones that are kept', () => {
    const {summary, findings} = judge({before: [test(newFile, 'new', 'failed')], merged: honest});
    expect(findings).toEqual([]);
    expect(summary).toMatchObject({total: 2, passed: 2, new: [`${newFile} > new`], kept: [`${oldFile} > old`], failToPass: {wanted: 1, met: 1, byLoad: []}});
  });
  it('lists a new test that only does not load without the work, and accepts it for a promised source', () => {
    for (const files of [[implementation], [{...implementation, action: 'modify'}]]) {
      const {summary, findings} = judge({merged: honest, files});
      expect(findings).toEqual([]);
      expect(summary.failToPass).toEqual({wanted: 1, met: 1, byLoad: [`${newFile} > new`]});
    }
  });
  it('NOT_FAIL_TO_PASS: does not load without the work, and covers nothing that is promised', () => {
    expect(judge({merged: honest, files: [], tests: {files: [{path: newFile, owner: 'test', covers: ['src/other.js']}]}}).seen).toEqual([['NOT_FAIL_TO_PASS', newFile, ['test']]]);
  });
  it('NOT_FAIL_TO_PASS: gave no result without the work although its file loaded', () => {
    for (const before of [[], [whole(newFile, 'passed')], [test(newFile, 'other', 'failed')], [whole(oldFile)], [test(newFile, 'other', 'skipped')]]) {
      expect(judge({before, merged: honest}).seen).toEqual([['NOT_FAIL_TO_PASS', newFile, ['test']]]);
    }
  });
  it('a file, a suite or a conftest.py that did not load without the work is why a test gave no result', () => {
    const nested: SeenTest = {kind: 'test', file: newFile, path: ['suite', 'new'], status: 'passed'};
    const suite = (...path: readonly string[]): SeenTest => ({kind: 'test', file: newFile, path: [...path], status: 'failed'});
    const byLoad = (before: readonly SeenTest[], beforeEnd: Partial<SuiteRun> = {}) => {
      const {seen, summary} = judge({before, beforeEnd, merged: [test(oldFile, 'old'), nested]});
      return [seen, summary.failToPass.byLoad.length, summary.beforeEnd];
    };
    for (const before of [[whole(newFile)], [suite('suite')], [suite('suite', '(hooks)')], [test(newFile, '(module)', 'skipped')]]) expect(byLoad(before)).toEqual([[], 1, 'complete']);
    expect(byLoad([], {end: 'not-loaded', exitCode: 4})).toEqual([[], 1, 'not-loaded']);
    expect(byLoad([suite('other')])).toEqual([[['NOT_FAIL_TO_PASS', newFile, ['test']]], 0, 'complete']);
  });
  it('a new test whose name differs from an old one by a duration alone is a test of its own', () => {
    const [old, fresh] = [test(newFile, 'waits 10 ms'), test(newFile, 'waits 5 ms')];
    const {summary, seen} = judge({base: [old], before: [old, {...fresh, status: 'failed'}], merged: [fresh, old]});
    expect(seen).toEqual([]);
    expect(summary).toMatchObject({new: [`${newFile} > waits 5 ms`], kept: [`${newFile} > waits 10 ms`], failToPass: {wanted: 1, met: 1}});
    expect(judge({base: [old], before: [old], merged: [fresh]}).summary.kept).toEqual([`${newFile} > waits 5 ms`]);
  });
  it('a listed test is the one of exactly this name; noise may differ only when nobody else is meant', () => {
    const list = (...names: readonly string[]) => judge({merged: [...honest, test(newFile, 'waits 5 ms')], tests: {failToPass: names.map((name) => `${newFile} > ${name}`)}}).seen.map(([code]) => code);
    expect([list('waits 5 ms'), list('waits 10 ms'), list('waits 5 ms', 'waits 10 ms')]).toEqual([[], [], ['TEST_MISSING']]);
  });
  it('NOT_FAIL_TO_PASS: a new test that passes without the work', () => {
    expect(judge({before: [test(newFile, 'new')], merged: honest}).seen).toEqual([['NOT_FAIL_TO_PASS', newFile, ['test']]]);
  });
  it('NOT_FAIL_TO_PASS: a promised file in which everything passed before; not so when a test was made stricter', () => {
    const same = [test(oldFile, 'old'), test(newFile, 'same')];
    expect(judge({base: same, before: [test(newFile, 'same')], merged: same}).seen).toEqual([['NOT_FAIL_TO_PASS', newFile, ['test']]]);
    expect(judge({base: same, before: [test(newFile, 'same', 'failed')], merged: same}).seen).toEqual([]);
    expect(judge({base: same, before: [test(newFile, 'same')], merged: same, tests: {failToPass: 'none'}}).seen).toEqual([]);
  });
  it('a listed test must exist, run and pass', () => {
    const list = (merged: readonly SeenTest[]) => judge({merged, tests: {failToPass: [`${newFile} > named`]}}).seen;
    expect(list([...honest, test(newFile, 'named')])).toEqual([]);
    expect(list(honest)).toEqual([['TEST_MISSING', newFile, ['test']]]);
    expect(list([...honest, test(newFile, 'named', 'failed')]).map(([code]) => code)).toEqual(['TEST_FAILED']);
    expect(list([...honest, test(newFile, 'named', 'todo')]).map(([code]) => code)).toEqual(['TEST_SKIPPED']);
  });
  it('TEST_FAILED: a promised test, of its owner and the owner of what it covers', () => {
    expect(judge({merged: [test(oldFile, 'old'), test(newFile, 'new', 'failed')]}).seen).toEqual([['TEST_FAILED', newFile, ['test', 'implementation']]]);
  });
  it('TEST_FAILED: any new test, and a promised file that does not load', () => {
    expect(judge({merged: [...honest, test('test/more.test.js', 'x', 'failed')]}).seen).toMatchObject([['TEST_FAILED', 'test/more.test.js', expect.anything()]]);
    expect(judge({merged: [test(oldFile, 'old'), whole(newFile)]}).seen).toEqual([['TEST_FAILED', newFile, ['test', 'implementation']]]);
  });
  it('TEST_FAILED: a promised test that failed on the base already', () => {
    const failing = test(newFile, 'new', 'failed');
    expect(judge({base: [test(oldFile, 'old'), failing], merged: [test(oldFile, 'old'), failing]}).seen).toEqual([['TEST_FAILED', newFile, ['test', 'implementation']]]);
  });
  it('REGRESSION: an old test that fails, of whoever owns the changed product', () => {
    expect(judge({merged: [test(oldFile, 'old', 'failed'), test(newFile, 'new')]}).seen).toEqual([['REGRESSION', oldFile, ['implementation']]]);
  });
  it('REGRESSION: one for an old file that does not load any more, not one per test', () => {
    const {seen, summary} = judge({base: [test(oldFile, 'one'), test(oldFile, 'two')], merged: [whole(oldFile), test(newFile, 'new')]});
    expect(seen).toEqual([['REGRESSION', oldFile, ['implementation']]]);
    expect(summary.broken).toHaveLength(2);
  });
  it('a known failure of the base is named and excused, a new one beside it is not', () => {
    const base = [test(oldFile, 'old'), test(oldFile, 'known', 'failed')];
    const {seen, summary} = judge({base, merged: [...honest, test(oldFile, 'known', 'failed')]});
    expect(seen).toEqual([]);
    expect(summary.knownFailing).toEqual([`${oldFile} > known`]);
    expect(judge({base, merged: [...honest, test(oldFile, 'known', 'failed'), test(oldFile, 'fresh', 'failed')]}).seen.map(([code]) => code)).toEqual(['TEST_FAILED']);
  });
  it('TESTS_VANISHED: in a file that may not change; in one that may, it is only listed', () => {
    expect(judge({merged: [test(newFile, 'new'), test(oldFile, 'other')]}).seen).toEqual([['TESTS_VANISHED', oldFile, ['implementation']]]);
    const {seen, summary} = judge({base: [test(oldFile, 'old'), test(newFile, 'renamed')], merged: honest});
    expect(seen).toEqual([]);
    expect(summary.vanished).toEqual([`${newFile} > renamed`]);
  });
  it('TEST_SKIPPED: a promised test, or one that passed before; not one that was always skipped', () => {
    expect(judge({merged: [...honest, test(newFile, 'later', 'todo')]}).seen).toEqual([['TEST_SKIPPED', newFile, ['test', 'implementation']]]);
    expect(judge({merged: [test(oldFile, 'old', 'skipped'), test(newFile, 'new')]}).seen).toEqual([['TEST_SKIPPED', oldFile, ['implementation']]]);
    const skipped = test(newFile, 'always', 'skipped');
    expect(judge({base: [test(oldFile, 'old'), skipped], merged: [...honest, skipped]}).seen).toEqual([]);
  });
  it('TEST_SKIPPED says whether a test is skipped or todo', () => {
    const said = (status: TestStatus) => judge({merged: [...honest, test(newFile, 'later', status)]}).findings.map(({message}) => /\btodo\b/.test(message));
    expect([said('todo'), said('skipped')]).toEqual([[true], [false]]);
  });
  it('TEST_MISSING: fewer tests than promised, skipped ones and whole files not counted', () => {
    const tests = {files: [{path: newFile, owner: 'test', minTests: 2, covers: ['src/new.js']}]};
    expect(judge({merged: honest, tests}).seen).toEqual([['TEST_MISSING', newFile, ['test']]]);
    expect(judge({merged: [...honest, test(newFile, 'second')], tests}).seen).toEqual([]);
    expect(judge({merged: [test(oldFile, 'old'), whole(newFile, 'passed')]}).seen).toEqual([['TEST_MISSING', newFile, ['test']]]);
  });
  it('NO_TESTS_RUN: a complete run without a result, or with skipped ones only', () => {
    expect(judge({base: [], merged: []}).seen.map(([code]) => code)).toEqual(['NO_TESTS_RUN']);
    expect(judge({base: [], merged: [test(oldFile, 'x', 'skipped')]}).seen.map(([code]) => code)).toEqual(['NO_TESTS_RUN']);
  });
  it.each([['time-out', 'TIME_OUT'], ['out-of-memory', 'OUT_OF_MEMORY'], ['out-of-disk', 'OUT_OF_DISK'], ['no-results', 'NO_TEST_RESULTS'], ['not-started', 'NO_TEST_RESULTS'], ['not-loaded', 'NO_TEST_RESULTS']] as const)('%s is %s, says nothing of tests that gave no result, and keeps the failures that arrived', (end, code) => {
    expect(judge({merged: [], end: {end}}).seen).toEqual([[code, undefined, ['implementation', 'documentation', 'test']]]);
    expect(judge({merged: [test(oldFile, 'old', 'failed')], end: {end}}).seen.map(([each]) => each)).toEqual([code, 'REGRESSION']);
  });
  it('a file whose process the kernel ended for memory is no failed test', () => {
    expect(judge({merged: [whole(newFile), whole(oldFile)], end: {end: 'out-of-memory'}}).seen.map(([code]) => code)).toEqual(['OUT_OF_MEMORY']);
  });
  it('NO_TEST_RESULTS: a file whose process ended early, unless it did so on the base', () => {
    expect(judge({merged: honest, end: {cut: [oldFile]}}).seen).toEqual([['NO_TEST_RESULTS', oldFile, ['implementation']]]);
    expect(judge({merged: honest, end: {cut: [oldFile]}, baseEnd: {cut: [oldFile]}}).seen).toEqual([]);
  });
  it('bounds the findings of one file, and says how many more there are', () => {
    const many = Array.from({length: 500}, (_, index) => test(oldFile, `t${index}x`, 'failed'));
    const {findings} = judge({base: many.map((one) => ({...one, status: 'passed'})), merged: [...many, test(newFile, 'new')]});
    expect(findings).toHaveLength(21);
    expect(findings.at(-1)?.message).toContain('480');
  });
  it('shows no control character that a test wrote', () => {
    const {findings} = judge({merged: [...honest, {kind: 'test', file: 'test/more.test.js', path: ['\u001b[31mred\nline'], status: 'failed', message: '\u001b]0;title\u0007'}]});
    expect(JSON.stringify(findings.map(({message, id}) => message + id)).replaceAll('\\\\x', '')).not.toMatch(/\\u00|\\n/);
    expect(findings).toHaveLength(1);
  });
});

describe('verdict by exit code', () => {
  const judged = (merged: Partial<SuiteRun>, before: Partial<SuiteRun> = {exitCode: 1}, tests: object = {}, baseEnd: Partial<SuiteRun> = {}): Pick<Verification, 'findings'> & {readonly met: number} => {
    const evidence = evidenceOf({merged: [], end: merged, tests, baseEnd});
    const {summary, findings} = judgeExitCode({...evidence, before: run([], before)});
    for (const item of findings) expect(item.evidence.class).toBe('exit-code');
    return {findings: [...findings], met: summary.failToPass.met};
  };
  const codesOf = (...args: Parameters<typeof judged>) => judged(...args).findings.map((item) => item.code);
  it('holds when it ends with 0, and did not without the work', () => {
    expect(judged({exitCode: 0})).toEqual({findings: [], met: 1});
    expect(codesOf({exitCode: 0}, {exitCode: 0}, {failToPass: 'none'})).toEqual([]);
  });
  it('rejects another exit code, a command that is not there, and every abnormal end', () => {
    expect(codesOf({exitCode: 1})).toEqual(['TEST_FAILED']);
    expect(codesOf({exitCode: 127, end: 'not-started'})).toEqual(['NO_TEST_RESULTS']);
    expect(codesOf({exitCode: 137, end: 'time-out'})).toEqual(['TIME_OUT']);
  });
  it('a base that fails already shows nothing', () => {
    expect(codesOf({exitCode: 0}, {exitCode: 1}, {}, {exitCode: 1})).toEqual(['NOT_FAIL_TO_PASS']);
    expect(codesOf({exitCode: 0}, {exitCode: 1}, {failToPass: 'none'}, {exitCode: 1})).toEqual([]);
  });
  it('takes nothing for granted that it cannot see', () => {
    expect(codesOf({exitCode: 0}, {exitCode: 0})).toEqual(['NOT_FAIL_TO_PASS']);
    expect(codesOf({exitCode: 0}, {exitCode: 1}, {failToPass: ['a > b']})).toEqual(['NOT_FAIL_TO_PASS']);
    expect(codesOf({exitCode: 0}, {exitCode: 1}, {files: [{path: newFile, owner: 'test', minTests: 3}]})).toEqual(['TEST_MISSING']);
  });
});
