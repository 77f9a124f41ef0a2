import {identify, type IdentifiedTest} from './identity.js';
import type {SuiteRun, TestStatus} from './results.js';

/**
 * What became of one test between the base and the merged commit. `new`: passes, and did not on the base. `failing`:
 * fails, and had no result (or a skip) on the base. `lost`: passed on the base and is skipped now. `gone`: not there
 * any more, and did not pass on the base either.
 */
export type Fate = 'new' | 'kept' | 'broken' | 'knownFailing' | 'failing' | 'lost' | 'skipped' | 'vanished' | 'gone';

/** One test over the runs that saw it. */
export interface Row {
  readonly key: string;
  /** For people: unmasked, from the merged run where it has it. */
  readonly id: string;
  readonly file: string;
  readonly kind: 'test' | 'file';
  readonly fate: Fate;
  readonly base: TestStatus | undefined;
  readonly now: TestStatus | undefined;
  /** First line of the failure in the merged run, not escaped. */
  readonly message: string;
}

/** Every test that the base or the merged run saw, once, in the order of the merged run, then of the base. */
export type Inventory = readonly Row[];

/** Fate of a test by its status on the base and now: total and disjoint over all pairs in which one run saw it. */
export function fateOf(base: TestStatus | undefined, now: TestStatus | undefined): Fate {
  switch (now) {
    case 'passed':
      return base === 'passed' ? 'kept' : 'new';
    case 'failed':
      return base === 'passed' ? 'broken' : base === 'failed' ? 'knownFailing' : 'failing';
    case 'skipped':
    case 'todo':
      return base === 'passed' ? 'lost' : 'skipped';
    case undefined:
      return base === 'passed' ? 'vanished' : 'gone';
  }
}

/**
 * Joins the base run and the merged run per test. A test that passed on the base and gave no result because its file
 * does not load any more is `broken`, not `vanished`.
 */
export function takeInventory(base: SuiteRun, merged: SuiteRun): Inventory {
  const before = identify(base.tests);
  const after = identify(merged.tests);
  const down = new Set(merged.tests.filter((test) => test.kind === 'file' && test.status === 'failed').map((test) => test.file));
  const rows = [...after.values()].map((seen) => rowOf(seen, before.get(seen.key)?.test.status, seen.test.status));
  for (const seen of before.values()) {
    if (after.has(seen.key)) continue;
    const row = rowOf(seen, seen.test.status, undefined);
    rows.push(row.fate === 'vanished' && down.has(row.file) ? {...row, fate: 'broken'} : row);
  }
  return rows;
}

function rowOf({key, id, test}: IdentifiedTest, base: TestStatus | undefined, now: TestStatus | undefined): Row {
  return {key, id, file: test.file, kind: test.kind, fate: fateOf(base, now), base, now, message: now === 'failed' ? (test.message ?? '') : ''};
}
