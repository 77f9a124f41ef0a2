import type {Leftover, SandboxEngine} from '../core/sandbox.js';

/** Removes leftovers in an order in which the engine lets them go: containers hold the volumes. */
export async function removeAll(engine: SandboxEngine, leftovers: readonly Leftover[], signal: AbortSignal): Promise<void> {
  const rank = {container: 0, network: 1, volume: 2};
  for (const item of [...leftovers].sort((a, b) => rank[a.kind] - rank[b.kind] || b.name.localeCompare(a.name))) await engine.remove(item, signal);
}
