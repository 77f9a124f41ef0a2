import {AppError} from '../../core/errors.js';
import type {Manifest} from '../../core/manifest.js';
import {harnessFiles, harnessFolder} from '../harness.js';
import {startJunitReader} from '../readers/junit.js';
import {startTapReader} from '../readers/tap.js';
import type {SuiteRunner} from './runner.js';

/** What stands in an argument or a variable of the manifest for the path of the report. */
const placeholder = '{report}';
/** Where a command writes its report: in the memory of the box, outside of the repository. */
const reportPath = '/tmp/bulkhead-report';

/**
 * A command that writes JUnit XML or TAP by itself, named as such by the manifest. Its report goes to a place of ours,
 * which `{report}` stands for in `tests.command` and in the values of `tests.env`; `BULKHEAD_REPORT` has it too. It is
 * read when the command has ended and nothing else in the box runs. Without `{report}`, TAP is what the command prints,
 * as most of its producers do; JUnit XML is never looked for in other output, nor any report below the repository.
 *
 * The command stays as it is and other places cannot be given, so where only new tests are wanted, all run. Whoever
 * writes the report shares the box with the code under test: evidence of the class `own-report`. Throws
 * MANIFEST_INVALID for JUnit XML without a placeholder.
 */
export function reportRunner(tests: NonNullable<Manifest['tests']>, name: 'junit' | 'tap'): SuiteRunner {
  const {command, env, files} = tests;
  const inFile = [...command, ...Object.values(env)].some((word) => word.includes(placeholder));
  if (!inFile && name === 'junit') {
    throw new AppError('MANIFEST_INVALID', 'tests.runner is `junit`, but neither tests.command nor tests.env says where the report goes.', {
      hint: `Write \`${placeholder}\` where the command takes the path of its report: it stands for a place outside of the repository.`,
    });
  }
  const filled = (word: string): string => word.replaceAll(placeholder, reportPath);
  const promised = files.map((file) => file.path);
  const argv = command.map(filled);
  return {
    name,
    streams: true,
    evidence: 'own-report',
    startReader: () => (name === 'junit' ? startJunitReader(promised) : startTapReader(promised)),
    promised,
    places: [],
    argv: () => (inFile ? ['/bin/sh', `${harnessFolder}/${harnessFiles.report}`, reportPath, ...argv] : argv),
    literal: (path) => path,
    env: {...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, filled(value)])), BULKHEAD_REPORT: reportPath},
    agrees: (exitCode, success) => success === (exitCode === 0),
    notLoaded: [],
  };
}
