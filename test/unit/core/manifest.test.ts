import {describe, expect, test} from 'vitest';
import {manifestOwners, manifestSha256, ownerOf, parseManifest} from '../../../src/core/manifest.js';

const file = {path: 'src/a.js', action: 'create', owner: 'implementation'};
const good = {schemaVersion: 1, task: 't', files: [file], tests: {command: ['node', '--test'], files: [{path: 'test/a.test.js', owner: 'test'}]}};

describe('a manifest', () => {
  test('gets its defaults, its owners and one hash whatever the order of its keys', () => {
    const manifest = parseManifest(good, 'm.yml');
    expect(manifest).toMatchObject({base: 'HEAD', image: 'node', tests: {failToPass: 'auto', timeoutMs: 600_000}});
    expect(manifestOwners(manifest)).toEqual(['implementation', 'test']);
    expect([ownerOf(manifest, 'test/a.test.js'), ownerOf(manifest, 'other')]).toEqual(['test', undefined]);
    const turned = Object.fromEntries(Object.entries(good).reverse());
    expect(manifestSha256(parseManifest(turned, 'm.yml'))).toBe(manifestSha256(manifest));
    expect(manifestSha256(parseManifest({...good, task: 'u'}, 'm.yml'))).not.toBe(manifestSha256(manifest));
  });

  test.each([
    ['an unknown key', {...good, filse: []}, 'filse'],
    ['an unknown key inside', {...good, files: [{...file, ownr: 'x'}]}, 'ownr'],
    ['no schemaVersion', {...good, schemaVersion: undefined}, 'schemaVersion'],
    ['an absolute path', {...good, files: [{...file, path: '/etc/passwd'}]}, 'files[0].path'],
    ['a path that climbs', {...good, files: [{...file, path: 'a/../../b'}]}, 'files[0].path'],
    ['a .git path', {...good, files: [{...file, path: 'x/.GIT/config'}]}, 'files[0].path'],
    ['a path twice', {...good, files: [file, file]}, 'files[1].path'],
    ['two owners of one path', {...good, files: [{...file, path: 'test/a.test.js'}]}, 'two owners'],
    ['a broken expression', {...good, files: [{...file, must: [{matches: '('}]}]}, 'files[0].must'],
    ['content of a deleted file', {...good, files: [{...file, action: 'delete', must: [{contains: 'x'}]}]}, 'files[0].must'],
    ['nothing promised', {schemaVersion: 1, task: 't', withoutTests: 'none'}, 'files'],
    ['no tests and no reason', {schemaVersion: 1, task: 't', files: [file]}, 'withoutTests'],
    ['a shell line for a command', {...good, tests: {command: 'npm test'}}, 'tests.command'],
    ['an empty command', {...good, tests: {command: []}}, 'tests.command'],
    ['an install that is no argv', {...good, install: 'npm ci'}, 'install'],
    ['something to prepare of nothing', {...good, prepare: ['npm', 'rebuild']}, 'prepare'],
    ['not an object', 'hello', 'the manifest'],
    ['null', null, 'the manifest'],
  ])('with %s is refused and says where', (_name, value, where) => {
    expect(() => parseManifest(value, 'm.yml')).toThrow(expect.objectContaining({code: 'MANIFEST_INVALID', message: expect.stringContaining(where) as string}) as Error);
  });

  test.each([
    ['build', {...good, build: ['npm', 'run', 'build']}],
    ['acceptance', {...good, acceptance: []}],
    ['tests.coverage', {...good, tests: {...good.tests, coverage: {}}}],
    ['allow.dependencies', {...good, allow: {dependencies: []}}],
    ['tests.runner: ava', {...good, tests: {...good.tests, runner: 'ava'}}],
  ])('with a key that no check serves yet (%s) is refused by that name', (key, value) => {
    expect(() => parseManifest(value, 'm.yml')).toThrow(expect.objectContaining({code: 'MANIFEST_KEY_UNSERVED', message: expect.stringContaining(key) as string}) as Error);
  });
});
