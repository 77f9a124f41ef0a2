import {z} from 'zod';
import type {JournalEvent} from '../core/journal.js';

/** What a run has made so far, by its journal. */
export interface Results {
  /** The newest merge, verified or not. */
  readonly merged: string | undefined;
  /** The newest submission of each specialist. */
  readonly submissions: ReadonlyMap<string, string>;
  /** T: what is delivered of a verified run. */
  readonly bookkeeping: string | undefined;
}

const Commit = z.object({commit: z.string()});

/** An empty submission has its parent for a commit. */
function isEmpty(outcome: unknown): boolean {
  return z.object({empty: z.literal(true)}).safeParse(outcome).success;
}

/** Folds the commits out of a journal. Pure. */
export function resultsOf(events: readonly JournalEvent[]): Results {
  let merged: string | undefined;
  let bookkeeping: string | undefined;
  const submissions = new Map<string, string>();
  for (const event of events) {
    if (event.type !== 'step.finished') continue;
    const commit = Commit.safeParse(event.outcome).data?.commit;
    const [kind, specialist = ''] = event.step.split('/');
    if (commit === undefined) continue;
    if (kind === 'merge') merged = commit;
    if (kind === 'submission' && !isEmpty(event.outcome)) submissions.set(specialist, commit);
    if (kind === 'bookkeeping') bookkeeping = commit;
  }
  return {merged, submissions, bookkeeping};
}
