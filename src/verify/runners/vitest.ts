import {installedRunner, type InstalledRunner} from './installed.js';
import type {SuiteRunner} from './runner.js';

/** Commands of vitest that run no tests, do not end, or run others than those that are named. */
const otherCommands: ReadonlySet<string> = new Set(['watch', 'dev', 'related', 'bench', 'typecheck', 'init', 'list', 'complete']);

/**
 * vitest 1.6 to 4 (`images/harness/vitest.mjs`), by its own `startVitest`. Undefined for another command than a run.
 *
 * In force as the project has it: its configuration file (plugins, aliases, environments, setup files, projects, pools,
 * time limits, include and exclude) and every option of the command that is not named below. Ours: reporters and
 * output files, `run`, no watching, `retry` and `bail` 0, `allowOnly`, `dangerouslyIgnoreUnhandledErrors` and snapshot
 * updates off, no coverage, a cache outside of the workspace. `passWithNoTests` is on: the verdict counts for itself.
 *
 * Results come per file, when it has ended. A test that passes only when it is run again, by a retry of its own,
 * has failed. `test.fails` counts as todo. Where several projects run, a named one stands as `[name]` in front of the
 * test's path. Test code runs in other processes or threads; that of the configuration in the process of the stream.
 */
export function vitestRunner({args, ...rest}: Omit<InstalledRunner, 'name'>): SuiteRunner | undefined {
  const [first = '', ...others] = args;
  if (otherCommands.has(first)) return undefined;
  return installedRunner({...rest, name: 'vitest', args: first === 'run' ? others : args});
}
