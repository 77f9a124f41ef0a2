import {mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {writeExclusively, writeNewFiles} from '../../../src/project/new-file.js';

let outside = '';
let root = '';

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'bulkhead-new-'));
  root = join(outside, 'checkout');
  await mkdir(root);
});
afterEach(async () => {
  await rm(outside, {recursive: true, force: true});
});

test('files and the folders above them are made', async () => {
  expect(await writeNewFiles(root, [{path: 'a.yml', text: 'a\n'}, {path: 'b/c/d.md', text: 'd\n'}], {force: false})).toEqual([
    {path: 'a.yml', outcome: 'created'},
    {path: 'b/c/d.md', outcome: 'created'},
  ]);
  expect(await readFile(join(root, 'b/c/d.md'), 'utf8')).toBe('d\n');
});

test('one file that is there stops all of them; with force it is replaced and no draft stays', async () => {
  await writeFile(join(root, 'b.yml'), 'mine\n');
  const files = [{path: 'a.yml', text: 'a\n'}, {path: 'b.yml', text: 'b\n'}];
  await expect(writeNewFiles(root, files, {force: false})).rejects.toMatchObject({code: 'FILE_EXISTS'});
  expect(await readdir(root)).toEqual(['b.yml']);
  expect((await writeNewFiles(root, files, {force: true})).map((file) => file.outcome)).toEqual(['created', 'replaced']);
  expect([(await readdir(root)).sort(), await readFile(join(root, 'b.yml'), 'utf8')]).toEqual([['a.yml', 'b.yml'], 'b\n']);
});

test.each([true, false])('nothing is written through a link, with force %s', async (force) => {
  await mkdir(join(outside, 'away'));
  await writeFile(join(outside, 'away/x.md'), 'theirs\n');
  await symlink(join(outside, 'away'), join(root, '.claude'));
  await symlink(join(outside, 'away/x.md'), join(root, 'bulkhead.yml'));
  await symlink(join(outside, 'nowhere'), join(root, 'dangling.yml'));
  for (const path of ['.claude/commands/x.md', '.claude/x.md', 'bulkhead.yml', 'dangling.yml']) {
    await expect(writeNewFiles(root, [{path: 'first.yml', text: ''}, {path, text: 'ours\n'}], {force})).rejects.toMatchObject({code: 'LINK_IN_PATH'});
  }
  expect([await readdir(join(outside, 'away')), await readFile(join(outside, 'away/x.md'), 'utf8')]).toEqual([['x.md'], 'theirs\n']);
  expect((await readdir(root)).sort()).toEqual(['.claude', 'bulkhead.yml', 'dangling.yml']);
});

test('a folder where the file should be, or a file where the folder should be, is FILE_EXISTS even with force', async () => {
  await mkdir(join(root, 'bulkhead.yml'));
  await writeFile(join(root, '.claude'), '');
  for (const path of ['bulkhead.yml', '.claude/x.md']) await expect(writeNewFiles(root, [{path, text: ''}], {force: true})).rejects.toMatchObject({code: 'FILE_EXISTS'});
});

test('a draft is never written over a file or a link, nor into a folder that is not there', async () => {
  await writeFile(join(root, 'm.yml'), 'mine\n');
  await symlink(join(outside, 'target'), join(root, 'l.yml'));
  for (const name of ['m.yml', 'l.yml']) await expect(writeExclusively(join(root, name), 'x')).rejects.toMatchObject({code: 'FILE_EXISTS'});
  await expect(writeExclusively(join(root, 'no/m.yml'), 'x')).rejects.toMatchObject({code: 'USAGE'});
  expect((await readdir(outside)).sort()).toEqual(['checkout']);
});
