import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {makeRedactor} from '../../../src/core/redact.js';
import {openJournal} from '../../../src/record/journal/journal.js';
import type {Keeper} from '../../../src/run/work/bring-home.js';
import {tidy} from '../../../src/run/tidy.js';
import {calm, changes, file, sh, stream, useEngine} from '../sandbox/engine-fixture.js';

const fixture = useEngine();

it.each([
  ['brought home', true],
  ['nowhere else yet', false],
])('after a run whose last work is %s, no more stays on the engine than that needs', async (_name, saved) => {
  const {engine, ownership} = fixture;
  const {runId: id} = ownership;
  const [base, later] = [`bulkhead-${id}-at-000000000001`, `bulkhead-${id}-at-000000000002`];
  const names = {snapshot: later, box: `bulkhead-${id}-test-repair-1-0`};
  await engine.createSnapshot({name: base, ownership, files: stream([file('a', 'of the base\n')])}, calm);
  await engine.createSnapshot({name: later, ownership, files: stream([file('b', 'of a later commit\n')]), over: {snapshot: base, deleted: []}}, calm);
  const box = await engine.startBox(fixture.request(names), calm);
  await sh(box, 'echo precious >work.txt; echo changed >a');
  await box[Symbol.asyncDispose]();
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-tidy-'));
  try {
    await using journal = await openJournal(join(folder, 'journal.ndjson'), {now: () => new Date(), redact: makeRedactor([])});
    await journal.append({type: 'step.started', step: 'box/test/repair-1/0', inputSha256: 'i', names: {...names, commit: '2'}});
    if (saved) await journal.append({type: 'step.finished', step: 'export/test/repair-1/0', inputSha256: 'i', outcome: {}, reconciled: false});
    // Of the rooms it uses the engine alone.
    await tidy({id, journal, rooms: {engine} as Keeper['rooms']});
    const left = (await engine.leftovers(calm)).filter((item) => item.runId === id);
    if (saved) expect(left).toEqual([]);
    else expect(await changes(engine, {names, ownership})).toEqual(['file a 8 "changed\\n"', 'file work.txt 9 "precious\\n"']);
  } finally {
    await engine.removeWorkspace(names, calm);
    for (const snapshot of [later, base]) await engine.removeSnapshot(snapshot, calm);
    await rm(folder, {recursive: true});
  }
});
