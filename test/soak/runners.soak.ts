import {parseArgs} from 'node:util';
import {runnerCases, tryCase} from '../engine/verify/runners/cases.js';
import {startVerifier} from '../engine/verify/runners/verifier.js';
import type {Soak} from './main.js';

/**
 * Every runner with an adapter, in every supported major, in projects that are honest and in every way in which a suite
 * can end badly, in real verify boxes. `--only TEXT`: cases whose name holds the text.
 */
export const soak: Soak = async (args) => {
  const {values} = parseArgs({args: [...args], options: {only: {type: 'string', default: ''}}});
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort(new Error('SIGINT'));
  });
  await using verifier = await startVerifier(stop.signal);
  const chosen = runnerCases.filter((one) => one.id.includes(values.only));
  let failed = 0;
  for (const one of chosen) {
    const started = performance.now();
    const {expected, seen} = await tryCase(one, verifier);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const holds = JSON.stringify(expected) === JSON.stringify(seen);
    if (!holds) failed += 1;
    process.stdout.write(holds ? `held    ${one.id} (${seconds} s)\n` : `BROKEN  ${one.id}: ${JSON.stringify(seen)}, not ${JSON.stringify(expected)}\n`);
  }
  return {seen: chosen.length, failed};
};
