import {describe, expect, test} from 'vitest';
import {startContextCache} from '../../../src/context/cache.js';
import {Manifest} from '../../../src/core/manifest.js';
import type {TreeReader} from '../../../src/core/tree.js';
import {alsoTold, beginFirst, measureTold, tellContext, tellMore, ToldContext, type Teller} from '../../../src/run/work/tell-context.js';
import {fakeJournal, fakeSteps} from '../agents/fake-steps.js';
import {moduleOf, streamOf} from '../context/fixture.js';
import {memoryTree, never} from '../verify/memory-tree.js';

const item = (path: string, form: 'whole' | 'name', tokens: number): ToldContext['items'][number] => ({path, section: 'essential', form, tokens});
const told = ToldContext.parse({specialist: 'implementation', hash: 'h', budget: 200, tokens: 100, items: [item('src/a.js', 'whole', 60), item('src/b.js', 'whole', 30), item('src/c.js', 'name', 10)], left: [], text: ''});
const openedBy = (command: string): number => measureTold(told, {conversation: [{role: 'assistant', content: [{type: 'tool_use', id: '1', name: 'bash', input: {command}}]}], changed: []}).waste;

const others = Object.fromEntries(Array.from({length: 12}, (_, index) => [`src/part-${index}.ts`, moduleOf(`frobnicate${index}x`, 20)]));
const stream = streamOf('implementation');
const manifest = Manifest.parse({schemaVersion: 1, task: 'frobnicate', base: 'a'.repeat(40), image: 'node', files: [{path: 'src/x.ts', action: 'create', owner: 'implementation'}]});

interface Kept {
  readonly teller: Teller;
  readonly values: Map<string, unknown>;
}

function tellerOf(reader: TreeReader, {budget = 3000, values = new Map<string, unknown>()}: {readonly budget?: number; readonly values?: Map<string, unknown>} = {}): Kept {
  const contextStore: Teller['rooms']['contextStore'] = {get: (key) => Promise.resolve(values.get(key)), set: (key, value) => Promise.resolve(void values.set(key, JSON.parse(JSON.stringify(value))))};
  const history = {ids: () => Promise.resolve([]), read: () => Promise.resolve([]), changes: () => Promise.resolve(undefined)};
  const teller: Teller = {
    task: 'frobnicate',
    steps: fakeSteps(fakeJournal()),
    contextCache: startContextCache(),
    options: {manifest, context: {budgets: {implementation: budget}, compression: 'adaptive', cache: {packages: 10, refreshSeconds: 60}}},
    rooms: {contextStore, repository: {reader: () => Promise.resolve(reader), reading: () => ({reader: () => Promise.resolve(reader), history: () => history, [Symbol.asyncDispose]: () => Promise.resolve()})}, prompts: {opening: ({context}) => `open ${context}`}},
  };
  return {teller, values};
}

async function firstOf(teller: Teller): Promise<ToldContext> {
  const [first] = await tellContext(teller, {base: 'a'.repeat(40), streams: [stream]}, never);
  if (first === undefined) throw new Error('nothing was told');
  return first;
}

describe('the measure of a context package', () => {
  test('counts what was changed and told, and as waste what was neither opened in a call nor changed', () => {
    const opened = {role: 'assistant', content: [{type: 'tool_use', id: '1', name: 'bash', input: {command: 'cat src/b.js'}}]} as const;
    expect(measureTold(told, {conversation: [opened], changed: ['src/a.js', 'src/c.js']})).toEqual({utilisation: 0.5, hits: 0.5, wordForWord: 0.5, waste: 0});
    expect(measureTold(told, {conversation: [], changed: []})).toEqual({utilisation: 0.5, hits: 1, wordForWord: 1, waste: 1});
  });

  test('takes a path for opened only where it stands by itself', () => {
    for (const command of ['cat src/b.js', 'cat "src/b.js"', 'sed -n 1p ./src/b.js', 'cat /box/workspace/src/b.js', 'ls\nsrc/b.js', 'grep x src/b.js:1', 'cat src/b.js.', 'x=src/b.js']) expect(openedBy(command), command).toBe(0.7);
    for (const command of ['cat src/b.json', 'cat lib/src/b.js', 'cat mysrc/b.js', 'cat src/b.js.map', 'cat a-src/b.js', 'ls src', 'cat src/b.js/x']) expect(openedBy(command), command).toBe(1);
  });
});

describe('what a specialist is told', () => {
  test('is kept for the next run of the same task at the same commit, and not if anything differs', async () => {
    const first = tellerOf(memoryTree(others));
    const made = await firstOf(first.teller);
    const gone: TreeReader = {...memoryTree(others), list: () => Promise.reject(new Error('read')), files: () => { throw new Error('read'); }};
    const again = tellerOf(gone, {values: first.values});
    expect(await firstOf(again.teller)).toEqual(made);
    await expect(firstOf(tellerOf(gone, {values: first.values, budget: 2999}).teller)).rejects.toThrow('read');
    for (const [key, value] of first.values) first.values.set(key, JSON.parse(JSON.stringify(value).replace('frobnicate0x', 'something_else')));
    await expect(firstOf(again.teller)).resolves.toEqual(made);
    await expect(firstOf(tellerOf(gone, {values: first.values}).teller)).rejects.toThrow('read');
  });

  test('after an overflow is less each time, three times, and counts as what was told', async () => {
    const {teller} = tellerOf(memoryTree(others));
    const first = await firstOf(teller);
    const latest = new Map([[first.specialist, first]]);
    const begin = beginFirst(teller, {base: 'a'.repeat(40), latest, stream}, never);
    let before = begin.opening;
    for (const [attempt, form] of [[1, 'whole'], [2, 'outline'], [3, 'name']] as const) {
      const opening = (await begin.shorterOpening?.(attempt)) ?? '';
      expect(opening.length).toBeGreaterThan('open '.length);
      expect(opening.length).toBeLessThan(before.length);
      expect(latest.get('implementation')?.tokens).toBeLessThan(first.tokens);
      expect(opening).toBe(`open ${latest.get('implementation')?.text ?? ''}`);
      if (form !== 'whole') expect(new Set(latest.get('implementation')?.items.map((one) => one.form))).toEqual(new Set([form]));
      before = opening;
    }
    expect(await begin.shorterOpening?.(4)).toBeUndefined();
  });

  test('when its work comes back is the next files, within half of its budget, and counts with what it was told before', async () => {
    const {teller} = tellerOf(memoryTree(others));
    const first = await firstOf(teller);
    const more = await tellMore(teller, {phase: 'repair-1', commit: 'b'.repeat(40), told: first}, never);
    if (more === undefined) throw new Error('there was nothing more');
    const whole = new Set(first.items.filter(({form}) => form === 'whole').map(({path}) => path));
    expect(more.items.some(({path}) => whole.has(path))).toBe(false);
    expect(more.tokens).toBeLessThanOrEqual(1500);
    const both = alsoTold(first, more);
    expect(both.tokens).toBe(first.tokens + more.tokens);
    expect(both.tokens).toBeLessThanOrEqual(both.budget);
    expect(new Set(both.items.map(({path}) => path)).size).toBe(both.items.length);
    const third = await tellMore(teller, {phase: 'repair-2', commit: 'c'.repeat(40), told: both}, never);
    expect(third?.tokens ?? 0).toBeLessThanOrEqual(1500);
    expect(third?.items.filter(({path}) => both.items.some((one) => one.path === path && one.form === 'whole')) ?? []).toEqual([]);
  });
});
