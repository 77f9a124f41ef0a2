import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import type {EngineUsage} from '../../core/sandbox.js';
import {labelKeys, ownershipOf} from '../labels.js';
import type {EngineClient} from './connect.js';
import type {Engine} from './engine-call.js';

const Labels = z.record(z.string(), z.string()).nullish();
const Usage = z.object({
  Volumes: z.array(z.object({Labels, UsageData: z.object({Size: z.number()}).nullish()})).nullish(),
  Containers: z.array(z.object({Labels, SizeRw: z.number().nullish()})).nullish(),
});

/** What our things take by the engine's own measuring, which walks every volume it has. */
export async function measureUsage(engine: Engine, signal: AbortSignal): Promise<EngineUsage> {
  const read = Usage.safeParse(await engine.ask('measure the disk usage', signal, readDiskUsage));
  if (!read.success) throw new AppError('ENGINE_UNFIT', `What answers at ${engine.address} does not tell its disk usage like a container engine.`);
  const ours = <T extends {readonly Labels?: Readonly<Record<string, string>> | null | undefined}>(all: readonly T[] | null | undefined): readonly T[] => (all ?? []).filter(({Labels: labels}) => ownershipOf(labels) !== undefined || labels?.[labelKeys.layer] !== undefined);
  // -1: the engine does not know. A container that wrote nothing has no size at all.
  const volumes = ours(read.data.Volumes).map((one) => one.UsageData?.Size ?? -1);
  const containers = ours(read.data.Containers).map((one) => one.SizeRw ?? 0);
  return {volumes: sumOf(volumes), containers: sumOf(containers), unknown: [...volumes, ...containers].filter((size) => size < 0).length};
}

function sumOf(sizes: readonly number[]): EngineUsage['volumes'] {
  return {count: sizes.length, bytes: sizes.reduce((sum, size) => sum + Math.max(size, 0), 0)};
}

/**
 * The library's own `df` cannot name the types; without them an engine measures its images too. Engines before API 1.42
 * do not know the types and give everything (seen on 1.41).
 */
function readDiskUsage(client: EngineClient, abortSignal: AbortSignal): Promise<unknown> {
  const modem = client.modem as {dial(request: object, done: (error: unknown, data: unknown) => void): void};
  return new Promise((resolve, reject) => {
    // The library cuts the last character off a path with a query and no options.
    modem.dial({path: '/system/df?type=volume&type=container&', method: 'GET', abortSignal, statusCodes: {200: true, 500: 'server error'}}, (error, data) => {
      if (error === null || error === undefined) resolve(data);
      else reject(error instanceof Error ? error : new Error('the engine did not answer'));
    });
  });
}
