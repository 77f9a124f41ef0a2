import {z} from 'zod';
import {Manifest} from '../core/manifest.js';

/** A configured write scope of a specialist, and who configured it. */
export const Scope = z.strictObject({write: z.array(z.string()).min(1), origin: z.enum(['repository', 'user'])});
export type Scope = z.infer<typeof Scope>;

/** Everything that decides a run besides its base commit's content: journalled at the start, so that a resume goes on alike. */
export const RunOptions = z.strictObject({
  manifest: Manifest.describe('with `base` as a full commit id'),
  manifestSource: z.string(),
  dirty: z
    .strictObject({onto: z.string().describe('full id of the commit of the user that the base was made on')})
    .optional()
    .describe('present when the base is the checkout as it stood'),
  from: z.strictObject({path: z.string().describe('relative to the root'), id: z.string()}).optional(),
  traffic: z.enum(['live', 'replayed']),
  model: z.strictObject({name: z.string(), maxTokens: z.int().min(1)}),
  limits: z.strictObject({
    memoryMiB: z.int().min(64),
    cpus: z.number().min(0.1),
    pids: z.int().min(16),
    diskMiB: z.int().min(1).optional().describe('absent in a run of version 0.1.0: the default holds, as for `inodes`'),
    inodes: z.int().min(1).optional(),
  }),
  runtime: z
    .strictObject({name: z.string().min(1).optional(), requireGvisor: z.boolean()})
    .optional()
    .describe('what is asked of the runtime of boxes; absent: the default of the engine'),
  submission: z
    .strictObject({maxFiles: z.int().min(1), maxFileMiB: z.number(), maxTotalMiB: z.number()})
    .optional()
    .describe('what one submission may hold; absent in a run of version 0.1.0'),
  maxParallel: z.int().min(1),
  maxTurns: z.int().min(1),
  repairRounds: z.int().min(0),
  scopes: z.record(z.string(), Scope),
  context: z
    .strictObject({
      budgets: z.record(z.string(), z.int().min(0)).describe('tokens by specialist'),
      compression: z.enum(['adaptive', 'high', 'medium', 'low']),
      cache: z.strictObject({packages: z.int().min(0), refreshSeconds: z.number().min(0)}),
    })
    .optional()
    .describe('absent in a run of version 0.1.0, which told its specialists nothing of the project'),
});
export type RunOptions = z.infer<typeof RunOptions>;
