import {randomBytes} from 'node:crypto';
import {fileURLToPath} from 'node:url';
import {parseManifest} from '../../../../src/core/manifest.js';
import type {BoxLimits, LockedImage} from '../../../../src/core/sandbox.js';
import type {SeedFile} from '../../../../src/core/tree.js';
import type {Verification} from '../../../../src/core/verification.js';
import {startDockerEngine} from '../../../../src/sandbox/docker/engine.js';
import {imageReference} from '../../../../src/sandbox/images/catalog.js';
import {readHarness} from '../../../../src/verify/harness.js';
import type {SuiteRun} from '../../../../src/verify/tests/results.js';
import {verifyCommit} from '../../../../src/verify/verify.js';
import {seedTree} from './seed-tree.js';

export type Texts = Readonly<Record<string, string>>;

/** One verification of a project with installed packages. */
export interface Project {
  readonly image: 'node' | 'python';
  readonly packages: readonly SeedFile[];
  readonly base: Texts;
  readonly change: Texts;
  readonly manifest: object;
  readonly limits?: BoxLimits | undefined;
}

/** Verifies projects on a real engine; works in tests and outside of them. */
export interface Verifier extends AsyncDisposable {
  verify(project: Project): Promise<Verification>;
  /** Ends it, removes what is left on the engine of all that it made, and tells it; nothing should be. */
  close(): Promise<readonly unknown[]>;
}

const limits: BoxLimits = {memoryMiB: 768, cpus: 2, pids: 256};

/** Base results are kept for as long as it lives: cases of one project share their base. */
export async function startVerifier(signal: AbortSignal): Promise<Verifier> {
  const address = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const engine = startDockerEngine({address, helperImage: imageReference('base') ?? '', imageReference: (name) => imageReference(name)});
  const runId = `test-${randomBytes(5).toString('hex')}`;
  const harness = await readHarness(fileURLToPath(new URL('../../../../images/harness', import.meta.url)));
  const locked = new Map<string, LockedImage>();
  const kept = new Map<string, SuiteRun>();
  let count = 0;
  const lock = async (name: string): Promise<LockedImage> => {
    const image = locked.get(name) ?? (await engine.lockImage(imageReference(name) ?? '', signal));
    locked.set(name, image);
    return image;
  };
  const close = async (): Promise<readonly unknown[]> => {
    await engine[Symbol.asyncDispose]();
    // Also after an abort.
    const fresh = AbortSignal.timeout(60_000);
    const left = (await engine.leftovers(fresh)).filter((item) => item.runId === runId);
    for (const item of left) await engine.remove(item, fresh);
    return left;
  };
  return {
    close,
    verify: async ({image, packages, base, change, manifest, limits: own}) => {
      const files = (texts: Texts): readonly SeedFile[] => Object.entries(texts).map(([path, text]) => ({path, mode: 'file', bytes: Buffer.from(text)}));
      return verifyCommit({
        manifest: parseManifest({schemaVersion: 1, task: 't', ...manifest}, 'manifest'),
        base: seedTree([...packages, ...files(base)]),
        commit: seedTree([...packages, ...files({...base, ...change})]),
        engine,
        image: await lock(image),
        ownership: {runId, owner: `test ${process.pid} 0`},
        namePrefix: `bulkhead-${runId}-v${(count += 1)}`,
        limits: own ?? limits,
        carried: [],
        baseCache: {get: (key) => Promise.resolve(kept.get(key)), set: (key, run) => Promise.resolve(void kept.set(key, run))},
        harness,
        signal,
      });
    },
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}
