import type {Finding} from '../../core/finding.js';
import type {SuiteEnd} from '../../core/verification.js';
import {testFinding} from './judged.js';
import type {SuiteRun} from './results.js';

/** A run that the verdict is compared with, and where it took place. */
export interface ComparedRun {
  /** `base`: the base as it is; `before`: the base with the new tests. */
  readonly which: 'base' | 'before';
  readonly run: SuiteRun;
  readonly command: readonly string[];
  /** What the user or the manifest calls the image. */
  readonly image: string;
  readonly timeoutMs: number;
}

/**
 * A finding of the harness where a run that the work is compared with did not end in order: nothing can be decided
 * then, and no specialist is to blame. New tests that cannot even be loaded on the base are no such case: they show that
 * something is missing there.
 */
export function unusableRun(compared: ComparedRun): Finding | undefined {
  const {which, run} = compared;
  if (run.end === 'complete' || (which === 'before' && run.end === 'not-loaded')) return undefined;
  const [what, hint] = explain(run.end, compared);
  const where = which === 'base' ? 'the base as it is' : 'the base with the new tests';
  return testFinding({
    code: 'HARNESS_FAILED',
    subject: which,
    owners: [],
    message: `On ${where}, ${what}, so there is nothing to compare the work with.`,
    hint,
    class: 'harness',
    detail: run.detail,
  });
}

function explain(end: Exclude<SuiteEnd, 'complete'>, {which, command, image, timeoutMs}: ComparedRun): readonly [string, string] {
  const shown = `\`${command.join(' ')}\``;
  const mend = which === 'base' ? 'Let the tests run to their end on the base first' : 'Let the new tests end by themselves also where the new work is missing';
  switch (end) {
    case 'not-started':
      return [`the test command ${shown} did not start in the image \`${image}\``, 'Name an image that has the command under `image`, or correct tests.command.'];
    case 'not-loaded':
      return [`what ${shown} loads before any test failed`, 'Let every configuration and setup file of the base (also conftest.py) load in the image first.'];
    case 'time-out':
      return [`${shown} did not end within ${timeoutMs / 1000} s`, `${mend} (a time limit for each test helps), or raise tests.timeoutMs.`];
    case 'out-of-memory':
      return [`${shown} used more memory than the box has`, `${mend}, or raise the memory limit of the boxes.`];
    case 'out-of-disk':
      return [`${shown} wrote more to the disk than a box may`, `${mend}, or raise the disk limits of the boxes (\`limits.diskMiB\`, \`limits.inodes\`).`];
    case 'no-results':
      return [`${shown} gave no complete results`, `${mend}: nothing may exit, kill or replace the runner.`];
  }
}
