import {harnessFiles, harnessFolder} from '../harness.js';
import type {RunnerCommand, SuiteRunner} from './runner.js';

/** pytest's exit codes: 0 passed, 1 failed, 5 nothing collected; others mean that it did not run as asked. */
const failedCodes: readonly number[] = [1, 5];

/** Options of pytest that take the next word: it is no test file. */
const valued: ReadonlySet<string> = new Set([
  ...['-c', '--config-file', '-k', '-m', '-p', '-o', '--override-ini', '-W', '--pythonwarnings', '-r', '--rootdir', '--confcutdir', '--basetemp'],
  ...['--ignore', '--ignore-glob', '--deselect', '--maxfail', '--durations', '--junitxml', '--junit-xml', '--import-mode', '--log-level', '--tb', '--color', '-n'],
]);

/**
 * pytest started by a script of ours, which takes the stream away from stdout before anything of the repository is
 * imported. One file that does not load does not keep the others from running. `cwdOnPath`: as `python -m pytest`.
 */
export function pytestRunner({args, cwdOnPath, env}: RunnerCommand & {readonly cwdOnPath: boolean}): SuiteRunner {
  const fixed = ['-p', 'no:cacheprovider', '--rootdir=/workspace', '--continue-on-collection-errors'];
  const options = optionsOf(args);
  const {PYTHONPATH: search, ...rest} = env;
  return {
    name: 'pytest',
    streams: true,
    argv: (files) => ['python3', `${harnessFolder}/${harnessFiles.pytest}`, ...(cwdOnPath ? ['--cwd-on-path'] : []), ...fixed, ...(files === undefined ? args : [...options, ...files])],
    // The interpreter must not look into the repository before our script has its stream: it hands the path on itself.
    env: search === undefined ? rest : {...rest, PYTHONPATH: '', BULKHEAD_PYTHONPATH: search},
    agrees: (exitCode, success) => (success ? exitCode === 0 : failedCodes.includes(exitCode)),
  };
}

function optionsOf(args: readonly string[]): readonly string[] {
  return args.filter((arg, index) => arg.startsWith('-') || valued.has(args[index - 1] ?? ''));
}
