import {describe, expect, it} from 'vitest';
import {parseManifest, type Manifest} from '../../../src/core/manifest.js';
import {checkFiles} from '../../../src/verify/checks/files.js';
import {actorsOf} from '../../../src/verify/owners.js';
import {memoryTree, never, type Content} from './memory-tree.js';

type Files = Readonly<Record<string, Content>>;
const promise = (files: readonly object[], more: object = {withoutTests: 'none'}): Manifest => parseManifest({schemaVersion: 1, task: 't', files, ...more}, 'm');
const entry = (path: string, action: string): object => ({path, action, owner: 'implementation'});

async function files(manifest: Manifest, before: Files, after: Files): Promise<readonly (readonly [string, string | undefined])[]> {
  const outcome = checkFiles({
    manifest,
    base: await memoryTree(before).list(never),
    commit: await memoryTree(after).list(never),
    protectedChanges: [],
    actors: actorsOf({manifest, changed: []}),
  });
  expect(outcome.result.outcome).toBe(outcome.findings.length === 0 ? 'passed' : 'failed');
  expect(outcome.result.passed).toBe(outcome.result.total - outcome.findings.length);
  for (const item of outcome.findings) expect(item.owners).not.toEqual([]);
  return outcome.findings.map((item) => [item.code, item.path]);
}

describe('check of files', () => {
  it('holds for files that are created, modified and deleted as promised', async () => {
    const manifest = promise([entry('new.js', 'create'), entry('old.js', 'modify'), entry('gone.js', 'delete')]);
    expect(await files(manifest, {'old.js': '1', 'gone.js': '1'}, {'new.js': '1', 'old.js': '2'})).toEqual([]);
  });
  it.each<[string, string, Files, Files]>([
    ['FILE_MISSING', 'create', {}, {}],
    ['FILE_MISSING', 'create', {}, {'A.js': 'x'}],
    ['FILE_MISSING', 'create', {}, {'a.js': {mode: 'symlink', text: 'b.js'}}],
    ['FILE_MISSING', 'create', {}, {'a.js': {mode: 'submodule', text: ''}}],
    ['FILE_MISSING', 'create', {}, {'a.js/x': 'x'}],
    ['FILE_MISSING', 'modify', {'a.js': '1'}, {}],
    ['FILE_NOT_CREATED', 'create', {'a.js': '1'}, {'a.js': '2'}],
    ['FILE_UNCHANGED', 'modify', {'a.js': '1'}, {'a.js': '1'}],
    ['FILE_UNCHANGED', 'modify', {'a.js': '1'}, {'a.js': {mode: 'executable', text: '1'}}],
    ['FILE_UNCHANGED', 'modify', {}, {'a.js': '1'}],
    ['FILE_UNCHANGED', 'modify', {'a.js/b': '1'}, {'a.js': '1'}],
    ['FILE_NOT_DELETED', 'delete', {'a.js': '1'}, {'a.js': '1'}],
    ['FILE_NOT_DELETED', 'delete', {'a.js': '1'}, {'a.js/b': '1'}],
    ['FILE_NOT_DELETED', 'delete', {'a.js/b': '1', 'a.js/c': '1'}, {'a.js/b': '1'}],
    ['FILE_NOT_DELETED', 'delete', {'a.js/b': '1'}, {}],
    ['FILE_NOT_DELETED', 'delete', {}, {}],
  ])('%s: promised as %s, from %j to %j', async (code, action, before, after) => {
    expect(await files(promise([entry('a.js', action)]), before, after)).toEqual([[code, 'a.js']]);
  });
  it('a promised test file must exist, and is counted once', async () => {
    const tests = {tests: {command: ['node', '--test'], files: [{path: 'test/a.test.js', owner: 'test'}]}};
    expect(await files(promise([], tests), {}, {})).toEqual([['FILE_MISSING', 'test/a.test.js']]);
    expect(await files(promise([{path: 'test/a.test.js', action: 'create', owner: 'test'}], tests), {}, {})).toEqual([['FILE_MISSING', 'test/a.test.js']]);
  });
  it('a protected change is a finding of whoever touched the path', async () => {
    const manifest = promise([entry('a.js', 'create')]);
    const outcome = checkFiles({
      manifest,
      base: [],
      commit: await memoryTree({'a.js': '1'}).list(never),
      protectedChanges: [{path: 'test/x.test.js', action: 'restored', fields: []}],
      actors: actorsOf({manifest, changed: [], authors: () => ['documentation']}),
    });
    expect(outcome.findings).toMatchObject([{code: 'PROTECTED_FILE_CHANGED', path: 'test/x.test.js', owners: ['documentation']}]);
    expect(outcome.result).toMatchObject({outcome: 'failed', passed: 1, total: 2});
  });
});
