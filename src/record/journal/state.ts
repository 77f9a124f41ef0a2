import type {JournalEvent} from '../../core/journal.js';
import type {Driver} from '../driver/owner.js';

/** Where a run is. `interrupted`: nobody drives it, and it can go on. */
export type RunStatus = 'running' | 'interrupted' | 'parked' | 'verified' | 'blocked' | 'inconclusive' | 'cancelled';

/** What the journal says of a run. */
export interface RunState {
  readonly runId: string;
  readonly task: string;
  readonly repository: string;
  readonly status: RunStatus;
  /** Who drove it last, as `processOwner` says it. */
  readonly owner: string | undefined;
  readonly startedAt: string;
  readonly lastAt: string;
  /** Steps that were begun and not finished. */
  readonly under: readonly string[];
  /** Model turns that came back, per specialist. */
  readonly turns: Readonly<Record<string, number>>;
  /** Acts of which it is not known what they did: their process ended while they were under way. */
  readonly unknownEffects: number;
  readonly verifications: readonly {readonly round: number; readonly verdict: string; readonly findings: number}[];
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  /** Why a person took what was not verified, when one did. */
  readonly override: string | undefined;
}

/** The fold over a journal: pure, and undefined for a journal that never began. On any doubt whether somebody drives the run, it is running. */
export function foldRun(events: readonly JournalEvent[], driver: Driver): RunState | undefined {
  const opened = events[0];
  if (opened?.type !== 'run.opened') return undefined;
  const under = new Set<string>();
  // Without a prototype: a specialist may have the name of a member that every object has.
  const turns = Object.create(null) as Record<string, number>;
  const verifications: RunState['verifications'][number][] = [];
  let unknownEffects = 0;
  let owner: string | undefined;
  let end: RunStatus | undefined;
  let commit: string | undefined;
  let branch: string | undefined;
  let override: string | undefined;
  for (const event of events) {
    if (event.type === 'run.driven') [owner, end] = [event.owner, undefined];
    if (event.type === 'run.parked') end = 'parked';
    if (event.type === 'step.started') under.add(event.step);
    if (event.type === 'step.finished') {
      under.delete(event.step);
      const specialist = /^turn\/([^/]+)\//.exec(event.step)?.[1];
      if (specialist !== undefined) turns[specialist] = (turns[specialist] ?? 0) + 1;
    }
    if (event.type === 'effect.unknown') unknownEffects += 1;
    if (event.type === 'verification.ended') verifications.push({round: event.round, verdict: event.verdict, findings: event.findingsTotal ?? event.findings.length});
    if (event.type === 'run.overridden') override = event.reason;
    if (event.type === 'run.closed') [end, commit, branch] = [event.verdict, event.commit, event.branch];
  }
  return {
    runId: opened.runId,
    task: opened.task,
    repository: opened.repository,
    status: end ?? (driver === 'none' ? 'interrupted' : 'running'),
    owner,
    startedAt: opened.at,
    lastAt: events.at(-1)?.at ?? opened.at,
    under: [...under],
    turns,
    unknownEffects,
    verifications,
    commit,
    branch,
    override,
  };
}
