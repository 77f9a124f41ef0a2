import {escapeText} from '../../core/escape.js';
import {AppError} from '../../core/errors.js';
import type {TreeContent} from '../../core/tree.js';
import type {Ownership, SnapshotRequest} from '../../core/sandbox.js';
import {harnessScript} from '../box-script.js';
import {makeLabels, readMoment} from '../labels.js';
import {boxUids, helperSettings, userOf} from '../profile.js';
import {packTree} from '../seed-tar.js';
import {createContainer, startContainer} from './attach.js';
import type {Engine} from './engine-call.js';
import {runExec} from './exec-stream.js';
import {snapshotParts} from './remove.js';

/** Where a helper sees the volume that it fills. */
export const root = '/snapshot';

/** A snapshot that is being filled. */
export interface Filling {
  readonly request: SnapshotRequest;
  /** The volume to write into: the snapshot itself, or the view of it over another one. */
  readonly volume: string;
}

/** Writes everything into a volume, in a helper container of our own image, and syncs it. Leaves the helper to the caller. */
export async function fillLayer(engine: Engine, {request, volume}: Filling, signal: AbortSignal): Promise<void> {
  const container = snapshotParts(request.name).helper;
  await startFiller(engine, {container, volume, ownership: request.ownership}, signal);
  const step = startSteps(engine, {container, what: `the snapshot ${request.name}`, owner: userOf(request.profile ?? 'agent')}, signal);
  await (request.over === undefined ? fillWhole(step, request) : fillDifference(step, request, request.over.deleted));
}

/** Starts a helper that sees a volume at {@link root}, for {@link startSteps}. */
export async function startFiller(engine: Engine, {container, volume, ownership}: {readonly container: string; readonly volume: string; readonly ownership: Ownership}, signal: AbortSignal): Promise<void> {
  const settings = helperSettings({
    image: engine.helperImage,
    argv: ['/bin/sh', '-c', 'exec sleep 86400'],
    mounts: [{volume, target: root, readOnly: false}],
    // For the first step alone, which gives the workspace to the box's user; everything of a repository is written as that user.
    capabilities: ['CHOWN'],
  });
  await createContainer(engine, {name: container, labels: makeLabels(ownership, 'helper', readMoment()), settings}, signal);
  await startContainer(engine, container, signal);
}

async function fillWhole(step: RunStep, {files, harness = [], history, profile = 'agent'}: SnapshotRequest): Promise<void> {
  const rootDirectories = `umask 022 && cd ${root} && mkdir workspace tools harness && chown ${userOf(profile)} workspace && cp /bin/busybox tools/busybox && chmod 755 tools/busybox`;
  await step({title: 'make its directories', argv: ['/bin/sh', '-c', rootDirectories], user: '0:0'});
  await step({title: 'write the files', argv: untar('workspace'), stdin: packTree(files, boxUids[profile])});
  if (harness.length > 0) await step({title: 'write the harness', argv: untar('harness'), stdin: packTree(harness, 0), user: '0:0'});
  if (history !== undefined) await step({title: 'write the history', argv: inWorkspace('history.sh', history.commit, ...(history.cuts ?? [])), stdin: history.pack});
  const exclude = history?.exclude ?? [];
  if (exclude.length > 0) await step({title: 'say what git is not to show', argv: ['/bin/sh', '-c', `cat >${root}/workspace/.git/info/exclude`], stdin: lines(exclude)});
  await step({title: 'write it to the disk', argv: ['sync', '-f', root]});
}

/** What is there in another form must go first: a file in the place of a directory, a link in the place of a file. */
async function fillDifference(step: RunStep, {files, history, profile = 'agent'}: SnapshotRequest, deleted: readonly string[]): Promise<void> {
  const changed: string[] = [];
  const told = async function* (): AsyncGenerator<TreeContent, void, undefined> {
    for await (const file of files) {
      changed.push(file.path);
      yield file;
    }
  };
  if (deleted.length > 0) await step({title: 'remove what is gone', argv: inWorkspace('remove.sh'), stdin: list(deleted)});
  await step({title: 'write the files', argv: [...untar('workspace'), '--unlink-first', '--recursive-unlink'], stdin: packTree(told(), boxUids[profile])});
  if (history !== undefined) {
    await step({title: 'write the history', argv: inWorkspace('next-history.sh', 'pack', history.commit), stdin: history.pack});
    await step({title: 'write the index', argv: inWorkspace('next-history.sh', 'index', history.commit), stdin: list([...deleted, ...changed])});
  }
  await step({title: 'write it to the disk', argv: ['sync', '-f', root]});
}

/** Patterns of git that mean these folders and nothing else. */
// eslint-disable-next-line @typescript-eslint/require-await -- stdin takes an async source
async function* lines(folders: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const folder of folders) yield Buffer.from(`/${folder.replace(/[\\*?[\]!# ]/g, '\\$&')}/\n`);
}

/** The command that unpacks a tar stream into a folder of the volume. */
export const untar = (directory: string): readonly string[] => ['tar', '-x', '-p', '-f', '-', '-C', `${root}/${directory}`];
const inWorkspace = (script: Parameters<typeof harnessScript>[0], ...rest: readonly string[]): readonly string[] => ['/bin/sh', '-c', `cd ${root}/workspace || exit 1\n${harnessScript(script)}`, 'sh', ...rest];

/** Paths, each ended by a NUL. */
// eslint-disable-next-line @typescript-eslint/require-await -- stdin takes an async source
export async function* list(paths: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const path of paths) yield Buffer.from(`${path}\0`);
}

/** One command in a helper, as the box's user unless it says otherwise. */
export interface Step {
  readonly title: string;
  readonly argv: readonly string[];
  /** Default: who owns the workspace. */
  readonly user?: string;
  readonly stdin?: AsyncIterable<Uint8Array>;
}
/** Runs one step in a helper. Throws DISK_FULL, or ENGINE_FAILED with what the step said. */
export type RunStep = (step: Step) => Promise<void>;

/** The last word of a step; the exit code that the engine tells of an exec is not trusted after a lost connection. */
const doneMark = 'bulkhead-step-done';

/** Steps in a helper that runs; `what` names for messages what is being filled, and `owner` owns the workspace in it. */
export function startSteps(engine: Engine, {container, what, owner}: {readonly container: string; readonly what: string; readonly owner: string}, signal: AbortSignal): RunStep {
  return async ({title, argv, user = owner, stdin}) => {
    const guarded = ['/bin/sh', '-c', `"$@" && printf ${doneMark}`, 'sh', ...argv];
    const output = await runExec(engine, {container, argv: guarded, user, stdin, maxBytes: 4096}, signal);
    if (Buffer.from(output.stdout).toString().endsWith(doneMark)) return;
    if (await isFull(engine, container, signal)) throw new AppError('DISK_FULL', `The disk of the container engine is full: could not fill ${what}.`, {hint: '`bulkhead clean` shows and removes leftovers.'});
    throw new AppError('ENGINE_FAILED', `Could not fill ${what}: could not ${title}: ${escapeText(Buffer.from(output.stderr).toString().trim())}`);
  };
}

/** Less than this is taken for full; a failed write leaves less than one file's worth. */
const fullMiB = 1;

async function isFull(engine: Engine, container: string, signal: AbortSignal): Promise<boolean> {
  const free = await runExec(engine, {container, argv: ['/bin/sh', '-c', `echo $(( $(stat -f -c '%a * %S' ${root}) / 1048576 ))`], maxBytes: 64}, signal);
  const text = Buffer.from(free.stdout).toString().trim();
  return /^\d+$/.test(text) && Number(text) < fullMiB;
}
