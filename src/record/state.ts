import type {JournalEvent} from '../core/journal.js';

/** Where a run is. `interrupted`: nobody drives it, and it can go on. */
export type RunStatus = 'running' | 'interrupted' | 'parked' | 'verified' | 'blocked' | 'inconclusive' | 'discarded';

/** What the journal says of a run. */
export interface RunState {
  readonly runId: string;
  readonly task: string;
  readonly repository: string;
  readonly status: RunStatus;
  /** Who drove it last: `host pid start-time`. */
  readonly owner: string | undefined;
  readonly startedAt: string;
  readonly lastAt: string;
  /** Steps that were begun and not finished. */
  readonly under: readonly string[];
  /** Model turns that came back, per specialist. */
  readonly turns: Readonly<Record<string, number>>;
  readonly verifications: readonly {readonly round: number; readonly verdict: string; readonly findings: number}[];
  readonly commit: string | undefined;
  readonly branch: string | undefined;
}

/** The fold over a journal: pure, and undefined for a journal that never began. `isGone` says whether an owner's process is gone. */
export function foldRun(events: readonly JournalEvent[], isGone: (owner: string) => boolean): RunState | undefined {
  const opened = events[0];
  if (opened?.type !== 'run.opened') return undefined;
  const under = new Set<string>();
  // Without a prototype: a specialist may have the name of a member that every object has.
  const turns = Object.create(null) as Record<string, number>;
  const verifications: RunState['verifications'][number][] = [];
  let owner: string | undefined;
  let end: RunStatus | undefined;
  let commit: string | undefined;
  let branch: string | undefined;
  for (const event of events) {
    if (event.type === 'run.driven') [owner, end] = [event.owner, undefined];
    if (event.type === 'run.parked') end = 'parked';
    if (event.type === 'step.started') under.add(event.step);
    if (event.type === 'step.finished') {
      under.delete(event.step);
      const specialist = /^turn\/([^/]+)\//.exec(event.step)?.[1];
      if (specialist !== undefined) turns[specialist] = (turns[specialist] ?? 0) + 1;
    }
    if (event.type === 'verification.ended') verifications.push({round: event.round, verdict: event.verdict, findings: event.findings.length});
    if (event.type === 'run.closed') [end, commit, branch] = [event.verdict, event.commit, event.branch];
  }
  return {
    runId: opened.runId,
    task: opened.task,
    repository: opened.repository,
    status: end ?? (owner === undefined || isGone(owner) ? 'interrupted' : 'running'),
    owner,
    startedAt: opened.at,
    lastAt: events.at(-1)?.at ?? opened.at,
    under: [...under],
    turns,
    verifications,
    commit,
    branch,
  };
}
