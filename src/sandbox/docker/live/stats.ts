import {z} from 'zod';
import {AppError} from '../../../core/errors.js';
import type {BoxStats} from '../../../core/sandbox.js';
import {capOf} from '../../disk-budget.js';
import {containerState} from '../attach.js';
import type {Engine} from '../engine-call.js';
import {countLayer} from '../watch/count.js';
import type {WatchRequest} from '../watch/disk-watch.js';

/** The part of the engine's answer that is used here (API, `ContainerStats`); the memory comes in the words of either form of cgroups. */
const Stats = z.object({
  cpu_stats: z.object({cpu_usage: z.object({total_usage: z.number().min(0)})}),
  memory_stats: z.object({
    usage: z.number().min(0),
    max_usage: z.number().min(0).optional(),
    stats: z.object({total_inactive_file: z.number().optional(), inactive_file: z.number().optional()}).optional(),
  }),
  pids_stats: z.object({current: z.number().min(0).default(0)}),
});

/** What a living box uses. Throws ENGINE_FAILED when it is dead, ENGINE_UNFIT when the engine does not tell. */
export async function readStats(engine: Engine, {box, ownership, limits}: WatchRequest, signal: AbortSignal): Promise<BoxStats> {
  if ((await containerState(engine, box, signal))?.Running !== true) throw new AppError('ENGINE_FAILED', `The box ${box} is not running, so it uses nothing.`);
  const told = Stats.safeParse(
    await engine.ask(`measure container ${box}`, signal, (client, abortSignal) => {
      // Without `one-shot` an engine measures twice, a second apart. The library's type does not know its own signal here.
      const options = {stream: false as const, 'one-shot': true, abortSignal};
      return client.getContainer(box).stats(options);
    }),
  );
  if (!told.success) throw new AppError('ENGINE_UNFIT', `The engine at ${engine.address} does not tell what a container uses.`);
  const {cpu_stats: cpu, memory_stats: memory, pids_stats: pids} = told.data;
  const cache = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
  // Twice the cap: a box is counted as a whole even when it is about to be ended.
  const {bytes, inodes, complete} = await countLayer(engine, {box, ownership, maxInodes: 2 * capOf(limits).inodes}, signal);
  return {
    cpuMs: Math.round(cpu.cpu_usage.total_usage / 1e6),
    memoryBytes: Math.max(0, memory.usage - cache),
    memoryPeakBytes: memory.max_usage,
    pids: pids.current,
    disk: {bytes, inodes, complete},
  };
}
