import {randomBytes} from 'node:crypto';
import {isAppError} from '../../core/errors.js';
import type {LockedImage, Ownership, SandboxEngine} from '../../core/sandbox.js';
import {boxCases} from './boxes.js';
import {BrokenPromise, type ContractCase} from './case.js';
import {commandCases} from './commands.js';
import {exportCases} from './exports.js';
import {startLab} from './lab.js';
import {processCases} from './processes.js';
import {workspaceCases} from './workspaces.js';

/** Everything that the rest of Bulkhead relies on of a `SandboxEngine` and its boxes. */
export const contractCases: readonly ContractCase[] = [...commandCases, ...boxCases, ...workspaceCases, ...exportCases, ...processCases];

/** How one promise was found. */
export interface ContractResult {
  readonly title: string;
  /** `note`: kept, but the engine cannot tell something. */
  readonly outcome: 'kept' | 'note' | 'broken';
  /** What was seen instead, or what cannot be told. */
  readonly why?: string | undefined;
}

/** Asks for the contract, or a part of it. */
export interface ContractRequest {
  /** Starts an adapter of the engine; called more than once, and each is disposed. */
  readonly start: () => SandboxEngine;
  /** Must have a POSIX shell, coreutils, perl and git: an image of ours. */
  readonly image: LockedImage;
  /** The process that owns what is made, as labels have it. */
  readonly owner: string;
  readonly cases: readonly ContractCase[];
  readonly onResult: (result: ContractResult) => void;
  readonly signal: AbortSignal;
}

/** No promise takes so long to look at, even on a busy machine. */
const caseMs = 180_000;
/** Enough to remove whatever a case can leave. */
const sweepMs = 120_000;

/**
 * Tries each promise in turn on a real engine. Whatever is made carries a run id of its own and is removed at the end,
 * also after an abort, on which it rejects with the reason. That nothing is left is the last promise.
 */
export async function runContract(request: ContractRequest): Promise<readonly ContractResult[]> {
  const {start, owner, cases, onResult, signal} = request;
  const ownership: Ownership = {runId: `contract-${randomBytes(5).toString('hex')}`, owner};
  const results: ContractResult[] = [];
  const add = (result: ContractResult): void => {
    results.push(result);
    onResult(result);
  };
  try {
    await using engines = startEngines(start);
    await using lab = startLab({...request, engine: engines.next(), again: engines.next, ownership});
    for (const one of cases) add(await tryCase(one, (within) => lab.forCase(within), signal));
  } finally {
    await using engine = start();
    await sweep(engine, ownership, AbortSignal.timeout(sweepMs));
  }
  await using engine = start();
  const left = (await engine.leftovers(signal)).filter((item) => item.runId === ownership.runId);
  add({title: 'afterwards nothing is left on the engine', outcome: left.length === 0 ? 'kept' : 'broken', ...(left.length === 0 ? {} : {why: left.map((item) => item.name).join(', ')})});
  return results;
}

/** Adapters that are disposed together: one that lives on looks after the disk of its boxes, with a container of its own. */
function startEngines(start: () => SandboxEngine): AsyncDisposable & {readonly next: () => SandboxEngine} {
  const started: SandboxEngine[] = [];
  return {
    next() {
      const engine = start();
      started.push(engine);
      return engine;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map((engine) => engine[Symbol.asyncDispose]()));
    },
  };
}

async function tryCase(one: ContractCase, open: (signal: AbortSignal) => AsyncDisposable & Parameters<ContractCase['run']>[0], signal: AbortSignal): Promise<ContractResult> {
  signal.throwIfAborted();
  const late = AbortSignal.timeout(caseMs);
  try {
    await using lab = open(AbortSignal.any([signal, late]));
    const note = await one.run(lab);
    return note === undefined ? {title: one.title, outcome: 'kept'} : {title: one.title, outcome: 'note', why: note};
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) return {title: one.title, outcome: 'broken', why: `it did not end within ${caseMs / 1000} s`};
    if (error instanceof BrokenPromise) return {title: one.title, outcome: 'broken', why: error.message};
    if (isAppError(error)) return {title: one.title, outcome: 'broken', why: `${error.code}: ${error.message}`};
    throw error;
  }
}

/** Containers come first in the list, then the volumes that they used; some of these use each other, so it is done until nothing changes. */
async function sweep(engine: SandboxEngine, ownership: Ownership, signal: AbortSignal): Promise<void> {
  const mine = async () => (await engine.leftovers(signal)).filter((item) => item.runId === ownership.runId);
  let before = Infinity;
  for (let left = await mine(); left.length > 0 && left.length < before; left = await mine()) {
    before = left.length;
    for (const item of left) await engine.remove(item, signal).catch(() => undefined);
  }
}
