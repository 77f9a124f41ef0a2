import type {Leftover, SandboxEngine} from '../../core/sandbox.js';

const rank = {container: 0, network: 1, volume: 2} as const;

/** The order in which the engine lets things go: containers hold the volumes, and a mounted view (`-work`) holds the layer under it. */
export function inOrder(leftovers: readonly Leftover[]): readonly Leftover[] {
  return [...leftovers].sort((a, b) => rank[a.kind] - rank[b.kind] || b.name.localeCompare(a.name));
}

/** Removes leftovers; what is gone already is fine. Throws at the first that the engine does not let go. */
export async function removeAll(engine: Pick<SandboxEngine, 'remove'>, leftovers: readonly Leftover[], signal: AbortSignal): Promise<void> {
  for (const item of inOrder(leftovers)) await engine.remove(item, signal);
}
