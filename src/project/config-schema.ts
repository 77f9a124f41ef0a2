import {isAbsolute} from 'node:path';
import {z} from 'zod';
import {diskDefaults} from '../core/sandbox.js';
import {contextTokens, SpecialistConfig} from '../core/specialist.js';
import {Registry} from './install/registries.js';

/**
 * What holds when neither file says anything. The sizes of a box fit two of them on a small machine; `repairRounds` and
 * `maxTurns` bound what a run can cost.
 */
export const configDefaults = {
  /** A name under `images/`, or any image reference. */
  image: 'node',
  /** MiB of memory, CPUs and processes of one box, and MiB and files that it may write. A repository may only ask for less. */
  limits: {memoryMiB: 2048, cpus: 2, pids: 512, ...diskDefaults},
  /** Boxes at the same time. */
  maxParallel: 4,
  /** How often findings go back to their owners. */
  repairRounds: 2,
  /** Model turns of one specialist in one phase. */
  maxTurns: 60,
  /** GiB that the state of all repositories may take before a new run is refused. */
  disk: {budgetGiB: 20},
  /** What one submission may hold: changed files, MiB of each, MiB of all. The same numbers as `importLimits` of `git/`. */
  submission: {maxFiles: 20_000, maxFileMiB: 50, maxTotalMiB: 500},
  /** The model, and its most output tokens of one turn. */
  model: {name: 'claude-opus-5-5', maxTokens: 16_000},
  /** Most tokens of a specialist's context package, by its role. */
  contextTokens,
  /** The same for a specialist of another name. */
  otherContextTokens: 8000,
  /** The cache of context packages: how many, for how long, how tightly packed; the guide's "Performance Tuning". */
  context: {cacheSize: 1000, refreshIntervalMs: 300_000, compressionLevel: 'adaptive'},
} as const;

/** Most tokens of the context package of any specialist, when nobody says otherwise. */
export function defaultContextTokens(specialist: string): number {
  return Object.hasOwn(contextTokens, specialist) ? contextTokens[specialist as keyof typeof contextTokens] : configDefaults.otherContextTokens;
}

/** How tightly a context package is packed. */
export const CompressionLevel = z.enum(['adaptive', 'high', 'medium', 'low']);
export type CompressionLevel = z.infer<typeof CompressionLevel>;

const Limits = z
  .strictObject({
    memoryMiB: z.int().min(64).max(1_048_576).optional().describe(`MiB of memory of one box; default ${configDefaults.limits.memoryMiB}`),
    cpus: z.number().min(0.1).max(1024).optional().describe(`CPUs of one box; default ${configDefaults.limits.cpus}`),
    pids: z.int().min(16).max(4_194_304).optional().describe(`processes of one box; default ${configDefaults.limits.pids}`),
    diskMiB: z.int().min(64).max(16_777_216).optional().describe(`MiB on the disk that one box may write; default ${configDefaults.limits.diskMiB}`),
    inodes: z.int().min(1000).max(1_000_000_000).optional().describe(`files and folders that one box may make; default ${configDefaults.limits.inodes}`),
  })
  .optional();

const Specialist = SpecialistConfig.refine(
  (config) => (config.scope?.write ?? []).every(isPlainGlob),
  'a glob of `scope.write` must be relative, of 1 to 256 characters, without parentheses, and have at most two wildcards in each part of its path',
);

/** A glob that is matched quickly whatever the path: one with ten stars in one part took 52 s for a name of 50 letters. */
function isPlainGlob(glob: string): boolean {
  if (glob.length < 1 || glob.length > 256 || /^!?\/|[()]/.test(glob)) return false;
  return glob.split('/').every((part) => part === '**' || part === '!**' || (part.match(/[*?[{]/g) ?? []).length <= 2);
}

const shared = {
  schemaVersion: z.literal(1).optional().describe('default 1'),
  image: z.string().min(1).max(512).optional().describe(`default ${configDefaults.image}`),
  limits: Limits,
  specialists: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and `-`, at most 40'), Specialist)
    .optional(),
};

/** `bulkhead.yml`: data from a stranger, so only what describes the project or narrows a box. */
export const RepositoryConfig = z.strictObject(shared);
export type RepositoryConfig = z.infer<typeof RepositoryConfig>;

/** The user's own `config.yml`: all of it, and what acts on the host. */
export const UserConfig = z.strictObject({
  ...shared,
  engine: z.string().min(1).optional().describe('address of the container engine; default: found'),
  runtime: z.string().min(1).max(128).optional().describe('the runtime of boxes, as the engine names it, such as runsc; default: that of the engine'),
  requireGvisor: z.boolean().optional().describe('whether an engine whose boxes are not those of gVisor, with limits that hold, is refused; default false'),
  maxParallel: z.int().min(1).max(256).optional().describe(`boxes at the same time; default ${configDefaults.maxParallel}`),
  repairRounds: z.int().min(0).max(20).optional().describe(`default ${configDefaults.repairRounds}`),
  maxTurns: z.int().min(1).max(1000).optional().describe(`model turns of one specialist in one phase; default ${configDefaults.maxTurns}`),
  context: z
    .strictObject({
      cacheSize: z.int().min(0).max(100_000).optional().describe(`context packages that are kept; default ${configDefaults.context.cacheSize}`),
      refreshIntervalMs: z.int().min(0).max(86_400_000).optional().describe(`how long a kept package is used; default ${configDefaults.context.refreshIntervalMs}`),
      compressionLevel: CompressionLevel.optional().describe(`default ${configDefaults.context.compressionLevel}`),
    })
    .optional(),
  disk: z
    .strictObject({budgetGiB: z.number().min(0.001).max(1_000_000).optional().describe(`GiB that the state folder may take before a new run is refused; default ${configDefaults.disk.budgetGiB}`)})
    .optional(),
  submission: z
    .strictObject({
      maxFiles: z.int().min(1).max(200_000).optional().describe(`changed files of one submission, deletions included; default ${configDefaults.submission.maxFiles}`),
      maxFileMiB: z.number().min(0.001).max(256).optional().describe(`MiB of one file of it; default ${configDefaults.submission.maxFileMiB}`),
      maxTotalMiB: z.number().min(0.001).max(1800).optional().describe(`MiB of all of them; default ${configDefaults.submission.maxTotalMiB}`),
    })
    .optional(),
  registries: z.array(Registry).max(20).optional().describe('where dependencies may come from besides the public registry'),
  model: z
    .strictObject({
      name: z.string().min(1).optional().describe(`default ${configDefaults.model.name}`),
      baseUrl: z.url({protocol: /^https?$/}).optional().describe('default: that of the client'),
      keyFile: z.string().refine(isAbsolute, 'must be an absolute path').optional().describe('a file that holds the key and nothing else'),
      maxTokens: z.int().min(256).max(1_000_000).optional().describe(`output tokens of one turn; default ${configDefaults.model.maxTokens}`),
    })
    .optional(),
});
export type UserConfig = z.infer<typeof UserConfig>;

/** The keys that a schema knows at a path; empty where it takes no object or any name. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: unknown = schema;
  for (const part of path) {
    at = unwrap(at);
    if (at instanceof z.ZodObject) at = (at.shape as Readonly<Record<string, unknown>>)[String(part)];
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else return [];
  }
  at = unwrap(at);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
