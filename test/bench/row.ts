/** One measured value. A row with a limit that does not hold makes the whole call exit with 1. */
export interface Row {
  readonly name: string;
  readonly value: number;
  /** `ms`, `s`, `MB`, or `×` for a ratio. */
  readonly unit: string;
  /** For people: `≤ 100`, `≥ 24`, or `none`. */
  readonly limit: string;
  readonly holds: boolean;
  /** What it was measured against, in the same run, with that value. */
  readonly baseline: string;
}

/** A benchmark: `args` is what follows its name on the command line, `say` tells of progress. It throws when it cannot measure. */
export type Bench = (args: readonly string[], say: (line: string) => void) => Promise<readonly Row[]>;

interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly baseline: string;
}

/** Makes a row. A value that is not a finite number holds no limit. */
export function row({name, value, unit, atMost, atLeast, baseline}: Measured): Row {
  const holds = Number.isFinite(value) && value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  const limits = [...(atMost === undefined ? [] : [`≤ ${atMost}`]), ...(atLeast === undefined ? [] : [`≥ ${atLeast}`])];
  return {name, value: Number(value.toPrecision(4)), unit, limit: limits.join(', ') || 'none', holds, baseline};
}

/** The middle value; of an even number of them the lower middle. Throws for none. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) throw new RangeError('the median of no values');
  return middle;
}
