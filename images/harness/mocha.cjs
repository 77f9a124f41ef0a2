// Starts the mocha that the project has installed (8 to 11), with a reporter of ours:
// `node mocha.cjs [--bulkhead-only JSON] ARGUMENTS…`. What stays in force of the project's own options, and what does
// not, is written in src/verify/runners/mocha.ts.
'use strict';
const {spawn} = require('node:child_process');
const {existsSync} = require('node:fs');
const {join, resolve} = require('node:path');
const {openResults, packageFolder, readArgs} = require('./result-stream.cjs');

const {only, args} = readArgs(process.argv.slice(2));
const lib = join(packageFolder('mocha'), 'lib');
const at = args.includes('--') ? args.indexOf('--') : args.length;
// The last word on a command line holds, above every file of options.
const fixed = ['--reporter', __filename, '--forbid-only', '--no-bail', '--retries', '0', '--no-watch', '--no-parallel', '--no-dry-run', '--no-allow-uncaught', '--no-fail-zero', '--no-pass-on-failing-test-suite', '--no-posix-exit-codes'];
const {nodeFlags, options} = splitOptions(require(join(lib, 'cli/options.js')).loadOptions([...args.slice(0, at), ...fixed, ...args.slice(at)]));
if (only !== undefined) options._ = only;

const started = '--bulkhead-started';
if (nodeFlags.length > 0 && !process.execArgv.includes(`--title=${started}`)) relaunch();
else run();

/** mocha's own program starts a second process for options of Node.js; so does this one, with the stream. */
function relaunch() {
  const child = spawn(process.execPath, [`--title=${started}`, ...nodeFlags, __filename, ...process.argv.slice(2)], {stdio: ['inherit', 'inherit', 'inherit', 3]});
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}

function run() {
  const results = openResults('mocha');
  const state = {loading: undefined, failed: new Set(), loaded: false};
  module.exports = reporterOf(results);
  tolerateFiles(results, state);
  // The options are decided: whoever asks again gets the same.
  require(join(lib, 'cli/options.js')).loadOptions = () => options;
  process.on('exit', () => {
    // mocha fails where it finds no file at all; that is a run without tests, and whoever reads the stream judges it.
    if (state.loaded || !findsNothing()) return;
    results.end();
    process.exitCode = 0;
  });
  require(join(lib, 'cli/cli.js')).main([], options);
}

function splitOptions(all) {
  const {isNodeFlag, unparseNodeFlags} = require(join(lib, 'cli/node-flags.js'));
  const of = (wanted) => Object.fromEntries(Object.entries(all).filter(([name]) => isNodeFlag(name) === wanted));
  const {'node-option': extra, nodeOption, n, ...rest} = of(false);
  const flags = Object.fromEntries(Object.entries(of(true)).map(([name, value]) => [/^v8-(?!options$)/.test(name) ? name.slice(3) : name, value]));
  return {nodeFlags: [...(extra ?? []).map((flag) => `--${flag}`), ...unparseNodeFlags(flags)], options: rest};
}

function findsNothing() {
  const lookup = require(join(lib, 'cli/lookup-files.js'));
  const find = lookup.lookupFiles ?? lookup;
  return (options._.length > 0 ? options._ : ['./test']).every((place) => {
    try {
      return [find(place, options.extension ?? ['js', 'cjs', 'mjs'], options.recursive)].flat().length === 0;
    } catch {
      return !existsSync(place);
    }
  });
}

/** One file that does not load is reported, and keeps no other from running: mocha alone would give no results at all. */
function tolerateFiles(results, state) {
  const esm = require(join(lib, existsSync(join(lib, 'nodejs/esm-utils.js')) ? 'nodejs/esm-utils.js' : 'esm-utils.js'));
  const Mocha = require(join(lib, 'mocha.js'));
  const Suite = require(join(lib, 'suite.js'));
  const load = esm.requireOrImport;
  const loadAll = Mocha.prototype.loadFilesAsync;
  Mocha.prototype.loadFilesAsync = async function (...given) {
    state.loaded = true;
    const files = new Set(this.files.map((file) => resolve(file)));
    esm.requireOrImport = async (file, ...rest) => {
      if (!files.has(file)) return load(file, ...rest);
      state.loading = file;
      try {
        return await load(file, ...rest);
      } catch (error) {
        state.failed.add(file);
        results.file(file, 'unloaded', error);
        this.suite.suites = this.suite.suites.filter((suite) => suite.file !== file);
        this.suite.tests = this.suite.tests.filter((test) => test.file !== file);
        return undefined;
      }
    };
    try {
      return await loadAll.apply(this, given);
    } finally {
      esm.requireOrImport = load;
      state.loading = undefined;
    }
  };
  leaveAbandoned(Suite, state);
}

/** A file that fails inside of `describe` leaves mocha standing in that suite: what the next files add belongs outside. */
function leaveAbandoned(Suite, state) {
  const home = (suite) => {
    let at = suite;
    while (at.parent && state.failed.has(at.file) && at.file !== state.loading) at = at.parent;
    return at;
  };
  const {create} = Suite;
  Suite.create = (parent, title) => create.call(Suite, home(parent), title);
  for (const name of ['addTest', 'beforeAll', 'afterAll', 'beforeEach', 'afterEach']) {
    const add = Suite.prototype[name];
    Suite.prototype[name] = function (...given) {
      return add.apply(home(this), given);
    };
  }
}

function reporterOf(results) {
  let taken = false;
  return function Reporter(runner) {
    // The one run of this process is mocha's own: whoever else finds this function reports nothing.
    if (taken) return;
    taken = true;
    const seen = new Set();
    let hookFailed = false;
    const tell = (test, status, message) => {
      seen.add(test);
      results.test(test.file ?? test.parent?.file, pathOf(test), status, message);
    };
    runner.on('pass', (test) => {
      if (test.currentRetry() > 0) tell(test, 'failed', 'it passed only when it was run again');
      else tell(test, 'passed');
    });
    runner.on('pending', (test) => tell(test, 'skipped'));
    runner.on('fail', (test, error) => {
      if (test.type !== 'hook') return tell(test, 'failed', error);
      hookFailed = true;
      const file = test.file ?? test.parent?.file ?? test.ctx?.currentTest?.file;
      return results.test(file, [...(test.parent?.titlePath() ?? []), '(hooks)'], 'failed', error);
    });
    runner.on('end', () => {
      if (hookFailed) runner.suite.eachTest((test) => {
        if (!seen.has(test) && runner._invert !== runner._grep.test(test.fullTitle())) tell(test, 'failed', 'it did not run, because a hook failed');
      });
      // mocha makes its exit code of this number, after everybody else.
      if (results.failed()) runner.failures ||= 1;
      results.end();
    });
  };
}

function pathOf(test) {
  const titles = test.titlePath().filter((title) => title !== '');
  return titles.length > 0 ? titles : ['(no name)'];
}
