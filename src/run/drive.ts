import {AppError, isAppError, translateSystemError} from '../core/errors.js';
import type {JournalEvent} from '../core/journal.js';
import type {Report} from '../core/report.js';
import type {WorkspaceNames} from '../core/sandbox.js';
import {conductRun} from './conduct.js';
import type {OpenedRun} from './rooms.js';
import {removeAll} from './sweep.js';

/** How long the tidying up after a run may take. */
const tidyMs = 60_000;

/**
 * Conducts a run to its verdict, or parks it: whatever stopped it is journalled, the work of its boxes is a commit by
 * then, and nothing of it stays on the engine, but for a workspace whose work could not be brought home.
 */
export async function driveRun(run: OpenedRun, signal: AbortSignal): Promise<Report> {
  try {
    return await conductRun(run, signal);
  } catch (error) {
    const code = isAppError(error) ? error.code : (translateSystemError(error)?.code ?? (signal.aborted ? 'INTERRUPTED' : 'INTERNAL'));
    // A full disk cannot take this line either; the journal without it says `interrupted`, which is as true.
    await run.journal.append({type: 'run.parked', code, message: error instanceof Error ? error.message : String(error)}).catch(() => undefined);
    throw isAppError(error, 'INTERRUPTED') ? interrupted(run.id, error) : error;
  } finally {
    await tidy(run).catch(() => undefined);
  }
}

function interrupted(runId: string, cause: unknown): AppError {
  return new AppError('INTERRUPTED', `The run ${runId} is parked; its work so far is kept.`, {hint: `\`bulkhead resume ${runId}\` goes on, \`bulkhead discard ${runId}\` drops it.`, cause});
}

async function tidy(run: OpenedRun): Promise<void> {
  const {engine} = run.rooms;
  const signal = AbortSignal.timeout(tidyMs);
  const kept: string[] = [];
  for (const names of unsavedBoxes(run.journal.events)) {
    if (await engine.hasWorkspace(names, signal)) kept.push(names.box, names.snapshot);
  }
  const mine = (await engine.leftovers(signal)).filter((item) => item.runId === run.id);
  await removeAll(engine, mine.filter((item) => !kept.some((name) => item.name.startsWith(name))), signal);
}

/** The boxes whose work is not a commit yet, by what the journal says. */
export function unsavedBoxes(events: readonly JournalEvent[]): readonly WorkspaceNames[] {
  const unsaved = new Map<string, WorkspaceNames>();
  for (const event of events) {
    if (event.type === 'step.started' && event.step.startsWith('box/')) {
      const {snapshot, box} = event.names;
      if (snapshot !== undefined && box !== undefined) unsaved.set(event.step.slice('box/'.length), {snapshot, box});
    }
    if (event.type === 'step.finished' && event.step.startsWith('export/')) unsaved.delete(event.step.slice('export/'.length));
  }
  return [...unsaved.values()];
}
