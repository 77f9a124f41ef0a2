import {AppError} from '../../core/errors.js';
import type {Journal, JournalEvent} from '../../core/journal.js';
import type {Redactor} from '../../core/redact.js';
import type {SandboxEngine} from '../../core/sandbox.js';
import {driverOf, lockRun, tellEntry} from '../../record/driver/lock.js';
import {openJournal, readEvents} from '../../record/journal/journal.js';
import type {RunFiles} from '../../record/store.js';
import {unsavedBoxes, type UnsavedBox} from './bring-home.js';

/** What a driver does when a person enters a box of its run. Refuses while there is no journal, and for a box that is none of the run's. */
export interface Entries {
  journal: Journal | undefined;
  readonly onEnter: (box: string) => Promise<boolean>;
}

/** Refuses until it is given the journal. */
export function startEntries(): Entries {
  const entries: Entries = {
    journal: undefined,
    onEnter: async (box) => entries.journal !== undefined && (await appendEntry(entries.journal, box).catch(() => false)),
  };
  return entries;
}

async function appendEntry(journal: Journal, box: string): Promise<boolean> {
  const found = unsavedBoxes(journal.events).find(({names}) => names.box === box);
  if (found === undefined) return false;
  await journal.append({type: 'box.entered', specialist: found.specialist, box});
  return true;
}

/** Which boxes of a run live on the engine now, by the journal and by a look. */
export async function livingBoxes(engine: Pick<SandboxEngine, 'isRunning'>, events: readonly JournalEvent[], signal: AbortSignal): Promise<readonly UnsavedBox[]> {
  const boxes = unsavedBoxes(events);
  const living = await Promise.all(boxes.map(({names}) => engine.isRunning(names.box, signal)));
  return boxes.filter((_, index) => living[index] === true);
}

/** What recording needs besides the run. */
export interface EntryRequest {
  readonly box: string;
  readonly redact: Redactor;
  readonly now: () => Date;
}

/**
 * Makes it durable in the journal of a run that a person is about to enter a box, before they do: by the process that drives the
 * run, else by this one, which holds the run just for that. Throws RUN_LOCKED when a driver does not take it, BOX_NOT_FOUND
 * when the box came home meanwhile.
 */
export async function recordEntry(files: RunFiles, {box, redact, now}: EntryRequest, signal: AbortSignal): Promise<void> {
  if (await tellEntry(files.directory, box, signal)) return;
  if ((await driverOf(files.directory)) !== 'none') {
    const gone = !unsavedBoxes(await readEvents(files.journal)).some(({names}) => names.box === box);
    throw gone
      ? new AppError('BOX_NOT_FOUND', `The box ${box} has just come home.`, {hint: `\`bulkhead diff ${files.runId}\` shows what came of it.`})
      : new AppError('RUN_LOCKED', `The process that drives ${files.runId} did not record that a person enters a box, so nobody does.`, {hint: 'Try again. A driver of an earlier version knows nothing of it: `bulkhead park`, then `bulkhead resume`.'});
  }
  await using _lock = await lockRun(files.directory);
  await using journal = await openJournal(files.journal, {redact, now});
  if (!(await appendEntry(journal, box))) throw new AppError('BOX_NOT_FOUND', `The box ${box} has just come home.`, {hint: `\`bulkhead diff ${files.runId}\` shows what came of it.`});
}

/** How often people entered the boxes of each specialist. Pure. */
export function entriesOf(events: readonly JournalEvent[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) if (event.type === 'box.entered') counts.set(event.specialist, (counts.get(event.specialist) ?? 0) + 1);
  return counts;
}

/** The same for a person who reads the report. */
export function enteredNotes(events: readonly JournalEvent[]): readonly string[] {
  return [...entriesOf(events)].map(([specialist, count]) => `A person was in the box of ${specialist}${count === 1 ? '' : ` (${count} times)`}: what it handed in is not its work alone.`);
}
