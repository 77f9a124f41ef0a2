import {rm} from 'node:fs/promises';
import type {SandboxEngine} from '../../core/sandbox.js';
import {lockRun} from '../../record/driver/lock.js';
import type {RunFiles, Store} from '../../record/store.js';
import {removeAll} from './remove.js';
import {refRoots, repositoryOf, type SweepWorld} from './world.js';

/** A run that a person drops. */
export interface DiscardRequest {
  readonly store: Store;
  readonly files: RunFiles;
  /** A person says that a driver of which nobody can tell is gone. */
  readonly takeOver: boolean;
}

/**
 * Drops a run with all its work: what it has on the engine, its refs, its folder, in this order, so that a failure can be
 * repeated. Its journal is not read, so it may be damaged. Gives the names of what was on the engine. RUN_LOCKED while
 * another process drives it, or may do so.
 */
export async function discardRun(world: Pick<SweepWorld, 'openRepository'> & {readonly engine: Pick<SandboxEngine, 'leftovers' | 'remove'>}, {store, files, takeOver}: DiscardRequest, signal: AbortSignal): Promise<readonly string[]> {
  await using _held = await lockRun(files.directory, {takeOver});
  const mine = (await world.engine.leftovers(signal)).filter((item) => item.runId === files.runId);
  await removeAll(world.engine, mine, signal);
  const repository = await repositoryOf(world, store, signal);
  const prefix = `${refRoots.runs}/${files.runId}`;
  await repository?.unlockRefs(prefix, signal);
  await repository?.deleteRefs(prefix, signal);
  await rm(files.directory, {recursive: true, force: true});
  return mine.map((item) => item.name);
}
