import type {Finding} from '../../core/finding.js';
import type {TreeReader} from '../../core/tree.js';
import {takeInventory, type Row} from './inventory.js';
import {shownId, testFinding} from './judged.js';
import type {SuiteRun} from './results.js';

/** A submission whose conflict somebody resolved by hand: what it brought may have been lost there. */
export interface Side {
  /** The specialist whose work it is. */
  readonly name: string;
  readonly commit: TreeReader;
  /** Layers over its tree. Default: none. */
  readonly layers?: readonly string[] | undefined;
}

/** A side, and what the suite gave on its own tree. */
export interface SideRun {
  readonly name: string;
  readonly run: SuiteRun;
}

/**
 * Tests that pass on a side, are not of the base, and gave no result in the merge. An exit code cannot tell: a merge that
 * took one side lost eight tests and ended with 0 (`verification.md` §3.3). What the base had is judged against the base. A run that did not end in order says
 * nothing here. Pure.
 */
export function lostTests({base, sides, merged}: {readonly base: SuiteRun; readonly sides: readonly SideRun[]; readonly merged: SuiteRun}): readonly Finding[] {
  if (merged.end !== 'complete') return [];
  return sides.flatMap(({name, run}) => {
    if (run.end !== 'complete') return [];
    const own = takeInventory({base, merged: run}).filter(({kind, fate}) => kind === 'test' && fate === 'new').map(({id}) => id);
    const fates = new Map(takeInventory({base: run, merged}).map((row) => [row.id, row]));
    return own.flatMap((id) => {
      const row = fates.get(id);
      return row?.fate === 'vanished' ? [lost(row, name)] : [];
    });
  });
}

function lost(row: Row, name: string): Finding {
  return testFinding({
    code: 'TESTS_VANISHED',
    subject: row.id,
    owners: [name],
    path: row.file,
    message: `The test ${shownId(row)} passes in the submission of ${name} and is not in the merge in which its conflict was resolved.`,
    hint: 'Bring the test in again, on top of what is merged.',
  });
}
