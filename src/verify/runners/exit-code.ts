import {startResultStream} from '../tests/stream.js';
import type {SuiteRunner} from './runner.js';

/** Any command as it is: no single tests are seen, so nothing but its exit code is known, and the report says so. */
export function exitCodeRunner(command: readonly string[]): SuiteRunner {
  return {
    name: 'exit-code',
    streams: false,
    evidence: 'exit-code',
    startReader: startResultStream,
    promised: [],
    places: [],
    argv: () => command,
    literal: (path) => path,
    env: {},
    agrees: (exitCode, success) => success === (exitCode === 0),
    notLoaded: [],
  };
}
