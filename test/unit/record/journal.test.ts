import {appendFile, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {z} from 'zod';
import {openJournal, readEvents} from '../../../src/record/journal.js';
import {startSteps} from '../../../src/record/steps.js';
import {lockRun} from '../../../src/record/lock.js';
import {ownerIsGone, processOwner} from '../../../src/record/owner.js';
import {foldRun} from '../../../src/record/state.js';

let folder: string;
let file: string;
const now = (): Date => new Date('2026-11-24T06:00:00.000Z');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
  file = join(folder, 'journal.ndjson');
});
afterEach(async () => {
  await rm(folder, {recursive: true, force: true});
});

async function writeThree(): Promise<void> {
  await using journal = await openJournal(file, now);
  await journal.append({type: 'run.opened', runId: 'r', task: 't', repository: '/r', options: {}});
  await journal.append({type: 'run.driven', owner: processOwner(), engine: 'unix:///x'});
  await journal.append({type: 'specialist.said', specialist: 'test', text: 'hello'});
}

describe('the journal', () => {
  test('reads back what was appended, in order, also when appends overlap', async () => {
    {
      await using journal = await openJournal(file, now);
      await Promise.all(Array.from({length: 20}, (_, index) => journal.append({type: 'specialist.said', specialist: 'test', text: String(index)})));
    }
    const events = await readEvents(file);
    expect(events.map((event) => event.seq)).toEqual(Array.from({length: 20}, (_, index) => index));
    expect(events.map((event) => (event.type === 'specialist.said' ? event.text : ''))).toEqual(Array.from({length: 20}, (_, index) => String(index)));
  });

  test('a torn last line is cut off, and appending goes on from the last whole one', async () => {
    await writeThree();
    await appendFile(file, '{"schemaVersion":1,"seq":3,"at":"20');
    expect(await readEvents(file)).toHaveLength(3);
    {
      await using journal = await openJournal(file, now);
      await journal.append({type: 'specialist.said', specialist: 'test', text: 'again'});
    }
    expect(await readEvents(file)).toHaveLength(4);
  });

  test.each(['drop', 'change', 'swap'])('a line in the middle that does not fit is JOURNAL_DAMAGED (%s)', async (attack) => {
    await writeThree();
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const [first = '', second = '', third = ''] = lines;
    const attacked = {drop: [first, third, third], change: [first, second.replace('run.driven', 'run.dr1ven'), third], swap: [second, first, third]}[attack] ?? [];
    await writeFile(file, `${attacked.join('\n')}\n`);
    await expect(readEvents(file)).rejects.toMatchObject({code: 'JOURNAL_DAMAGED'});
  });

  test('a whole last line that was changed is JOURNAL_DAMAGED: it may have been the verdict', async () => {
    await writeThree();
    const text = await readFile(file, 'utf8');
    const lines = text.trimEnd().split('\n');
    const forged = JSON.parse(lines[2] ?? '') as {prev: string};
    forged.prev = 'f'.repeat(64);
    await writeFile(file, `${[lines[0], lines[1], JSON.stringify(forged)].join('\n')}\n`);
    await expect(readEvents(file)).rejects.toMatchObject({code: 'JOURNAL_DAMAGED'});
  });
});

describe('steps', () => {
  const request = (name: string, run: () => Promise<number>, input: unknown = 1) => ({name, input, schema: z.number(), run});

  test('a recorded outcome is returned by a later process without acting again', async () => {
    let acts = 0;
    const act = (): Promise<number> => Promise.resolve((acts += 1));
    {
      await using journal = await openJournal(file, now);
      expect(await startSteps(journal).step(request('a', act))).toBe(1);
    }
    await using journal = await openJournal(file, now);
    expect(await startSteps(journal).step(request('a', act))).toBe(1);
    expect(acts).toBe(1);
  });

  test('the intent is durable before the act', async () => {
    await using journal = await openJournal(file, now);
    const seen = await startSteps(journal).step({...request('a', async () => (await readEvents(file)).length), names: {box: 'b'}});
    expect(seen).toBe(1);
    expect((await readEvents(file)).map((event) => event.type)).toEqual(['step.started', 'step.finished']);
  });

  test.each([
    ['done', 7, 0],
    ['redo', 1, 1],
  ] as const)('an intent without outcome is reconciled: %s', async (state, outcome, acts) => {
    {
      await using journal = await openJournal(file, now);
      await expect(startSteps(journal).step(request('a', () => Promise.reject(new Error('killed'))))).rejects.toThrow('killed');
    }
    await using journal = await openJournal(file, now);
    let acted = 0;
    const got = await startSteps(journal).step({
      ...request('a', () => Promise.resolve((acted += 1))),
      reconcile: () => Promise.resolve(state === 'done' ? {state, outcome: 7} : {state}),
    });
    expect([got, acted]).toEqual([outcome, acts]);
  });

  test('another input for a known step is INPUT_CHANGED, whether it was finished or only begun', async () => {
    await using journal = await openJournal(file, now);
    const steps = startSteps(journal);
    await steps.step(request('a', () => Promise.resolve(1)));
    await expect(steps.step(request('a', () => Promise.resolve(1), 2))).rejects.toMatchObject({code: 'INPUT_CHANGED'});
    await expect(steps.step(request('b', () => Promise.reject(new Error('no'))))).rejects.toThrow('no');
    await expect(steps.step(request('b', () => Promise.resolve(1), 2))).rejects.toMatchObject({code: 'INPUT_CHANGED'});
    expect([steps.known('a'), steps.known('b'), steps.known('c')]).toEqual(['finished', 'started', 'new']);
  });
});

describe('the lock', () => {
  test('one process drives a run; the other is told RUN_LOCKED', async () => {
    {
      await using _held = await lockRun(folder);
      await expect(lockRun(folder)).rejects.toMatchObject({code: 'RUN_LOCKED'});
    }
    await using _again = await lockRun(folder);
  });

  test('a lock whose process is gone is taken over', async () => {
    const [host = ''] = processOwner().split(' ');
    await writeFile(join(folder, 'lock'), `${host} 999999999 1`);
    await using _held = await lockRun(folder);
    expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(processOwner());
  });

  test('a reused process number is not mistaken for the owner, and doubt counts as living', () => {
    const [host = '', pid = '', start = ''] = processOwner().split(' ');
    expect(ownerIsGone(processOwner())).toBe(false);
    expect(ownerIsGone(`${host} ${pid} ${Number(start) - 1}`)).toBe(true);
    expect(ownerIsGone(`elsewhere ${pid} ${start}`)).toBe(false);
    expect(ownerIsGone('nonsense')).toBe(false);
  });
});

describe('the state of a run', () => {
  test('is interrupted when its owner is gone, running while it lives, and what it was closed with after that', async () => {
    await writeThree();
    const events = await readEvents(file);
    expect(foldRun(events, () => true)?.status).toBe('interrupted');
    expect(foldRun(events, () => false)?.status).toBe('running');
    await using journal = await openJournal(file, now);
    await journal.append({type: 'run.closed', verdict: 'blocked', commit: 'c'});
    expect(foldRun(journal.events, () => true)).toMatchObject({status: 'blocked', commit: 'c'});
    expect(foldRun([], () => true)).toBeUndefined();
  });
});
