import {basename, isAbsolute, relative, resolve} from 'node:path';
import {AppError} from '../../core/errors.js';
import {manifestOwners, type Manifest} from '../../core/manifest.js';
import type {Config} from '../../project/config.js';
import {defaultContextTokens} from '../../project/config-schema.js';
import {readManifest} from '../../project/manifest-file.js';
import type {RunOptions, Scope} from '../../run/options.js';
import {agentOsNote} from './agent-os-note.js';
import type {Context} from '../command.js';
import {readBase} from './base.js';
import {checkAgainstBase, checkInstall, checkSuite} from './manifest-base.js';
import {readFrom} from './from-task.js';
import type {ProjectContext} from '../project-context.js';
import {refuseSecret} from '../secrets.js';
import {wireRegistries} from '../wire.js';

/** What a user asks of `run`. */
export interface RunFlags {
  readonly task: string | undefined;
  readonly manifest: string | undefined;
  readonly from: string | undefined;
  readonly traffic: string | undefined;
  readonly maxParallel: number | undefined;
  readonly repairRounds: number | undefined;
  /** The runtime of boxes, as the engine names it. */
  readonly runtime?: string | undefined;
  readonly requireGvisor?: boolean | undefined;
  /** Id of the run that is to start from the checkout as it stands; undefined: from a commit. */
  readonly dirtyFor?: string | undefined;
}

/** A task, and everything that decides how it is done. */
export interface RunInputs {
  readonly task: string;
  readonly options: RunOptions;
}

/** Reads manifest and task, and refuses what cannot be done on the base commit or holds a secret. */
export async function readInputs(context: Context, project: ProjectContext, flags: RunFlags): Promise<RunInputs> {
  const {checkout, config} = project;
  if (flags.manifest === undefined) throw new AppError('MANIFEST_REQUIRED', 'No manifest was given.', {hint: 'Give one with --manifest FILE; the README shows a first one.'});
  const path = resolve(context.directory, flags.manifest);
  const read = await readManifest({path, image: config.image.value, signal: context.signal});
  refuseSecret('MANIFEST_INVALID', {what: `The manifest ${path}`, text: JSON.stringify(read)});
  const base = await readBase(context, project, {wanted: read.base, dirtyFor: flags.dirtyFor});
  const manifest: Manifest = {...read, base: base.commit};
  await checkAgainstBase(base, manifest, path, context.signal);
  await checkInstall(base, {manifest, registries: wireRegistries(config)}, context.signal);
  for (const note of [await checkSuite(base, manifest, context.signal), agentOsNote(config)]) if (note !== undefined) context.say(note);
  const from = flags.from === undefined ? undefined : await readFrom(context, {checkout, base, value: flags.from});
  const options: RunOptions = {
    manifest,
    ...(base.onto === undefined ? {} : {dirty: {onto: base.onto}}),
    manifestSource: displayPath(checkout.root, path),
    ...(from === undefined ? {} : {from: {path: from.path, id: from.id}}),
    traffic: flags.traffic === undefined ? 'live' : 'replayed',
    model: {name: config.model.name.value, maxTokens: config.model.maxTokens.value},
    limits: limitsOf(config),
    ...runtimeOf(config, flags),
    submission: {maxFiles: config.submission.maxFiles.value, maxFileMiB: config.submission.maxFileMiB.value, maxTotalMiB: config.submission.maxTotalMiB.value},
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

/** The limits of a box as the configuration has them. */
export function limitsOf({limits}: Pick<Config, 'limits'>): Required<RunOptions['limits']> {
  return {memoryMiB: limits.memoryMiB.value, cpus: limits.cpus.value, pids: limits.pids.value, diskMiB: limits.diskMiB.value, inodes: limits.inodes.value};
}

/** What is asked of the runtime: a flag names another one, but takes back no requirement. */
function runtimeOf(config: Config, flags: RunFlags): Pick<RunOptions, 'runtime'> {
  const name = flags.runtime ?? config.runtime.value;
  const requireGvisor = flags.requireGvisor === true || config.requireGvisor.value;
  return name === undefined && !requireGvisor ? {} : {runtime: {...(name === undefined ? {} : {name}), requireGvisor}};
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

/** The report is committed, so a path outside of the repository is told by its last part alone. */
function displayPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? basename(path) : inside;
}
