import {workspacePath} from '../../core/sandbox.js';
import {harnessFiles, harnessFolder} from '../harness.js';
import {startResultStream} from '../tests/stream.js';
import type {RunnerCommand, SuiteRunner} from './runner.js';

/** pytest's exit codes: 0 passed, 1 failed, 5 nothing collected; others mean that it did not run as asked. */
const failedCodes: readonly number[] = [1, 5];
/** pytest's exit code when a conftest.py at or above the first tests cannot be loaded; it tells no reporter. */
const usageError = 4;

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
  // The workspace is left as it is; without the cache plugin, `--ff` and code that uses its cache would fail.
  const fixed = ['-o', 'cache_dir=/tmp/.pytest_cache', `--rootdir=${workspacePath}`, '--continue-on-collection-errors'];
  const isOption = (arg: string, index: number): boolean => arg.startsWith('-') || valued.has(args[index - 1] ?? '');
  const start = ['python3', `${harnessFolder}/${harnessFiles.pytest}`, ...(cwdOnPath ? ['--cwd-on-path'] : []), ...fixed];
  const {PYTHONPATH: search, ...rest} = env;
  return {
    name: 'pytest',
    streams: true,
    evidence: 'in-process',
    startReader: startResultStream,
    promised: [],
    places: args.filter((arg, index) => !isOption(arg, index)),
    argv: (places) => [...start, ...(places === undefined ? args : [...args.filter(isOption), ...places])],
    literal: (path) => path,
    // The interpreter must not look into the repository before our script has its stream: it hands the path on itself.
    env: search === undefined ? rest : {...rest, PYTHONPATH: '', BULKHEAD_PYTHONPATH: search},
    agrees: (exitCode, success) => (success ? exitCode === 0 : failedCodes.includes(exitCode)),
    notLoaded: [usageError],
  };
}
