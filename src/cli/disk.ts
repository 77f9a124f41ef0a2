import {statfs} from 'node:fs/promises';
import {dirname} from 'node:path';
import {AppError, systemCode} from '../core/errors.js';
import type {SandboxEngine} from '../core/sandbox.js';
import {measureTotal} from '../record/kept/usage.js';
import {sweep} from '../run/sweep/sweep.js';
import {homeOf} from '../run/sweep/world.js';
import type {Context} from './command.js';
import type {ProjectContext} from './project-context.js';
import {renderBytes} from './render/clean.js';
import {wireSweep} from './wire.js';

/** Least free space for a new run, in bytes: the bare repository, the journal and the reports of an ordinary one. */
const leastFreeBytes = 256 * 1024 * 1024;
/** The part of the budget from which a person is warned. */
const warnFrom = 0.75;

/** Throws DISK_FULL when the file system of a folder (or of its nearest existing parent) has too little space for a run. */
export async function requireSpace(folder: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= leastFreeBytes) return;
  throw new AppError('DISK_FULL', `Only ${Math.floor(free / 1024 / 1024)} MiB are free for the state folder ${folder}; a run needs ${leastFreeBytes / 1024 / 1024} MiB.`, {
    hint: 'Free some space (`bulkhead clean` removes leftovers), or set XDG_STATE_HOME to a larger disk.',
  });
}

/**
 * Before a new run: removes from the engine what ended runs left and what may go at once, then holds the state folder to
 * its budget. A sweep that fails is told and stops nothing. Throws DISK_BUDGET.
 */
export async function prepareDisk({signal, say}: Pick<Context, 'signal' | 'say'>, {config}: Pick<ProjectContext, 'config'>, engine: SandboxEngine): Promise<void> {
  const world = wireSweep(engine);
  try {
    const {rows} = await sweep(world, {olderThanMs: Infinity, runs: false, unknown: false, patient: false, dryRun: false}, signal);
    const removed = rows.filter((row) => row.outcome === 'removed').length;
    if (removed > 0) say(`Removed ${removed} things that ended runs had left on the engine.`);
    const failed = rows.filter((row) => row.outcome === 'failed').length;
    if (failed > 0) say(`${failed} things that ended runs have left on the engine could not be removed; \`bulkhead clean\` says why.`);
  } catch (error) {
    signal.throwIfAborted();
    say(`What ended runs left could not be swept: ${error instanceof Error ? error.message : String(error)}`);
  }
  await holdToBudget(homeOf(world), config.disk.budgetGiB.value, say);
}

async function holdToBudget(home: string, budgetGiB: number, say: (line: string) => void): Promise<void> {
  const limitBytes = budgetGiB * 1024 ** 3;
  const {bytes, complete} = await measureTotal(home, {now: new Date(), limitBytes: limitBytes * warnFrom});
  const takes = `The state folder ${home} takes ${complete ? '' : 'at least '}${renderBytes(bytes)} of the ${renderBytes(limitBytes)} that it may`;
  if (bytes > limitBytes) {
    throw new AppError('DISK_BUDGET', `${takes}, so no new run is started.`, {
      hint: '`bulkhead clean --usage` shows what takes it; `bulkhead discard RUN` and `bulkhead clean --older-than 7d` free some. `disk.budgetGiB` in your own configuration allows more.',
      details: {bytes, limitBytes, complete},
    });
  }
  if (bytes > limitBytes * warnFrom) say(`${takes}; \`bulkhead clean --usage\` shows what takes it.`);
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const {bavail, bsize} = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    // What stands in the way of the folder is told when it is made.
    const code = systemCode(error);
    if ((code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') && parent !== folder) return freeBytes(parent);
    throw error;
  }
}
