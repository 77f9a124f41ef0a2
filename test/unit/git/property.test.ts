import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import {holdFiles} from '../../../src/core/tree.js';
import {openRepository} from '../../../src/git/repository.js';
import {date, never, open, ownRepository, stream, tempFolder} from './fixture.js';

type Tree = Readonly<Record<string, {readonly kind: 'file' | 'executable'; readonly text: string}>>;

// Names of one case and form, so that nothing clashes; some are folders in one tree and files in another.
const name = fc.constantFrom('a', 'b', 'c d', 'e"f', 'ü', 'x.txt', '-n', '$(id)', 'z'.repeat(200));
const path = fc.array(name, {minLength: 1, maxLength: 3}).map((parts) => parts.join('/'));
const leaf = fc.record({kind: fc.constantFrom('file' as const, 'executable' as const), text: fc.string({unit: 'binary', maxLength: 20})});
const tree = fc.array(fc.tuple(path, leaf), {maxLength: 12}).map((entries): Tree => {
  const found: Record<string, Tree[string]> = {};
  for (const [at, value] of entries) {
    const clash = Object.keys(found).some((other) => other.startsWith(`${at}/`) || at.startsWith(`${other}/`));
    if (!clash) found[at] = value;
  }
  return found;
});

function put(at: string, {kind, text}: Tree[string]): ExportEntry {
  const bytes = Buffer.from(text);
  return {kind: 'file', path: Buffer.from(at), executable: kind === 'executable', size: bytes.length, bytes};
}

describe('a submission', () => {
  it('is exactly the edited tree, for any two trees and any order of entries', async () => {
    await using folder = await tempFolder();
    const {base} = await ownRepository(folder.path, {seed: ''});
    const repository = await openRepository(`${folder.path}/own`, never);
    const request = {policy: open, message: 'm', date, signal: never};
    await fc.assert(
      fc.asyncProperty(tree, tree, fc.integer(), async (before, after, seed) => {
        const start = await repository.importSubmission({...request, parent: base, entries: stream([...Object.entries(before).map(([at, value]) => put(at, value)), {kind: 'deleted', path: Buffer.from('seed')}]), ref: 'refs/bulkhead/p/before'});
        const gone = Object.keys(before).filter((at) => !(at in after)).map((at): ExportEntry => ({kind: 'deleted', path: Buffer.from(at)}));
        const entries = [...Object.entries(after).map(([at, value]) => put(at, value)), ...gone].sort((a, b) => ((a.path[0] ?? 0) * seed) % 7 - ((b.path[0] ?? 0) * seed) % 7);
        const edited = await repository.importSubmission({...request, parent: start.commit, entries: stream(entries), ref: 'refs/bulkhead/p/after'});
        expect(edited.refused).toEqual([]);
        const found: Record<string, Tree[string]> = {};
        for await (const {path: at, mode, bytes} of holdFiles((await repository.reader(edited.commit, never)).files(never))) {
          found[at] = {kind: mode === 'executable' ? 'executable' : 'file', text: Buffer.from(bytes).toString('utf8')};
        }
        expect(found).toEqual(Object.fromEntries(Object.entries(after).map(([at, {kind, text}]) => [at, {kind, text: Buffer.from(text).toString('utf8')}])));
      }),
      {numRuns: 30},
    );
  });
});
