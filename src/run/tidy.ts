import {unsavedBoxes, type Keeper} from './work/bring-home.js';
import {isSnapshotName} from './work/snapshot.js';
import {removeAll} from './sweep/remove.js';

/** How long the tidying up after a run may take. */
const tidyMs = 60_000;

/**
 * Removes what a run has on the engine, but for workspaces whose work is not a commit yet, and with them every snapshot: one
 * may lie over another. Throws what the engine throws.
 */
export async function tidy(run: Pick<Keeper, 'id' | 'rooms' | 'journal'>): Promise<void> {
  const {engine} = run.rooms;
  const signal = AbortSignal.timeout(tidyMs);
  const boxes: string[] = [];
  for (const {names} of unsavedBoxes(run.journal.events)) {
    if (await engine.hasWorkspace(names, signal)) boxes.push(names.box);
  }
  const isKept = (name: string): boolean => boxes.some((box) => name.startsWith(box)) || (boxes.length > 0 && isSnapshotName(run, name));
  const mine = (await engine.leftovers(signal)).filter((item) => item.runId === run.id);
  await removeAll(engine, mine.filter((item) => !isKept(item.name)), signal);
}
