import {z} from 'zod';
import type {JournalEvent} from '../core/journal.js';
import type {InterruptedTurns} from '../core/report.js';

/** What a run has made so far, by its journal. */
export interface Results {
  /** The newest merge, verified or not. */
  readonly merged: string | undefined;
  /** The newest submission of each specialist. */
  readonly submissions: ReadonlyMap<string, string>;
  /** The newest work of each specialist, handed in or only brought home, and the commit that its phase began with. */
  readonly work: ReadonlyMap<string, {readonly commit: string; readonly from: string}>;
  /** T: what is delivered of a verified run. */
  readonly bookkeeping: string | undefined;
}

const Commit = z.object({commit: z.string()});

/** A file that a rule merged where git could not. */
export const Settled = z.strictObject({path: z.string(), by: z.enum(['union', 'json'])});
export type Settled = z.infer<typeof Settled>;

/** The files that rules merged in a run, each once. Pure. */
function settledIn(events: readonly JournalEvent[]): readonly Settled[] {
  const found = new Map<string, Settled>();
  for (const event of events) {
    if (event.type !== 'step.finished' || !event.step.startsWith('merge/')) continue;
    const settled = z.object({settled: z.array(Settled)}).safeParse(event.outcome).data?.settled ?? [];
    for (const one of settled) found.set(one.path, one);
  }
  return [...found.values()];
}

/** An empty submission has its parent for a commit. */
function isEmpty(outcome: unknown): boolean {
  return z.object({empty: z.literal(true)}).safeParse(outcome).success;
}

/** The same for a person who should look at them. */
export function settledNotes(events: readonly JournalEvent[]): readonly {readonly path: string; readonly what: string}[] {
  return settledIn(events).map(({path, by}) => ({path, what: by === 'union' ? 'merged by union of lines' : 'merged key by key'}));
}

/** Folds the commits out of a journal. Pure. */
export function resultsOf(events: readonly JournalEvent[]): Results {
  let merged: string | undefined;
  let bookkeeping: string | undefined;
  const submissions = new Map<string, string>();
  const work = new Map<string, {readonly commit: string; readonly from: string}>();
  const begun = new Map<string, string>();
  for (const event of events) {
    if (event.type !== 'step.started' && event.type !== 'step.finished') continue;
    const [kind, specialist = '', phase = '', index = ''] = event.step.split('/');
    if (event.type === 'step.started') {
      if (kind === 'box' && index === '0' && event.names['commit'] !== undefined) begun.set(`${specialist}/${phase}`, event.names['commit']);
      continue;
    }
    const commit = Commit.safeParse(event.outcome).data?.commit;
    const from = begun.get(`${specialist}/${phase}`);
    if (commit === undefined) continue;
    if (kind === 'merge' || kind === 'resolve' || kind === 'decide') merged = commit;
    if (kind === 'submission' && !isEmpty(event.outcome)) submissions.set(specialist, commit);
    if ((kind === 'submission' || kind === 'export') && from !== undefined && commit !== from) work.set(specialist, {commit, from});
    if (kind === 'bookkeeping') bookkeeping = commit;
  }
  return {merged, submissions, work, bookkeeping};
}

/** Adds up the requests of one specialist whose answer was lost. Pure; undefined when there were none. */
export function interruptedTurns(events: readonly JournalEvent[], specialist: string): InterruptedTurns | undefined {
  const lost = events.flatMap((event) => (event.type === 'effect.unknown' && event.step.startsWith(`turn/${specialist}/`) && event.estimate !== undefined ? [event.estimate] : []));
  if (lost.length === 0) return undefined;
  const sum = (of: (one: (typeof lost)[number]) => number): number => lost.reduce((total, one) => total + of(one), 0);
  return {requests: lost.length, inputTokens: sum((one) => one.inputTokens), outputTokensAtMost: sum((one) => one.outputTokensAtMost)};
}
