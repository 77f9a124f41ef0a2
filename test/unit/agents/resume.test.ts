import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {runSpecialist, type SpecialistRequest, type SpecialistResult} from '../../../src/agents/loop.js';
import {startModel} from '../../../src/agents/model.js';
import {TrafficScript} from '../../../src/agents/traffic/script.js';
import {startTrafficServer} from '../../../src/agents/traffic/server.js';
import {makeRedactor} from '../../../src/core/redact.js';
import {startFakeBox, type FakeBox} from './fake-box.js';
import {Crash, fakeJournal, fakeSteps, type FakeJournal} from './fake-steps.js';

const script = TrafficScript.parse({
  schemaVersion: 1,
  specialists: {
    implementation: {
      turns: [
        {text: 'I begin.', tools: [{bash: {command: 'echo once >> effects; cat effects'}}, {edit: {command: 'create', path: 'a.txt', file_text: 'one\n'}}]},
        {tools: [{edit: {command: 'str_replace', path: 'a.txt', old_str: 'one', new_str: 'one one'}}, {bash: {command: 'cat a.txt'}}], faults: [{status: 529}]},
        {text: 'Done.', tools: [{submit: {summary: 'all of it'}}]},
      ],
    },
  },
});
const signal = new AbortController().signal;

interface World {
  readonly box: FakeBox;
  readonly journal: FakeJournal;
  readonly url: string;
  /** The box was never asked for before, so there is no earlier one. */
  made: boolean;
  gone?: boolean;
  /** The process dies while it makes the box. */
  dyingBox?: boolean;
}

async function live(world: World, crashAt?: number): Promise<SpecialistResult> {
  await using model = startModel({apiKey: 'none', baseUrl: world.url, model: 'scripted', sleep: () => Promise.resolve()});
  const request: SpecialistRequest = {
    specialist: 'implementation',
    phase: 'first',
    system: 'You work.',
    earlier: [],
    opening: 'Begin.',
    firstTurn: 1,
    box: {
      current: () => {
        if (world.dyingBox === true) return Promise.reject(new Crash('the process died'));
        world.made = true;
        return Promise.resolve(world.box);
      },
      earlier: () => Promise.resolve(world.made && world.gone !== true ? world.box : undefined),
      lost: () => Promise.reject(new Error('no box was lost')),
    },
    model,
    steps: fakeSteps(world.journal, crashAt),
    redact: makeRedactor([]),
    maxTokens: 1000,
    maxTurns: 10,
    signal,
  };
  return await runSpecialist(request);
}

describe('a specialist whose process died', () => {
  it('ends the same from every instant: no effect twice, no completed turn asked for twice', async () => {
    await using whole = await startFakeBox();
    await using server = await startTrafficServer(script, signal);
    const expected = await live({box: whole, journal: fakeJournal(), url: server.url, made: false});
    expect(expected.outcome).toEqual({ended: 'submitted', summary: 'all of it', turns: 3});

    let crashes = 0;
    for (let crashAt = 0; ; crashAt += 1) {
      await using box = await startFakeBox();
      await using again = await startTrafficServer(script, signal);
      const world: World = {box, journal: fakeJournal(), url: again.url, made: false};
      const first = await live(world, crashAt).catch((error: unknown) => error);
      if (!(first instanceof Crash)) break;
      crashes += 1;
      const completed = [...world.journal.finished.keys()].filter((name) => name.startsWith('turn/')).length;
      const before = again.requests.length;
      const resumed = await live(world);
      expect(resumed).toEqual(expected);
      expect(again.requests.slice(before).filter((request) => request.turn <= completed)).toEqual([]);
      expect(await readFile(join(box.directory, 'effects'), 'utf8')).toBe('once\n');
      expect(await readFile(join(box.directory, 'a.txt'), 'utf8')).toBe('one one\n');
      expect(box.ran).toEqual(whole.ran);
    }
    // Three turns and five tool calls, each with two appends of two instants.
    expect(crashes).toBe(32);
  });

  it('ends the same when it dies again at each instant of its life', async () => {
    await using whole = await startFakeBox();
    await using box = await startFakeBox();
    await using server = await startTrafficServer(script, signal);
    const expected = await live({box: whole, journal: fakeJournal(), url: server.url, made: false});
    const world: World = {box, journal: fakeJournal(), url: server.url, made: false};
    let lives = 0;
    let end: unknown;
    // Two instants further each time: an intent, then its outcome.
    do end = await live(world, 1).catch((error: unknown) => error);
    while (end instanceof Crash && ++lives < 100);
    expect(end).toEqual(expected);
    expect(lives).toBeGreaterThan(10);
    expect(await readFile(join(box.directory, 'effects'), 'utf8')).toBe('once\n');
  });

  it('is told plainly when the box of an interrupted call is gone, and nothing is repeated', async () => {
    await using box = await startFakeBox();
    await using server = await startTrafficServer(script, signal);
    const world: World = {box, journal: fakeJournal(), url: server.url, made: false};
    // The instant before the outcome of the first tool call: the turn took 0-3, its intent 4 and 5.
    await expect(live(world, 6)).rejects.toBeInstanceOf(Crash);
    expect(box.ran).toEqual(['1-0-0']);
    world.gone = true;
    const {conversation} = await live(world);
    expect(conversation[2]?.content[0]).toMatchObject({type: 'tool_result', isError: true});
    expect(box.ran.filter((id) => id === '1-0-0')).toHaveLength(1);
    expect(await readFile(join(box.directory, 'effects'), 'utf8')).toBe('once\n');
    expect(world.journal.notes).toContainEqual({type: 'effect.unknown', step: 'tool/implementation/1/0', repeated: false});
  });

  it('counts a request whose answer was lost as estimated, once for each time it was lost', async () => {
    await using box = await startFakeBox();
    await using server = await startTrafficServer(script, signal);
    const world: World = {box, journal: fakeJournal(), url: server.url, made: false};
    // Instants 0 and 1 are the intent of the first turn; 2 is before its outcome is durable.
    for (const _life of [1, 2]) await expect(live(world, world.journal.started.size === 0 ? 2 : 0)).rejects.toBeInstanceOf(Crash);
    await live(world);
    const lost = world.journal.notes.filter((note) => note.type === 'effect.unknown');
    expect(lost).toHaveLength(2);
    expect(lost[0]).toMatchObject({step: 'turn/implementation/1', repeated: true, estimate: {outputTokensAtMost: expect.any(Number) as number}});
    expect(server.requests.filter((request) => request.turn === 1)).toHaveLength(3);
  });

  it('tells nothing again, asks for nothing and makes no box when everything is recorded', async () => {
    await using box = await startFakeBox();
    await using server = await startTrafficServer(script, signal);
    const world: World = {box, journal: fakeJournal(), url: server.url, made: false};
    const first = await live(world);
    const [notes, requests] = [world.journal.notes.length, server.requests.length];
    world.made = false;
    expect(await live(world)).toEqual(first);
    expect([world.journal.notes.length, server.requests.length, world.made]).toEqual([notes, requests, false]);
    expect(notes).toBe(2);
  });

  it('runs a call whose box was not yet made when the process died', async () => {
    await using box = await startFakeBox();
    await using server = await startTrafficServer(script, signal);
    const world: World = {box, journal: fakeJournal(), url: server.url, made: false, dyingBox: true};
    await expect(live(world)).rejects.toBeInstanceOf(Crash);
    world.dyingBox = false;
    const {conversation} = await live(world);
    expect(conversation[2]?.content[0]).toMatchObject({type: 'tool_result', isError: false});
  });

  it('waits for a command that is still running in the box', async () => {
    await using box = await startFakeBox();
    await using server = await startTrafficServer(script, signal);
    let looks = 0;
    const slow: FakeBox = {...box, recall: (id, within) => (id === '1-0-0' && looks++ < 2 ? Promise.resolve({state: 'running'}) : box.recall(id, within))};
    const world: World = {box: slow, journal: fakeJournal(), url: server.url, made: false};
    await expect(live(world, 6)).rejects.toBeInstanceOf(Crash);
    const {outcome} = await live(world);
    expect(looks).toBeGreaterThanOrEqual(3);
    expect(outcome.ended).toBe('submitted');
    expect(await readFile(join(box.directory, 'effects'), 'utf8')).toBe('once\n');
  });
});
