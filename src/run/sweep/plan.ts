import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {isAppError, systemCode} from '../../core/errors.js';
import {ageMs, wallMoment, type Moment} from '../../core/moment.js';
import type {Clocks, FoundLayer, Leftover, WorkspaceNames} from '../../core/sandbox.js';
import {judgeOwner} from '../../record/driver/owner.js';
import {listQuarantine, type QuarantineEntry} from '../../record/kept/quarantine.js';
import {listRuns} from '../../record/store.js';
import {findRun, readRun, type FoundRun} from './facts.js';
import {clockDoubt, judgeDraft, judgeLayer, judgeQuarantined, judgeRun, judgeThings, type EngineThings, type Judged, type JudgedThings, type SweepRules} from './policy.js';
import {homeOf, listStores, refRoots, repositoryOf, type NamedStore, type SweepWorld} from './world.js';

/** What a sweep is asked for; the clock's doubts are found when it looks. */
export type SweepRequest = Omit<SweepRules, 'clockDoubt'>;

/** One thing, or all that one run has on the engine, with what is to become of it. */
export type SweepUnit =
  | {readonly kind: 'engine'; readonly runId: string; readonly things: readonly Leftover[]; readonly found: FoundRun; readonly judged: JudgedThings}
  | {readonly kind: 'run'; readonly runId: string; readonly store: NamedStore; readonly judged: Judged}
  | {readonly kind: 'refs'; readonly runId: string; readonly store: NamedStore; readonly judged: Judged}
  /** What a driver that was killed left of its lock on a run that has ended. */
  | {readonly kind: 'lock'; readonly path: string; readonly directory: string; readonly judged: Judged}
  | {readonly kind: 'draft'; readonly path: string; readonly judged: Judged}
  | {readonly kind: 'quarantine'; readonly entry: QuarantineEntry; readonly judged: Judged}
  /** A dependency layer, which belongs to no run. */
  | {readonly kind: 'layer'; readonly layer: FoundLayer; readonly judged: Judged}
  /** Something that cannot be looked at; it is left alone. */
  | {readonly kind: 'unreadable'; readonly path: string; readonly judged: Judged};

/** What was seen, judged. Nothing was changed. */
export interface SweepPlan {
  readonly units: readonly SweepUnit[];
  readonly rules: SweepRules;
  readonly clocks: Clocks;
}

/**
 * Looks at the engine and at the state of all repositories and judges everything that carries our labels or lies in our
 * folders. Throws what the engine throws: without its list nothing is known. `patient: false` looks at the engine alone.
 */
export async function planSweep(world: SweepWorld, request: SweepRequest, signal: AbortSignal): Promise<SweepPlan> {
  const stores = await listStores(world);
  const leftovers = await world.engine.leftovers(signal);
  const layers = await world.engine.layers(signal);
  const groups = await Promise.all([...groupByRun(leftovers)].map(async ([runId, things]) => ({runId, things, found: await findRun(world, stores, {runId, askDelivery: false}, signal)})));
  const state = request.patient ? await lookAtState(world, stores, request, signal) : emptyState;
  // After everything else: what was written meanwhile must not look as if it came from the future.
  const clocks = await world.engine.clocks(signal);
  const doubt = clockDoubt(clocks, newest([...[...leftovers, ...layers].map((item) => item.born), ...state.moments]));
  const blind = state.unreadable.length === 0 ? undefined : `not all that was written can be read: ${state.unreadable[0]?.path ?? ''}`;
  const rules: SweepRules = {...request, clockDoubt: doubt ?? blind};
  const age = (born: Moment | undefined): number | undefined => (born === undefined ? undefined : ageMs(born, clocks.here));
  return {
    rules,
    clocks,
    units: [
      ...groups.map(({runId, things, found}): SweepUnit => ({kind: 'engine', runId, things, found, judged: judgeThings(found.facts, thingsOf(things, clocks), rules)})),
      ...layers.map((layer): SweepUnit => ({kind: 'layer', layer, judged: judgeLayer({...layer, ageMs: age(layer.born), owner: judgeOwner(layer.owner)}, rules)})),
      ...state.runs.map(({runId, store, found}): SweepUnit => ({kind: 'run', runId, store, judged: judgeRun(found.facts, age(found.lastAt), rules)})),
      ...state.refs.map(({runId, store}): SweepUnit => ({kind: 'refs', runId, store, judged: judgeRun({known: 'nothing'}, age(bornOfRun(runId)), rules)})),
      ...state.locks.map((one): SweepUnit => ({kind: 'lock', ...one, judged: {action: 'remove', why: 'whoever drove this run is gone, and it has ended'}})),
      ...state.drafts.map(({path, born}): SweepUnit => ({kind: 'draft', path, judged: judgeDraft(age(born), rules)})),
      ...state.quarantined.map((entry): SweepUnit => ({kind: 'quarantine', entry, judged: judgeQuarantined({ageMs: age(entry.about.born), whole: entry.whole}, rules)})),
      ...state.unreadable.map(({path, why}): SweepUnit => ({kind: 'unreadable', path, judged: {action: 'keep', why}})),
    ],
  };
}

/** What one run has on the engine, as the policy takes it. Pure, but for the look at the processes of this machine. */
export function thingsOf(things: readonly Leftover[], clocks: Clocks): EngineThings {
  const ages = things.map(({born}) => (born === undefined ? undefined : ageMs(born, clocks.here)));
  const known = ages.filter((age) => age !== undefined);
  const owners = things.map(({owner}) => judgeOwner(owner));
  const boxes = new Map<string, WorkspaceNames>();
  for (const {work, name} of things) if (work !== undefined && work !== 'unknown' && name === `${work.box}-upper`) boxes.set(work.box, work);
  return {
    ageMs: known.length === ages.length && known.length > 0 ? Math.min(...known) : undefined,
    owner: (['alive', 'unknown'] as const).find((one) => owners.includes(one)) ?? 'none',
    boxes: [...boxes.values()],
    opaque: things.some(({work}) => work === 'unknown'),
    volumes: new Set(things.filter(({kind}) => kind === 'volume').map(({name}) => name)),
  };
}

function groupByRun(leftovers: readonly Leftover[]): ReadonlyMap<string, readonly Leftover[]> {
  const groups = new Map<string, Leftover[]>();
  for (const item of leftovers) groups.set(item.runId, [...(groups.get(item.runId) ?? []), item]);
  return groups;
}

interface SeenState {
  readonly runs: readonly {readonly runId: string; readonly store: NamedStore; readonly found: FoundRun}[];
  readonly refs: readonly {readonly runId: string; readonly store: NamedStore}[];
  readonly locks: readonly {readonly path: string; readonly directory: string}[];
  readonly drafts: readonly {readonly path: string; readonly born: Moment}[];
  readonly quarantined: readonly QuarantineEntry[];
  readonly unreadable: readonly {readonly path: string; readonly why: string}[];
  /** Times at which something was written, by its own record. */
  readonly moments: readonly (Moment | undefined)[];
}

const emptyState: SeenState = {runs: [], refs: [], locks: [], drafts: [], quarantined: [], unreadable: [], moments: []};

async function lookAtState(world: SweepWorld, stores: readonly NamedStore[], request: SweepRequest, signal: AbortSignal): Promise<SeenState> {
  const seen = await Promise.all(stores.map((store) => lookAtStore(world, store, request, signal)));
  const quarantine = await listQuarantine(homeOf(world));
  const runs = seen.flatMap((one) => one.runs);
  return {
    runs,
    refs: seen.flatMap((one) => one.refs),
    locks: seen.flatMap((one) => one.locks),
    drafts: [...seen.flatMap((one) => one.drafts), ...quarantine.drafts],
    quarantined: quarantine.entries,
    unreadable: [...seen.flatMap((one) => one.unreadable), ...quarantine.unreadable.map((path) => ({path, why: 'its record cannot be read'}))],
    moments: [...runs.filter(({found}) => found.facts.known === 'run').map(({found}) => found.lastAt), ...quarantine.entries.map((entry) => entry.about.born)],
  };
}

/** One store; one that cannot be read does not hide the others. */
async function lookAtStore(world: SweepWorld, store: NamedStore, request: SweepRequest, signal: AbortSignal): Promise<Omit<SeenState, 'quarantined' | 'moments'>> {
  try {
    const ids = await listRuns(store);
    const runs = await Promise.all(ids.map(async (runId) => ({runId, store, found: await readRun(world, store, {runId, askDelivery: request.runs}, signal)})));
    const ended = runs.flatMap(({found}) => (hasEnded(found) && found.files !== undefined ? [found.files.directory] : []));
    const drafts = (await Promise.all([store.directory, ...ended].map(draftsIn))).flat();
    const locks = (await Promise.all(ended.map(locksIn))).flat();
    const refs = (await (await repositoryOf(world, store, signal))?.listRefs(refRoots.runs, signal)) ?? new Map<string, string>();
    const withRefs = new Set([...refs.keys()].map((ref) => ref.split('/')[2] ?? ''));
    return {runs, locks, drafts, refs: [...withRefs].filter((runId) => !ids.includes(runId)).map((runId) => ({runId, store})), unreadable: []};
  } catch (error) {
    signal.throwIfAborted();
    const why = isAppError(error) ? error.message : (systemCode(error) ?? 'it is not as it should be');
    return {runs: [], locks: [], drafts: [], refs: [], unreadable: [{path: store.directory, why}]};
  }
}

function hasEnded({facts}: FoundRun): boolean {
  return facts.known === 'run' && facts.driver === 'none' && !['running', 'interrupted', 'parked'].includes(facts.status);
}

/** The lock of a run that nobody drives; its holder has not given it back. */
async function locksIn(directory: string): Promise<SeenState['locks']> {
  const names = await readdir(directory);
  return names.includes('lock') ? [{directory, path: join(directory, 'lock')}] : [];
}

async function draftsIn(folder: string): Promise<SeenState['drafts']> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.draft'));
  const found = await Promise.all(names.map(async (name) => {
    const path = join(folder, name);
    const stats = await stat(path).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    return stats?.isFile() === true ? [{path, born: wallMoment(stats.mtime)}] : [];
  }));
  return found.flat();
}

/** The time that an id of a run begins with; undefined for one of another form. */
function bornOfRun(runId: string): Moment | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(runId)?.slice(1);
  const [year, month, day, hour, minute, second] = parts ?? [];
  const at = new Date(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`);
  return Number.isNaN(at.getTime()) ? undefined : wallMoment(at);
}

function newest(moments: readonly (Moment | undefined)[]): Date | undefined {
  const times = moments.flatMap((moment) => (moment === undefined ? [] : [moment.at.getTime()]));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
