import {describe, expect, it} from 'vitest';
import {sha256} from '../../../src/core/canonical.js';
import type {ContractCase} from '../../../src/sandbox/contract/case.js';
import {contractCases, runContract, type ContractResult} from '../../../src/sandbox/contract/run.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {podmanAddress} from '../../../src/sandbox/engine/podman.js';
import {imageReference} from '../../../src/sandbox/images/catalog.js';
import {address, calm} from './engine-fixture.js';

/** Podman needs about twice Docker's time for a box, so half of the contract is a sample there; `npm run soak -- contract` tries all of it. Another seed is another half. */
const seed = 20261124;
const sample = contractCases.filter(({title}) => Number.parseInt(sha256(`${seed} ${title}`).slice(0, 2), 16) < 128);
/** What Podman does not tell on machines with cgroups of version 1. */
const memory = contractCases.filter(({title}) => title.includes('too much memory'));

async function resultsOn(engineAddress: string, cases: readonly ContractCase[]): Promise<readonly ContractResult[]> {
  const start = () => startDockerEngine({address: engineAddress, helperImage: imageReference('base') ?? '', imageReference});
  await using engine = start();
  const image = await engine.lockImage('base', calm);
  return await runContract({start, image, owner: `test ${process.pid} 0`, cases, onResult: () => undefined, signal: calm});
}

describe('the contract of the port', () => {
  it('is kept by Docker', async () => {
    const results = await resultsOn(address, contractCases);
    expect(results).toHaveLength(contractCases.length + 1);
    expect(results.filter(({outcome}) => outcome !== 'kept')).toEqual([]);
  });

  it('is kept by Podman, which may not tell of memory', async () => {
    const results = await resultsOn(podmanAddress, sample);
    expect(results.length).toBeGreaterThan(20);
    const untold = results.filter(({outcome}) => outcome !== 'kept');
    expect(untold.filter(({outcome, title}) => outcome !== 'note' || memory.every((one) => one.title !== title))).toEqual([]);
  });
}, 900_000);
