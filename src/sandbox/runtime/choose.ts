import {AppError} from '../../core/errors.js';
import type {EngineFacts} from '../../core/sandbox.js';

/** What a user asks of the runtime of boxes. */
export interface RuntimeWish {
  /** The engine's name of it; undefined: gVisor's usual one where that is required, else the engine's default. */
  readonly name?: string | undefined;
  /** Whether boxes must have a kernel of their own, and limits that are really enforced. */
  readonly requireGvisor: boolean;
}

/** The name under which gVisor's own installer and its documentation register it with an engine. */
export const gvisorName = 'runsc';

/**
 * The runtime that boxes get, or undefined for the engine's default. gVisor is never chosen unasked: an engine can run it
 * with limits that nobody enforces, and then it is the weaker box. Throws ENGINE_UNFIT when the engine does not list the
 * runtime; that it lists one says nothing of what it does, which `requireGvisor` tries.
 */
export function chooseRuntime({name, requireGvisor}: RuntimeWish, facts: Pick<EngineFacts, 'address' | 'runtimes'>): string | undefined {
  const wanted = name ?? (requireGvisor ? gvisorName : undefined);
  if (wanted === undefined || facts.runtimes.includes(wanted)) return wanted;
  throw new AppError('ENGINE_UNFIT', `The engine at ${facts.address} has no runtime ${wanted}; it has ${facts.runtimes.join(', ')}.`, {
    hint: 'Install it (gVisor: https://gvisor.dev/docs/user_guide/install/) and register it under `runtimes` in the daemon.json of the engine; or go without --runtime and --require-gvisor.',
    details: {runtime: wanted, runtimes: facts.runtimes},
  });
}
