import {PassThrough} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {canonicalJson, sha256} from '../../core/canonical.js';
import {escapeText} from '../../core/escape.js';
import {AppError} from '../../core/errors.js';
import type {History, SnapshotRequest} from '../../core/sandbox.js';
import {harnessScript} from '../exec-script.js';
import {labelKeys, makeLabels, readMoment} from '../labels.js';
import {boxUid, boxUser, helperSettings} from '../profile.js';
import {packTree} from '../seed-tar.js';
import {createContainer, startContainer} from './attach.js';
import {cleanUp, type Engine} from './engine-call.js';
import {runExec} from './exec-stream.js';
import {removeContainer, removeVolume} from './remove.js';
import {createVolume, inspectVolume} from './workspace.js';

/** Where a helper sees the volume that it fills. */
const root = '/snapshot';

/**
 * Makes and fills a snapshot volume: `tree/` (the files, and `.git` when there is a history), `harness/`, and the file
 * `complete` as the last thing written and only after a sync. A volume that is complete and was filled from the same
 * commit and harness is kept; the files themselves are not compared, the name stands for them. Throws
 * REPOSITORY_UNSUPPORTED for a path that no checkout can hold, DISK_FULL when the volume has no room left.
 */
export async function fillSnapshot(engine: Engine, given: SnapshotRequest, signal: AbortSignal): Promise<void> {
  const request = {...given, history: given.history === undefined ? undefined : held(given.history)};
  const helper = `${request.name}-fill`;
  const content = contentKey(request);
  await removeContainer(engine, helper, signal);
  try {
    const existing = await inspectVolume(engine, request.name, signal);
    if (existing !== undefined) {
      if (existing.Labels[labelKeys.content] === content && (await isComplete(engine, request, signal))) return;
      await removeContainer(engine, helper, signal);
      await removeVolume(engine, request.name, signal);
    }
    await createVolume(engine, {name: request.name, labels: snapshotLabels(request, content)}, signal);
    await startHelper(engine, request, signal);
    await fill(engine, request, signal);
  } finally {
    request.history?.pack.destroy();
    await cleanUp((fresh) => removeContainer(engine, helper, fresh));
  }
}

/**
 * Holds the pack from the first moment: the output of a child process that nobody reads yet is thrown away by Node.js
 * when the process ends, and with it the end of a small pack.
 */
function held(history: History): History {
  const pack = new PassThrough();
  // An error reaches whoever reads `pack`.
  pipeline(history.pack, pack).catch(() => undefined);
  return {...history, pack};
}

function contentKey(request: SnapshotRequest): string {
  const harness = (request.harness ?? []).map((file) => ({path: file.path, mode: file.mode, sha256: sha256(file.bytes)}));
  return sha256(canonicalJson({layout: 1, commit: request.history?.commit, harness}));
}

function snapshotLabels(request: SnapshotRequest, content: string): Record<string, string> {
  const harness = (request.harness ?? []).length > 0 ? 'yes' : 'no';
  return {...makeLabels(request.ownership, 'snapshot', readMoment()), [labelKeys.content]: content, [labelKeys.harness]: harness};
}

async function startHelper(engine: Engine, request: SnapshotRequest, signal: AbortSignal): Promise<void> {
  const settings = helperSettings({
    image: engine.helperImage,
    argv: ['/bin/sh', '-c', 'exec sleep 86400'],
    mounts: [{volume: request.name, target: root, readOnly: false}],
    // For the first step alone, which gives the volume to the box's user; everything after it runs as that user.
    capabilities: ['CHOWN'],
  });
  await createContainer(engine, {name: `${request.name}-fill`, labels: makeLabels(request.ownership, 'helper', readMoment()), settings}, signal);
  await startContainer(engine, `${request.name}-fill`, signal);
}

async function isComplete(engine: Engine, request: SnapshotRequest, signal: AbortSignal): Promise<boolean> {
  await startHelper(engine, request, signal);
  const output = await runExec(engine, {container: `${request.name}-fill`, argv: ['/bin/sh', '-c', `[ -e ${root}/complete ] && echo complete`], maxBytes: 64}, signal);
  return Buffer.from(output.stdout).toString() === 'complete\n';
}

async function fill(engine: Engine, request: SnapshotRequest, signal: AbortSignal): Promise<void> {
  const untar = (directory: string): readonly string[] => ['tar', '-x', '-p', '-f', '-', '-C', `${root}/${directory}`];
  const step = startSteps(engine, request.name, signal);
  await step({title: 'give the volume to its user', argv: ['/bin/sh', '-c', `chown ${boxUser} ${root}`], user: '0:0'});
  await step({title: 'make its directories', argv: ['mkdir', `${root}/tree`, `${root}/harness`]});
  await step({title: 'write the files', argv: untar('tree'), stdin: packTree(request.files, boxUid)});
  if (request.harness !== undefined && request.harness.length > 0) {
    await step({title: 'write the harness', argv: untar('harness'), stdin: packTree(request.harness, boxUid)});
  }
  if (request.history !== undefined) {
    const {pack, commit, cuts = []} = request.history;
    await step({title: 'write the history', argv: ['/bin/sh', '-c', `cd ${root}/tree || exit 1\n${harnessScript('history.sh')}`, 'sh', commit, ...cuts], stdin: pack});
  }
  // What the mark promises must be on the disk before the mark is, or a power cut could leave a snapshot with holes.
  await step({title: 'complete it', argv: ['/bin/sh', '-c', `sync -f ${root} && : > ${root}/complete && sync -f ${root}`]});
}

interface Step {
  readonly title: string;
  readonly argv: readonly string[];
  readonly user?: string;
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** The last word of a step; the exit code that the engine tells of an exec is not trusted after a lost connection. */
const doneMark = 'bulkhead-step-done';

function startSteps(engine: Engine, snapshot: string, signal: AbortSignal): (step: Step) => Promise<void> {
  const container = `${snapshot}-fill`;
  return async ({title, argv, user, stdin}) => {
    const guarded = ['/bin/sh', '-c', `"$@" && printf ${doneMark}`, 'sh', ...argv];
    const output = await runExec(engine, {container, argv: guarded, user, stdin, maxBytes: 4096}, signal);
    if (Buffer.from(output.stdout).toString().endsWith(doneMark)) return;
    if (await isFull(engine, container, signal)) throw new AppError('DISK_FULL', `The disk of the container engine is full: could not fill the snapshot ${snapshot}.`, {hint: '`bulkhead clean` shows and removes leftovers.'});
    throw new AppError('ENGINE_FAILED', `The snapshot ${snapshot} could not be filled: could not ${title}: ${escapeText(Buffer.from(output.stderr).toString().trim())}`);
  };
}

/** Less than this is taken for full; a failed write leaves less than one file's worth. */
const fullMiB = 1;

async function isFull(engine: Engine, container: string, signal: AbortSignal): Promise<boolean> {
  const free = await runExec(engine, {container, argv: ['/bin/sh', '-c', `echo $(( $(stat -f -c '%a * %S' ${root}) / 1048576 ))`], maxBytes: 64}, signal);
  const text = Buffer.from(free.stdout).toString().trim();
  return /^\d+$/.test(text) && Number(text) < fullMiB;
}
