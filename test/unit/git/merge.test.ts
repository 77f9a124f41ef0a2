import {existsSync} from 'node:fs';
import {appendFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import type {FileMode} from '../../../src/core/tree.js';
import {mergedProblem} from '../../../src/git/import/merged-tree.js';
import type {Repository} from '../../../src/git/repository.js';
import {date, deleted, file, git, link, never, open, ownRepository, stream, tempFolder, treeOf} from './fixture.js';

const ref = 'refs/bulkhead/r1/merged';

async function submission(repository: Repository, parent: string, name: string, entries: readonly ExportEntry[]): Promise<string> {
  return (await repository.importSubmission({parent, entries: stream(entries), policy: open, ref: `refs/bulkhead/r1/submission/${name}`, message: name, date, signal: never})).commit;
}

function merge(repository: Repository, onto: string, from: string) {
  return repository.merge({onto, submission: from, ref, message: 'merge', date, signal: never});
}

describe('merge', () => {
  it('joins disjoint submissions in order, always by a merge commit, the same each time', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path);
    const one = await submission(repository, base, 'one', [file('one', '1')]);
    const two = await submission(repository, base, 'two', [file('two', '2'), deleted('a.txt')]);
    const first = await merge(repository, base, one);
    if (first.state !== 'merged') throw new Error('conflict');
    expect(first.commit).not.toBe(one);
    const second = await merge(repository, first.commit, two);
    if (second.state !== 'merged') throw new Error('conflict');
    expect(await treeOf(repository, second.commit)).toEqual({one: 'file 1', two: 'file 2'});
    expect(await repository.readRef(ref, never)).toBe(second.commit);
    expect(await git(repository.directory, 'rev-list', '--first-parent', second.commit)).toBe([second.commit, first.commit, base].join('\n'));
    expect(await merge(repository, first.commit, two)).toEqual(second);
    expect(await repository.resolve(`${second.commit}^2`, never)).toBe(two);
  });

  it('gives the merge so far when there is nothing new', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path);
    const one = await submission(repository, base, 'one', [file('one', '1')]);
    const first = await merge(repository, base, one);
    if (first.state !== 'merged') throw new Error('conflict');
    expect(await merge(repository, first.commit, one)).toEqual(first);
    expect(await merge(repository, first.commit, base)).toEqual(first);
  });

  it('names the paths of a conflict and leaves the ref: same lines, edit against delete, file against folder', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path, {'a.txt': 'a\n', 'b.txt': 'b\n', 'c ü.txt': 'c\n'});
    const one = await submission(repository, base, 'one', [file('a.txt', '1\n'), file('b.txt', '1\n'), file('c ü.txt', '1\n'), file('d', 'file')]);
    const two = await submission(repository, base, 'two', [file('a.txt', '2\n'), deleted('b.txt'), file('c ü.txt', '1\n'), file('d/x', 'folder')]);
    const first = await merge(repository, base, one);
    if (first.state !== 'merged') throw new Error('conflict');
    const second = await merge(repository, first.commit, two);
    if (second.state !== 'conflicted') throw new Error('no conflict');
    expect(second.paths).toEqual(expect.arrayContaining(['a.txt', 'b.txt']));
    expect(second.paths.some((path) => path.startsWith('d'))).toBe(true);
    expect(second.paths).not.toContain('c ü.txt');
    expect(await repository.readRef(ref, never)).toBe(first.commit);
  });

  it('[G04] asks no merge driver, not even union by attribute: a conflict stays one', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path, {'a.txt': 'a\n', '.gitattributes': '* merge=x\n'});
    const marker = join(folder.path, 'marker');
    await appendFile(join(repository.directory, 'config'), `[merge "x"]\n\tdriver = touch ${marker}\n`);
    for (const attribute of ['merge=x', 'merge=union']) {
      const one = await submission(repository, base, 'one', [file('a.txt', '1\n'), file('.gitattributes', `* ${attribute}\n`)]);
      const two = await submission(repository, base, 'two', [file('a.txt', '2\n'), file('.gitattributes', `* ${attribute}\n`)]);
      expect(await merge(repository, one, two)).toMatchObject({state: 'conflicted', paths: ['a.txt']});
    }
    expect(existsSync(marker)).toBe(false);
  });
});

describe('a merge of two submissions that are safe by themselves', () => {
  const cases: Readonly<Record<string, {readonly base?: Readonly<Record<string, string>>; readonly one: readonly ExportEntry[]; readonly two: readonly ExportEntry[]; readonly paths: readonly string[]}>> = {
    'a bare repository in the tree': {
      one: [file('x/HEAD', 'ref: refs/heads/main\n'), file('x/objects/o'), file('x/config', '[core]\n\tbare = false\n\tworktree = ..\n')],
      two: [file('x/refs/r.md'), file('fine')],
      paths: ['x/refs/r.md'],
    },
    'a link that leads out through another one': {one: [link('s/l', 'd/../etc/passwd')], two: [link('s/d', '..'), file('fine')], paths: ['s/d']},
    'names that only case tells apart': {one: [file('docs/Readme.md')], two: [file('docs/README.md'), file('fine')], paths: ['docs/README.md']},
    'folders that only case tells apart': {one: [file('Lib/a')], two: [file('lib/b')], paths: ['lib/b']},
  };
  for (const [what, {base: files, one, two, paths}] of Object.entries(cases)) {
    it(`is a conflict that says why when it would make ${what}, and leaves the ref`, async () => {
      await using folder = await tempFolder();
      const {repository, base} = await ownRepository(folder.path, files);
      const both = [await submission(repository, base, 'one', one), await submission(repository, base, 'two', two)];
      const first = await merge(repository, base, both[0] ?? '');
      if (first.state !== 'merged') throw new Error('conflict');
      expect(await merge(repository, first.commit, both[1] ?? '')).toMatchObject({state: 'conflicted', paths, why: expect.stringContaining(paths[0] ?? '?') as string});
      expect(await repository.readRef(ref, never)).toBe(first.commit);
    });
  }

  it('is merged when the tree is as safe as before, whatever odd things the base has', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path, {'odd/HEAD': '', 'odd/refs/a': '', 'odd/objects/b': '', aux: '', README: 'r', readme: 'r', 'x/a': 'a'});
    const one = await submission(repository, base, 'one', [file('odd/refs/a', 'changed'), link('s/l', 'd/../x/a'), file('x/HEAD'), deleted('README')]);
    const two = await submission(repository, base, 'two', [file('odd/config'), link('s/d', '../x'), file('x/objects/o'), deleted('x/a')]);
    const first = await merge(repository, base, one);
    if (first.state !== 'merged') throw new Error('conflict');
    const second = await merge(repository, first.commit, two);
    if (second.state !== 'merged') throw new Error('conflict');
    expect(Object.keys(await treeOf(repository, second.commit))).toEqual(expect.arrayContaining(['odd/config', 's/d', 's/l', 'x/HEAD', 'x/objects/o', 'aux']));
  });

  it('has no `why` for a conflict that git itself found', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path);
    const one = await submission(repository, base, 'one', [file('a.txt', '1\n')]);
    const two = await submission(repository, base, 'two', [file('a.txt', '2\n')]);
    expect(await merge(repository, one, two)).toEqual({state: 'conflicted', paths: ['a.txt']});
  });
});

it('judges a merged tree as a whole: a submodule that came with it is one problem, a mode alone is none', () => {
  const at = (path: string, mode: FileMode) => ({path, mode, oid: '1'.repeat(40), size: 1});
  const none = new Map<string, string>();
  const onto = [at('a', 'file'), at('sub', 'submodule')];
  expect(mergedProblem({onto, ontoLinks: none, merged: [at('a', 'executable'), at('sub', 'submodule')], mergedLinks: none})).toBeUndefined();
  expect(mergedProblem({onto, ontoLinks: none, merged: [...onto, at('new', 'submodule'), at('.gitmodules', 'file')], mergedLinks: none})?.paths).toEqual(['.gitmodules', 'new']);
  expect(mergedProblem({onto, ontoLinks: none, merged: [...onto, at('l', 'symlink')], mergedLinks: new Map([['l', undefined]])})?.paths).toEqual(['l']);
});

describe('history', () => {
  it('commits files of ours over a commit, keeping modes, or nothing at all', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path);
    const script = await submission(repository, base, 'one', [file('run', '1', true)]);
    const request = {parent: script, ref, message: 'T', date, signal: never};
    const ticked = await repository.commitFiles({...request, files: [{path: 'run', bytes: Buffer.from('2')}, {path: 'docs/é.md', bytes: Buffer.from('r')}]});
    expect(await treeOf(repository, ticked)).toEqual({'a.txt': 'file a\n', run: 'executable 2', 'docs/é.md': 'file r'});
    expect(await repository.commitFiles({...request, files: [{path: 'run', bytes: Buffer.from('2')}, {path: 'docs/é.md', bytes: Buffer.from('r')}]})).toBe(ticked);
    const empty = await repository.commitFiles({...request, files: []});
    expect(await repository.changedPaths(script, empty, never)).toEqual([]);
    expect(await repository.resolve(`${empty}^1`, never)).toBe(script);
    await expect(repository.commitFiles({...request, files: [{path: '.git/x', bytes: Buffer.from('')}]})).rejects.toMatchObject({code: 'INTERNAL'});
  });

  it('moves refs by compare-and-swap and deletes them by prefix', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path);
    const one = await submission(repository, base, 'one', [file('one', '1')]);
    await repository.updateRef({ref, to: base, from: undefined}, never);
    await expect(repository.updateRef({ref, to: one, from: undefined}, never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    await expect(repository.updateRef({ref, to: base, from: one}, never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    await repository.updateRef({ref, to: one, from: base}, never);
    expect(await repository.readRef(ref, never)).toBe(one);
    await repository.updateRef({ref: 'refs/bulkhead/r2/x', to: one, from: undefined}, never);
    await repository.deleteRefs('refs/bulkhead/r1', never);
    await repository.deleteRefs('refs/bulkhead/r1', never);
    expect(await git(repository.directory, 'for-each-ref', '--format=%(refname)')).toBe('refs/bulkhead/r2/x');
    for (const bad of ['HEAD', 'refs/x', '-d', 'refs/bulkhead/../x', 'refs/bulkhead/a b', 'refs/bulkhead/x.lock']) {
      await expect(repository.readRef(bad, never), bad).rejects.toMatchObject({code: 'INTERNAL'});
    }
    await expect(repository.resolve('--all', never)).rejects.toMatchObject({code: 'COMMIT_NOT_FOUND'});
  });
});
