/** A side of a merge and the tests that its own tree lists. */
export interface InventorySide {
  readonly name: string;
  /** Test ids as a runner lists them; an id that is there twice counts twice. */
  readonly tests: readonly string[];
  /** Whether this side may delete a test: it owns the file that the test is in. */
  readonly owns: (test: string) => boolean;
}

/** The inventories of a merge: of the common base, of each side, and of the merged tree. */
export interface Inventories {
  readonly base: readonly string[];
  readonly sides: readonly InventorySide[];
  readonly merged: readonly string[];
}

/** What a merged inventory lacks. */
export interface Coverage {
  /** Whether nothing is lost, and there is something. */
  readonly covered: boolean;
  /** Tests that a side has and the merge has not, and the sides that have them. */
  readonly lost: readonly {readonly test: string; readonly sides: readonly string[]}[];
  /** Tests of the base that their owner deleted: lawful, and worth telling. */
  readonly deleted: readonly {readonly test: string; readonly by: readonly string[]}[];
}

/**
 * Whether the tests of a merged tree cover those of both sides: each test of a side is in the merge, as often as there,
 * or was deleted by a side that owns it. An exit code cannot tell: a merge that took one side lost eight tests and ended
 * with 0 (`verification.md` §3.3). No tests at all cover nothing. Pure.
 */
export function coverInventories({base, sides, merged}: Inventories): Coverage {
  const before = counted(base);
  const after = counted(merged);
  const listed = sides.map((side) => ({...side, counts: counted(side.tests)}));
  const lost: {test: string; sides: readonly string[]}[] = [];
  const deleted: {test: string; by: readonly string[]}[] = [];
  for (const test of new Set([...base, ...sides.flatMap((side) => side.tests)])) {
    const there = after.get(test) ?? 0;
    const having = listed.filter(({counts}) => (counts.get(test) ?? 0) > there);
    // A side with fewer of them than the base took them away itself; a test that the base does not have, nobody could delete.
    const deleters = listed.filter(({counts, owns}) => (counts.get(test) ?? 0) <= there && there < (before.get(test) ?? 0) && owns(test));
    if (deleters.length > 0) deleted.push({test, by: deleters.map(({name}) => name)});
    else if (having.length > 0) lost.push({test, sides: having.map(({name}) => name)});
  }
  return {covered: lost.length === 0 && merged.length > 0, lost, deleted};
}

function counted(tests: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const test of tests) counts.set(test, (counts.get(test) ?? 0) + 1);
  return counts;
}
