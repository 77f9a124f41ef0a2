import {contractCases, runContract} from '../../src/sandbox/contract/run.js';
import {startDockerEngine} from '../../src/sandbox/docker/engine.js';
import {podmanAddress} from '../../src/sandbox/engine/podman.js';
import {imageReference} from '../../src/sandbox/images/catalog.js';
import {socket} from '../e2e/fixture.js';
import type {Soak} from './main.js';

/** The whole contract of the port on Docker and on Podman; `--only TEXT`: the promises with this in their title. */
export const soak: Soak = async (args) => {
  const only = args[0] === '--only' ? (args[1] ?? '') : '';
  const cases = contractCases.filter(({title}) => title.includes(only));
  let seen = 0;
  let failed = 0;
  for (const address of [`unix://${socket}`, podmanAddress]) {
    process.stdout.write(`${address}\n`);
    const start = () => startDockerEngine({address, helperImage: imageReference('base') ?? 'base', imageReference});
    await using engine = start();
    const signal = new AbortController().signal;
    let last = performance.now();
    const onResult = ({title, outcome, why}: {readonly title: string; readonly outcome: string; readonly why?: string | undefined}): void => {
      const now = performance.now();
      process.stdout.write(`${outcome.padEnd(6)} ${Math.round(now - last).toString().padStart(6)} ms  ${title}${why === undefined ? '' : `: ${why}`}\n`);
      last = now;
    };
    const results = await runContract({start, image: await engine.lockImage('base', signal), owner: `soak ${process.pid} 0`, cases, onResult, signal});
    seen += results.length;
    failed += results.filter(({outcome}) => outcome === 'broken').length;
  }
  return {seen, failed};
};
