import {existsSync} from 'node:fs';
import {appendFile, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, it} from 'vitest';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import type {Submitted} from '../../../src/git/merge/bisect.js';
import type {Repository} from '../../../src/git/repository.js';
import {date, deleted, file, git, link, never, open, ownRepository, stream, tempFolder, treeOf} from './fixture.js';

const ref = 'refs/bulkhead/r1/merged';

async function submission(repository: Repository, parent: string, name: string, entries: readonly ExportEntry[]): Promise<string> {
  return (await repository.importSubmission({parent, entries: stream(entries), policy: open, ref: `refs/bulkhead/r1/submission/${name}`, message: name, date, signal: never})).commit;
}

function merge(repository: Repository, onto: string, from: string) {
  return repository.merge({onto, submission: from, ref, message: 'merge', date, signal: never});
}

describe('what git leaves in conflict', () => {
  const base = {'CHANGELOG.md': '- a\n', 'package.json': '{"s": {}}\n', 'run.js': 'a();\n', '.gitignore': '/a\n'};
  const side = (name: string): readonly ExportEntry[] => [file('CHANGELOG.md', `- a\n- ${name}\n`), file('package.json', `{"s": {"${name}": 1}}\n`), file('.gitignore', `/a\n/${name}\n`), file(`${name}.txt`, name)];

  it('is settled by union and by key, says which, and is a merge commit like any other', async () => {
    await using folder = await tempFolder();
    const {repository, base: commit} = await ownRepository(folder.path, base);
    const [one, two] = [await submission(repository, commit, 'one', side('one')), await submission(repository, commit, 'two', side('two'))];
    const first = await merge(repository, commit, one);
    if (first.state !== 'merged') throw new Error('conflict');
    expect(first.settled).toEqual([]);
    const second = await merge(repository, first.commit, two);
    expect(second).toMatchObject({state: 'merged', settled: [{path: '.gitignore', by: 'union'}, {path: 'CHANGELOG.md', by: 'union'}, {path: 'package.json', by: 'json'}]});
    if (second.state !== 'merged') throw new Error('conflict');
    expect(await treeOf(repository, second.commit)).toEqual({
      '.gitignore': 'file /a\n/one\n/two\n',
      'CHANGELOG.md': 'file - a\n- one\n- two\n',
      'package.json': 'file {"s": {"one": 1,"two": 1}}\n',
      'one.txt': 'file one',
      'run.js': 'file a();\n',
      'two.txt': 'file two',
    });
    expect(await git(repository.directory, 'rev-list', '--parents', '-1', second.commit)).toBe(`${second.commit} ${first.commit} ${two}`);
    expect(await merge(repository, first.commit, two)).toEqual(second);
    expect((await readdir(repository.directory)).filter((name) => name.startsWith('staging-'))).toEqual([]);
    await git(repository.directory, 'fsck', '--strict');
  });

  it('stays a conflict as a whole when one file does, and names all of them', async () => {
    await using folder = await tempFolder();
    const {repository, base: commit} = await ownRepository(folder.path, base);
    const one = await submission(repository, commit, 'one', [...side('one'), file('run.js', 'a();\none();\n')]);
    const two = await submission(repository, commit, 'two', [...side('two'), file('run.js', 'a();\ntwo();\n')]);
    expect(await merge(repository, one, two)).toEqual({state: 'conflicted', paths: ['.gitignore', 'CHANGELOG.md', 'package.json', 'run.js']});
    expect(await repository.readRef(ref, never)).toBeUndefined();
  });

  const shapes: Readonly<Record<string, readonly [one: readonly ExportEntry[], two: readonly ExportEntry[]]>> = {
    'that only one side still has': [[file('CHANGELOG.md', '- a\n- b\n')], [deleted('CHANGELOG.md')]],
    'that is new on both sides': [[file('NEWS', '- b\n')], [file('NEWS', '- c\n')]],
    'that became a link': [[file('CHANGELOG.md', '- a\n- b\n')], [link('CHANGELOG.md', 'run.js')]],
    'that became executable on one side': [[file('CHANGELOG.md', '- a\n- b\n', true)], [file('CHANGELOG.md', '- a\n- c\n')]],
    'that is not UTF-8': [[file('CHANGELOG.md', '- a\n- b\n')], [{kind: 'file', path: Buffer.from('CHANGELOG.md'), executable: false, size: 6, bytes: Buffer.from([0x2d, 0x20, 0x61, 0x0a, 0xff, 0x0a])}]],
  };
  for (const [what, [mine, yours]] of Object.entries(shapes)) {
    it(`stays a conflict for a file ${what}`, async () => {
      await using folder = await tempFolder();
      const {repository, base: commit} = await ownRepository(folder.path, base);
      const [one, two] = [await submission(repository, commit, 'one', mine), await submission(repository, commit, 'two', yours)];
      expect(await merge(repository, one, two)).toMatchObject({state: 'conflicted'});
    });
  }

  it('[G04] is settled without any merge driver, which an honest git would have run', async () => {
    await using folder = await tempFolder();
    const {repository, base: commit, user} = await ownRepository(folder.path, {...base, '.gitattributes': '* merge=x\n'});
    const [marker, driver] = [join(folder.path, 'marker'), `[merge "x"]\n\tdriver = touch ${join(folder.path, 'marker')}\n`];
    for (const config of [join(repository.directory, 'config'), join(user, '.git/config')]) await appendFile(config, driver);
    const [one, two] = [await submission(repository, commit, 'one', side('one')), await submission(repository, commit, 'two', side('two'))];
    expect(await merge(repository, one, two)).toMatchObject({state: 'merged'});
    await repository.previewMerges({submissions: [{name: 'one', commit: one}, {name: 'two', commit: two}], ref, signal: never});
    expect(existsSync(marker)).toBe(false);
    await git(user, 'fetch', '-q', repository.directory, one, two);
    await git(user, 'reset', '-q', '--hard', one);
    await execa('git', ['-C', user, '-c', 'user.name=U', '-c', 'user.email=u@localhost', 'merge', '-q', two], {reject: false});
    expect(existsSync(marker)).toBe(true);
  });
});

describe('a preview', () => {
  it('names the pairs that conflict, and leaves no object behind', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path, {'a.txt': 'a\n', 'b.txt': 'b\n'});
    const changes: Readonly<Record<string, readonly ExportEntry[]>> = {one: [file('a.txt', '1\n')], two: [file('b.txt', '2\n')], three: [file('a.txt', '3\n'), file('b.txt', '3\n')], four: [file('d', '4')]};
    const submissions: Submitted[] = [];
    for (const [name, entries] of Object.entries(changes)) submissions.push({name, commit: await submission(repository, base, name, entries)});
    const before = await git(repository.directory, 'count-objects', '-v');
    expect(await repository.previewMerges({submissions, ref, signal: never})).toEqual([
      {pair: ['one', 'three'], paths: ['a.txt']},
      {pair: ['two', 'three'], paths: ['b.txt']},
    ]);
    expect(await git(repository.directory, 'count-objects', '-v')).toBe(before);
    expect(await repository.readRef(ref, never)).toBeUndefined();
  });
});

describe('a resolution', () => {
  async function conflict(root: string) {
    const {repository, base} = await ownRepository(root, {'a.txt': 'a\n', 'b.txt': 'b\n'});
    const [one, two] = [await submission(repository, base, 'one', [file('a.txt', '1\n')]), await submission(repository, base, 'two', [file('a.txt', '2\n'), file('two', '2')])];
    const onto = await merge(repository, base, one);
    if (onto.state !== 'merged') throw new Error('conflict');
    const resolve = (resolution: string, within: readonly string[] | undefined) => repository.resolveMerge({onto: onto.commit, submission: two, resolution, within, ref, message: 'resolved', date, signal: never});
    return {repository, onto: onto.commit, base, two, resolve};
  }

  it('becomes the merge of both, also from a person who changed more', async () => {
    await using folder = await tempFolder();
    const {repository, onto, two, resolve} = await conflict(folder.path);
    const resolution = await submission(repository, onto, 'resolver', [file('a.txt', '1\n2\n'), file('two', '2')]);
    const merged = await resolve(resolution, ['a.txt']);
    if (merged.state !== 'merged') throw new Error('conflict');
    expect(await treeOf(repository, merged.commit)).toEqual({'a.txt': 'file 1\n2\n', 'b.txt': 'file b\n', two: 'file 2'});
    expect(await git(repository.directory, 'rev-list', '--parents', '-1', merged.commit)).toBe(`${merged.commit} ${onto} ${two}`);
    const more = await submission(repository, onto, 'person', [file('a.txt', '12\n'), file('b.txt', 'changed\n'), file('two', '2')]);
    expect(await resolve(more, undefined)).toMatchObject({state: 'merged'});
  });

  it('stays a conflict, with a reason, when it leaves markers, goes beyond the conflict, drops work or builds on something else', async () => {
    await using folder = await tempFolder();
    const {repository, onto, base, resolve} = await conflict(folder.path);
    const tries: readonly (readonly [string, readonly ExportEntry[], string])[] = [
      [onto, [file('a.txt', '<<<<<<< ours\n1\n=======\n2\n>>>>>>> theirs\n'), file('two', '2')], 'a.txt'],
      [onto, [file('a.txt', '12\n'), file('two', '2'), file('b.txt', 'changed\n')], 'b.txt'],
      [onto, [file('a.txt', '12\n')], 'two'],
      [base, [file('a.txt', '12\n'), file('two', '2')], 'a.txt'],
    ];
    const before = await repository.readRef(ref, never);
    for (const [index, [parent, entries, path]] of tries.entries()) {
      const refused = await resolve(await submission(repository, parent, `try${index}`, entries), ['a.txt']);
      expect(refused, String(index)).toMatchObject({state: 'conflicted', paths: [path], why: expect.any(String) as string});
    }
    expect(await repository.readRef(ref, never)).toBe(before);
  });
});

describe('an open conflict as a commit', () => {
  it('is what git could merge on top of the merge so far, with markers that show the base', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path, {'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n'});
    const [one, two] = [await submission(repository, base, 'one', [file('a.txt', '1\n'), file('c.txt', 'one\n')]), await submission(repository, base, 'two', [file('a.txt', '2\n'), {kind: 'deleted', path: Buffer.from('c.txt')}, file('two', '2')])];
    const commit = (await repository.markConflict({onto: one, submission: two, ref, message: 'open', date, signal: never})) ?? '';
    expect(await git(repository.directory, 'rev-list', '--parents', '-1', commit)).toBe(`${commit} ${one}`);
    const tree = await treeOf(repository, commit);
    expect(tree).toMatchObject({'b.txt': 'file b\n', 'c.txt': 'file one\n', two: 'file 2'});
    expect(tree['a.txt']).toMatch(/^file <{7} .*\n1\n\|{7} .*\na\n={7}\n2\n>{7} .*\n$/);
    expect(await repository.readRef(ref, never)).toBe(commit);
  });

  it('is not made when the tree would be unsafe', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path, {'a.txt': 'a\n'});
    const [one, two] = [await submission(repository, base, 'one', [file('a.txt', '1\n'), file('x/HEAD', 'ref: refs/heads/main\n'), file('x/objects/o', '')]), await submission(repository, base, 'two', [file('a.txt', '2\n'), file('x/refs/r', '')])];
    expect(await repository.markConflict({onto: one, submission: two, ref, message: 'open', date, signal: never})).toBeUndefined();
    expect(await repository.readRef(ref, never)).toBeUndefined();
  });
});

describe('the search for what breaks a merge', () => {
  async function submissions(root: string, count = 7) {
    const {repository, base} = await ownRepository(root);
    const all: Submitted[] = [];
    for (let index = 1; index <= count; index += 1) all.push({name: `s${index}`, commit: await submission(repository, base, `s${index}`, [file(`f${index}`, `${index}`)])});
    const seen: string[] = [];
    const search = (fails: (names: ReadonlySet<string>, call: number) => boolean) =>
      repository.findCulprit({
        onto: base,
        submissions: all,
        ref,
        date,
        signal: never,
        holds: async (commit) => {
          expect(await repository.readRef(ref, never)).toBe(commit);
          seen.push(commit);
          return !fails(new Set(Object.keys(await treeOf(repository, commit)).map((path) => path.replace('f', 's'))), seen.length);
        },
      });
    return {repository, base, all, seen, search};
  }

  it('names the one that breaks it, wherever it stands, in a logarithm of checks, the same each time', async () => {
    await using folder = await tempFolder();
    const {search, seen} = await submissions(folder.path);
    for (const guilty of ['s1', 's4', 's7']) {
      seen.length = 0;
      const found = await search((names) => names.has(guilty));
      expect(found).toMatchObject({state: 'found', names: [guilty], along: []});
      expect(seen.length).toBeLessThanOrEqual(4 + 3 + 1);
      expect(found.checks).toBe(seen.length);
      if (guilty === 's4') expect(await search((names) => names.has(guilty))).toEqual(found);
    }
  });

  it('names both of two that break it only together, and three of three', async () => {
    await using folder = await tempFolder();
    const {search, seen} = await submissions(folder.path);
    for (const guilty of [['s2', 's6'], ['s1', 's4', 's7']]) {
      seen.length = 0;
      expect(await search((names) => guilty.every((name) => names.has(name))), guilty.join()).toMatchObject({state: 'found', names: guilty});
      expect(seen.length).toBeLessThanOrEqual(4 + guilty.length * (3 + 1));
    }
  });

  it('blames nobody when the merge holds, when the base fails, and when the check says both of one commit', async () => {
    await using folder = await tempFolder();
    const {search, seen, base} = await submissions(folder.path, 4);
    expect(await search(() => false)).toEqual({state: 'holds', checks: 1});
    expect(await search(() => true)).toEqual({state: 'base-fails', checks: 2});
    seen.length = 0;
    expect(await search((names, call) => call === 1 || names.has('s9'))).toMatchObject({state: 'flaky'});
    seen.length = 0;
    expect(await search((names, call) => names.has('s1') || call > 5)).toMatchObject({state: 'flaky', commit: base});
  });

  it('passes over what does not merge, and tells who came along', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path);
    const one = await submission(repository, base, 'one', [file('a.txt', '1\n')]);
    const onto = await merge(repository, base, one);
    if (onto.state !== 'merged') throw new Error('conflict');
    const two = await submission(repository, onto.commit, 'two', [file('a.txt', '12\n')]);
    const all = [{name: 'one', commit: one}, {name: 'two', commit: two}];
    const holds = async (commit: string) => (await treeOf(repository, commit))['a.txt'] !== 'file 12\n';
    expect(await repository.findCulprit({onto: base, submissions: all, ref, date, signal: never, holds})).toMatchObject({state: 'found', names: ['two'], along: ['one']});
    const other = await submission(repository, base, 'other', [file('a.txt', '3\n')]);
    expect(await repository.findCulprit({onto: base, submissions: [...all, {name: 'other', commit: other}], ref, date, signal: never, holds})).toMatchObject({state: 'holds'});
  });

  it('ends when it is interrupted', async () => {
    await using folder = await tempFolder();
    const {repository, base, all} = await submissions(folder.path, 3);
    const stop = new AbortController();
    const holds = () => {
      stop.abort(new Error('enough'));
      return Promise.resolve(false);
    };
    await expect(repository.findCulprit({onto: base, submissions: all, ref, date, signal: stop.signal, holds})).rejects.toThrow('enough');
  });
});
