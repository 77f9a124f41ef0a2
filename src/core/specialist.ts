import picomatch from 'picomatch';
import {z} from 'zod';

/** What a user may configure of a specialist. */
export const SpecialistConfig = z.strictObject({
  scope: z.strictObject({write: z.array(z.string()).min(1).describe('globs of what it may write, besides what it owns')}).optional(),
  context: z.strictObject({tokens: z.int().min(1000).max(1_000_000).describe('most tokens of its context package')}).optional(),
});
export type SpecialistConfig = z.infer<typeof SpecialistConfig>;

/** Most tokens of a specialist's context package, by its role, when nobody says otherwise: the guide's budgets. */
export const contextTokens = {test: 12_000, implementation: 16_000, integration: 14_000, quality: 10_000, security: 8000, documentation: 6000} as const;

/** One specialist's part of a plan. */
export const Stream = z.strictObject({
  specialist: z.string(),
  /** Globs (picomatch, with dot files) of what it may write; one that begins with `!` takes away again. */
  write: z.array(z.string()),
  /** Globs of the same form that a path must match besides: nobody's scope reaches beyond them. */
  within: z.array(z.string()),
  /** Literal paths that it owns by the manifest; it may always write them. */
  owns: z.array(z.string()),
  /** Literal paths that others own; it may never write them. */
  closed: z.array(z.string()),
});
export type Stream = z.infer<typeof Stream>;

/** A pure value between what and do: streams in the order in which they are merged. */
export const Plan = z.strictObject({streams: z.array(Stream).min(1)});
export type Plan = z.infer<typeof Plan>;

/** Tokens of one model turn, as the provider counted them. */
export const Usage = z.strictObject({
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  cacheReadTokens: z.int().min(0),
  cacheWriteTokens: z.int().min(0),
});
export type Usage = z.infer<typeof Usage>;

/** Tokens of nothing, to add to. */
export const noUsage: Usage = {inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0};

/** Adds up tokens. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  };
}

/** How a specialist's phase ended. */
export const SpecialistOutcome = z.strictObject({
  ended: z.enum(['submitted', 'stopped', 'turns-spent', 'failed']),
  summary: z.string().describe('what it said; reported, never verified'),
  turns: z.int().min(0).describe('model turns used in this phase'),
  fullBoxes: z.int().min(1).optional().describe('how many of its boxes were ended because they wrote more than a box may'),
});
export type SpecialistOutcome = z.infer<typeof SpecialistOutcome>;

/** Whether a specialist may write a path: what it owns always, what another owns never, the rest by its scope. */
export function mayWrite(stream: Stream, path: string): boolean {
  if (stream.owns.includes(path)) return true;
  if (stream.closed.includes(path)) return false;
  return matches(stream.write, path) && matches(stream.within, path);
}

function matches(globs: readonly string[], path: string): boolean {
  const allowed = globs.filter((glob) => !glob.startsWith('!'));
  const taken = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  return isMatch(allowed, path) && !isMatch(taken, path);
}

/** Globs that a repository brings were checked when they were read: some take for ever. */
function isMatch(globs: readonly string[], path: string): boolean {
  return globs.length > 0 && picomatch([...globs], {dot: true})(path);
}
