import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {foldersOf} from '../../../src/core/path.js';
import type {FileMode, TreeFile} from '../../../src/core/tree.js';
import {keepListing} from '../../../src/git/bare/listings.js';
import type {Change} from '../../../src/git/import/change.js';
import {treeProblems} from '../../../src/git/import/tree-problems.js';
import {slowProblems} from './oracle/whole-tree.js';

// Few names, so that they meet: in case, in form, as files and as folders, and as parts of a repository.
const name = fc.constantFrom('a', 'A', 'b', 'HEAD', 'head', 'objects', 'refs', '\u00e9', 'e\u0301');
const path = fc.array(name, {minLength: 1, maxLength: 3}).map((parts) => parts.join('/'));
const target = fc.constantFrom('..', '../..', 'a', 'b/a', '../A', 'a/../..', '/x', undefined);
const mode = fc.constantFrom<FileMode>('file', 'file', 'executable', 'symlink', 'submodule');

const base = fc.array(fc.tuple(path, mode, target), {maxLength: 8}).map((entries) => {
  const found = new Map<string, {readonly mode: FileMode; readonly target: string | undefined}>();
  for (const [at, kind, to] of entries) {
    const stands = [...found.keys()].some((other) => foldersOf(other).includes(at) || foldersOf(at).includes(other));
    if (!stands) found.set(at, {mode: kind, target: to});
  }
  return found;
});
const change = fc.tuple(path, fc.constantFrom('file', 'executable', 'symlink', 'deleted', 'special'), target).map(([at, kind, to]): Change => {
  if (kind === 'deleted') return {kind, path: at};
  if (kind === 'special') return {kind, path: at, what: 'fifo'};
  return {kind: kind as 'file', path: at, oid: '1'.repeat(40), size: 1, at: 0, target: kind === 'symlink' ? to : undefined, problem: undefined};
});

describe('what is wrong with a tree', () => {
  it('is found by its changes alone, and is what a look at every path finds', () => {
    fc.assert(
      fc.property(base, fc.uniqueArray(change, {selector: (each) => each.path, maxLength: 6}), fc.array(path, {maxLength: 3}), (before, changes, closed) => {
        const files = [...before].map(([at, {mode: kind}]): TreeFile => ({path: at, mode: kind, oid: '2'.repeat(40), size: 1}));
        const targets = new Map([...before].filter(([, entry]) => entry.mode === 'symlink').map(([at, entry]) => [at, entry.target]));
        const mayWrite = (at: string) => !closed.includes(at);
        const found = treeProblems(changes, {base: files, baseLinks: targets, policy: {mayWrite, wanted: [], allowIgnored: []}});
        expect([...found.keys()].sort()).toEqual([...slowProblems(changes, {base: files, targets, mayWrite})].sort());
      }),
      {numRuns: 800},
    );
  });

  it('is found in a base of any depth', () => {
    const deep = `${'d/'.repeat(1000)}x`;
    const files: TreeFile[] = [{path: deep, mode: 'file', oid: '2'.repeat(40), size: 1}];
    const changes: Change[] = [{kind: 'file', path: 'D', oid: '1'.repeat(40), size: 1, at: 0, target: undefined, problem: undefined}];
    expect([...treeProblems(changes, {base: files, baseLinks: new Map(), policy: {mayWrite: () => true, wanted: [], allowIgnored: []}}).keys()]).toEqual(['D']);
  });
});

it('a listing is read once while it is used, and the least used one goes first', async () => {
  let reads = 0;
  const listing = (size: number) => async () => {
    reads += 1;
    return Promise.resolve(Array.from({length: size}, (_, index): TreeFile => ({path: `f${index}`, mode: 'file', oid: '2'.repeat(40), size: 1})));
  };
  const first = await keepListing('one', listing(150_000));
  expect(await keepListing('one', listing(1))).toBe(first);
  await keepListing('two', listing(150_000));
  await keepListing('one', listing(1));
  await keepListing('three', listing(150_000));
  expect([reads, await keepListing('one', listing(1))]).toEqual([3, first]);
  await keepListing('two', listing(1));
  expect(reads).toBe(4);
  await expect(keepListing('bad', () => Promise.reject(new RangeError('gone')))).rejects.toThrow(RangeError);
});
