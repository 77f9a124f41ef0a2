import {isAppError} from '../../core/errors.js';
import {planSweep, type SweepRequest, type SweepUnit} from './plan.js';
import {renderPlanned, type SweepRow} from './row.js';
import {sweepState} from './state.js';
import {sweepThings} from './things.js';
import type {SweepWorld} from './world.js';

/** What a sweep saw and did. */
export interface Swept {
  readonly rows: readonly SweepRow[];
  /** Why nothing was judged by its age; undefined: ages were trusted. */
  readonly clockDoubt: string | undefined;
}

/**
 * Plans, then acts on that plan, one thing after the other; each is judged again right before it goes, with its run
 * locked. What fails is a row and stops nothing else. Throws what the plan throws, and then nothing was removed.
 */
export async function sweep(world: SweepWorld, request: SweepRequest & {readonly dryRun: boolean}, signal: AbortSignal): Promise<Swept> {
  const {dryRun, ...asked} = request;
  const plan = await planSweep(world, asked, signal);
  const rows: SweepRow[] = [];
  for (const unit of plan.units) {
    signal.throwIfAborted();
    if (dryRun || unit.judged.action === 'keep') rows.push(...renderPlanned(unit));
    else rows.push(...(await act(world, unit, plan, signal)));
  }
  return {rows, clockDoubt: plan.rules.clockDoubt};
}

async function act(world: SweepWorld, unit: SweepUnit, plan: Awaited<ReturnType<typeof planSweep>>, signal: AbortSignal): Promise<readonly SweepRow[]> {
  try {
    return unit.kind === 'engine' ? await sweepThings(world, unit, plan, signal) : [await sweepState(world, unit, plan, signal)];
  } catch (error) {
    signal.throwIfAborted();
    // Another process has it now, or has dropped it meanwhile.
    const taken = isAppError(error, 'RUN_LOCKED', 'RUN_NOT_FOUND');
    const why = error instanceof Error ? error.message : String(error);
    return renderPlanned(unit).map(({at: _, ...row}) => ({...row, outcome: taken ? 'kept' : 'failed', why}));
  }
}
