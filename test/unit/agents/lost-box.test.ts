import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {TurnContent} from '../../../src/agents/conversation.js';
import {runSpecialist, type SpecialistResult} from '../../../src/agents/loop.js';
import {AppError, isAppError} from '../../../src/core/errors.js';
import {makeRedactor} from '../../../src/core/redact.js';
import type {Sandbox} from '../../../src/core/sandbox.js';
import {startFakeBox, type FakeBox} from './fake-box.js';
import {Crash, fakeJournal, fakeSteps} from './fake-steps.js';

const usage = {inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0};
const bash = (id: string, command: string): TurnContent => ({type: 'tool_use', id, name: 'bash', input: {command}});
const submit = (id: string): TurnContent => ({type: 'tool_use', id, name: 'submit', input: {summary: 'done'}});
const deadly = bash('deadly', 'echo effect >> effects; : deadly');

/** A box in which a command with the word `deadly` takes effect and then ends the box, as `kill -9 -1` does. */
function mortal(box: FakeBox): Sandbox {
  return {
    ...box,
    exec: async (request) => {
      const result = await box.exec(request);
      if (request.argv.at(-1)?.includes('deadly') !== true) return result;
      box.kill();
      return box.exec({...request, id: 'after-death'});
    },
  };
}

interface World {
  readonly turns: readonly (readonly TurnContent[])[];
  readonly boxes: readonly Sandbox[];
  readonly journal: ReturnType<typeof fakeJournal>;
  readonly crashAt?: number;
  /** What a resume finds. */
  readonly earlier?: Sandbox;
  readonly lost?: () => Promise<void>;
}

interface Lived extends SpecialistResult {
  /** How often a box was reported as lost. */
  readonly lost: number;
  readonly made: number;
  readonly asked: number;
}

async function live(world: World): Promise<Lived> {
  let [lost, made, asked] = [0, 0, 0];
  let box: Sandbox | undefined;
  const result = await runSpecialist({
    specialist: 'implementation',
    phase: 'first',
    system: 'You work.',
    earlier: [],
    opening: 'Begin.',
    firstTurn: 1,
    box: {
      current: () => {
        box ??= world.boxes[made++];
        return box === undefined ? Promise.reject(new AppError('ENGINE_FAILED', 'No box can be made.')) : Promise.resolve(box);
      },
      earlier: () => Promise.resolve(world.earlier),
      lost: async () => {
        lost += 1;
        box = undefined;
        await world.lost?.();
      },
    },
    model: {
      turn: (request) => {
        asked += 1;
        return Promise.resolve({stopReason: 'tool_use', content: [...(world.turns[request.turn - 1] ?? [submit('last')])], usage});
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    steps: fakeSteps(world.journal, world.crashAt),
    redact: makeRedactor([]),
    maxTokens: 1000,
    maxTurns: 10,
    signal: new AbortController().signal,
  });
  return {...result, lost, made, asked};
}

const caught = (error: unknown): unknown => error;
const failing = (box: FakeBox, error: AppError): Sandbox => ({...box, exec: () => Promise.reject(error)});

describe('a command that kills its box', () => {
  it('costs its own call: the next one runs in a new box, and the work goes on', async () => {
    await using first = await startFakeBox();
    await using second = await startFakeBox();
    const ran = await live({turns: [[deadly, bash('b', 'echo alive')]], boxes: [mortal(first), mortal(second)], journal: fakeJournal()});
    expect(ran.conversation[2]?.content).toMatchObject([
      {toolUseId: 'deadly', isError: true},
      {toolUseId: 'b', isError: false, text: 'alive'},
    ]);
    expect(ran.outcome).toEqual({ended: 'submitted', summary: 'done', turns: 2});
    expect([ran.lost, ran.made]).toEqual([1, 2]);
    expect(await readFile(join(first.directory, 'effects'), 'utf8')).toBe('effect\n');
    expect(second.ran).toEqual(['1-1-0']);
  });

  it('costs its own call also when the box died before it began', async () => {
    await using first = await startFakeBox();
    await using second = await startFakeBox();
    first.kill();
    const ran = await live({turns: [[bash('a', 'true')], [bash('b', 'true')]], boxes: [first, second], journal: fakeJournal()});
    expect([ran.outcome.ended, ran.lost, first.ran, second.ran]).toEqual(['submitted', 1, [], ['2-0-0']]);
  });

  it('three times ends the phase as failed: no further call runs, each is answered, and a resume ends the same', async () => {
    await using first = await startFakeBox();
    await using second = await startFakeBox();
    await using third = await startFakeBox();
    await using fourth = await startFakeBox();
    const turns = [[deadly], [deadly], [deadly, bash('b', 'true'), submit('s')]];
    const journal = fakeJournal();
    const {lost, made, asked, ...result} = await live({turns, boxes: [first, second, third, fourth].map(mortal), journal});
    expect(result.outcome).toMatchObject({ended: 'failed', turns: 3});
    expect([lost, made, asked]).toEqual([3, 3, 3]);
    expect(result.conversation.at(-1)?.content).toMatchObject([
      {toolUseId: 'deadly', isError: true},
      {toolUseId: 'b', isError: true},
      {toolUseId: 's', isError: true},
    ]);
    expect(await live({turns, boxes: [], journal})).toEqual({...result, lost: 0, made: 0, asked: 0});
  });

  it.each(['disk', 'inodes'] as const)('by its limit of %s is told so, is counted, and a resume says the same', async (ranInto) => {
    const boxes = await Promise.all([startFakeBox(), startFakeBox(), startFakeBox()]);
    const full = (box: FakeBox): Sandbox => ({
      ...box,
      exec: async (request) => {
        if (request.argv.at(-1)?.includes('deadly') !== true) return box.exec(request);
        box.kill();
        throw new AppError('ENGINE_FAILED', 'It was ended.', {details: {ranInto}});
      },
    });
    const journal = fakeJournal();
    const turns = [[deadly], [deadly], [deadly]];
    const {lost, made, asked, ...result} = await live({turns, boxes: boxes.map(full), journal});
    expect(result.outcome).toMatchObject({ended: 'failed', turns: 3, fullBoxes: 3});
    expect([lost, made, asked]).toEqual([3, 3, 3]);
    expect(result.conversation[2]?.content).toMatchObject([{toolUseId: 'deadly', isError: true, text: expect.stringContaining(ranInto === 'disk' ? 'to the disk' : 'files and folders') as string}]);
    expect(await live({turns, boxes: [], journal})).toEqual({...result, lost: 0, made: 0, asked: 0});
    for (const box of boxes) await box[Symbol.asyncDispose]();
  });

  it('twice does not end the phase', async () => {
    await using first = await startFakeBox();
    await using second = await startFakeBox();
    await using third = await startFakeBox();
    const ran = await live({turns: [[deadly, deadly]], boxes: [first, second, third].map(mortal), journal: fakeJournal()});
    expect([ran.outcome.ended, ran.lost]).toEqual(['submitted', 2]);
  });

  it('is no call that runs twice when the process died before its outcome was recorded', async () => {
    await using first = await startFakeBox();
    await using second = await startFakeBox();
    const world = {turns: [[deadly]], journal: fakeJournal()};
    // The turn took the instants 0-3, the intent of the call 4 and 5.
    await expect(live({...world, boxes: [mortal(first)], crashAt: 6})).rejects.toBeInstanceOf(Crash);
    const ran = await live({...world, boxes: [mortal(second)]});
    expect(ran.conversation[2]?.content).toMatchObject([{isError: true}]);
    expect(await readFile(join(first.directory, 'effects'), 'utf8')).toBe('effect\n');
    expect(second.ran).toEqual([]);
  });

  it('that an earlier process began is an unknown effect too, when the box dies while it is looked up', async () => {
    await using first = await startFakeBox();
    const world = {turns: [[bash('a', 'true')]], journal: fakeJournal()};
    await expect(live({...world, boxes: [first], crashAt: 5})).rejects.toBeInstanceOf(Crash);
    first.kill();
    const ran = await live({...world, boxes: [], earlier: first});
    expect(ran.conversation[2]?.content).toMatchObject([{isError: true}]);
    expect([ran.outcome.ended, ran.lost]).toEqual(['submitted', 1]);
  });
});

describe('a failure of the engine that is no dead box', () => {
  it('goes on when the engine cannot be reached, at the command or at the look whether the box lives', async () => {
    await using box = await startFakeBox();
    const unreachable = new AppError('ENGINE_UNREACHABLE', 'It does not answer.');
    let lost = 0;
    const world = {turns: [[bash('a', 'true')]], lost: () => Promise.resolve(void (lost += 1))};
    expect(isAppError(await live({...world, boxes: [failing(box, unreachable)], journal: fakeJournal()}).catch(caught), 'ENGINE_UNREACHABLE')).toBe(true);
    const later: Sandbox = {...failing(box, new AppError('ENGINE_FAILED', 'It failed.')), recall: () => Promise.reject(unreachable)};
    expect(isAppError(await live({...world, boxes: [later], journal: fakeJournal()}).catch(caught), 'ENGINE_UNREACHABLE')).toBe(true);
    expect(lost).toBe(0);
  });

  it('goes on when the box lives', async () => {
    await using box = await startFakeBox();
    const error = new AppError('ENGINE_FAILED', 'It failed.');
    expect(await live({turns: [[bash('a', 'true')]], boxes: [failing(box, error)], journal: fakeJournal()}).catch(caught)).toBe(error);
  });

  it('goes on when no box can be made, or the work of a dead one cannot be brought home', async () => {
    await using box = await startFakeBox();
    const turns = [[deadly]];
    expect(isAppError(await live({turns, boxes: [], journal: fakeJournal()}).catch(caught), 'ENGINE_FAILED')).toBe(true);
    const full = new AppError('DISK_FULL', 'The disk is full.');
    const journal = fakeJournal();
    expect(await live({turns, boxes: [mortal(box)], journal, lost: () => Promise.reject(full)}).catch(caught)).toBe(full);
    expect(journal.finished.has('tool/implementation/1/0')).toBe(false);
  });
});
