import {harnessFiles, harnessFolder} from '../harness.js';
import {startResultStream} from '../tests/stream.js';
import type {RunnerCommand, SuiteRunner} from './runner.js';

/** Options of ours, or that would take results away from our reporter, and whether they take the next word. */
const dropped: ReadonlyMap<string, boolean> = new Map([
  ['--test', false],
  ['--watch', false],
  ['--test-reporter', true],
  ['--test-reporter-destination', true],
  ['--test-isolation', true],
  ['--experimental-test-isolation', true],
  ['--test-update-snapshots', false],
  ['--experimental-test-coverage', false],
  ['--test-coverage-branches', true],
  ['--test-coverage-functions', true],
  ['--test-coverage-lines', true],
  ['--test-coverage-include', true],
  ['--test-coverage-exclude', true],
]);
/** Options that may take the next word: it is no test file. */
const valued: ReadonlySet<string> = new Set([
  ...['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file', '--env-file-if-exists'],
  ...['--test-concurrency', '--test-name-pattern', '--test-skip-pattern', '--test-shard', '--test-timeout', '--test-global-setup'],
]);

/**
 * `node --test` with our reporter in the parent process; each test file runs in a child, whose output cannot reach
 * the result stream by printing. A child of the same uid can still write into the parent's descriptors or send it
 * forged test events: see `tests/stream.ts`.
 */
export function nodeRunner({args, env}: RunnerCommand): SuiteRunner {
  const {options, positionals} = splitArgs(args);
  const reporter = [`--test-reporter=${harnessFolder}/${harnessFiles.node}`, '--test-reporter-destination=stdout'];
  return {
    name: 'node',
    streams: true,
    evidence: 'in-process',
    startReader: startResultStream,
    promised: [],
    places: positionals,
    argv: (places = positionals) => ['node', '--test', ...reporter, ...options, ...places],
    // A path may hold characters of a pattern, and node takes each argument as a glob.
    literal: (path) => path.replace(/[*?[\]{}()!+@\\]/g, '\\$&'),
    env,
    notLoaded: [],
    agrees: (exitCode, success) => (success ? exitCode === 0 : exitCode === 1),
  };
}

function splitArgs(args: readonly string[]): {readonly options: readonly string[]; readonly positionals: readonly string[]} {
  const options: string[] = [];
  const positionals: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const next = args[index + 1];
    const name = arg.split('=', 1)[0] ?? '';
    const takesNext = (dropped.get(name) === true || valued.has(name)) && !arg.includes('=') && next !== undefined;
    if (!arg.startsWith('-')) positionals.push(arg);
    else if (!dropped.has(name)) options.push(arg, ...(takesNext ? [next] : []));
    if (takesNext && arg.startsWith('-')) index += 1;
  }
  return {options, positionals};
}
