import {assertRef, type GitStore} from '../bare/refs.js';
import {startStaging} from '../bare/staging.js';
import {conflictingPaths} from './merge-tree.js';

/** Submissions of which none is merged yet. */
export interface PreviewRequest {
  readonly submissions: readonly {readonly name: string; readonly commit: string}[];
  /** Names the run, `refs/bulkhead/<run>/…`; nothing is written there. */
  readonly ref: string;
  readonly signal: AbortSignal;
}

/** Two submissions that git alone could not merge. */
export interface PairConflict {
  readonly pair: readonly [string, string];
  /** Sorted; not escaped. */
  readonly paths: readonly string[];
}

/**
 * The pairs of submissions that conflict, in their order: one `merge-tree` a pair, whose objects nobody keeps. What the
 * later rungs of the ladder would settle counts as a conflict here; three that only conflict together are not seen.
 */
export async function previewMerges(store: GitStore, {submissions, ref, signal}: PreviewRequest): Promise<readonly PairConflict[]> {
  assertRef(ref);
  await using staging = await startStaging(store, ref, signal);
  const found: PairConflict[] = [];
  for (const [index, first] of submissions.entries()) {
    for (const second of submissions.slice(index + 1)) {
      const paths = await conflictingPaths(staging.store, {ours: first.commit, theirs: second.commit}, signal);
      if (paths.length > 0) found.push({pair: [first.name, second.name], paths});
    }
  }
  return found;
}
