/** What a package uses of its budget, and could use besides. All in tokens. */
export interface Demand {
  readonly budget: number;
  readonly used: number;
  /** What the relevant files that found no room would take. */
  readonly wanted: number;
}

/** A budget grows at most to so many times itself: the specialist's window is made for it. */
const maxGrowth = 2;

/**
 * Gives what some leave unused to those who want more, by how much they want. What is given is taken: the sum of all
 * budgets never grows. In the order given.
 */
export function moveUnused(demands: readonly Demand[]): readonly number[] {
  const pool = demands.filter(({wanted}) => wanted <= 0).reduce((sum, {budget, used}) => sum + Math.max(0, budget - used), 0);
  // Who wants more keeps its own rest too: it was too little for the next file.
  const wants = demands.map(({budget, wanted}) => Math.max(0, Math.min(wanted, budget * (maxGrowth - 1))));
  const all = wants.reduce((sum, want) => sum + want, 0);
  if (pool === 0 || all === 0) return demands.map(({budget}) => budget);
  const share = Math.min(1, pool / all);
  const given = wants.map((want) => Math.floor(want * share));
  let owed = given.reduce((sum, tokens) => sum + tokens, 0);
  return demands.map(({budget, used}, index) => {
    if ((wants[index] ?? 0) > 0) return budget + (given[index] ?? 0);
    const taken = Math.min(owed, Math.max(0, budget - used));
    owed -= taken;
    return budget - taken;
  });
}
