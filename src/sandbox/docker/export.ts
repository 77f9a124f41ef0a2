import {escapeText} from '../../core/escape.js';
import {AppError} from '../../core/errors.js';
import type {ExportEntry, Ownership, WorkspaceNames} from '../../core/sandbox.js';
import {startCapture, type Capture} from '../capture.js';
import type {Piece} from '../demux.js';
import {harnessScript} from '../exec-script.js';
import {parseExport} from '../export-stream.js';
import {makeLabels, readMoment} from '../labels.js';
import {helperSettings} from '../profile.js';
import {containerState, createContainer, startAttached, waitDead} from './attach.js';
import {cleanUp, type Engine} from './engine-call.js';
import {removeContainer, workspaceVolumes} from './remove.js';
import {inspectVolume} from './workspace.js';

/** What to export. */
export interface ExportRequest {
  readonly names: WorkspaceNames;
  readonly ownership: Ownership;
  readonly maxFileBytes: number;
}

/**
 * What a stopped box changed, read by our own exporter in our own image with everything mounted read-only. Entries
 * with `deleted` come before any entry at or below the same path. Throws ENGINE_FAILED for a box that runs, a
 * workspace that is not there, and an export that did not end well.
 */
export async function* exportWorkspace(engine: Engine, request: ExportRequest, signal: AbortSignal): AsyncGenerator<ExportEntry, void, undefined> {
  const {names} = request;
  await refuseUnfit(engine, names, signal);
  const name = `${names.box}-export`;
  await removeContainer(engine, name, signal);
  try {
    await createContainer(engine, {name, labels: makeLabels(request.ownership, 'helper', readMoment()), settings: exporterSettings(engine, request)}, signal);
    const stderr = startCapture(4096);
    const output = await startAttached(engine, name, signal);
    try {
      yield* parseExport(stdoutOf(output, stderr), request.maxFileBytes);
    } catch (error) {
      signal.throwIfAborted();
      throw withWords(error, stderr);
    }
    const {exitCode} = await waitDead(engine, name, signal);
    if (exitCode !== 0) throw new AppError('ENGINE_FAILED', `The exporter of ${names.box} ended with exit code ${exitCode}.`);
  } finally {
    await cleanUp((fresh) => removeContainer(engine, name, fresh));
  }
}

async function refuseUnfit(engine: Engine, names: WorkspaceNames, signal: AbortSignal): Promise<void> {
  const state = await containerState(engine, names.box, signal);
  if (state?.Running === true) throw new AppError('ENGINE_FAILED', `The box ${names.box} still runs; a workspace is exported only after it has stopped.`);
  // A volume that is named in a mount and is not there would be created, empty and without our labels.
  const {upper, work} = workspaceVolumes(names);
  for (const volume of [names.snapshot, upper, work]) {
    if ((await inspectVolume(engine, volume, signal)) === undefined) throw new AppError('ENGINE_FAILED', `There is no workspace ${names.box} to export: the volume ${volume} is missing.`);
  }
}

function exporterSettings(engine: Engine, {names, maxFileBytes}: ExportRequest) {
  const {upper, work} = workspaceVolumes(names);
  return helperSettings({
    image: engine.helperImage,
    argv: ['perl', '-e', harnessScript('export.pl'), '/upper/upper', '/merged', '/lower/tree', String(maxFileBytes)],
    mounts: [
      {volume: upper, target: '/upper', readOnly: true},
      {volume: work, target: '/merged', readOnly: true},
      {volume: names.snapshot, target: '/lower', readOnly: true},
    ],
    // A box may take every permission off its own files. Not DAC_READ_SEARCH: the engine's seccomp profile would then
    // allow open_by_handle_at, the known way out of a container; on read-only mounts this one reads just as much.
    capabilities: ['DAC_OVERRIDE'],
  });
}

async function* stdoutOf(output: AsyncIterable<Piece>, stderr: Capture): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of output) {
    if (piece.stream === 'stdout') yield piece.bytes;
    else stderr.push(piece.bytes);
  }
}

function withWords(error: unknown, stderr: Capture): unknown {
  const words = Buffer.from(stderr.kept().head).toString().trim();
  if (words === '' || !(error instanceof AppError)) return error;
  return new AppError(error.code, `${error.message} The exporter said: ${escapeText(words)}`, {cause: error});
}
