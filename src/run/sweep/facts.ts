import {readdir, stat} from 'node:fs/promises';
import {isAppError, systemCode} from '../../core/errors.js';
import type {JournalEvent} from '../../core/journal.js';
import {wallMoment, type Moment} from '../../core/moment.js';
import {readEvents} from '../../record/journal/journal.js';
import {driverOf} from '../../record/driver/lock.js';
import type {Driver} from '../../record/driver/owner.js';
import {foldRun} from '../../record/journal/state.js';
import {runFiles, type RunFiles} from '../../record/store.js';
import {unsavedBoxes} from '../work/bring-home.js';
import {resultsOf} from '../results.js';
import type {RunFacts} from './policy.js';
import {refRoots, repositoryOf, type NamedStore, type SweepWorld} from './world.js';

/** A run's facts, and where they were found. */
export interface FoundRun {
  readonly facts: RunFacts;
  readonly store?: NamedStore;
  readonly files?: RunFiles;
  /** When something was last written of it. */
  readonly lastAt?: Moment;
}

/** How a run is looked at. */
export interface LookAt {
  /** Whether the user's repository is asked for the result. */
  readonly askDelivery: boolean;
  /** Given by whoever holds the run's lock, which would say that it is driven. */
  readonly driver?: Driver;
}

/** What is known of the run in one folder. Never throws for what it finds: what cannot be read is a fact. */
export async function readRun(world: SweepWorld, store: NamedStore, {runId, ...look}: LookAt & {readonly runId: string}, signal: AbortSignal): Promise<FoundRun> {
  const files = runFiles(store, runId);
  const at = {store, files};
  try {
    const events = await readEvents(files.journal);
    const driver = look.driver ?? (await driverOf(files.directory));
    const [first] = events;
    if (first === undefined) return {...at, ...(await readFolder(world, {store, files, driver}, signal))};
    const state = foldRun(events, driver);
    if (state?.runId !== runId) return {...at, facts: {known: 'unreadable', why: 'its journal is not of this run'}};
    const unsaved = unsavedBoxes(events).map(({names}) => names);
    const work = await readWork(world, {store, events, askDelivery: look.askDelivery}, signal);
    return {...at, facts: {known: 'run', status: state.status, driver, unsaved, work}, lastAt: wallMoment(new Date(state.lastAt))};
  } catch (error) {
    signal.throwIfAborted();
    return {...at, facts: {known: 'unreadable', why: isAppError(error) ? error.message : (systemCode(error) ?? 'it is not as it should be')}};
  }
}

/** Looks for a run in every store: what is on an engine does not say for which repository it was. */
export async function findRun(world: SweepWorld, stores: readonly NamedStore[], look: LookAt & {readonly runId: string}, signal: AbortSignal): Promise<FoundRun> {
  // The id comes from a label that anyone on the engine can write, and becomes a part of a path.
  if (!/^[a-zA-Z0-9][a-zA-Z0-9-]{0,127}$/.test(look.runId)) return {facts: {known: 'unreadable', why: 'its id is none of ours'}};
  for (const store of stores) {
    const exists = await stat(runFiles(store, look.runId).directory).then(() => 'yes' as const, (error: unknown) => (systemCode(error) === 'ENOENT' ? 'no' : 'unclear'));
    if (exists === 'yes') return readRun(world, store, look, signal);
    if (exists === 'unclear') return {facts: {known: 'unreadable', why: `the store ${store.id} cannot be looked at`}};
  }
  return {facts: {known: 'nothing'}};
}

/** What a run's folder may hold before its journal begins. */
const early = /^(traffic\.yml|journal\.ndjson|logs|lock.*|.*\.draft)$/;

async function readFolder(world: SweepWorld, {store, files, driver}: {readonly store: NamedStore; readonly files: RunFiles; readonly driver: Driver}, signal: AbortSignal): Promise<Pick<FoundRun, 'facts' | 'lastAt'>> {
  const names = await readdir(files.directory);
  const sizes = await Promise.all(names.filter((name) => name === 'journal.ndjson').map(async () => (await stat(files.journal)).size));
  const refs = await (await repositoryOf(world, store, signal))?.listRefs(`${refRoots.runs}/${files.runId}`, signal);
  const bare = names.every((name) => early.test(name)) && sizes.every((size) => size === 0) && (refs?.size ?? 0) === 0;
  return {facts: {known: 'folder', driver, bare, hadDriver: names.includes('lock')}, lastAt: wallMoment((await stat(files.directory)).mtime)};
}

async function readWork(world: SweepWorld, run: {readonly store: NamedStore; readonly events: readonly JournalEvent[]; readonly askDelivery: boolean}, signal: AbortSignal): Promise<Extract<RunFacts, {known: 'run'}>['work']> {
  const {submissions, work, bookkeeping} = resultsOf(run.events);
  const closed = run.events.findLast((event) => event.type === 'run.closed');
  if (submissions.size === 0 && work.size === 0 && closed?.verdict !== 'verified') return 'none';
  const [opened] = run.events;
  if (closed?.verdict !== 'verified' || opened?.type !== 'run.opened') return 'undelivered';
  if (!run.askDelivery) return 'unasked';
  const commits = [bookkeeping, closed.commit].filter((commit) => commit !== undefined);
  return (await world.isDelivered({root: opened.repository, repositoryId: run.store.id, commits}, signal)) ? 'delivered' : 'undelivered';
}
