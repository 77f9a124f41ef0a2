import {access} from 'node:fs/promises';
import {basename, isAbsolute, relative, resolve} from 'node:path';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {manifestOwners, type Manifest} from '../../core/manifest.js';
import {readTask} from '../../project/agent-os/task-file.js';
import type {Config} from '../../project/config.js';
import {defaultContextTokens} from '../../project/config-schema.js';
import {readManifest} from '../../project/manifest-file.js';
import type {RunOptions, Scope} from '../../run/options.js';
import {agentOsNote} from './agent-os-note.js';
import type {Context} from '../command.js';
import {checkAgainstBase, checkSuite} from './manifest-base.js';
import type {ProjectContext} from '../project-context.js';
import type {Promised} from './promised-files.js';
import {refuseSecret} from '../secrets.js';
import {readFileAt, resolveCommit} from '../wire.js';

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

/** Reads manifest and task, and refuses what cannot be done on the base commit or holds a secret. */
export async function readInputs(context: Context, {checkout, config}: ProjectContext, flags: RunFlags): Promise<RunInputs> {
  if (flags.manifest === undefined) throw new AppError('MANIFEST_REQUIRED', 'No manifest was given.', {hint: 'Give one with --manifest FILE; the README shows a first one.'});
  const path = resolve(context.directory, flags.manifest);
  const read = await readManifest({path, image: config.image.value, signal: context.signal});
  refuseSecret('MANIFEST_INVALID', {what: `The manifest ${path}`, text: JSON.stringify(read)});
  const manifest: Manifest = {...read, base: await resolveCommit(checkout, read.base, context.signal)};
  await checkAgainstBase(checkout, manifest, path, context.signal);
  for (const note of [await checkSuite(checkout, manifest, context.signal), agentOsNote(config)]) if (note !== undefined) context.say(note);
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
    context: contextOf(config, manifest),
  };
  const task = flags.task ?? from?.text ?? manifest.task;
  refuseSecret('USAGE', {what: 'The task', text: task});
  return {task, options};
}

/** What each specialist of the manifest may be told, and how it is packed. */
function contextOf(config: Config, manifest: Manifest): NonNullable<RunOptions['context']> {
  const {cacheSize, refreshIntervalMs, compressionLevel} = config.context;
  const budgets = manifestOwners(manifest).map((owner): [string, number] => [owner, (Object.hasOwn(config.contextTokens, owner) ? config.contextTokens[owner]?.value : undefined) ?? defaultContextTokens(owner)]);
  return {budgets: Object.fromEntries(budgets), compression: compressionLevel.value, cache: {packages: cacheSize.value, refreshSeconds: refreshIntervalMs.value / 1000}};
}

/** The write scopes that the configuration sets, with who set them. */
export function scopesOf(config: Config): Readonly<Record<string, Scope>> {
  const entries = Object.entries(config.specialists).flatMap(([name, {value, origin}]): [string, Scope][] =>
    value.scope === undefined ? [] : [[name, {write: value.scope.write, origin}]],
  );
  return Object.fromEntries(entries);
}

/** A task of a tasks file, as a run or a plan takes it. */
export interface FromTask {
  /** Relative to the root. */
  readonly path: string;
  readonly id: string;
  readonly text: string;
  /** What it names, folders and what may be changed included. */
  readonly deliverables: readonly Promised[];
  readonly criteria: readonly string[];
}

/**
 * Reads the task that `--from FILE[#ID]` names, as it is on the base; without an id the only open one. Says what the file
 * contradicts and what the task still waits for. Throws USAGE, AGENT_OS_INVALID, and TASK_NOT_FOUND also for a task that
 * is done.
 */
export async function readFrom(context: Context, at: {readonly checkout: ProjectContext['checkout']; readonly base: string; readonly value: string}): Promise<FromTask> {
  const {file, id} = await fileAndId(context.directory, at.value);
  const readBase = (path: string): Promise<Uint8Array | undefined> => readFileAt(at.checkout, at.base, path, context.signal);
  const task = await readTask({repositoryRoot: at.checkout.root, file: resolve(context.directory, file), id, readBase});
  const named = `Task ${escapeText(task.id)} of ${escapeText(task.path)}`;
  for (const problem of task.problems.slice(0, 20)) context.say(`${escapeText(task.path)}: ${escapeText(problem)}`);
  if (task.problems.length > 20) context.say(`${escapeText(task.path)}: ${task.problems.length - 20} more problems`);
  if (task.done) throw new AppError('TASK_NOT_FOUND', `${named} is ticked already: ${escapeText(task.title)}.`, {hint: 'Choose an open task, or untick it first.'});
  if (task.dropped) throw new AppError('TASK_NOT_FOUND', `${named} is struck out: ${escapeText(task.title)}.`, {hint: 'Choose another task.'});
  for (const {written, open, implied} of task.unmet) {
    if (implied) continue;
    const ids = open.slice(0, 20).map((other) => escapeText(other.id)).join(', ');
    context.say(`${named} depends on ${escapeText(written)}, ${open.length === 0 ? 'which names no task of the file' : `and this is not complete: ${ids}`}.`);
  }
  const {path, text, deliverables, criteria} = task;
  return {path, id: task.id, text, deliverables, criteria};
}

/** A folder may be named `…-#100`: a `#` of a file that is there is no separator, and of several the last one is. */
async function fileAndId(directory: string, value: string): Promise<{readonly file: string; readonly id: string | undefined}> {
  const whole = await access(resolve(directory, value)).then(
    () => true,
    () => false,
  );
  const at = whole ? -1 : value.lastIndexOf('#');
  const file = at === -1 ? value : value.slice(0, at);
  const id = at === -1 ? undefined : value.slice(at + 1);
  if (file === '' || id === '') throw new AppError('USAGE', `--from ${escapeText(value)}: the form is FILE#ID, for example .agent-os/specs/x/tasks.md#1, or FILE where it has one open task.`);
  return {file, id};
}

/** The report is committed, so a path outside of the repository is told by its last part alone. */
function displayPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? basename(path) : inside;
}
