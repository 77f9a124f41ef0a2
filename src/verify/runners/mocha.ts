import {installedRunner, type InstalledRunner} from './installed.js';
import type {SuiteRunner} from './runner.js';

/**
 * mocha 8 to 11 (`images/harness/mocha.cjs`), by its own `main`. Undefined for another command than a run.
 *
 * In force as the project has it: its files of options (interface, required modules, specs, extensions, time limits,
 * `exit`, options of Node.js) and every option of the command that is not named below. Ours: the reporter, `forbid-only`
 * (a file with `.only` does not load), no `bail`, no `retries`, no watching, no dry run, nothing that changes the exit
 * code. `parallel` is off: all files run in the process of the stream.
 *
 * A file that does not load is reported and keeps no other from running; mocha alone would end without a result. What
 * it had registered is left out. A test that passes only when it is run again has failed; tests behind a failed hook
 * have failed. Test code shares the process with the stream.
 */
export function mochaRunner(command: Omit<InstalledRunner, 'name'>): SuiteRunner | undefined {
  return ['init', 'inspect', 'debug'].includes(command.args[0] ?? '') ? undefined : installedRunner({...command, name: 'mocha'});
}
