import {describe, expect, it} from 'vitest';
import type {SeenTest, SuiteRun, TestStatus} from '../../../src/verify/tests/results.js';
import {lostTests} from '../../../src/verify/tests/sides.js';

const test = (id: string, status: TestStatus = 'passed'): SeenTest => {
  const [file = '', ...path] = id.split(' > ');
  return {kind: path.length === 0 ? 'file' : 'test', file, path, status};
};
const run = (tests: readonly (string | SeenTest)[], end: SuiteRun['end'] = 'complete'): SuiteRun => ({end, exitCode: 0, detail: '', tests: tests.map((one) => (typeof one === 'string' ? test(one) : one)), cut: []});
const base = run(['a > 1', 'a > 2', 'b > 1']);
const one = {name: 'one', run: run(['a > 1', 'a > 2', 'a > 3', 'b > 1'])};
const two = {name: 'two', run: run(['a > 1', 'b > 1', 'b > 2'])};

describe('tests of a submission whose conflict was resolved', () => {
  it('are there when nothing of either side is gone, also what a side took away itself', () => {
    expect(lostTests({base, sides: [one, two], merged: run(['a > 1', 'a > 3', 'b > 1', 'b > 2'])})).toEqual([]);
  });

  it('are a finding of the one that brought them when the resolution lost them; what the base had is judged by the base', () => {
    const found = lostTests({base, sides: [one, two], merged: run(['a > 1', 'b > 2'])});
    expect(found.map(({id, code, owners, path}) => ({id, code, owners, path}))).toEqual([{id: 'tests:TESTS_VANISHED:a > 3', code: 'TESTS_VANISHED', owners: ['one'], path: 'a'}]);
  });

  it('count as often as they are there, and are the same test under another clock', () => {
    const twice = {name: 'one', run: run(['a > x', 'a > x', 'a > at 12:00:01'])};
    expect(lostTests({base: run([]), sides: [twice], merged: run(['a > x', 'a > at 12:00:02'])}).map(({id}) => id)).toEqual(['tests:TESTS_VANISHED:a > x #2']);
  });

  it('are no finding twice when their file does not load, when they fail or are skipped in the merge, or when a run did not end in order', () => {
    const sides = [{name: 'one', run: run(['a > 3'])}];
    for (const merged of [run([test('a', 'failed')]), run([test('a > 3', 'failed')]), run([test('a > 3', 'skipped')]), run([], 'time-out')]) expect(lostTests({base: run([]), sides, merged})).toEqual([]);
    expect(lostTests({base: run([]), sides: [{name: 'one', run: run(['a > 3'], 'no-results')}], merged: run(['b > 1'])})).toEqual([]);
  });

  it('that failed on their own side, or were only skipped there, are nothing that could be lost', () => {
    const sides = [{name: 'one', run: run([test('a > 3', 'failed'), test('a > 4', 'skipped')])}];
    expect(lostTests({base: run([]), sides, merged: run(['b > 1'])})).toEqual([]);
  });
});
