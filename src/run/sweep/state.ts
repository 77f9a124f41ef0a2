import {rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {ageMs, wallMoment} from '../../core/moment.js';
import {lockRun} from '../../record/driver/lock.js';
import {makeRunEntry, moveFolder} from '../../record/kept/quarantine.js';
import {listRuns, runFiles} from '../../record/store.js';
import {readRun} from './facts.js';
import type {SweepPlan, SweepUnit} from './plan.js';
import {judgeDraft, judgeRun, type Judged} from './policy.js';
import {outcomeOf, renderPlanned, type SweepRow} from './row.js';
import {homeOf, namedStore, refRoots, repositoryOf, type NamedStore, type SweepWorld} from './world.js';

type StateUnit = Exclude<SweepUnit, {kind: 'engine'}>;

/** Does to one thing of the state folder what was judged, if it is still judged so. */
export async function sweepState(world: SweepWorld, unit: StateUnit, plan: SweepPlan, signal: AbortSignal): Promise<SweepRow> {
  switch (unit.kind) {
    case 'run':
      return sweepRun(world, unit, plan, signal);
    case 'refs': {
      const again: Judged = (await listRuns(unit.store)).includes(unit.runId) ? {action: 'keep', why: 'its run has a folder again'} : unit.judged;
      const at = again.action === 'keep' ? undefined : await quarantineRefs(world, {...unit, kind: 'refs', why: again.why, plan}, signal);
      return rowOf({...unit, judged: again}, at);
    }
    case 'lock': {
      // Taken and given back: whoever took it meanwhile keeps it.
      await using _held = await lockRun(unit.directory);
      return rowOf(unit);
    }
    case 'draft': {
      const stats = await stat(unit.path).catch(() => undefined);
      const again = stats === undefined ? unit.judged : judgeDraft(ageMs(wallMoment(stats.mtime), plan.clocks.here), plan.rules);
      if (again.action !== 'keep') await rm(unit.path, {recursive: true, force: true});
      return rowOf({...unit, judged: again});
    }
    case 'quarantine': {
      const {about, directory} = unit.entry;
      const store = about.repository === undefined ? undefined : namedStore(world, about.repository);
      if (store !== undefined && about.kind !== 'workspace') await (await repositoryOf(world, store, signal))?.deleteRefs(`${refRoots.quarantine}/${about.runId}`, signal);
      await rm(directory, {recursive: true, force: true});
      return rowOf(unit);
    }
    case 'layer':
      // The engine looks once more whether somebody needs it.
      return (await world.engine.removeLayer(unit.layer.name, signal)) ? rowOf(unit) : rowOf({...unit, judged: {action: 'keep', why: 'a run needs it by now'}});
    case 'unreadable':
      return rowOf(unit);
  }
}

async function sweepRun(world: SweepWorld, unit: Extract<StateUnit, {kind: 'run'}>, plan: SweepPlan, signal: AbortSignal): Promise<SweepRow> {
  const {store, runId} = unit;
  const files = runFiles(store, runId);
  await using _held = await lockRun(files.directory);
  const {facts, lastAt} = await readRun(world, store, {runId, askDelivery: true, driver: 'none'}, signal);
  // The lock that was just taken has changed the folder's own time.
  const age = facts.known === 'folder' ? undefined : lastAt === undefined ? undefined : ageMs(lastAt, plan.clocks.here);
  const judged = facts.known === 'folder' && facts.bare && unit.judged.action === 'remove' ? unit.judged : judgeRun(facts, age, plan.rules);
  if (judged.action === 'keep') return rowOf({...unit, judged});
  if ((await world.engine.leftovers(signal)).some((item) => item.runId === runId)) return rowOf({...unit, judged: {action: 'keep', why: 'it still has something on the engine'}});
  if (judged.action === 'remove') {
    await rm(files.directory, {recursive: true, force: true});
    return rowOf({...unit, judged});
  }
  const at = await quarantineRefs(world, {store, runId, kind: 'run', why: judged.why, plan}, signal);
  const content = join(at, 'run');
  await moveFolder(files.directory, content);
  // The lock that this process holds has moved along.
  await rm(join(content, 'lock'), {recursive: true, force: true});
  return rowOf({...unit, judged}, content);
}

interface Quarantining {
  readonly store: NamedStore;
  readonly runId: string;
  readonly kind: 'run' | 'refs';
  readonly why: string;
  readonly plan: SweepPlan;
}

/** Makes the entry, whose record is on the disk before anything moves, and moves the refs of a run. Gives the entry's folder. */
async function quarantineRefs(world: SweepWorld, {store, runId, kind, why, plan}: Quarantining, signal: AbortSignal): Promise<string> {
  const {directory} = await makeRunEntry(homeOf(world), {kind, runId, repository: store.id, why, born: plan.clocks.here});
  await (await repositoryOf(world, store, signal))?.moveRefs({from: `${refRoots.runs}/${runId}`, to: `${refRoots.quarantine}/${runId}`}, signal);
  return directory;
}

function rowOf(unit: StateUnit, at?: string): SweepRow {
  const [row] = renderPlanned(unit);
  if (row === undefined) throw new TypeError('a unit without a row');
  return {...row, outcome: outcomeOf(unit.judged.action), ...(at === undefined ? {} : {at})};
}
