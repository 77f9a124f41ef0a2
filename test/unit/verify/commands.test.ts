import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {parseManifest} from '../../../src/core/manifest.js';
import {planSuite, type SuiteRunner} from '../../../src/verify/runners/runner.js';

function runnerFor(command: readonly string[], {scripts, runner, env}: {readonly scripts?: Readonly<Record<string, string>>; readonly runner?: string; readonly env?: Readonly<Record<string, string>>} = {}): SuiteRunner {
  const tests = {command, ...(runner === undefined ? {} : {runner}), ...(env === undefined ? {} : {env})};
  const manifest = parseManifest({schemaVersion: 1, task: 't', files: [{path: 'a', action: 'create', owner: 'o'}], tests}, 'm');
  return planSuite(manifest.tests!, scripts === undefined ? undefined : JSON.stringify({scripts}));
}
const behindReporter = (runner: SuiteRunner): readonly string[] => runner.argv().slice(4);

describe('runner of a test command', () => {
  it.each([
    [['node', '--test'], 'node', []],
    [['node', '--test', '--import', './setup.js', 'test/'], 'node', ['--import', './setup.js', 'test/']],
    [['node', '--import=./x.js', '--test', 'a.js'], 'node', ['--import=./x.js', 'a.js']],
    [['node', '--test', '--test-reporter', 'spec', '--test-reporter-destination=/out', '--watch', 'a.js'], 'node', ['a.js']],
  ])('%j is run by node:test with our reporter', (command, name, rest) => {
    const runner = runnerFor(command);
    expect(runner.name).toBe(name);
    expect(runner.argv().slice(0, 4)).toEqual(['node', '--test', '--test-reporter=/opt/bulkhead/harness/node-reporter.mjs', '--test-reporter-destination=stdout']);
    expect(behindReporter(runner)).toEqual(rest);
  });

  it('only the wanted files replace what the command names', () => {
    expect(runnerFor(['node', '--test', '--test-timeout', '5', 'test/']).argv(['x.js']).slice(4)).toEqual(['--test-timeout', '5', 'x.js']);
    expect(runnerFor(['node', '--test']).literal('test/[a].js')).toBe('test/\\[a\\].js');
    expect(runnerFor(['pytest', '-k', 'name', '-q', 'tests']).argv(['tests/test_a.py']).slice(-4)).toEqual(['-k', 'name', '-q', 'tests/test_a.py']);
  });

  it.each([
    [['npm', 'test'], 'node', ['test/']],
    [['npm', 'run', 'test', '--', 'x.js'], 'node', ['test/', 'x.js']],
    [['npm', 'run', '--silent', 'quoted'], 'node', ['test/**/*.test.js']],
  ])('%j is resolved through the scripts of the base', (command, name, rest) => {
    const runner = runnerFor(command, {scripts: {test: 'NODE_ENV=test node --test test/', quoted: "node --test 'test/**/*.test.js'"}});
    expect(runner.name).toBe(name);
    expect(behindReporter(runner)).toEqual(rest);
  });

  it('a script that runs a script is followed, and a ring of them is left as it is', () => {
    const scripts = {test: 'A=1 npm run unit', unit: 'B=2 npm run -s real', real: 'node --test test/', ring: 'npm run gnir', gnir: 'npm run ring', args: 'npm run real'};
    const runner = runnerFor(['npm', 'test'], {scripts});
    expect([runner.name, behindReporter(runner), runner.env['A'], runner.env['B']]).toEqual(['node', ['test/'], '1', '2']);
    for (const command of [['npm', 'run', 'ring'], ['npm', 'run', 'args', '--', 'x.js'], ['npm', 'run', 'gone']]) expect(runnerFor(command, {scripts}).name).toBe('exit-code');
  });

  it('assignments in front of a script are its environment', () => {
    expect(runnerFor(['npm', 'test'], {scripts: {test: 'NODE_ENV=test node --test'}}).env).toMatchObject({NODE_ENV: 'test', CI: '1'});
  });

  it.each([
    [['npm', 'test'], {}],
    [['npm', 'test'], {scripts: {test: 'node --test && echo ok'}}],
    [['npm', 'test'], {scripts: {test: 'node --test "$X"'}}],
    [['npm', 'test'], {scripts: {test: 'node --test $(cat x)'}}],
    [['npm', 'test'], {scripts: {test: 'node --test | tee out'}}],
    [['npm', 'test'], {scripts: {test: 'node --test; true'}}],
    [['npm', 'test'], {scripts: {test: 'node --test', pretest: 'node build.js'}}],
    [['npm', 'run', 'nothing'], {scripts: {test: 'node --test'}}],
    [['npm', 'test', '--workspaces'], {scripts: {test: 'node --test'}}],
    [['make', 'check'], {}],
    [['node', 'test.js'], {}],
  ])('%j with %j has the class exit-code, as it is', (command, options) => {
    const runner = runnerFor(command, options);
    expect(runner.name).toBe('exit-code');
    expect(runner.argv()).toEqual(command);
  });

  it('python -m pytest puts the workspace on the path, pytest does not', () => {
    expect(runnerFor(['python3', '-m', 'pytest', '-q']).argv()).toContain('--cwd-on-path');
    expect(runnerFor(['pytest']).argv()).not.toContain('--cwd-on-path');
  });

  it('pytest keeps its cache plugin, away from the workspace', () => {
    const argv = runnerFor(['pytest']).argv();
    expect([argv.includes('no:cacheprovider'), argv.includes('cache_dir=/tmp/.pytest_cache')]).toEqual([false, true]);
  });

  it('the interpreter itself gets no search path into the repository', () => {
    expect(runnerFor(['pytest'], {env: {PYTHONPATH: 'src'}}).env).toMatchObject({PYTHONPATH: '', BULKHEAD_PYTHONPATH: 'src'});
  });

  const scripts = {test: 'vitest run', unit: 'cross-env NODE_ENV=test c8 --reporter lcov mocha test/unit', esm: 'NODE_OPTIONS=--experimental-vm-modules jest', plain: 'mocha', shell: 'vitest run && eslint .'};
  it.each([
    [['vitest'], 'vitest', []],
    [['npx', 'vitest', 'run', '--pool', 'forks'], 'vitest', ['--pool', 'forks']],
    [['npx', '--no-install', 'jest', 'x'], 'jest', ['x']],
    [['npm', 'exec', '--', 'mocha', '-r', './x.js'], 'mocha', ['-r', './x.js']],
    [['npm', 'test', '--', '-t', 'name'], 'vitest', ['-t', 'name']],
    [['yarn'], 'exit-code', undefined],
    [['yarn', 'test'], 'vitest', []],
    [['yarn', 'run', 'plain', 'a.js'], 'mocha', ['a.js']],
    [['yarn', '-s', 'mocha'], 'mocha', []],
    [['pnpm', 't'], 'vitest', []],
    [['pnpm', 'exec', 'jest', '--ci'], 'jest', ['--ci']],
    [['pnpm', 'run', 'unit'], 'mocha', ['test/unit']],
    [['./node_modules/.bin/mocha', 'a.js'], 'mocha', ['a.js']],
    [['node', 'node_modules/vitest/vitest.mjs', 'run'], 'vitest', []],
    [['node', 'node_modules/.bin/jest'], 'jest', []],
    [['npx', 'vitest@1', 'run'], 'exit-code', undefined],
    [['npx', '-p', 'vitest', 'vitest'], 'exit-code', undefined],
    [['pnpm', '-r', 'test'], 'exit-code', undefined],
    [['pnpm', 'dlx', 'jest'], 'exit-code', undefined],
    [['yarn', 'workspace', 'a', 'test'], 'exit-code', undefined],
    [['npm', 'run', 'shell'], 'exit-code', undefined],
    [['vitest', 'bench'], 'exit-code', undefined],
    [['mocha', 'init', '.'], 'exit-code', undefined],
    [['node', 'scripts/jest.js'], 'exit-code', undefined],
  ])('%j is run by the adapter of %s', (command, name, args) => {
    const runner = runnerFor(command, {scripts});
    expect(runner.name).toBe(name);
    if (args === undefined) expect(runner.argv()).toEqual(command);
    else expect(runner.argv().slice(runner.argv().findIndex((word) => word.startsWith('/opt/bulkhead/harness/')) + 1)).toEqual(args);
  });

  it('options of Node.js and assignments reach the runner', () => {
    const argv = runnerFor(['node', '--experimental-vm-modules', '--import', './x.js', 'node_modules/jest/bin/jest.js', 'a']).argv();
    expect(argv.slice(4)).toEqual(['node', '--experimental-vm-modules', '--import', './x.js', '/opt/bulkhead/harness/jest.cjs', 'a']);
    expect(runnerFor(['npm', 'run', 'esm'], {scripts}).env).toMatchObject({NODE_OPTIONS: '--experimental-vm-modules'});
    expect(runnerFor(['npm', 'run', 'unit'], {scripts}).env).toMatchObject({NODE_ENV: 'test'});
  });

  it('the wanted files come as data, whatever they are called', () => {
    const name = 'test/[a] $(b)\n.test.js';
    const runner = runnerFor(['mocha', 'x']);
    expect(runner.argv([name]).slice(-4)).toEqual(['/opt/bulkhead/harness/mocha.cjs', '--bulkhead-only', JSON.stringify([name]), 'x']);
  });

  it('a report goes to a place outside of the repository, and is evidence of a weaker class', () => {
    const runner = runnerFor(['make', 'check', 'OUT={report}'], {runner: 'junit', env: {FILE: '{report}'}});
    expect(runner).toMatchObject({name: 'junit', evidence: 'own-report', env: {FILE: '/tmp/bulkhead-report', BULKHEAD_REPORT: '/tmp/bulkhead-report'}});
    expect(runner.argv()).toEqual(['/bin/sh', '/opt/bulkhead/harness/report.sh', '/tmp/bulkhead-report', 'make', 'check', 'OUT=/tmp/bulkhead-report']);
    expect(runnerFor(['prove', 't'], {runner: 'tap'}).argv()).toEqual(['prove', 't']);
    expect(() => runnerFor(['make', 'check'], {runner: 'junit'})).toThrow(expect.objectContaining({code: 'MANIFEST_INVALID'}) as Error);
  });

  it('a runner that the command does not start is refused', () => {
    for (const runner of ['node', 'pytest', 'vitest', 'jest', 'mocha']) {
      try {
        runnerFor(['make', 'check'], {runner});
        expect.unreachable();
      } catch (error) {
        expect(isAppError(error, 'MANIFEST_INVALID')).toBe(true);
      }
    }
    expect(runnerFor(['node', '--test'], {runner: 'exit-code'}).name).toBe('exit-code');
  });
});
