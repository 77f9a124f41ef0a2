import {describe, expect, test} from 'vitest';
import {parseManifest} from '../../../src/core/manifest.js';
import {mayWrite, type Stream} from '../../../src/core/specialist.js';
import {isTestPath} from '../../../src/core/test-path.js';
import {planStreams} from '../../../src/run/plan.js';

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

  test('a test specialist may write by default what a verification takes for a test, and an implementation what it does not', () => {
    for (const path of ['test/a.js', 'packages/a/spec/b.js', 'src/a.spec.ts', 'src/test/A.java', 'src/spec/parse.js', 'src/tests.js', 'lib/tests/x.js', 'a/test_x.py', 'conftest.py', 'x_test.go', '__snapshots__/a']) {
      expect([path, mayWrite(streamOf('test'), path), mayWrite(streamOf('implementation'), path)]).toEqual([path, isTestPath(path), !isTestPath(path)]);
    }
  });

  test.each(['user', 'repository'] as const)('takes a scope that the %s configures, and the guards stay', (origin) => {
    const scoped = planStreams(manifest, {implementation: {write: ['only/**', '.github/**'], origin}, unknown: {write: ['**'], origin}}).streams[0];
    if (scoped === undefined) throw new Error('no stream');
    expect(['only/a.js', 'src/b.js', '.github/workflows/ci.yml', 'src/a.js'].map((path) => mayWrite(scoped, path))).toEqual([true, false, false, true]);
  });

  test('a scope that comes with the repository narrows a role and never widens it; the user may widen it', () => {
    const of = (origin: 'user' | 'repository'): Stream | undefined => planStreams(manifest, {implementation: {write: ['**'], origin}}).streams[0];
    const may = (stream: Stream | undefined, path: string): boolean => stream !== undefined && mayWrite(stream, path);
    expect([may(of('repository'), 'src/b.js'), may(of('repository'), 'test/b.test.js')]).toEqual([true, false]);
    expect([may(of('user'), 'src/b.js'), may(of('user'), 'test/b.test.js')]).toEqual([true, true]);
    for (const origin of ['user', 'repository'] as const) expect(may(of(origin), 'bulkhead.yml')).toBe(false);
  });

  test('an owner may always write its path, whatever scope or guard says, and nobody else may', () => {
    const owned = parseManifest({schemaVersion: 1, task: 't', withoutTests: 'no', files: [{path: '.github/workflows/ci.yml', action: 'create', owner: 'documentation'}, {path: 'src/x.js', action: 'create', owner: 'test'}]}, 'm.yml');
    const {streams} = planStreams(owned, {documentation: {write: ['docs/**'], origin: 'repository'}, implementation: {write: ['**'], origin: 'user'}});
    const writers = (path: string): readonly string[] => streams.filter((stream) => mayWrite(stream, path)).map((stream) => stream.specialist);
    expect([writers('.github/workflows/ci.yml'), writers('src/x.js'), writers('.github/workflows/other.yml')]).toEqual([['documentation'], ['test'], []]);
  });

  test('what Bulkhead writes itself is closed to everyone', () => {
    const kept = planStreams(manifest, {}, ['docs/#1 (a) [b]/tasks.md', 'docs/verifications']).streams;
    for (const stream of kept) for (const path of ['docs/#1 (a) [b]/tasks.md', 'docs/verifications', 'docs/verifications/x.md']) expect(mayWrite(stream, path)).toBe(false);
    expect(kept.some((stream) => mayWrite(stream, 'docs/other.md'))).toBe(true);
  });

  test.each(['.claude/commands/x.md', 'sub/.github/workflows/ci.yml', '.cursor/rules/x.md', '.githooks/pre-commit', '.vscode/tasks.test.json', '.github/workflows/x.test.yml', 'CLAUDE.md'])('%s is nobody’s by default', (path) => {
    for (const stream of planStreams(manifest, {}).streams) expect(mayWrite(stream, path), stream.specialist).toBe(false);
  });
});
