import * as fc from 'fast-check';
import {expect, it} from 'vitest';
import {join} from 'node:path';
import {readMergedProblem} from '../../../src/git/import/merged-tree.js';
import {isPlainlySafe} from '../../../src/git/merge/plainly-safe.js';
import {git, gitIn, never, tempFolder} from './fixture.js';

const names = ['a', 'A', 'b', 'é', 'e\u0301', 'HEAD', 'objects', 'refs', 'lib', 'Lib', 'aux', 'x.', '.gitmodules'] as const;
const path = fc.array(fc.constantFrom(...names), {minLength: 1, maxLength: 3}).map((parts) => parts.join('/'));
const entry = fc.record({path, kind: fc.constantFrom('100644', '100644', '100644', '100755', '120000', '160000' as const), text: fc.constantFrom('1', '2', '..', '../..', 'a')});
type Entries = readonly {readonly path: string; readonly kind: string; readonly text: string}[];

/** Commits a tree of entries, of which later ones take the place of earlier ones. */
function commitOf(name: string, entries: Entries): string {
  const puts = entries.map(({path: at, kind, text}) => (kind === '160000' ? `M 160000 ${'1'.repeat(40)} ${at}\n` : `M ${kind} inline ${at}\ndata ${text.length}\n${text}\n`));
  return `commit refs/heads/${name}\ncommitter U <u@localhost> 1700000000 +0000\ndata 1\nx\n${puts.join('')}\n`;
}

it('what is plainly safe is safe by a look at the whole trees, too, and ordinary work is plainly so', async () => {
  await using folder = await tempFolder();
  await git(folder.path, 'init', '-q');
  const store = {directory: join(folder.path, '.git')};
  const seen = {plain: 0, safe: 0, unsafe: 0};
  let number = 0;
  const check = async (before: Entries, changes: Entries) => {
    number += 1;
    await gitIn(folder.path, ['fast-import', '--quiet', '--force'], commitOf(`b${number}`, before) + commitOf(`c${number}`, [...before, ...changes]));
    const [onto = '', tree = ''] = (await git(folder.path, 'rev-parse', `b${number}`, `c${number}^{tree}`)).split('\n');
    const [plain, problem] = [await isPlainlySafe(store, {onto, tree}, never), await readMergedProblem(store, {onto, tree}, never)];
    if (plain) expect(problem).toBeUndefined();
    seen[plain ? 'plain' : problem === undefined ? 'safe' : 'unsafe'] += 1;
  };
  const plainEntry = fc.record({path: fc.constantFrom('lib/a', 'lib/b', 'lib/new', 'new/deep/file', 'b'), kind: fc.constantFrom('100644', '100755'), text: fc.constantFrom('1', '2')});
  await fc.assert(fc.asyncProperty(fc.array(entry, {maxLength: 4}), fc.array(fc.oneof(entry, plainEntry), {minLength: 1, maxLength: 3}), check), {numRuns: 25});
  await fc.assert(fc.asyncProperty(fc.array(plainEntry, {maxLength: 4}), fc.array(plainEntry, {minLength: 1, maxLength: 3}), check), {numRuns: 6});
  const plain = (...paths: readonly string[]) => paths.map((path) => ({path, kind: '100644', text: '1'}));
  for (const [before, added] of [[['x/HEAD', 'x/objects/o'], 'x/refs/r'], [['x/y/HEAD', 'x/y/refs/r'], 'x/y/objects/o'], [['head', 'refs/r'], 'objects/o']] as const) {
    const unsafe = seen.unsafe;
    await check(plain(...before), plain(added));
    expect(seen.unsafe).toBe(unsafe + 1);
  }
  expect(seen.plain).toBeGreaterThanOrEqual(5);
  expect(seen.unsafe).toBeGreaterThan(0);
}, 120_000);
