import type {LockedImage, SandboxEngine} from '../../core/sandbox.js';
import {contractCases, runContract, type ContractResult} from '../contract/run.js';
import {failure, type ProbeResult} from './probe.js';

/** What the contract is tried on. */
export interface ContractProbe {
  /** Starts an adapter of the engine; called more than once. */
  readonly start: () => SandboxEngine;
  /** The process that owns what is made, as labels have it. */
  readonly owner: string;
  /** Told of each promise as soon as it was looked at. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const outcomes = {kept: 'ok', note: 'warn', broken: 'fail'} as const;

/** The whole contract on an engine, in the base image; one probe for each promise. It takes a minute or more. Rejects only on abort, and then too leaves nothing behind. */
export async function probeContract({start, owner, say, signal}: ContractProbe): Promise<readonly ProbeResult[]> {
  try {
    await using engine = start();
    const image: LockedImage = await engine.lockImage('base', signal);
    let count = 0;
    const onResult = (result: ContractResult): void => {
      count += 1;
      say(`promise ${count} of ${contractCases.length + 1}: ${outcomes[result.outcome].padEnd(4)} ${result.title}`);
    };
    return (await runContract({start, image, owner, cases: contractCases, onResult, signal})).map(probeOf);
  } catch (error) {
    signal.throwIfAborted();
    return [failure('contract', error)];
  }
}

function probeOf({title, outcome, why}: ContractResult): ProbeResult {
  const message = why ?? 'kept';
  return outcome === 'broken' ? {name: title, outcome: 'fail', message, fix: 'use another engine (--engine URL), or report it with this line'} : {name: title, outcome: outcomes[outcome], message};
}
