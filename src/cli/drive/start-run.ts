import type {Report} from '../../core/report.js';
import {makeRunFolder, makeStore, newRunId, runFiles, type RunFiles} from '../../record/store.js';
import {driveRun} from '../../run/drive.js';
import {openNewRun, type NewRun, type OpenRun} from '../../run/open.js';
import type {RunOptions} from '../../run/options.js';
import type {Context} from '../command.js';
import {dropUnbegun, requireUnbegun} from './detach.js';
import {prepareDisk, requireSpace} from '../disk.js';
import {stoppable} from './driver-requests.js';
import {startListening, type Outlets} from './listen.js';
import {readProject, type ProjectContext} from '../project-context.js';
import {dropFrozen} from '../inputs/base.js';
import {readInputs, type RunFlags} from '../inputs/run-inputs.js';
import {keepTraffic, readTrafficFlag, type TrafficText} from '../inputs/traffic-flag.js';
import {wireRooms, type WiredRooms} from '../wire.js';

/** A report, and where it stands for people. */
export interface RunResult extends Report {
  readonly reportPath: string;
}

/** A run whose input holds, and the rooms that would do it. */
interface Prepared {
  readonly project: ProjectContext;
  readonly task: string;
  readonly options: RunOptions;
  readonly traffic: TrafficText | undefined;
  readonly wired: WiredRooms;
}

/** What a user asks of `run`, before the run has an id. */
export interface StartFlags extends Omit<RunFlags, 'dirtyFor'> {
  readonly includeDirty: boolean;
}

/** Starts a run and drives it to its verdict. `runId` is that of a folder which {@link prepareFolder} has made. */
export async function startRun(context: Context, flags: StartFlags, outlets: Outlets & {readonly runId?: string | undefined} = {}): Promise<RunResult> {
  const {signal, say, directory} = context;
  const runId = outlets.runId ?? newRunId(new Date(), Math.random);
  const {project, task, options, traffic, wired: ready} = await prepareRun(context, flags, runId);
  await using wired = ready;
  const files = await makeRunFolder(project.store, runId);
  const {checkout} = project;
  const forget = forgetting(files, project, flags);
  await using listeners = await startListening({say, journal: files.journal, directory, root: checkout.root, ...outlets}).catch(forget);
  const stop = stoppable(signal, runId);
  const request = {task, options, checkout, rooms: wired.rooms, engineAddress: wired.engineAddress, now: () => new Date(), listen: listeners.listen, onRequest: stop.onRequest};
  await using open = await begin(files, traffic, request).catch(forget);
  if (traffic !== undefined) say('The model traffic is replayed from a script: no model is asked. Containers, git and tests are real.');
  return {...(await driveRun(open.run, stop.signal)), reportPath: files.reportMarkdown};
}

/** Makes the folder of a run that another process is going to start, when nothing is wrong with the input. */
export async function prepareFolder(context: Context, flags: StartFlags): Promise<RunFiles> {
  const runId = newRunId(new Date(), Math.random);
  const {project, wired} = await prepareRun(context, flags, runId);
  await wired[Symbol.asyncDispose]();
  return makeRunFolder(project.store, runId);
}

/**
 * What can be known to be wrong with the input is found before anything is made: repository, configuration, manifest,
 * task, model key, disk, engine, image, disk budget, in this order. The one thing that is made is the commit of a checkout
 * that is to be taken along: it is a part of the input. When anything is wrong, it is forgotten again.
 */
async function prepareRun(context: Context, flags: StartFlags, runId: string): Promise<Prepared> {
  const project = await readProject(context.directory, context.signal);
  await requireUnbegun(runFiles(project.store, runId));
  try {
    return await prepareIn(project, context, flags, runId);
  } catch (error) {
    if (flags.includeDirty) await dropFrozen(project, runId).catch(() => undefined);
    throw error;
  }
}

async function prepareIn(project: ProjectContext, context: Context, flags: StartFlags, runId: string): Promise<Prepared> {
  const {signal, say} = context;
  if (flags.includeDirty) {
    await requireSpace(project.store.directory);
    await makeStore(project.store);
  }
  const {task, options} = await readInputs(context, project, {...flags, dirtyFor: flags.includeDirty ? runId : undefined});
  const traffic = await readTrafficFlag(flags.traffic, context.directory, signal);
  await requireSpace(project.store.directory);
  await makeStore(project.store);
  if (!flags.includeDirty) tellDirty(project, say);
  const wired = await wireRooms({project, engine: context.engine, traffic, options, signal});
  try {
    await wired.rooms.engine.lockImage(options.manifest.image, signal);
    await prepareDisk(context, project, wired.rooms.engine);
    signal.throwIfAborted();
  } catch (error) {
    await wired[Symbol.asyncDispose]();
    throw error;
  }
  return {project, task, options, traffic, wired};
}

/** The script is kept before the journal is there: a run that has begun can be resumed. */
async function begin(files: RunFiles, traffic: TrafficText | undefined, request: NewRun): Promise<OpenRun> {
  await keepTraffic(files.traffic, traffic);
  return openNewRun(files, request);
}

/** What did not begin leaves nothing. */
function forgetting(files: RunFiles, project: ProjectContext, {includeDirty}: StartFlags): (error: unknown) => Promise<never> {
  return async (error) => {
    const dropped = await dropUnbegun(files);
    if (dropped && includeDirty) await dropFrozen(project, files.runId).catch(() => undefined);
    throw error;
  };
}

function tellDirty(project: ProjectContext, say: (line: string) => void): void {
  const {changed, untracked} = project.checkout.dirty;
  if (changed + untracked === 0) return;
  say(`Your checkout has ${changed} changed and ${untracked} untracked files. The run starts from the commit ${project.checkout.head.slice(0, 12)}; they are not part of it and stay as they are (--include-dirty takes them along).`);
}
