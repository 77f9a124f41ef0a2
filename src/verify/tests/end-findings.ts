import type {FindingCode} from '../../core/codes.js';
import type {Finding} from '../../core/finding.js';
import {testFinding, type TestEvidence} from './judged.js';
import type {SuiteEnd} from '../../core/verification.js';

const endCodes: Readonly<Record<Exclude<SuiteEnd, 'complete'>, readonly [FindingCode, string]>> = {
  'time-out': ['TIME_OUT', 'Find what never ends: an open handle, an endless loop, a promise that never settles.'],
  'out-of-memory': ['OUT_OF_MEMORY', 'Find what grows, or raise the memory limit of the boxes.'],
  'out-of-disk': ['OUT_OF_DISK', 'Let the tests write less, or raise the disk limits of the boxes (`limits.diskMiB`, `limits.inodes`).'],
  'no-results': ['NO_TEST_RESULTS', 'Let the runner end by itself: nothing may exit, kill or replace it.'],
  'not-started': ['NO_TEST_RESULTS', 'Let the runner start: it does on the base.'],
  'not-loaded': ['NO_TEST_RESULTS', 'Let every configuration and setup file (also conftest.py) load in a clean copy of the merged work.'],
};

/** A run that did not end in order, and files that did not. Also for a runner that sees no single tests. */
export function endFindings({tests, base, merged, actors}: Pick<TestEvidence, 'tests' | 'base' | 'merged' | 'actors'>): readonly Finding[] {
  const cut = merged.cut.filter((file) => !base.cut.includes(file)).map((path) =>
    testFinding({
      code: 'NO_TEST_RESULTS',
      subject: path,
      owners: tests.files.some((file) => file.path === path) ? actors.forPromisedTest(path) : actors.forChange(),
      path,
      message: `The process of \`${path}\` ended before all of its tests had reported.`,
      hint: endCodes['no-results'][1],
    }),
  );
  if (merged.end === 'complete') return cut;
  const [code, hint] = endCodes[merged.end];
  const what = {
    'time-out': `The tests did not end within ${tests.timeoutMs / 1000} s`,
    'out-of-memory': 'The tests used more memory than the box has',
    'out-of-disk': 'The tests wrote more to the disk than a box may',
    'no-results': 'The test run gave no complete results',
    'not-started': 'The test command did not start',
    'not-loaded': 'What the runner loads before the tests failed',
  }[merged.end];
  const message = `${what}; ${merged.tests.length} results had arrived.`;
  return [testFinding({code, subject: '', owners: actors.everybody(), message, hint, detail: merged.detail}), ...cut];
}
