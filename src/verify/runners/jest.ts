import {installedRunner, type InstalledRunner} from './installed.js';
import type {SuiteRunner} from './runner.js';

/**
 * jest 27 to 30 (`images/harness/jest.cjs`), by its own `run`.
 *
 * In force as the project has it: its configuration (transforms, environments, setup files, projects, module maps, time
 * limits, matching) and every option of the command that is not named below. Ours: reporters and output files, `ci` (so
 * no snapshot is written), no watching, no `bail`, no coverage, no watchman, no results processor of the command, exit
 * code 1 for failures, a cache outside of the workspace. `passWithNoTests` is on: the verdict counts for itself.
 *
 * Results come per file, when it has ended. A test that passes only when it is run again has failed. `test.failing`
 * counts as todo from jest 30 on; earlier ones do not tell it from a test that passes. jest does not tell `test.only`
 * either: the others of the file are skipped. Where several projects run, one with a name stands as `[name]` in front
 * of the test's path. Where jest runs tests in its own process (one file, `--runInBand`), they share it with the stream.
 */
export function jestRunner(command: Omit<InstalledRunner, 'name'>): SuiteRunner {
  return installedRunner({...command, name: 'jest'});
}
