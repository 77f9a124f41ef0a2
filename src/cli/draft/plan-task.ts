import {parseManifest} from '../../core/manifest.js';
import type {Stream} from '../../core/specialist.js';
import {AppError} from '../../core/errors.js';
import type {Config} from '../../project/config.js';
import {defaultContextTokens} from '../../project/config-schema.js';
import {chooseImage, chooseTestCommand, testCommandsBelow} from '../../project/stack/choose.js';
import {detectStack} from '../../project/stack/detect.js';
import {treeLookup} from '../../project/stack/tree-lookup.js';
import {tasksFilesHint} from '../../project/agent-os/find-tasks.js';
import {keptPaths} from '../../project/agent-os/places.js';
import type {RunOptions} from '../../run/options.js';
import {planStreams} from '../../run/plan.js';
import type {Context} from '../command.js';
import {draftManifest, type Draft, type DraftFile} from './draft-manifest.js';
import type {ProjectContext} from '../project-context.js';
import {committedBase} from '../inputs/base.js';
import {promisedFiles} from '../inputs/promised-files.js';
import {readFrom, type FromTask} from '../inputs/from-task.js';
import {limitsOf, readInputs, scopesOf} from '../inputs/run-inputs.js';
import {treeAt} from '../wire.js';

/** What a user asks of `plan`. */
export interface PlanFlags {
  readonly task: string | undefined;
  readonly from: string | undefined;
  readonly manifest: string | undefined;
}

/** One specialist's part, and the most tokens of its context package. */
export interface PlannedStream extends Stream {
  readonly contextTokens: number;
}

/** A plan for a person to read. */
export interface TaskPlan {
  readonly task: string;
  /** Full id of the commit that a run would start from now. */
  readonly base: string;
  readonly image: string;
  /** In the order in which they would be merged; without deliverables where a draft leaves them open. */
  readonly streams: readonly PlannedStream[];
  readonly budgets: Pick<RunOptions, 'limits' | 'maxParallel' | 'maxTurns' | 'repairRounds' | 'model'>;
  /** Where there is no manifest yet. */
  readonly draft: Draft | undefined;
  /** What stands around the task of a tasks file, for a draft. */
  readonly around: Pick<FromTask, 'path' | 'id' | 'spec' | 'assigned'> | undefined;
  readonly notes: readonly string[];
}

/** Plans a task: by its manifest as `run` would, or as far as a draft goes. Reads only. Throws what `run` throws for the same input. */
export async function planTask(context: Context, project: ProjectContext, flags: PlanFlags): Promise<TaskPlan> {
  if (flags.manifest !== undefined) return planManifest(context, project, flags);
  const {checkout} = project;
  const from = flags.from === undefined ? undefined : await readFrom(context, {checkout, base: committedBase(checkout, checkout.head), value: flags.from});
  const task = flags.task ?? from?.text;
  if (task === undefined || task.trim() === '') throw new AppError('USAGE', 'Say what to plan: TASK in words, --from FILE[#ID], or --manifest FILE.', {hint: tasksFilesHint(await pathsOf(checkout, context.signal))});
  return planDraft(context, project, {task, from});
}

async function pathsOf(checkout: ProjectContext['checkout'], signal: AbortSignal): Promise<readonly string[]> {
  return (await treeAt(checkout, checkout.head).list(signal)).map(({path}) => path);
}

async function planManifest(context: Context, project: ProjectContext, flags: PlanFlags): Promise<TaskPlan> {
  const {task, options} = await readInputs(context, project, {...flags, traffic: undefined, maxParallel: undefined, repairRounds: undefined});
  const {manifest, scopes, from} = options;
  const kept = from === undefined ? [] : keptPaths(from);
  return {task, base: manifest.base, image: manifest.image, streams: withTokens(project.config, planStreams(manifest, scopes, kept).streams), budgets: budgetsOf(project.config), draft: undefined, around: undefined, notes: []};
}

async function planDraft(context: Context, {checkout, config}: ProjectContext, {task, from}: {readonly task: string; readonly from: FromTask | undefined}): Promise<TaskPlan> {
  const stack = await detectStack(treeLookup(treeAt(checkout, checkout.head), context.signal));
  const choice = chooseImage(stack);
  const image = config.image.origin === 'default' && 'value' in choice ? choice.value : config.image.value;
  const {files, notes} = await promisedFiles({checkout, deliverables: from?.deliverables ?? [], signal: context.signal});
  const testFiles = files.filter((file) => file.owner === 'test' && file.action !== 'delete');
  const others = files.filter((file) => !testFiles.includes(file));
  const draft = draftManifest({task, image, files: others, testFiles, test: chooseTestCommand(stack, image), below: testCommandsBelow(stack), criteria: from?.criteria ?? [], spec: from?.spec});
  const kept = from === undefined ? [] : keptPaths(from);
  return {
    task,
    base: checkout.head,
    image,
    streams: withTokens(config, draftStreams(config, {others, testFiles, kept})),
    budgets: budgetsOf(config),
    draft,
    around: from === undefined ? undefined : {path: from.path, id: from.id, spec: from.spec, assigned: from.assigned},
    notes: [
      files.length === 0 ? 'No model has read the task: this is one implementation and one test stream, and a manifest to fill in.' : 'No model has read the task: the files are those that its task file names, the owners are by kind of file.',
      ...('why' in choice && config.image.origin === 'default' ? [`The image is the default, \`${image}\`: ${choice.why}.`] : []),
      ...(from?.assigned?.specialist === undefined ? [] : [`Its files give the task to \`${from.assigned.specialist}\`: make that an owner in the manifest, in lower-case letters, digits and \`-\`, if it should be a specialist of its own.`]),
      ...notes,
    ],
  };
}

/** The streams of files that are known; where none are, of one file that stands for them and is not shown. */
function draftStreams(config: Config, {others, testFiles, kept}: {readonly others: readonly DraftFile[]; readonly testFiles: readonly DraftFile[]; readonly kept: readonly string[]}): readonly Stream[] {
  const unknown = (owner: string): DraftFile => ({path: `${owner}.open`, action: 'create', owner});
  const open = new Set([...(others.length === 0 ? ['implementation'] : []), ...(testFiles.length === 0 ? ['test'] : [])]);
  const files = [...(others.length === 0 ? [unknown('implementation')] : others), ...(testFiles.length === 0 ? [unknown('test')] : testFiles)];
  const manifest = parseManifest({schemaVersion: 1, task: 'draft', files, withoutTests: 'a draft'}, 'the draft');
  const isOpen = (path: string): boolean => [...open].some((owner) => path === `${owner}.open`);
  return planStreams(manifest, scopesOf(config), kept).streams.map((stream) => ({...stream, owns: stream.owns.filter((path) => !isOpen(path)), closed: stream.closed.filter((path) => !isOpen(path))}));
}

function withTokens(config: Config, streams: readonly Stream[]): readonly PlannedStream[] {
  return streams.map((stream) => ({...stream, contextTokens: config.contextTokens[stream.specialist]?.value ?? defaultContextTokens(stream.specialist)}));
}

function budgetsOf(config: Config): TaskPlan['budgets'] {
  const {maxParallel, maxTurns, repairRounds, model} = config;
  return {
    limits: limitsOf(config),
    maxParallel: maxParallel.value,
    maxTurns: maxTurns.value,
    repairRounds: repairRounds.value,
    model: {name: model.name.value, maxTokens: model.maxTokens.value},
  };
}
