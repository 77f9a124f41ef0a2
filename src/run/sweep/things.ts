import type {Leftover, WorkspaceNames} from '../../core/sandbox.js';
import {lockRun} from '../../record/driver/lock.js';
import {processOwner} from '../../record/driver/owner.js';
import {quarantineWork} from '../../record/kept/quarantine.js';
import {findRun, readRun} from './facts.js';
import {thingsOf, type SweepPlan, type SweepUnit} from './plan.js';
import {judgeThings} from './policy.js';
import {inOrder} from './remove.js';
import {renderPlanned, type SweepRow} from './row.js';
import {homeOf, listStores, type SweepWorld} from './world.js';

type EngineUnit = Extract<SweepUnit, {kind: 'engine'}>;

/** Largest file that comes into an archive; the limit of an import (`git/import/limits.ts`). */
const maxFileBytes = 50_000_000;

/**
 * Removes what one run has on the engine, after its unsaved workspaces are in quarantine. A workspace that cannot be
 * brought there stays, with its box and the snapshot under it. Judged again first, under the lock of the run.
 */
export async function sweepThings(world: SweepWorld, unit: EngineUnit, plan: SweepPlan, signal: AbortSignal): Promise<readonly SweepRow[]> {
  const {store, files} = unit.found;
  await using _held = files === undefined ? noLock : await lockRun(files.directory);
  const look = {runId: unit.runId, askDelivery: false};
  const found = store === undefined ? await findRun(world, await listStores(world), look, signal) : await readRun(world, store, {...look, driver: 'none'}, signal);
  const now = (await world.engine.leftovers(signal)).filter((item) => item.runId === unit.runId);
  const judged = judgeThings(found.facts, thingsOf(now, plan.clocks), plan.rules);
  // What came after the plan stays for the next sweep.
  const things = now.filter((item) => unit.things.some((one) => one.kind === item.kind && one.name === item.name));
  if (judged.action === 'keep') return renderPlanned({...unit, things, judged});
  const saved = new Map<string, Saved>();
  for (const names of judged.save) saved.set(names.box, await save(world, {unit, names, why: judged.why, plan}, signal));
  const rows: SweepRow[] = [];
  for (const item of inOrder(things)) rows.push(await removeOne(world, {item, why: judged.why, saves: judged.save.map((names) => ({names, ...saved.get(names.box)}))}, signal));
  return rows;
}

const noLock: AsyncDisposable = {[Symbol.asyncDispose]: () => Promise.resolve()};

/** Where a workspace is in quarantine; without `at` there was nothing in it. */
interface Saved {
  readonly at?: string;
  readonly failed?: string;
}

async function save(world: SweepWorld, {unit, names, why, plan}: {readonly unit: EngineUnit; readonly names: WorkspaceNames; readonly why: string; readonly plan: SweepPlan}, signal: AbortSignal): Promise<Saved> {
  try {
    const living = await world.engine.findBox(names.box, signal);
    await living?.stop(signal);
    const ownership = {runId: unit.runId, owner: processOwner()};
    const about = {kind: 'workspace' as const, runId: unit.runId, box: names.box, why, born: plan.clocks.here, ...(unit.found.store === undefined ? {} : {repository: unit.found.store.id})};
    const entry = await quarantineWork(homeOf(world), about, world.engine.exportWorkspace({names, ownership, maxFileBytes}, signal), signal);
    return entry === undefined ? {} : {at: entry.content};
  } catch (error) {
    signal.throwIfAborted();
    return {failed: error instanceof Error ? error.message : String(error)};
  }
}

interface One {
  readonly item: Leftover;
  readonly why: string;
  readonly saves: readonly (Saved & {readonly names: WorkspaceNames})[];
}

async function removeOne(world: SweepWorld, {item, why, saves}: One, signal: AbortSignal): Promise<SweepRow> {
  const row = {kind: item.kind, name: item.name, runId: item.runId};
  const own = saves.find(({names}) => isOf(names.box, item.name));
  // Work that could not be saved keeps its box, and what belongs to no box: the snapshots under it.
  const unsaved = own ?? saves.find(({failed}) => failed !== undefined);
  if (unsaved?.failed !== undefined) return {...row, outcome: 'failed', why: `its work could not be brought into quarantine, so it stays: ${unsaved.failed}`};
  const from = item.kind === 'volume' ? own : undefined;
  try {
    await world.engine.remove(item, signal);
    return from?.at === undefined ? {...row, outcome: 'removed', why} : {...row, outcome: 'quarantined', why, at: from.at};
  } catch (error) {
    signal.throwIfAborted();
    return {...row, outcome: 'failed', why: error instanceof Error ? error.message : String(error)};
  }
}

/** Box names that begin alike keep each other's things, never the other way round. */
function isOf(box: string, name: string): boolean {
  return name === box || name.startsWith(`${box}-`);
}
