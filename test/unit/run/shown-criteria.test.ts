import {describe, expect, test} from 'vitest';
import {parseManifest} from '../../../src/core/manifest.js';
import type {Report} from '../../../src/core/report.js';
import {shownCriteria} from '../../../src/run/close/shown-criteria.js';

type Tests = NonNullable<Report['tests']>;

const summary: Tests = {
  ...{runner: 'node', baseEnd: 'complete', total: 3, passed: 3, failed: 0, skipped: 0, kept: ['test/old.test.js > It is old'], broken: [], vanished: [], knownFailing: []},
  new: ['test/a.test.js > suite > It answers', 'test/a.test.js > **a** > b', 'test/helper.test.js > It helps', 'test/a_test.py > test_it_counts_2'],
  failToPass: {wanted: 1, met: 1, byLoad: []},
};

function shows(criterion: string, {verdict = 'verified', failToPass = 'auto', tests = summary}: {readonly verdict?: Report['verdict']; readonly failToPass?: unknown; readonly tests?: Tests} = {}): boolean {
  const manifest = parseManifest({schemaVersion: 1, task: 'x', tests: {command: ['node', '--test'], failToPass, files: ['test/a.test.js', 'test/a_test.py'].map((path) => ({path, owner: 'test'}))}}, 'm');
  return shownCriteria({manifest, report: {verdict, tests}})(criterion);
}

describe('a criterion is shown', () => {
  test.each(['It answers', '**It `answers`.**', 'it  ANSWERS', 'suite > It answers', 'a > b', 'b', 'it counts 2', 'All tests pass', 'Tests passing.', 'All new tests pass'])('%s: by a promised test of its words, or by the whole suite', (criterion) => {
    expect(shows(criterion)).toBe(true);
  });

  test.each(['', 'It answers quickly', 'answers', 'It is old', 'It helps', 'suite', 'test/a.test.js', 'All tests pass with 100% coverage', 'it counts-2', 'constructor'])('%s is not', (criterion) => {
    expect(shows(criterion)).toBe(false);
  });

  test('only in a verified run, and only by tests that were seen to fail without the work', () => {
    expect(shows('It answers', {verdict: 'blocked'})).toBe(false);
    expect(shows('It answers', {failToPass: 'none'})).toBe(false);
    expect([shows('It answers', {failToPass: ['test/a.test.js > **a** > b']}), shows('a > b', {failToPass: ['test/a.test.js > **a** > b']})]).toEqual([false, true]);
  });

  test('that all tests pass only where not one failed or was skipped', () => {
    expect(shows('All tests pass', {tests: {...summary, total: 4, skipped: 1}})).toBe(false);
    expect(shows('All tests pass', {tests: {...summary, total: 0, passed: 0}})).toBe(false);
  });
});
