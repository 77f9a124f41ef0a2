import {basename, isAbsolute, relative, resolve} from 'node:path';
import {AppError} from '../core/errors.js';
import {escapeText} from '../core/escape.js';
import type {Manifest} from '../core/manifest.js';
import type {Config} from '../project/config.js';
import {readManifest} from '../project/manifest-file.js';
import {readTask} from '../project/task-file.js';
import type {RunOptions, Scope} from '../run/options.js';
import type {Context} from './command.js';
import {checkAgainstBase, checkSuite} from './manifest-base.js';
import type {ProjectContext} from './project-context.js';
import {readFileAt, resolveCommit} from './wire.js';

/** What a user asks of `run`. */
export interface RunFlags {
  readonly task: string | undefined;
  readonly manifest: string | undefined;
  readonly from: string | undefined;
  readonly traffic: string | undefined;
  readonly maxParallel: number | undefined;
  readonly repairRounds: number | undefined;
}

/** A task, and everything that decides how it is done. */
export interface RunInputs {
  readonly task: string;
  readonly options: RunOptions;
}

/** Reads manifest and task, and refuses what cannot be done on the base commit. */
export async function readInputs(context: Context, {checkout, config}: ProjectContext, flags: RunFlags): Promise<RunInputs> {
  if (flags.manifest === undefined) throw new AppError('MANIFEST_REQUIRED', 'No manifest was given.', {hint: 'Give one with --manifest FILE; the README shows a first one.'});
  const path = resolve(context.directory, flags.manifest);
  const read = await readManifest({path, image: config.image.value, signal: context.signal});
  const manifest: Manifest = {...read, base: await resolveCommit(checkout, read.base, context.signal)};
  await checkAgainstBase(checkout, manifest, path, context.signal);
  const note = await checkSuite(checkout, manifest, context.signal);
  if (note !== undefined) context.say(note);
  const from = flags.from === undefined ? undefined : await readFrom(context, {checkout, base: manifest.base, value: flags.from});
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
    scopes: scopesOf(config),
  };
  return {task: flags.task ?? from?.text ?? manifest.task, options};
}

function scopesOf(config: Config): Readonly<Record<string, Scope>> {
  const entries = Object.entries(config.specialists).flatMap(([name, {value, origin}]): [string, Scope][] =>
    value.scope === undefined || origin === 'default' ? [] : [[name, {write: value.scope.write, origin}]],
  );
  return Object.fromEntries(entries);
}

interface FromTask {
  readonly path: string;
  readonly id: string;
  readonly text: string;
}

async function readFrom(context: Context, at: {readonly checkout: ProjectContext['checkout']; readonly base: string; readonly value: string}): Promise<FromTask> {
  const [file = '', id, ...more] = at.value.split('#');
  if (file === '' || id === undefined || id === '' || more.length > 0) throw new AppError('USAGE', `--from ${at.value}: the form is FILE#ID, for example .agent-os/specs/x/tasks.md#1.`);
  const readBase = (path: string): Promise<Uint8Array | undefined> => readFileAt(at.checkout, at.base, path, context.signal);
  const task = await readTask({repositoryRoot: at.checkout.root, file: resolve(context.directory, file), id, readBase});
  for (const problem of task.problems) context.say(`${task.path}: ${escapeText(problem)}`);
  if (task.done) throw new AppError('TASK_NOT_FOUND', `Task ${task.id} of ${task.path} is ticked already: ${escapeText(task.title)}.`, {hint: 'Choose an open task, or untick it first.'});
  return {path: task.path, id: task.id, text: task.text};
}

/** The report is committed, so a path outside of the repository is told by its last part alone. */
function displayPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? basename(path) : inside;
}
