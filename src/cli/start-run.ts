import type {JournalEvent} from '../core/journal.js';
import type {Report} from '../core/report.js';
import {makeRunFolder, makeStore, newRunId} from '../record/store.js';
import {driveRun} from '../run/drive.js';
import {openNewRun} from '../run/open.js';
import type {Context} from './command.js';
import {requireSpace} from './disk.js';
import {readProject, type ProjectContext} from './project-context.js';
import {renderProgress} from './render/progress.js';
import {readInputs, type RunFlags} from './run-inputs.js';
import {keepTraffic, readTrafficFlag} from './traffic-flag.js';
import {wireRooms} from './wire.js';

/** A report, and where it stands for people. */
export interface RunResult extends Report {
  readonly reportPath: string;
}

/**
 * Starts a run and drives it to its verdict. What can be known to be wrong with the input is found before anything is
 * made: repository, configuration, manifest, task, model key, disk, engine, image, in this order.
 */
export async function startRun(context: Context, flags: RunFlags): Promise<RunResult> {
  const {signal, say} = context;
  const project = await readProject(context.directory, signal);
  const {task, options} = await readInputs(context, project, flags);
  const traffic = await readTrafficFlag(flags.traffic, context.directory, signal);
  await requireSpace(project.store.directory);
  await makeStore(project.store);
  tellDirty(project, say);
  await using wired = await wireRooms({project, engine: context.engine, traffic, options, signal});
  await wired.rooms.engine.lockImage(options.manifest.image, signal);
  const runId = newRunId(new Date(), Math.random);
  // Before the journal: a run that has begun can be resumed.
  const files = await makeRunFolder(project.store, runId);
  await keepTraffic(files.traffic, traffic);
  await using open = await openNewRun(files, {task, options, checkout: project.checkout, rooms: wired.rooms, engineAddress: wired.engineAddress, now: () => new Date(), listen: listenWith(say)});
  if (traffic !== undefined) say('The model traffic is replayed from a script: no model is asked. Containers, git and tests are real.');
  return {...(await driveRun(open.run, signal)), reportPath: files.reportMarkdown};
}

/** Tells a person what the journal says, as it says it. */
export function listenWith(say: (line: string) => void): (event: JournalEvent) => void {
  return (event) => {
    for (const line of renderProgress(event)) say(line);
  };
}

function tellDirty(project: ProjectContext, say: (line: string) => void): void {
  const {changed, untracked} = project.checkout.dirty;
  if (changed + untracked === 0) return;
  say(`Your checkout has ${changed} changed and ${untracked} untracked files. The run starts from the commit ${project.checkout.head.slice(0, 12)}; they are not part of it and stay as they are.`);
}
