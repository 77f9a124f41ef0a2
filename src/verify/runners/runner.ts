import {AppError} from '../../core/errors.js';
import type {EvidenceClass} from '../../core/finding.js';
import type {Manifest, Runner} from '../../core/manifest.js';
import type {ResultStream} from '../tests/stream.js';
import {resolveCommand} from './command.js';
import {exitCodeRunner} from './exit-code.js';
import {jestRunner} from './jest.js';
import type {PlainCommand} from './launcher.js';
import {mochaRunner} from './mocha.js';
import {nodeRunner} from './node.js';
import {nodeProgram} from './node-program.js';
import {pytestRunner} from './pytest.js';
import {reportRunner} from './report.js';
import {vitestRunner} from './vitest.js';

/** How one kind of runner is started and what its exit code may say. The command's binary and reporters are ours. */
export interface SuiteRunner {
  readonly name: Runner;
  /** Whether single results come; without it only the exit code speaks. */
  readonly streams: boolean;
  /** What its results are worth. */
  readonly evidence: EvidenceClass;
  /** Reads what the main process of the box writes to stdout in one run. */
  startReader(): ResultStream;
  /** Test files of the manifest to which its reader may give results that name no file: other ones, other results. */
  readonly promised: readonly string[];
  /** What the command names as places of tests; patterns and `file::test` too. Empty where a place that is not there is no error. */
  readonly places: readonly string[];
  /** The whole command in the box, with other places instead of those of the command. */
  argv(places?: readonly string[]): readonly string[];
  /** A path as a place that means this file alone. */
  literal(path: string): string;
  /** The environment besides what the manifest sets. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether an exit code can belong to a run that says of itself that it was (or was not) a success. */
  agrees(exitCode: number, success: boolean): boolean;
  /** Exit codes that say, when the runner began and gave nothing, that what it loads before any test failed. */
  readonly notLoaded: readonly number[];
}

/** What a runner is made from: the arguments behind its own name, and assignments in front of it. */
export interface RunnerCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The environment of every suite: colours off, one clock, one hash seed, and no interactive behaviour. */
const commonEnv: Readonly<Record<string, string>> = {CI: '1', NO_COLOR: '1', TZ: 'UTC', PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1'};

/**
 * Chooses the adapter for a manifest's tests: by the command, after resolving `npm test` and other launchers through the
 * *base* commit's package.json. A command that no adapter recognises has the class `exit-code`. Throws MANIFEST_INVALID
 * when the manifest names a runner that the command does not start, or a report that has no place.
 */
export function planSuite(tests: NonNullable<Manifest['tests']>, basePackageJson: string | undefined): SuiteRunner {
  const runner = chooseRunner(tests, basePackageJson);
  return {...runner, env: {...commonEnv, ...tests.env, ...runner.env}};
}

function chooseRunner(tests: NonNullable<Manifest['tests']>, basePackageJson: string | undefined): SuiteRunner {
  if (tests.runner === 'exit-code') return exitCodeRunner(tests.command);
  if (tests.runner === 'junit' || tests.runner === 'tap') return reportRunner(tests, tests.runner);
  const found = recognise(resolveCommand(tests.command, basePackageJson), tests.env);
  if (found !== undefined && (tests.runner ?? found.name) === found.name) return found;
  if (tests.runner === undefined) return exitCodeRunner(tests.command);
  throw new AppError('MANIFEST_INVALID', `tests.command does not start the runner \`${tests.runner}\` that tests.runner names.`, {
    hint: `Write the command as ${tests.runner === 'node' ? '[node, --test, …]' : `[${tests.runner}, …]`}, or leave tests.runner out.`,
  });
}

function recognise({argv, env}: PlainCommand, testEnv: Readonly<Record<string, string>>): SuiteRunner | undefined {
  const node = nodeArgs(argv);
  if (node !== undefined) return nodeRunner({args: node, env});
  const pytest = pytestArgs(argv);
  if (pytest !== undefined) return pytestRunner({...pytest, env: {...testEnv, ...env}});
  const {name, ...program} = nodeProgram(argv);
  switch (name) {
    case 'vitest':
      return vitestRunner({...program, env});
    case 'jest':
      return jestRunner({...program, env});
    case 'mocha':
      return mochaRunner({...program, env});
    case undefined:
      return undefined;
  }
}

function nodeArgs([binary, ...args]: readonly string[]): readonly string[] | undefined {
  return binary === 'node' && args.includes('--test') ? args : undefined;
}

function pytestArgs(argv: readonly string[]): {readonly args: readonly string[]; readonly cwdOnPath: boolean} | undefined {
  const [binary = '', ...args] = argv;
  if (binary === 'pytest' || binary === 'py.test') return {args, cwdOnPath: false};
  if (/^python3?$/.test(binary) && args[0] === '-m' && args[1] === 'pytest') return {args: args.slice(2), cwdOnPath: true};
  return undefined;
}
