import {join} from 'node:path';
import {execa} from 'execa';
import * as fc from 'fast-check';
import {expect, it} from 'vitest';
import {holdFiles} from '../../../src/core/tree.js';
import {openTreeReader} from '../../../src/git/bare/tree-reader.js';
import {mergeSubmission} from '../../../src/git/merge/merge.js';
import {date, git, gitIn, never, tempFolder} from './fixture.js';

const paths = ['a.txt', 'dir/b.txt', 'dir/c.txt', 'CHANGELOG.md'] as const;
const linesOfBase = 8;

/** One edit of one file; an added line has the number of its submission in it, so that no two are the same. */
const edit = fc.oneof(
  {weight: 5, arbitrary: fc.record({kind: fc.constant('insert' as const), path: fc.constantFrom(...paths), at: fc.nat({max: linesOfBase})})},
  {weight: 2, arbitrary: fc.record({kind: fc.constant('replace' as const), path: fc.constantFrom(...paths), at: fc.nat({max: linesOfBase - 1})})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('remove' as const), path: fc.constantFrom(...paths), at: fc.nat({max: linesOfBase - 1})})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('delete' as const), path: fc.constantFrom(...paths), at: fc.constant(0)})},
  {weight: 2, arbitrary: fc.record({kind: fc.constant('create' as const), path: fc.constantFrom('new.txt', 'dir/new.txt', 'other.txt'), at: fc.constant(0)})},
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
type Files = ReadonlyMap<string, readonly string[]>;

const base: Files = new Map(paths.map((path) => [path, Array.from({length: linesOfBase}, (_, line) => `- ${path} ${line}\n`)]));

function editedBy(index: number, edits: readonly Edit[]): {readonly files: Files; readonly added: readonly string[]} {
  const files = new Map([...base].map(([path, lines]) => [path, lines.map((line) => [line])]));
  for (const [number, {kind, path, at}] of edits.entries()) {
    const line = `- by ${index}: ${number}\n`;
    if (kind === 'create') files.set(path, [...(files.get(path) ?? []), [line]]);
    else if (kind === 'delete') files.delete(path);
    const place = kind === 'create' || kind === 'delete' ? undefined : files.get(path);
    if (place === undefined) continue;
    const here = Math.min(at, place.length - 1);
    if (kind === 'insert') place[here]?.push(line);
    if (kind === 'replace') place[here] = [line];
    if (kind === 'remove') place[here] = [];
  }
  const plain = new Map([...files].map(([path, lines]) => [path, lines.flat()]));
  return {files: plain, added: [...plain.values()].flat().filter((line) => line.startsWith('- by '))};
}

function changedBy(files: Files = new Map()): ReadonlySet<string> {
  return new Set([...new Set([...base.keys(), ...files.keys()])].filter((path) => files.get(path)?.join('') !== base.get(path)?.join('')));
}

/** A repository with the base and each submission on top of it, by one fast-import; gives their ids. */
async function repositoryOf(root: string, submissions: readonly Files[]): Promise<readonly string[]> {
  await git(root, 'init', '-q');
  const commit = (name: string, files: Files, from?: string) => {
    const puts = [...files].map(([path, lines]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(lines.join(''))}\n${lines.join('')}\n`);
    return `commit refs/heads/${name}\ncommitter U <u@localhost> 1700000000 +0000\ndata ${name.length}\n${name}\n${from === undefined ? '' : `from refs/heads/${from}\n`}deleteall\n${puts.join('')}\n`;
  };
  const stream = [commit('base', base), ...submissions.map((files, index) => commit(`s${index}`, files, 'base'))];
  await gitIn(root, ['fast-import', '--quiet'], stream.join(''));
  return (await git(root, 'rev-parse', 'base', ...submissions.map((_, index) => `s${index}`))).split('\n');
}

async function textOf(directory: string, commit: string): Promise<string> {
  const reader = await openTreeReader({directory}, commit, never);
  let text = '';
  for await (const {bytes} of holdFiles(reader.files(never))) text += Buffer.from(bytes).toString('utf8');
  return text;
}

/** What a person's git makes of it in a checkout: the tree, or undefined when it conflicts. */
async function mergeByHand(root: string, onto: string, submission: string): Promise<string | undefined> {
  await git(root, 'checkout', '-q', '--detach', '-f', onto);
  const ended = await execa('git', ['-C', root, '-c', 'user.name=U', '-c', 'user.email=u@localhost', 'merge', '-q', '--no-ff', '--no-edit', submission], {reject: false});
  if (ended.exitCode === 0) return git(root, 'rev-parse', 'HEAD^{tree}');
  await git(root, 'reset', '-q', '--hard', onto);
  return undefined;
}

it('merges what git alone merges to the same tree, and loses no line: each one added is in the result or in a conflict that was shown', async () => {
  const matrix = fc.array(fc.array(edit, {minLength: 1, maxLength: 5}), {minLength: 2, maxLength: 7});
  let [merges, conflicts, settlings] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(matrix, async (all) => {
      await using folder = await tempFolder();
      const work = all.map((edits, index) => editedBy(index, edits));
      const [start = '', ...submissions] = await repositoryOf(folder.path, work.map(({files}) => files));
      const store = {directory: join(folder.path, '.git')};
      let onto = start;
      const expected: string[] = [];
      for (const [index, submission] of submissions.entries()) {
        const merged = await mergeSubmission(store, {onto, submission, ref: 'refs/bulkhead/r1/merged', message: 'm', date, signal: never});
        const byHand = await mergeByHand(folder.path, onto, submission);
        const added = work[index]?.added ?? [];
        merges += 1;
        if (merged.state === 'conflicted') {
          conflicts += 1;
          expect(byHand).toBeUndefined();
          // What is shown is where its lines are: a path that it changed.
          expect(merged.paths.some((path) => changedBy(work[index]?.files).has(path))).toBe(true);
          continue;
        }
        if (merged.settled.length > 0) settlings += 1;
        expect(byHand === undefined).toBe(merged.settled.length > 0);
        if (byHand !== undefined) expect(await git(folder.path, 'rev-parse', `${merged.commit}^{tree}`)).toBe(byHand);
        onto = merged.commit;
        expected.push(...added);
      }
      const text = await textOf(store.directory, onto);
      expect(expected.filter((line) => !text.includes(line))).toEqual([]);
    }),
    {numRuns: 8},
  );
  expect(merges).toBeGreaterThan(conflicts);
  expect(conflicts + settlings).toBeGreaterThan(0);
}, 180_000);
