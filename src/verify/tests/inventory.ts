import {identify, pairRuns} from './identity.js';
import type {SeenTest, SuiteRun, TestStatus} from './results.js';

/**
 * What became of one test between the base and the merged commit. `new`: passes, and did not on the base. `failing`:
 * fails, and had no result (or a skip) on the base. `lost`: passed on the base and is skipped now. `gone`: not there
 * any more, and did not pass on the base either.
 */
export type Fate = 'new' | 'kept' | 'broken' | 'knownFailing' | 'failing' | 'lost' | 'skipped' | 'vanished' | 'gone';

/** One test over the runs that saw it. */
export interface Row {
  /** Unique: its id in the merged run, else in the base run. */
  readonly id: string;
  readonly file: string;
  /** Suites from the outside in, then the name. */
  readonly path: readonly string[];
  readonly kind: 'test' | 'file';
  readonly fate: Fate;
  readonly base: TestStatus | undefined;
  /** On the base with the new tests. */
  readonly before: TestStatus | undefined;
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
 * Joins the runs per test. A test that passed on the base and gave no result because its file does not load any more
 * is `broken`, not `vanished`.
 */
export function takeInventory({base, before, merged}: {readonly base: SuiteRun; readonly before?: SuiteRun | undefined; readonly merged: SuiteRun}): Inventory {
  const [first, proof, after] = [identify(base.tests), identify(before?.tests ?? []), identify(merged.tests)];
  const [fromFirst, fromProof] = [pairRuns(first, after), pairRuns(proof, after)];
  const down = new Set(merged.tests.filter((test) => test.kind === 'file' && test.status === 'failed').map((test) => test.file));
  const rows = [...after].map(([id, test]) => rowOf(id, test, {base: first.get(fromFirst.get(id) ?? '')?.status, before: proof.get(fromProof.get(id) ?? '')?.status, now: test.status}));
  const paired = new Set(fromFirst.values());
  for (const [id, test] of first) {
    if (paired.has(id)) continue;
    const row = rowOf(id, test, {base: test.status, before: undefined, now: undefined});
    rows.push(row.fate === 'vanished' && down.has(row.file) ? {...row, fate: 'broken'} : row);
  }
  return rows;
}

function rowOf(id: string, {file, path, kind, message}: SeenTest, seen: Pick<Row, 'base' | 'before' | 'now'>): Row {
  return {id, file, path, kind, fate: fateOf(seen.base, seen.now), ...seen, message: seen.now === 'failed' ? (message ?? '') : ''};
}
