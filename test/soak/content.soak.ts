import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import {readCheckout} from '../../src/git/freeze/checkout.js';
import {openRepository} from '../../src/git/repository.js';
import {commitEverything, contentOf} from '../engine/git/base-content.js';
import {calm, startEngine} from '../engine/sandbox/engine-fixture.js';
import {tempFolder} from '../unit/git/fixture.js';
import type {Soak} from './main.js';

const gibibyte = 1024 ** 3;

/**
 * Brings a commit of two gigabytes, with content of every kind and one file of half of it, from a user's repository into a
 * box, and compares each file there with what was committed. Needs some eight gigabytes of disk.
 */
export const soak: Soak = async () => {
  const engine = startEngine();
  const ownership = {runId: `soak-${randomBytes(5).toString('hex')}`, owner: `soak ${process.pid} 0`};
  const names = {snapshot: `bulkhead-${ownership.runId}-at`, box: `bulkhead-${ownership.runId}-box`};
  await using folder = await tempFolder();
  const expected = await commitEverything(join(folder.path, 'user'), {largest: gibibyte, many: {count: 1024, bytes: gibibyte / 1024}});
  const started = performance.now();
  const say = (what: string): void => void process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s  ${what}; at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB of memory\n`);
  const checkout = await readCheckout(join(folder.path, 'user'), calm);
  const repository = await openRepository(join(folder.path, 'own'), calm);
  const {head: commit} = checkout;
  await repository.freeze({checkout, commit, ref: 'refs/bulkhead/r/base', signal: calm});
  say('frozen');
  try {
    const reader = await repository.reader(commit, calm);
    await engine.createSnapshot({name: names.snapshot, ownership, files: reader.files(calm), history: {pack: repository.packHistory({commit}, calm), commit}}, calm);
    say('in a snapshot');
    const image = await engine.lockImage('node', calm);
    const box = await engine.startBox({names, ownership, image, limits: {memoryMiB: 512, cpus: 2, pids: 128}, env: {}, profile: 'agent'}, calm);
    const found = await contentOf(box);
    const status = await box.exec({id: 'status', argv: ['git', 'status', '--porcelain'], timeoutMs: 600_000, maxBytes: 4096, signal: calm});
    say(`${found.size} files read in a box`);
    const differs = [...new Set([...expected.keys(), ...found.keys()])].filter((path) => expected.get(path) !== found.get(path));
    for (const path of differs) process.stdout.write(`${JSON.stringify(path)}: ${found.get(path) ?? 'not there'} instead of ${expected.get(path) ?? 'nothing'}\n`);
    const isClean = status.exitCode === 0 && status.stdout.totalBytes === 0;
    if (!isClean) process.stdout.write(`git status: exit ${status.exitCode}, ${Buffer.from(status.stdout.head).toString()}\n`);
    return {seen: expected.size + 1, failed: differs.length + (isClean ? 0 : 1)};
  } finally {
    await engine.removeWorkspace(names, calm);
    await engine.removeSnapshot(names.snapshot, calm);
    await engine[Symbol.asyncDispose]();
  }
};
