import {randomBytes} from 'node:crypto';
import {fileURLToPath} from 'node:url';
import {afterAll, afterEach, beforeAll, expect} from 'vitest';
import {parseManifest} from '../../../src/core/manifest.js';
import type {LockedImage} from '../../../src/core/sandbox.js';
import type {SeedFile} from '../../../src/core/tree.js';
import type {Verification} from '../../../src/core/verification.js';
import {readHarness} from '../../../src/verify/harness.js';
import type {SuiteRun} from '../../../src/verify/tests/results.js';
import {verifyCommit, type VerifyRequest} from '../../../src/verify/verify.js';
import {memoryTree, type Content} from '../../unit/verify/memory-tree.js';
import {calm, startEngine} from '../sandbox/engine-fixture.js';

export type Files = Readonly<Record<string, Content>>;

/** One verification: what the base has, what the commit changes (undefined removes), and what the manifest says. */
export interface Case {
  readonly base: Files;
  readonly change: Readonly<Record<string, Content | undefined>>;
  readonly manifest: object;
  readonly request?: Partial<VerifyRequest>;
}

/** Verifies on a real engine. After every test nothing of it may be left there. */
export function useVerification(image: string): (one: Case) => Promise<Verification> {
  const engine = startEngine();
  const runId = `test-${randomBytes(5).toString('hex')}`;
  let locked: LockedImage | undefined;
  let harness: readonly SeedFile[] = [];
  let count = 0;
  // Most cases share their base: its suite runs once per image.
  const kept = new Map<string, SuiteRun>();
  const baseCache: VerifyRequest['baseCache'] = {
    get: (key) => Promise.resolve(kept.get(key)),
    set: (key, run) => Promise.resolve(void kept.set(key, run)),
  };
  const mine = async () => (await engine.leftovers(calm)).filter((item) => item.runId === runId);
  beforeAll(async () => {
    locked = await engine.lockImage(image, calm);
    harness = await readHarness(fileURLToPath(new URL('../../../images/harness', import.meta.url)));
  });
  afterEach(async () => {
    expect(await mine()).toEqual([]);
  });
  afterAll(async () => {
    for (const item of await mine()) await engine.remove(item, calm);
  });
  return async ({base, change, manifest, request}) => {
    const merged = Object.entries({...base, ...change}).filter((entry): entry is [string, Content] => entry[1] !== undefined);
    return verifyCommit({
      manifest: parseManifest({schemaVersion: 1, task: 't', ...manifest}, 'manifest'),
      base: memoryTree(base),
      commit: memoryTree(Object.fromEntries(merged)),
      engine,
      image: locked!,
      ownership: {runId, owner: `test ${process.pid} 0`},
      namePrefix: `bulkhead-${runId}-v${(count += 1)}`,
      limits: {memoryMiB: 512, cpus: 2, pids: 256},
      carried: [],
      baseCache,
      harness,
      signal: calm,
      ...request,
    });
  };
}

/** Codes and paths of the findings, in order. */
export const codesOf = (verification: Verification): readonly (readonly [string, string | undefined])[] => verification.findings.map((item) => [item.code, item.path]);
