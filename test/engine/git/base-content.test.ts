import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {openRepository} from '../../../src/git/repository.js';
import {tempFolder} from '../../unit/git/fixture.js';
import {calm, out, useEngine} from '../sandbox/engine-fixture.js';
import {commitEverything, contentOf} from './base-content.js';

const fixture = useEngine();

it('content of every kind arrives in a box exactly, and git there sees no change', async () => {
  await using folder = await tempFolder();
  const expected = await commitEverything(join(folder.path, 'user'), {largest: 24 * 1024 * 1024 + 1, many: {count: 50, bytes: 40_000}});
  const checkout = await readCheckout(join(folder.path, 'user'), calm);
  const repository = await openRepository(join(folder.path, 'own'), calm);
  const {head: commit} = checkout;
  await repository.freeze({checkout, commit, ref: 'refs/bulkhead/r/base', signal: calm});
  const name = `bulkhead-${fixture.ownership.runId}-${randomBytes(4).toString('hex')}`;
  const reader = await repository.reader(commit, calm);
  await fixture.engine.createSnapshot({name, ownership: fixture.ownership, files: reader.files(calm), history: {pack: repository.packHistory({commit}, calm), commit}}, calm);
  await using box = await fixture.box(name);
  expect(Object.fromEntries(await contentOf(box))).toEqual(Object.fromEntries(expected));
  expect(await out(box, 'git status --porcelain && git rev-parse HEAD && ls -A vendor/module')).toBe(`${commit}\n`);
});
