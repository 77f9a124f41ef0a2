import type {CompressionLevel} from './fit.js';
import type {Form} from './package.js';

/** A package that was too much for its specialist. */
export interface Overflow {
  /** How often it has happened to this specialist, from 1. */
  readonly attempt: number;
  /** Tokens that the package was estimated at. */
  readonly tokens: number;
  /** Tokens that the provider counted, when it said so. */
  readonly counted?: number | undefined;
}

/** How the package is made again. */
export interface Retry {
  readonly budget: number;
  readonly compression: CompressionLevel;
  readonly most: Form;
}

/** The guide's `retry_limits.context_errors` is 3: tighter, then outlines in place of bodies, then names alone. */
const steps: readonly (Omit<Retry, 'budget'> & {readonly share: number})[] = [
  {share: 0.7, compression: 'high', most: 'whole'},
  {share: 0.4, compression: 'high', most: 'outline'},
  {share: 0.15, compression: 'high', most: 'name'},
];

/**
 * How a package is made again after an overflow: smaller each time, and from other sources (parts, outlines, names; the
 * specialist opens what it needs). The estimate is corrected by what the provider counted. Undefined: no attempt is left.
 */
export function planRetry({attempt, tokens, counted}: Overflow): Retry | undefined {
  const step = steps[attempt - 1];
  if (step === undefined) return undefined;
  const correction = counted === undefined || counted <= tokens ? 1 : tokens / counted;
  return {budget: Math.max(1, Math.floor(tokens * step.share * correction)), compression: step.compression, most: step.most};
}
