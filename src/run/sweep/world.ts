import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {systemCode, translateSystemError} from '../../core/errors.js';
import type {SandboxEngine} from '../../core/sandbox.js';
import type {isDelivered} from '../../git/deliver/delivered.js';
import type {Repository} from '../../git/repository.js';
import {storeOf, type Store} from '../../record/store.js';

/** What a sweep looks at and acts on. */
export interface SweepWorld {
  readonly engine: SandboxEngine;
  /** The state of every repository is below `bulkhead/` in it. */
  readonly stateHome: string;
  /** Opens our bare repository, making one where there is none. */
  readonly openRepository: (store: Store, signal: AbortSignal) => Promise<Repository>;
  readonly isDelivered: typeof isDelivered;
}

/** A store, and the id of the repository whose it is. */
export interface NamedStore extends Store {
  readonly id: string;
}

/** `<state home>/bulkhead` */
export function homeOf(world: Pick<SweepWorld, 'stateHome'>): string {
  return join(world.stateHome, 'bulkhead');
}

/** The stores of all repositories. Throws ENVIRONMENT when the folder cannot be read: then nobody knows which runs there are. */
export async function listStores(world: Pick<SweepWorld, 'stateHome'>): Promise<readonly NamedStore[]> {
  try {
    const entries = await readdir(homeOf(world), {withFileTypes: true});
    const ids = entries.filter((entry) => entry.isDirectory() && /-[0-9a-f]{8}$/.test(entry.name)).map((entry) => entry.name);
    return ids.sort().map((id) => namedStore(world, id));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw translateSystemError(error) ?? error;
  }
}

/** The store of a repository by its id. */
export function namedStore(world: Pick<SweepWorld, 'stateHome'>, id: string): NamedStore {
  return {...storeOf(world.stateHome, id), id};
}

/** The bare repository of a store, or undefined where none was made yet. */
export async function repositoryOf(world: Pick<SweepWorld, 'openRepository'>, store: Store, signal: AbortSignal): Promise<Repository | undefined> {
  const exists = await stat(store.repository).then(() => true, (error: unknown) => {
    if (systemCode(error) === 'ENOENT') return false;
    throw translateSystemError(error) ?? error;
  });
  return exists ? world.openRepository(store, signal) : undefined;
}

/** Where the refs of runs are, and where those in quarantine are. */
export const refRoots = {runs: 'refs/bulkhead', quarantine: 'refs/bulkhead-quarantine'} as const;
