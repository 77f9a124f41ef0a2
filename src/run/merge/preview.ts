import type {Run} from '../rooms.js';
import type {HandedIn} from '../work/work.js';

/** Paths of one preview in the journal. */
const maxPaths = 50;

/**
 * Tells, while others still work, which submissions will conflict with one that was handed in just now. Only a warning: what
 * cannot be looked at is not told, and nothing waits for it. What the journal has is not told again.
 */
export function startPreviews(run: Run, phase: string, signal: AbortSignal): (handed: HandedIn) => Promise<void> {
  const earlier: {readonly name: string; readonly commit: string}[] = [];
  return async ({commit, specialist}) => {
    if (commit === undefined) return;
    const own = {name: specialist.stream.specialist, commit};
    const others = [...earlier];
    earlier.push(own);
    for (const other of others) {
      const found = await run.rooms.repository.previewMerges({submissions: [other, own], ref: `refs/bulkhead/${run.id}/preview`, signal}).catch(() => []);
      for (const {pair, paths} of found) {
        if (isTold(run, phase, pair)) continue;
        await run.steps.note({type: 'merge.previewed', phase, specialists: [...pair], paths: paths.slice(0, maxPaths)});
      }
    }
  };
}

function isTold(run: Run, phase: string, pair: readonly [string, string]): boolean {
  return run.journal.events.some((event) => event.type === 'merge.previewed' && event.phase === phase && pair.every((name) => event.specialists.includes(name)));
}
