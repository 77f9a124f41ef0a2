import {describe, expect, it} from 'vitest';
import {exitCodeRunner} from '../../../src/verify/runners/exit-code.js';
import {nodeRunner} from '../../../src/verify/runners/node.js';
import {pytestRunner} from '../../../src/verify/runners/pytest.js';
import type {SuiteRun, TestStatus} from '../../../src/verify/tests/results.js';
import {startResultStream} from '../../../src/verify/tests/stream.js';
import {suiteRunOf} from '../../../src/verify/tests/suite.js';
import {unusableRun} from '../../../src/verify/tests/unusable.js';

const run = (more: Partial<SuiteRun>): SuiteRun => ({end: 'complete', exitCode: 0, detail: '', tests: [], cut: [], ...more});

describe('a run that the work is compared with', () => {
  const compared = {command: ['pytest', '-q'], image: 'node', timeoutMs: 5000};
  const ends = ['time-out', 'out-of-memory', 'out-of-disk', 'no-results', 'not-started', 'not-loaded'] as const;
  it.each(ends)('%s on the base, or with the new tests, is a finding of the harness that blames nobody', (end) => {
    const base = unusableRun({which: 'base', run: run({end}), ...compared});
    expect(base).toMatchObject({code: 'HARNESS_FAILED', check: 'tests', owners: [], evidence: {class: 'harness'}});
    const before = unusableRun({which: 'before', run: run({end}), ...compared});
    expect(before?.id).toBe(end === 'not-loaded' ? undefined : 'tests:HARNESS_FAILED:before');
  });
  it('a complete one is none', () => {
    for (const which of ['base', 'before'] as const) expect(unusableRun({which, run: run({exitCode: 1, tests: [{kind: 'file', file: 'a', path: [], status: 'failed'}]}), ...compared})).toBeUndefined();
  });
  it('names the command and the image when the command did not start', () => {
    const message = unusableRun({which: 'base', run: run({end: 'not-started'}), ...compared})?.message ?? '';
    expect([message.includes('pytest -q'), message.includes('node')]).toEqual([true, true]);
  });
});

describe('end of a suite', () => {
  const node = nodeRunner({args: [], env: {}});
  const nonce = 'a'.repeat(32);
  const say = (value: object): string => `@bulkhead ${nonce} ${JSON.stringify(value)}\n`;
  const stream = (success: boolean, status: TestStatus) => {
    const parser = startResultStream();
    parser.push(Buffer.from(`@bulkhead hello ${JSON.stringify({v: 1, nonce, runner: 'node', version: 'v24'})}\n`));
    parser.push(Buffer.from(say({t: 'test', file: 'a', path: ['x'], status}) + say({t: 'end', tests: 1, files: 0, success})));
    return parser.end();
  };
  const empty = new Uint8Array();
  const ended = (exitCode: number, more: object = {}) => ({exitCode, timedOut: false, outOfMemory: false, stderr: {head: empty, tail: empty, totalBytes: 0}, durationMs: 1, ...more});
  it('is complete only when stream, failures and exit code agree', () => {
    expect(suiteRunOf(node, ended(0), stream(true, 'passed')).end).toBe('complete');
    expect(suiteRunOf(node, ended(1), stream(false, 'failed')).end).toBe('complete');
    expect(suiteRunOf(node, ended(0), stream(true, 'failed')).end).toBe('no-results');
    expect(suiteRunOf(node, ended(1), stream(true, 'passed')).end).toBe('no-results');
    expect(suiteRunOf(node, ended(0), stream(false, 'failed')).end).toBe('no-results');
    expect(suiteRunOf(node, ended(0), startResultStream().end()).end).toBe('not-started');
  });
  it('knows a runner that never spoke from one that spoke and then gave nothing', () => {
    const greeted = (more = '') => {
      const parser = startResultStream();
      parser.push(Buffer.from(`@bulkhead hello ${JSON.stringify({v: 1, nonce, runner: 'pytest', version: '3'})}\n${more}`));
      return parser.end();
    };
    const pytest = pytestRunner({args: [], cwdOnPath: false, env: {}});
    const endOf = (results: ReturnType<typeof greeted>, exitCode: number) => suiteRunOf(pytest, ended(exitCode), results).end;
    expect(endOf(startResultStream().end(), 4)).toBe('not-started');
    expect(endOf(greeted(), 4)).toBe('not-loaded');
    expect(endOf(greeted(), 1)).toBe('no-results');
    expect(endOf(greeted(say({t: 'test', file: 'a', path: ['(module)'], status: 'skipped'}) + say({t: 'end', tests: 1, files: 0, success: false})), 5)).toBe('complete');
    // A path that is not there: pytest ends its session in order, and says the same exit code.
    expect(endOf(greeted(say({t: 'end', tests: 0, files: 0, success: false})), 4)).toBe('no-results');
    expect(endOf(greeted(say({t: 'test', file: 'a', path: ['x'], status: 'passed'})), 4)).toBe('no-results');
  });
  it('a command that is not in the image did not start; a script of the repository that ends so did', () => {
    const endOf = (command: readonly string[], exitCode: number) => suiteRunOf(exitCodeRunner(command), ended(exitCode), startResultStream().end()).end;
    expect([endOf(['make', 'test'], 127), endOf(['make', 'test'], 2), endOf(['./check.sh'], 127)]).toEqual(['not-started', 'complete', 'complete']);
  });
  it('time and memory come before everything that the stream says', () => {
    expect(suiteRunOf(node, ended(0, {timedOut: true}), stream(true, 'passed'))).toMatchObject({end: 'time-out', tests: [{path: ['x']}]});
    expect(suiteRunOf(node, ended(137, {outOfMemory: true}), stream(true, 'passed')).end).toBe('out-of-memory');
    expect(suiteRunOf(node, ended(137, {overDisk: 'inodes'}), stream(true, 'passed')).end).toBe('out-of-disk');
    expect(suiteRunOf(exitCodeRunner(['x']), ended(0, {timedOut: true}), startResultStream().end()).end).toBe('time-out');
  });
});
