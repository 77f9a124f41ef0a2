import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {JournalEvent} from '../../../src/core/journal.js';
import {makeRedactor} from '../../../src/core/redact.js';
import {lockRun} from '../../../src/record/driver/lock.js';
import {openJournal, readEvents} from '../../../src/record/journal/journal.js';
import {makeRunFolder, storeOf, type RunFiles} from '../../../src/record/store.js';
import {enteredNotes, entriesOf, livingBoxes, recordEntry, startEntries} from '../../../src/run/work/enter-box.js';

const signal = new AbortController().signal;
const options = {now: () => new Date(0), redact: makeRedactor([])};
const box = (specialist: string) => ({type: 'step.started', step: `box/${specialist}/first/0`, inputSha256: 'i', names: {snapshot: 's', box: `box-${specialist}`, commit: 'c'}}) as const;

let root: string;
let files: RunFiles;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bulkhead-enter-'));
  files = await makeRunFolder(storeOf(root, 'repo-00000000'), '20260102-030405-abcd');
  await using journal = await openJournal(files.journal, options);
  await journal.append({type: 'run.opened', runId: files.runId, task: 't', repository: '/r', options: {}});
  await journal.append(box('a'));
  await journal.append(box('b'));
  await journal.append({type: 'step.finished', step: 'export/b/first/0', inputSha256: 'i', outcome: {}, reconciled: false});
});
afterEach(() => rm(root, {recursive: true, force: true}));

const enter = (name: string): Promise<void> => recordEntry(files, {box: name, ...options}, signal);
const entered = async (): Promise<readonly JournalEvent[]> => (await readEvents(files.journal)).filter((event) => event.type === 'box.entered');

describe('a person who enters a box', () => {
  test('stands in the journal of a run that nobody drives, and the run is free again', async () => {
    await enter('box-a');
    expect(await entered()).toMatchObject([{specialist: 'a', box: 'box-a'}]);
    await using _free = await lockRun(files.directory);
  });

  test('stands in the journal of whoever drives the run', async () => {
    const entries = startEntries();
    await using _lock = await lockRun(files.directory, {onEnter: entries.onEnter});
    await expect(enter('box-a')).rejects.toMatchObject({code: 'RUN_LOCKED'});
    await using journal = await openJournal(files.journal, options);
    entries.journal = journal;
    await enter('box-a');
    expect(await entered()).toMatchObject([{specialist: 'a', box: 'box-a'}]);
  });

  test('is refused where it cannot be recorded: a driver that knows nothing of it, a box that came home', async () => {
    await expect(enter('box-b')).rejects.toMatchObject({code: 'BOX_NOT_FOUND'});
    {
      await using _deaf = await lockRun(files.directory);
      await expect(enter('box-a')).rejects.toMatchObject({code: 'RUN_LOCKED'});
      await expect(enter('box-b')).rejects.toMatchObject({code: 'BOX_NOT_FOUND'});
    }
    expect(await entered()).toEqual([]);
  });

  test('is told in the report, by specialist', async () => {
    for (const name of ['box-a', 'box-a']) await enter(name);
    const events = await readEvents(files.journal);
    expect([...entriesOf(events)]).toEqual([['a', 2]]);
    expect(enteredNotes(events)).toHaveLength(1);
    expect(enteredNotes([])).toEqual([]);
  });
});

test('the boxes that live are those that the journal knows and the engine runs', async () => {
  const events = await readEvents(files.journal);
  const asked: string[] = [];
  const running = (answer: boolean) => ({isRunning: (name: string) => Promise.resolve(asked.push(name) > 0 && answer)});
  expect((await livingBoxes(running(true), events, signal)).map(({specialist}) => specialist)).toEqual(['a']);
  expect(await livingBoxes(running(false), events, signal)).toEqual([]);
  expect(asked).toEqual(['box-a', 'box-a']);
});
