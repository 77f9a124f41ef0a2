import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {openHistoryReader} from '../../../src/git/bare/history-reader.js';
import {openTreeReader} from '../../../src/git/bare/tree-reader.js';
import {git, never, tempFolder, userRepository, write} from './fixture.js';

const commitAll = async (root: string, message: string): Promise<string> => {
  await git(root, 'add', '-A', '-f');
  await git(root, 'commit', '-q', '--allow-empty', '-m', message);
  return (await git(root, 'rev-parse', 'HEAD')).trim();
};

describe('the past of a commit', () => {
  it('is told newest first, with message and paths, without merges and without what the commit does not reach', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const first = (await userRepository(root, {'a.txt': 'a\n', 'b.txt': 'b\n'})).trim();
    await write(root, {'a.txt': 'a2\n', 'sub/c d.txt': 'c\n'});
    const second = await commitAll(root, 'change a, add c\n\nbecause of Ärger');
    await git(root, 'checkout', '-q', '-b', 'side', first);
    await write(root, {'side.txt': 's\n'});
    const side = await commitAll(root, 'side');
    await git(root, 'checkout', '-q', 'main');
    await git(root, 'merge', '-q', '--no-ff', '-m', 'merge', 'side');
    const merge = (await git(root, 'rev-parse', 'HEAD')).trim();
    const history = openHistoryReader({directory: join(root, '.git')});

    const ids = await history.ids(merge, 10, never);
    expect(ids).not.toContain(merge);
    expect(new Set(ids)).toEqual(new Set([first, second, side]));
    expect(await history.ids(second, 10, never)).toEqual([second, first]);
    expect(await history.ids(second, 1, never)).toEqual([second]);
    expect(await history.ids(second, 0, never)).toEqual([]);

    const read = await history.read([second, first], never);
    expect(read.map(({id}) => id)).toEqual([second, first]);
    expect(read[0]?.message).toBe('change a, add c\n\nbecause of Ärger\n');
    expect(read.map(({paths}) => paths)).toEqual([['a.txt', 'sub/c d.txt'], ['a.txt', 'b.txt']]);
  });

  it('does not take a path that is named like a commit for that commit', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const first = (await userRepository(root, {'a.txt': 'a\n'})).trim();
    await write(root, {[first]: 'x\n', ':100644 x': 'y\n'});
    const second = await commitAll(root, 'x'.repeat(10_000));
    const read = await openHistoryReader({directory: join(root, '.git')}).read([second, first], never);
    expect(read.map(({paths}) => [...paths].sort())).toEqual([[':100644 x', first].sort(), ['a.txt']]);
    expect(read[0]?.message.length).toBeLessThanOrEqual(4096);
  });

  it('gives no paths for a commit that changed nothing, or so much that it says nothing', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    const empty = await commitAll(root, 'empty');
    await write(root, Object.fromEntries(Array.from({length: 101}, (_, index) => [`many/${index}.txt`, `${index}\n`])));
    const wide = await commitAll(root, 'wide');
    const read = await openHistoryReader({directory: join(root, '.git')}).read([wide, empty], never);
    expect(read.map(({paths}) => paths)).toEqual([[], []]);
  });

  it('tells of no commit a part of its paths, where its limit is reached', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const first = (await userRepository(root, {'a.txt': 'a\n'})).trim();
    await write(root, {'b.txt': 'b\n', 'c.txt': 'c\n'});
    const second = await commitAll(root, 'second');
    const store = {directory: join(root, '.git')};
    // The newest takes 43 bytes for its id, and 100 or so for each of its two paths.
    const seen = await Promise.all([10_000, 230, 150, 60, 10].map(async (maxBytes) => (await openHistoryReader(store, {maxBytes}).read([second, first], never)).map(({paths}) => paths)));
    expect(seen[0]).toEqual([['b.txt', 'c.txt'], ['a.txt']]);
    for (const paths of seen.slice(1)) expect([[['b.txt', 'c.txt'], []], [[], []]]).toContainEqual(paths);
    expect(seen.at(-1)).toEqual([[], []]);
    const trees = [await openTreeReader(store, first, never), await openTreeReader(store, second, never)] as const;
    const span = {from: trees[0].tree, to: trees[1].tree};
    expect(await openHistoryReader(store, {maxBytes: 150}).changes(span, never)).toBeUndefined();
    expect((await openHistoryReader(store, {maxBytes: 10_000}).changes(span, never))?.length).toBe(2);
  });

  it('fails for a commit that is not there, and when it is aborted', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const first = (await userRepository(root)).trim();
    const history = openHistoryReader({directory: join(root, '.git')});
    await expect(history.read(['1'.repeat(40)], never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    await expect(history.ids('1'.repeat(40), 3, never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    await expect(history.ids('HEAD', 3, never)).rejects.toMatchObject({code: 'INTERNAL'});
    await expect(history.read([first], AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});

describe('the difference of two trees', () => {
  it('turns one listing into the other', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const first = (await userRepository(root, {'a.txt': 'a\n', 'b.txt': 'b\n', 'c/d.txt': 'd\n'})).trim();
    await git(root, 'rm', '-q', 'b.txt');
    await write(root, {'a.txt': 'longer\n', 'c/é.txt': 'new\n'});
    const second = await commitAll(root, 'second');
    const store = {directory: join(root, '.git')};
    const [before, after] = [await openTreeReader(store, first, never), await openTreeReader(store, second, never)];
    const changes = await openHistoryReader(store).changes({from: before.tree, to: after.tree}, never);
    const files = new Map((await before.list(never)).map((file) => [file.path, file]));
    for (const {path, file} of changes ?? []) {
      if (file === undefined) files.delete(path);
      else files.set(path, file);
    }
    expect([...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([...(await after.list(never))].sort((a, b) => (a.path < b.path ? -1 : 1)));
    expect(changes?.map(({path}) => path).sort()).toEqual(['a.txt', 'b.txt', 'c/é.txt']);
    expect(await openHistoryReader(store).changes({from: after.tree, to: after.tree}, never)).toEqual([]);
  });
});
