import {isAbsolute, relative, resolve} from 'node:path';
import {AppError} from '../core/errors.js';
import {escapeText} from '../core/escape.js';
import type {JournalEvent} from '../core/journal.js';
import type {Manifest} from '../core/manifest.js';
import type {Report} from '../core/report.js';
import {readManifest} from '../project/manifest-file.js';
import {readTask} from '../project/task-file.js';
import {makeStore, newRunId, runFiles} from '../record/store.js';
import {driveRun} from '../run/drive.js';
import {openNewRun} from '../run/open.js';
import type {RunOptions} from '../run/options.js';
import {planStreams} from '../run/plan.js';
import type {Context} from './command.js';
import {requireSpace} from './disk.js';
import {readProject, type ProjectContext} from './project-context.js';
import {renderProgress} from './render/progress.js';
import {keepTraffic, readTrafficFlag} from './traffic-flag.js';
import {resolveCommit, wireRooms} from './wire.js';

/** What a user asks of `run`. */
export interface RunFlags {
  readonly task: string | undefined;
  readonly manifest: string | undefined;
  readonly from: string | undefined;
  readonly traffic: string | undefined;
  readonly maxParallel: number | undefined;
  readonly repairRounds: number | undefined;
}

/** A report, and where it stands for people. */
export interface RunResult extends Report {
  readonly reportPath: string;
}

/**
 * Starts a run and drives it to its verdict. Everything that can be wrong with the input is found before anything is
 * made: repository, configuration, task, manifest, model key, disk, engine, image, in this order.
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
  const listen = (event: JournalEvent): void => {
    for (const line of renderProgress(event)) say(line);
  };
  await using open = await openNewRun({runId, store: project.store, task, checkout: project.checkout, options, rooms: wired.rooms, now: () => new Date(), listen});
  await keepTraffic(open.run.files.traffic, traffic);
  if (traffic !== undefined) say('The model traffic is replayed from a script: no model is asked. Containers, git and tests are real.');
  const report = await driveRun(open.run, signal);
  return {...report, reportPath: runFiles(project.store, runId).reportMarkdown};
}

async function readInputs(context: Context, project: ProjectContext, flags: RunFlags): Promise<{readonly task: string; readonly options: RunOptions}> {
  const {checkout, config} = project;
  const from = flags.from === undefined ? undefined : await readFrom(context, checkout.root, flags.from);
  if (flags.manifest === undefined) throw new AppError('MANIFEST_REQUIRED', 'No manifest was given.', {hint: 'Give one with --manifest FILE; the README shows a first one.'});
  const path = resolve(context.directory, flags.manifest);
  const read = await readManifest(path, context.signal);
  const manifest: Manifest = {...read, base: await resolveCommit(checkout, read.base, context.signal)};
  const specialists = Object.fromEntries(Object.entries(config.specialists).map(([name, setting]) => [name, setting.value]));
  planStreams(manifest, specialists);
  const options: RunOptions = {
    manifest,
    manifestSource: displayPath(checkout.root, path),
    ...(from === undefined ? {} : {from: {path: from.path, id: from.id}}),
    traffic: flags.traffic === undefined ? 'live' : 'replayed',
    model: {name: config.model.name.value, maxTokens: config.model.maxTokens.value},
    limits: {memoryMiB: config.limits.memoryMiB.value, cpus: config.limits.cpus.value, pids: config.limits.pids.value},
    maxParallel: flags.maxParallel ?? config.maxParallel.value,
    maxTurns: config.maxTurns.value,
    repairRounds: flags.repairRounds ?? config.repairRounds.value,
    specialists,
  };
  return {task: flags.task ?? from?.text ?? manifest.task, options};
}

async function readFrom(context: Context, root: string, value: string): Promise<{readonly path: string; readonly id: string; readonly text: string}> {
  const [file = '', id, ...more] = value.split('#');
  if (file === '' || id === undefined || id === '' || more.length > 0) throw new AppError('USAGE', `--from ${value}: the form is FILE#ID, for example .agent-os/specs/x/tasks.md#1.`);
  const task = await readTask({repositoryRoot: root, file: resolve(context.directory, file), id, signal: context.signal});
  for (const problem of task.problems) context.say(`${task.path}: ${escapeText(problem)}`);
  if (task.done) throw new AppError('TASK_NOT_FOUND', `Task ${task.id} of ${task.path} is ticked already: ${escapeText(task.title)}.`, {hint: 'Choose an open task, or untick it first.'});
  return {path: task.path, id: task.id, text: task.text};
}

function tellDirty(project: ProjectContext, say: (line: string) => void): void {
  const {changed, untracked} = project.checkout.dirty;
  if (changed + untracked === 0) return;
  say(`Your checkout has ${changed} changed and ${untracked} untracked files. The run starts from the commit ${project.checkout.head.slice(0, 12)}; they are not part of it and stay as they are.`);
}

function displayPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}
