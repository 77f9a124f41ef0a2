import {harnessFiles, harnessFolder} from '../harness.js';
import {startResultStream} from '../tests/stream.js';
import type {RunnerCommand, SuiteRunner} from './runner.js';

/** Moves the stream to descriptor 3 and joins stdout with stderr: what tests print cannot even stand beside results. */
const withStream = ['/bin/sh', '-c', 'exec 3>&1 1>&2; exec "$@"', 'sh'];

/** A runner that the project has installed itself, and what it is started with. */
export interface InstalledRunner extends RunnerCommand {
  readonly name: 'vitest' | 'jest' | 'mocha';
  /** Options of Node.js that stood in front of the runner. */
  readonly nodeFlags: readonly string[];
}

/**
 * A runner of the project's own packages, started by the image's `node` through a script of ours. Its places stay with
 * it: it filters by them, and a filter that finds nothing is no error. Other places come in front, for the script.
 */
export function installedRunner({name, nodeFlags, args, env}: InstalledRunner): SuiteRunner {
  const start = [...withStream, 'node', ...nodeFlags, `${harnessFolder}/${harnessFiles[name]}`];
  return {
    name,
    streams: true,
    evidence: 'in-process',
    startReader: startResultStream,
    promised: [],
    places: [],
    argv: (only) => [...start, ...(only === undefined ? [] : ['--bulkhead-only', JSON.stringify(only)]), ...args],
    literal: (path) => path,
    env,
    // mocha's exit code is the number of failures; the others have 1.
    agrees: (exitCode, success) => success === (exitCode === 0),
    // What a configuration, a setup file or a plugin threw: none of them can say more.
    notLoaded: [1],
  };
}
