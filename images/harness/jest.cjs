// Starts the jest that the project has installed (27 to 30), with a reporter of ours:
// `node jest.cjs [--bulkhead-only JSON] ARGUMENTS…`. What stays in force of the project's own options, and what does
// not, is written in src/verify/runners/jest.ts.
'use strict';
const {join} = require('node:path');
const {openResults, packageFolder, readArgs} = require('./result-stream.cjs');

/** Options that are ours to say: without a value, with one, or with as many as follow. */
const dropped = new Map([
  ...['--watch', '--watchAll', '--bail', '-b', '--ci', '--coverage', '--collectCoverage', '--json', '--updateSnapshot', '-u', '--notify', '--passWithNoTests', '--watchman', '--no-watchman', '--no-cache'].map((name) => [name, 'none']),
  ...['--outputFile', '--cacheDirectory', '--testFailureExitCode', '--testResultsProcessor'].map((name) => [name, 'one']),
  ...['--reporters', '--coverageReporters'].map((name) => [name, 'many']),
]);

const {only, args} = readArgs(process.argv.slice(2));
const jest = packageFolder('jest');
const results = openResults('jest');
const state = {reporter: undefined, started: false, several: false};
module.exports = class Reporter {
  constructor(config) {
    // The one run of this process is jest's own: whoever else finds this class reports nothing.
    if (state.reporter !== undefined) return;
    state.reporter = this;
    state.several = (config.projects ?? []).length > 1;
  }
  onRunStart() {
    if (this === state.reporter) state.started = true;
  }
  onTestResult(test, result) {
    if (this === state.reporter) report(test, result);
  }
  onRunComplete(_contexts, {wasInterrupted, runExecError}) {
    if (this !== state.reporter) return;
    if (wasInterrupted || runExecError) results.file(undefined, 'crashed', runExecError ?? 'the run was interrupted');
    results.end();
  }
};

process.env.NODE_ENV ??= 'test';
const fixed = ['--ci', '--no-bail', '--no-coverage', '--no-watchman', '--passWithNoTests', '--testFailureExitCode=1', '--cacheDirectory=/tmp/.jest', `--reporters=${__filename}`];
const own = keep(args);
const argv = only === undefined ? [...own, ...fixed] : [...only, '--runTestsByPath', ...own.filter((arg, index) => !isPlace(arg, own[index - 1])), ...fixed];
process.argv = [process.argv[0], join(jest, 'bin/jest.js'), ...argv];
require(packageFolder('jest-cli', jest)).run(argv).then(() => {
  // Without a test file no reporter is told anything.
  if (!state.started) results.end();
});

function keep(all) {
  const kept = [];
  for (let index = 0; index < all.length; index += 1) {
    const takes = dropped.get(all[index].split('=', 1)[0]);
    if (takes === undefined) kept.push(all[index]);
    else if (takes !== 'none' && !all[index].includes('=')) {
      do index += 1;
      while (takes === 'many' && all[index + 1] !== undefined && !all[index + 1].startsWith('-'));
    }
  }
  return kept;
}

/** Whether a word can only be a pattern of test files: the first words, and those behind an option without a value. */
function isPlace(arg, previous) {
  return !arg.startsWith('-') && (previous === undefined || !previous.startsWith('-') || /^--?(?:i|runInBand|verbose|silent|detectOpenHandles|forceExit|expand|e|colors|no-.*|clearMocks|resetMocks|restoreMocks|runTestsByPath|logHeapUsage|debug)$/.test(previous));
}

function report(test, {testFilePath, testExecError, failureMessage, testResults, skipped}) {
  const {displayName} = test.context.config;
  const project = state.several && displayName ? [`[${displayName.name ?? displayName}]`] : [];
  for (const {ancestorTitles, title, status, failureMessages, invocations, failing} of testResults) {
    const again = status === 'passed' && invocations > 1;
    const path = [...project, ...ancestorTitles, title];
    results.test(testFilePath, path, again ? 'failed' : statusOf(status, failing), again ? 'it passed only when it was run again' : failureMessages?.[0]);
  }
  const unloaded = testResults.length === 0;
  if (testExecError) results.file(testFilePath, unloaded ? 'unloaded' : 'crashed', testExecError.message || failureMessage || testExecError);
  else if (unloaded) results.file(testFilePath, skipped ? 'whole' : 'unloaded', failureMessage ?? 'it has no test');
}

function statusOf(status, failing) {
  if (status === 'passed') return failing ? 'todo' : 'passed';
  if (status === 'failed' || status === 'todo') return status;
  return 'skipped';
}
