import {lifetimeMs} from '../../core/moment.js';
import type {Clocks, WorkspaceNames} from '../../core/sandbox.js';
import type {Driver} from '../../record/driver/owner.js';
import type {RunStatus} from '../../record/journal/state.js';

/** What becomes of something, and why. `quarantine`: it is kept elsewhere first. */
export interface Judged {
  readonly action: 'remove' | 'quarantine' | 'keep';
  readonly why: string;
}

/** What a sweep goes by. */
export interface SweepRules {
  /** From this age something is old that no run vouches for, in milliseconds. */
  readonly olderThanMs: number;
  /** Also the folders and refs of ended runs that are older than that. */
  readonly runs: boolean;
  /** Also what no journal here knows: another user's state folder, or one that was deleted. */
  readonly unknown: boolean;
  /** False: only what may go at once; nothing that needs an age, or quarantine first. */
  readonly patient: boolean;
  /** Why no age can be trusted at this moment; undefined: they can. */
  readonly clockDoubt: string | undefined;
}

/** What is known of a run. */
export type RunFacts =
  | {
      readonly known: 'run';
      readonly status: RunStatus;
      readonly driver: Driver;
      /** Boxes that began and whose work is not a commit. */
      readonly unsaved: readonly WorkspaceNames[];
      /** Whether there is work, and whether the user's repository has it; `unasked` is as good as undelivered. */
      readonly work: 'none' | 'delivered' | 'undelivered' | 'unasked';
    }
  /** A folder in which no journal ever began. `bare`: nothing else is there either, and no ref. `hadDriver`: a process had begun to drive it. */
  | {readonly known: 'folder'; readonly driver: Driver; readonly bare: boolean; readonly hadDriver: boolean}
  | {readonly known: 'unreadable'; readonly why: string}
  /** Every store was looked at, and none has it. */
  | {readonly known: 'nothing'};

/** What one run has on the engine. */
export interface EngineThings {
  /** Age of the youngest of them; undefined: it cannot be told. */
  readonly ageMs: number | undefined;
  /** Whether a process that their labels name lives; one that surely does decides, then one of which nobody knows. */
  readonly owner: Driver;
  /** Boxes of specialists that have a writable layer there, as the labels say. */
  readonly boxes: readonly WorkspaceNames[];
  /** Whether there is work whose labels do not say how to export it. */
  readonly opaque: boolean;
  /** Names of all volumes. */
  readonly volumes: ReadonlySet<string>;
}

/** A judgement over all that a run has on the engine, and the workspaces that must be kept elsewhere before anything goes. */
export interface JudgedThings extends Judged {
  readonly save: readonly WorkspaceNames[];
}

/** Whether the engine's clock and ours are taken for the same: five minutes apart is no drift. */
const clockToleranceMs = 5 * 60_000;

/** Why no age can be trusted: this clock is behind what was written before, or not the engine's. Pure. */
export function clockDoubt({here, engine}: Clocks, newest: Date | undefined): string | undefined {
  if (Number.isNaN(here.at.getTime())) return 'this machine does not tell the time';
  if (newest !== undefined && newest > here.at) return `this clock says ${here.at.toISOString()}, and something of ours was written at ${newest.toISOString()}`;
  if (engine === undefined) return 'the engine does not tell its time';
  const apart = Math.abs(engine.getTime() - here.at.getTime());
  return apart > clockToleranceMs ? `the engine's clock is ${Math.round(apart / 1000)} s off from this one` : undefined;
}

/** What becomes of all that one run has on the engine. Fails closed: what is not surely abandoned stays. Pure. */
export function judgeThings(run: RunFacts, things: EngineThings, rules: SweepRules): JudgedThings {
  const open = judgeOpen(run);
  if (open !== undefined) return {...open, save: []};
  if (run.known !== 'run') return judgeUnknownThings(things, rules);
  const save = run.unsaved.filter(({box}) => things.volumes.has(`${box}-upper`));
  if (save.length === 0) return {action: 'remove', why: `its run has ended: ${run.status}`, save};
  if (!rules.patient) return {...keep('its run has ended, but work of it is nowhere else; bulkhead clean brings it into quarantine'), save: []};
  return {action: 'quarantine', why: `its run has ended (${run.status}), and work of it is nowhere else`, save};
}

function judgeUnknownThings(things: EngineThings, rules: SweepRules): JudgedThings {
  const nobody = 'no journal here knows its run';
  if (!rules.unknown) return {...keep(`${nobody}; bulkhead clean --unknown takes what is old`), save: []};
  if (things.owner === 'alive') return {...keep(`${nobody}, but its owner lives`), save: []};
  const isGone = things.owner === 'none';
  const young = judgeAge(things.ageMs, rules, isGone ? rules.olderThanMs : Math.max(rules.olderThanMs, lifetimeMs));
  if (young !== undefined) return {...keep(`${nobody}, but ${young}${isGone ? '' : ', and its owner may still live'}`), save: []};
  if (things.opaque) return {...keep(`${nobody}, and its work cannot be exported: it is of an earlier version`), save: []};
  return {action: things.boxes.length > 0 ? 'quarantine' : 'remove', why: `${nobody}, and it is old`, save: things.boxes};
}

/** A dependency layer, as the policy takes it. */
export interface LayerFacts {
  readonly complete: boolean;
  readonly usedBy: readonly string[];
  /** Undefined: it cannot be told. */
  readonly ageMs: number | undefined;
  /** Whether the process that made it lives. */
  readonly owner: Driver;
}

/** What becomes of a layer: one that is needed stays, and so does one that is being filled. It can be made again, so age is all that counts. Pure. */
export function judgeLayer({complete, usedBy, ageMs, owner}: LayerFacts, rules: SweepRules): Judged {
  if (usedBy.length > 0) return keep(`a run needs it: ${usedBy[0] ?? ''}`);
  if (!complete && owner === 'alive') return keep('it is being filled');
  const young = judgeAge(ageMs, rules, rules.olderThanMs);
  if (young !== undefined) return keep(young);
  return {action: 'remove', why: complete ? `no run needs it, and it is ${renderAge(ageMs ?? 0)} old` : 'it was never completed'};
}

/** What becomes of the folder and the refs of one run. Pure. `ageMs`: since its last event, or of the folder. */
export function judgeRun(run: RunFacts, ageMs: number | undefined, rules: SweepRules): Judged {
  if (run.known === 'folder') {
    if (run.driver !== 'none') return keep('a process may just be starting it');
    if (!run.bare) return keep('it has no journal, but other files or refs');
    const remove = {action: 'remove', why: 'it was ended before it did anything'} as const;
    // Its lock is taken once, by the process that made the folder, and that one is gone.
    if (run.hadDriver) return remove;
    const young = judgeAge(ageMs, rules, rules.olderThanMs);
    return young === undefined ? remove : keep(`it has no journal, but ${young}`);
  }
  const open = judgeOpen(run);
  if (open !== undefined) return open;
  // Without a folder, its refs are all that there is of a run.
  if (run.known !== 'run') return judgeUnknownRefs(ageMs, rules);
  if (run.work !== 'none' && run.work !== 'delivered') return keep(`it is ${run.status}, and its work is not delivered: bulkhead deliver takes it, bulkhead discard drops it`);
  if (run.unsaved.length > 0) return keep('work of it was never brought home; bulkhead discard drops it');
  if (!rules.runs) return keep(`it is ${run.status} and needed no more; bulkhead clean --older-than AGE puts it into quarantine`);
  const young = judgeAge(ageMs, rules, rules.olderThanMs);
  if (young !== undefined) return keep(young);
  return {action: 'quarantine', why: run.work === 'none' ? `it is ${run.status}, and nobody had done anything` : 'it is verified, and the repository has its result'};
}

function judgeUnknownRefs(ageMs: number | undefined, rules: SweepRules): Judged {
  const nobody = 'no journal here knows their run';
  if (!rules.unknown) return keep(`${nobody}; bulkhead clean --unknown takes what is old`);
  const young = judgeAge(ageMs, rules, rules.olderThanMs);
  return young === undefined ? {action: 'quarantine', why: `${nobody}, and they are old`} : keep(`${nobody}, but ${young}`);
}

/** What becomes of a half-written file that nobody uses any more. Pure. */
export function judgeDraft(ageMs: number | undefined, rules: SweepRules): Judged {
  const young = judgeAge(ageMs, rules, rules.olderThanMs);
  return young === undefined ? {action: 'remove', why: 'it was never finished'} : keep(young);
}

/** What becomes of something in quarantine. Pure. `whole`: all of it is there. */
export function judgeQuarantined({ageMs, whole}: {readonly ageMs: number | undefined; readonly whole: boolean}, rules: SweepRules): Judged {
  if (!whole) return keep('it is not whole: look at it yourself');
  const young = judgeAge(ageMs, rules, lifetimeMs);
  return young === undefined ? {action: 'remove', why: 'its time in quarantine is over'} : keep(young);
}

/** Why a run must be left alone whatever the user asks; undefined when it has ended, or when nothing is known of it. */
function judgeOpen(run: RunFacts): Judged | undefined {
  switch (run.known) {
    case 'unreadable':
      return keep(`what is known of its run cannot be read: ${run.why}`);
    case 'folder':
      return keep('its run has a folder without a journal');
    case 'nothing':
      return undefined;
    case 'run':
      break;
  }
  if (run.driver === 'alive') return keep('a process drives its run');
  if (run.driver === 'unknown') return keep('a process that cannot be seen from here may drive its run');
  if (run.status === 'running' || run.status === 'interrupted' || run.status === 'parked') return keep(`its run is ${run.status}: bulkhead resume or discard it`);
  return undefined;
}

/** Why something is not old enough; undefined: it is. */
function judgeAge(ageMs: number | undefined, rules: SweepRules, atLeastMs: number): string | undefined {
  if (!rules.patient) return 'nothing goes by its age now';
  if (rules.clockDoubt !== undefined) return `no age can be trusted: ${rules.clockDoubt}`;
  if (ageMs === undefined) return 'its age is not known';
  return ageMs >= atLeastMs ? undefined : `it is only ${renderAge(ageMs)} old, less than ${renderAge(atLeastMs)}`;
}

function renderAge(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  return hours >= 48 ? `${Math.floor(hours / 24)} days` : `${hours} h`;
}

function keep(why: string): Judged {
  return {action: 'keep', why};
}
