import {describe, expect, it} from 'vitest';
import type {SandboxEngine} from '../../../src/core/sandbox.js';
import {contractCases, runContract} from '../../../src/sandbox/contract/run.js';
import {startFakeBox, type FakeBox} from '../agents/fake-box.js';

const cases = contractCases.filter((one) => one.needs === 'processes');

/** As much of an engine as those cases use whose boxes need not be sealed. */
function startFakeEngine(change: (box: FakeBox) => FakeBox = (box) => box): SandboxEngine {
  const boxes = new Map<string, FakeBox>();
  const alive = new Set<string>();
  const engine: Pick<SandboxEngine, 'createSnapshot' | 'startBox' | 'findBox' | 'removeWorkspace' | 'leftovers' | typeof Symbol.asyncDispose> = {
    createSnapshot: () => Promise.resolve(),
    async startBox({names}) {
      const box = change(await startFakeBox(names.box));
      boxes.set(names.box, box);
      alive.add(names.box);
      const stop = (signal: AbortSignal): Promise<void> => {
        alive.delete(names.box);
        return box.stop(signal);
      };
      return {...box, stop};
    },
    findBox: (name) => Promise.resolve(alive.has(name) ? boxes.get(name) : undefined),
    removeWorkspace: async (names) => {
      await boxes.get(names.box)?.[Symbol.asyncDispose]();
    },
    leftovers: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return engine as SandboxEngine;
}

const image = {reference: 'none', id: 'sha256:none', diffIds: []};
const calm = new AbortController().signal;

async function brokenBy(engine: SandboxEngine, titles: RegExp = /./): Promise<readonly string[]> {
  const chosen = cases.filter(({title}) => titles.test(title));
  expect(chosen.length).toBeGreaterThan(0);
  const results = await runContract({start: () => engine, image, owner: 'test', cases: chosen, onResult: () => undefined, signal: calm});
  return results.flatMap(({title, outcome, why}) => (outcome === 'kept' ? [] : [`${title}: ${why ?? ''}`]));
}

describe('the contract', () => {
  it('has at least forty promises, each with a title of its own', () => {
    expect(contractCases.length).toBeGreaterThanOrEqual(40);
    expect(new Set(contractCases.map(({title}) => title)).size).toBe(contractCases.length);
  });

  it('is kept by the fake box, as far as a box without a container can', async () => {
    expect(cases.length).toBeGreaterThan(20);
    expect(await brokenBy(startFakeEngine())).toEqual([]);
  });

  it('is seen to be broken by a box that tells another exit code, mixes its streams or forgets its time limit', async () => {
    const wrong = startFakeEngine((box) => ({
      ...box,
      async exec(request) {
        const {stdout, exitCode, ...rest} = await box.exec({...request, timeoutMs: request.timeoutMs + 3000});
        return {...rest, exitCode: exitCode % 128, stdout, stderr: stdout};
      },
    }));
    expect(await brokenBy(wrong, /a signal ended|kept apart|whole process group/)).toHaveLength(3);
  });

  it('that is aborted rejects with the reason', async () => {
    const stop = new AbortController();
    const engine = startFakeEngine();
    const onResult = (): void => {
      stop.abort(new Error('enough'));
    };
    await expect(runContract({start: () => engine, image, owner: 'test', cases, onResult, signal: stop.signal})).rejects.toThrow('enough');
  });
}, 120_000);
