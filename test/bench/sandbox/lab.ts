import {randomBytes} from 'node:crypto';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {openRepository, type Repository} from '../../../src/git/repository.js';
import type {BoxRequest, LockedImage, Sandbox, SandboxEngine, WorkspaceNames} from '../../../src/core/sandbox.js';
import {connectEngine, type EngineClient} from '../../../src/sandbox/docker/connect.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {startEngineCalls, type Engine} from '../../../src/sandbox/docker/engine-call.js';
import {imageReference} from '../../../src/sandbox/images/catalog.js';
import {generateRepository} from '../git/generate.js';
import {socket} from '../../e2e/fixture.js';

const address = `unix://${socket}`;

/** A generated repository that was frozen, an engine, and everything that is made on it; all of it goes at the end. */
export interface Lab extends AsyncDisposable {
  readonly engine: SandboxEngine;
  readonly repository: Repository;
  /** The newest commit. */
  readonly base: string;
  readonly signal: AbortSignal;
  readonly image: LockedImage;
  /** The engine as any program uses it, for baselines. */
  readonly client: EngineClient;
  readonly calls: Engine;
  /** A name that nothing has yet; the engine's label finds what is made with it. */
  name(what: string): string;
  ownership: {readonly runId: string; readonly owner: string};
  /** Makes the whole snapshot of a commit. */
  snapshot(name: string, commit: string): Promise<void>;
  box(names: WorkspaceNames): Promise<Sandbox>;
}

/** Generates, freezes, connects. */
export async function startLab(shape: {readonly files: number; readonly commits: number; readonly seed: number}, say: (line: string) => void): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  const signal = new AbortController().signal;
  const user = join(folder, 'user');
  const {head} = await generateRepository({directory: user, ...shape});
  const repository = await openRepository(join(folder, 'own'), signal);
  await repository.freeze({checkout: await readCheckout(user, signal), commit: head, ref: 'refs/bulkhead/bench/base', signal});
  say(`${shape.files} files, ${shape.commits} commits`);
  const engine = startDockerEngine({address, helperImage: imageReference('base') ?? '', imageReference});
  const image = await engine.lockImage('base', signal);
  const runId = `bench-${randomBytes(4).toString('hex')}`;
  const ownership = {runId, owner: `bench ${process.pid} 0`};
  let count = 0;
  const request = (names: WorkspaceNames): BoxRequest => ({names, ownership, image, limits: {memoryMiB: 1024, cpus: 2, pids: 256}, env: {}, profile: 'agent'});
  return {
    engine,
    repository,
    base: head,
    signal,
    image,
    client: connectEngine(address),
    calls: startEngineCalls(address, imageReference('base') ?? ''),
    ownership,
    name: (what) => `bulkhead-${runId}-${what}-${(count += 1)}`,
    async snapshot(name, commit) {
      const reader = await repository.reader(commit, signal);
      await engine.createSnapshot({name, ownership, files: reader.files(signal), history: {pack: repository.packHistory({commit}, signal), commit}}, signal);
    },
    box: (names) => engine.startBox(request(names), signal),
    async [Symbol.asyncDispose]() {
      for (const item of await engine.leftovers(signal)) if (item.runId === runId) await engine.remove(item, signal);
      await rm(folder, {recursive: true, force: true});
    },
  };
}

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Ends a box and everything of it. */
export async function removeBox(lab: Lab, names: WorkspaceNames, box: Sandbox): Promise<void> {
  await box[Symbol.asyncDispose]();
  await lab.engine.removeWorkspace(names, lab.signal);
}
