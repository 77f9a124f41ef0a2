import {AppError, isAppError, translateSystemError} from '../core/errors.js';
import type {Report} from '../core/report.js';
import {bringHome, type Keeper} from './work/bring-home.js';
import {conductRun} from './conduct.js';
import type {OpenedRun} from './rooms.js';
import {tidy} from './tidy.js';

/** How long bringing home what a cancelled run still holds may take. */
const bringHomeMs = 60_000;

/**
 * Conducts a run to its verdict, or parks it: whatever stopped it is journalled, the work of its boxes is a commit by
 * then, and nothing of it stays on the engine, but for a workspace whose work could not be brought home. A signal that
 * is aborted with CANCELLED ends the run instead; CANCELLED is thrown then.
 */
export async function driveRun(run: OpenedRun, signal: AbortSignal): Promise<Report> {
  try {
    return await conductRun(run, signal);
  } catch (error) {
    if (isAppError(error, 'CANCELLED')) {
      await closeCancelled(run, AbortSignal.timeout(bringHomeMs));
      throw error;
    }
    await park(run, error, signal);
    throw isAppError(error, 'INTERRUPTED') ? interrupted(run.id, error) : error;
  } finally {
    await tidy(run).catch(() => undefined);
  }
}

/** Ends a run that nobody drives. Its work stays: submissions, and what its boxes still held. */
export async function cancelRun(run: Keeper, signal: AbortSignal): Promise<void> {
  await run.rooms.repository.unlockRefs(`refs/bulkhead/${run.id}`, signal);
  await closeCancelled(run, signal);
  await tidy(run);
}

/** The reason that ends a run for good when its signal is aborted with it. */
export function cancelled(runId: string): AppError {
  return new AppError('CANCELLED', `The run ${runId} was cancelled; its work is kept.`, {hint: `\`bulkhead diff ${runId} SPECIALIST\` shows it, \`bulkhead discard ${runId}\` drops it.`});
}

async function closeCancelled(run: Keeper, signal: AbortSignal): Promise<void> {
  await bringHome(run, signal);
  await run.journal.append({type: 'run.closed', verdict: 'cancelled'});
}

/** Most characters of a message in the journal's own line. */
const maxMessage = 4000;

async function park(run: OpenedRun, error: unknown, signal: AbortSignal): Promise<void> {
  const code = isAppError(error) ? error.code : (translateSystemError(error)?.code ?? (signal.aborted ? 'INTERRUPTED' : 'INTERNAL'));
  const message = error instanceof Error ? error.message : String(error);
  // A full disk cannot take this line either; the journal without it says `interrupted`, which is as true.
  await run.journal.append({type: 'run.parked', code, message: message.slice(0, maxMessage)}).catch(() => undefined);
}

function interrupted(runId: string, cause: unknown): AppError {
  return new AppError('INTERRUPTED', `The run ${runId} is parked; its work so far is kept.`, {hint: `\`bulkhead resume ${runId}\` goes on, \`bulkhead discard ${runId}\` drops it.`, cause});
}
