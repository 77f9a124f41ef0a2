import {appendFile, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {z} from 'zod';
import {sha256} from '../../../src/core/canonical.js';
import {removeDrafts} from '../../../src/record/durable.js';
import {openJournal, readEvents} from '../../../src/record/journal/journal.js';
import {makeRedactor} from '../../../src/core/redact.js';
import {startSteps} from '../../../src/record/journal/steps.js';
import {processOwner} from '../../../src/record/driver/owner.js';
import {foldRun} from '../../../src/record/journal/state.js';

let folder: string;
let file: string;
const options = {now: (): Date => new Date('2026-11-24T06:00:00.000Z'), redact: makeRedactor([{name: 'CANARY', value: 'c4n4ry-53cr3t-v4lue'}])};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
  file = join(folder, 'journal.ndjson');
});
afterEach(async () => {
  await rm(folder, {recursive: true, force: true});
});

async function writeThree(): Promise<void> {
  await using journal = await openJournal(file, options);
  await journal.append({type: 'run.opened', runId: 'r', task: 't', repository: '/r', options: {}});
  await journal.append({type: 'run.driven', owner: processOwner(), engine: 'unix:///x'});
  await journal.append({type: 'specialist.said', specialist: 'test', text: 'hello'});
}

describe('the journal', () => {
  test('reads back what was appended, in order, also when appends overlap', async () => {
    {
      await using journal = await openJournal(file, options);
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
      await using journal = await openJournal(file, options);
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
      await using journal = await openJournal(file, options);
      expect(await startSteps(journal).step(request('a', act))).toBe(1);
    }
    await using journal = await openJournal(file, options);
    expect(await startSteps(journal).step(request('a', act))).toBe(1);
    expect(acts).toBe(1);
  });

  test('the intent is durable before the act', async () => {
    await using journal = await openJournal(file, options);
    const seen = await startSteps(journal).step({...request('a', async () => (await readEvents(file)).length), names: {box: 'b'}});
    expect(seen).toBe(1);
    expect((await readEvents(file)).map((event) => event.type)).toEqual(['step.started', 'step.finished']);
  });

  test.each([
    ['done', 7, 0],
    ['redo', 1, 1],
  ] as const)('an intent without outcome is reconciled: %s', async (state, outcome, acts) => {
    {
      await using journal = await openJournal(file, options);
      await expect(startSteps(journal).step(request('a', () => Promise.reject(new Error('killed'))))).rejects.toThrow('killed');
    }
    await using journal = await openJournal(file, options);
    let acted = 0;
    const got = await startSteps(journal).step({
      ...request('a', () => Promise.resolve((acted += 1))),
      reconcile: () => Promise.resolve(state === 'done' ? {state, outcome: 7} : {state}),
    });
    expect([got, acted]).toEqual([outcome, acts]);
  });

  test('another input for a known step is INPUT_CHANGED, whether it was finished or only begun', async () => {
    await using journal = await openJournal(file, options);
    const steps = startSteps(journal);
    await steps.step(request('a', () => Promise.resolve(1)));
    await expect(steps.step(request('a', () => Promise.resolve(1), 2))).rejects.toMatchObject({code: 'INPUT_CHANGED'});
    await expect(steps.step(request('b', () => Promise.reject(new Error('no'))))).rejects.toThrow('no');
    await expect(steps.step(request('b', () => Promise.resolve(1), 2))).rejects.toMatchObject({code: 'INPUT_CHANGED'});
    expect([steps.known('a'), steps.known('b'), steps.known('c')]).toEqual(['finished', 'started', 'new']);
  });
});

describe('large outcomes', () => {
  const large = {commit: 'c', empty: false, changed: Array.from({length: 5000}, (_, index) => `src/file-${index}.js`)};
  const request = {name: 'a', input: 1, schema: z.looseObject({}), run: () => Promise.resolve(large)};

  async function writeLarge(): Promise<void> {
    await using journal = await openJournal(file, options);
    expect(await startSteps(journal).step(request)).toEqual(large);
  }

  test('stand beside the journal by hash, its line stays short, and a later process gets them whole', async () => {
    await writeLarge();
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2000);
    const [beside = ''] = await readdir(join(folder, 'outputs'));
    expect(beside).toBe(`${sha256(JSON.stringify(large))}.json`);
    const [, finished] = await readEvents(file);
    expect(finished).toMatchObject({outcome: {commit: 'c', empty: false}, beside: {sha256: beside.slice(0, 64)}});
    await using journal = await openJournal(file, options);
    expect(await startSteps(journal).step({...request, run: () => Promise.reject(new Error('again'))})).toEqual(large);
  });

  test('what a killed process left of one is removed by whoever drives the run next, and nothing else', async () => {
    await writeLarge();
    await writeFile(join(folder, 'manifest.json.77.draft'), '{');
    await writeFile(join(folder, 'outputs', 'x.json.77.draft'), '{');
    await removeDrafts(folder, join(folder, 'outputs'), join(folder, 'none'));
    expect([await readdir(folder), (await readdir(join(folder, 'outputs'))).length]).toEqual([['journal.ndjson', 'outputs'], 1]);
  });

  test.each(['changed', 'gone'])('a file beside the journal that is %s is JOURNAL_DAMAGED', async (attack) => {
    await writeLarge();
    const [beside = ''] = await readdir(join(folder, 'outputs'));
    if (attack === 'gone') await rm(join(folder, 'outputs', beside));
    else await appendFile(join(folder, 'outputs', beside), ' ');
    await using journal = await openJournal(file, options);
    await expect(startSteps(journal).step(request)).rejects.toMatchObject({code: 'JOURNAL_DAMAGED'});
  });
});

describe('secrets', () => {
  const secret = 'c4n4ry-53cr3t-v4lue';

  test('are in no line and in no file beside, and the run goes on with what is recorded', async () => {
    const schema = z.strictObject({text: z.string()});
    {
      await using journal = await openJournal(file, options);
      const steps = startSteps(journal);
      const told = await steps.step({name: 'tool/test/1/0', input: 1, schema, run: () => Promise.resolve({text: `${secret} ${'x'.repeat(40_000)}`})});
      expect(told.text).not.toContain(secret);
      await steps.step({name: 'turn/test/2', input: 1, schema, run: () => Promise.resolve({text: `echo ${Buffer.from(secret).toString('base64')}`})});
      await journal.append({type: 'run.opened', runId: 'r', task: `use ${secret}`, repository: '/r', options: {}});
      await journal.append({type: 'specialist.said', specialist: 'test', text: secret});
      await journal.append({type: 'run.parked', code: 'INTERNAL', message: `failed with ${secret}`});
    }
    const [beside = ''] = await readdir(join(folder, 'outputs'));
    for (const path of [file, join(folder, 'outputs', beside)]) {
      const text = await readFile(path, 'utf8');
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('base64'));
    }
    expect(await readFile(file, 'utf8')).toContain('failed with');
  });

  test("a model's own tool call keeps what only looks like a secret: the work may be about tokens", async () => {
    const shaped = `ghp_${'a1B2c3D4'.repeat(5)}`.slice(0, 40);
    const schema = z.strictObject({text: z.string()});
    await using journal = await openJournal(file, options);
    const steps = startSteps(journal);
    const say = (name: string): Promise<{text: string}> => steps.step({name, input: 1, schema, run: () => Promise.resolve({text: shaped})});
    expect([(await say('turn/test/1')).text, (await say('tool/test/1/0')).text === shaped]).toEqual([shaped, false]);
  });
});

test('a journal of the first version still says what it said', async () => {
  const events = await readEvents(join(import.meta.dirname, '../../fixtures/journal/version-1.ndjson'));
  expect(events).toHaveLength(181);
  expect(foldRun(events, 'none')).toMatchObject({status: 'verified', verifications: [{findings: 2}, {findings: 0}], turns: {implementation: 9, test: 4, documentation: 6}});
});

describe('the state of a run', () => {
  test('is interrupted when its owner is gone, running while it lives, and what it was closed with after that', async () => {
    await writeThree();
    const events = await readEvents(file);
    expect(foldRun(events, 'none')?.status).toBe('interrupted');
    expect([foldRun(events, 'alive')?.status, foldRun(events, 'unknown')?.status]).toEqual(['running', 'running']);
    await using journal = await openJournal(file, options);
    await journal.append({type: 'run.closed', verdict: 'blocked', commit: 'c'});
    expect(foldRun(journal.events, 'none')).toMatchObject({status: 'blocked', commit: 'c'});
    expect(foldRun([], 'none')).toBeUndefined();
  });
});
