import {describe, expect, test} from 'vitest';
import {parseManifest} from '../../../src/core/manifest.js';
import {mayWrite, type Stream} from '../../../src/core/specialist.js';
import {planStreams} from '../../../src/run/plan.js';
import {judgeLeftover} from '../../../src/run/sweep-policy.js';
import type {RunState} from '../../../src/record/state.js';

const manifest = parseManifest(
  {
    schemaVersion: 1,
    task: 't',
    files: [
      {path: 'docs/a.md', action: 'create', owner: 'documentation'},
      {path: 'src/a.js', action: 'create', owner: 'implementation'},
      {path: 'constructor.txt', action: 'create', owner: 'constructor'},
    ],
    tests: {command: ['node', '--test'], files: [{path: 'test/a.test.js', owner: 'test'}]},
  },
  'm.yml',
);

function streamOf(name: string): Stream {
  const found = planStreams(manifest, {}).streams.find((stream) => stream.specialist === name);
  if (found === undefined) throw new Error(`no stream ${name}`);
  return found;
}

describe('the plan', () => {
  test('merges code before tests before documents, whatever the order of the manifest', () => {
    expect(planStreams(manifest, {}).streams.map((stream) => stream.specialist)).toEqual(['implementation', 'constructor', 'test', 'documentation']);
  });

  test('lets each role write its kind of file, and nobody what steers other machines', () => {
    const may = (name: string, path: string): boolean => mayWrite(streamOf(name), path);
    expect([may('implementation', 'lib/b.js'), may('implementation', 'test/b.test.js'), may('implementation', 'docs/b.md')]).toEqual([true, false, false]);
    expect([may('test', 'test/b.test.js'), may('test', 'src/b.js'), may('documentation', 'README.md'), may('documentation', 'src/b.js')]).toEqual([true, false, true, false]);
    for (const path of ['.github/workflows/ci.yml', 'bulkhead.yml', '.agent-os/specs/x/tasks.md', '.gitattributes', 'docs/a.md']) expect(may('implementation', path)).toBe(false);
  });

  test('takes a configured scope, and refuses a configured specialist that has nothing to deliver', () => {
    const [first] = planStreams(manifest, {implementation: {scope: {write: ['only/**']}}}).streams;
    expect(first?.write).toEqual(['only/**']);
    expect(() => planStreams(manifest, {formatter: {}})).toThrow(expect.objectContaining({code: 'CONFIG_INVALID'}) as Error);
  });
});

describe('a sweep', () => {
  const item = {owner: 'host 1 1', runId: 'r'};
  const gone = {isGone: () => true, unknown: false};
  const state = (status: RunState['status']): RunState => ({runId: 'r', task: 't', repository: '/r', status, owner: item.owner, startedAt: '', lastAt: '', under: [], turns: {}, verifications: [], commit: undefined, branch: undefined});

  test.each(['verified', 'blocked', 'inconclusive', 'discarded'] as const)('removes what an ended run left (%s)', (status) => {
    expect(judgeLeftover(item, state(status), gone).remove).toBe(true);
  });
  test.each(['running', 'interrupted', 'parked'] as const)('keeps what a run may still need (%s)', (status) => {
    expect(judgeLeftover(item, state(status), gone).remove).toBe(false);
  });
  test('keeps what belongs to a living process, even when its run has ended', () => {
    expect(judgeLeftover(item, state('verified'), {isGone: () => false, unknown: true}).remove).toBe(false);
  });
  test('keeps what no journal knows, unless that is asked for', () => {
    expect(judgeLeftover(item, undefined, gone).remove).toBe(false);
    expect(judgeLeftover(item, undefined, {...gone, unknown: true}).remove).toBe(true);
  });
});
