import {escapeText} from '../../core/escape.js';
import {AppError} from '../../core/errors.js';
import type {ExportEntry, Ownership, PreviewEntry, WorkspaceNames} from '../../core/sandbox.js';
import {startCapture, type Capture} from '../capture.js';
import type {Piece} from '../demux.js';
import {harnessScript} from '../box-script.js';
import {exportMagic, parseExport, parsePreview} from '../export-stream.js';
import {layersOf, makeLabels, readMoment} from '../labels.js';
import {helperSettings} from '../profile.js';
import {containerState, createContainer, startAttached, waitDead} from './attach.js';
import {cleanUp, type Engine} from './engine-call.js';
import {findLayers} from './layer/find.js';
import {exporterParts, removeContainer, removeVolume, workspaceVolumes} from './remove.js';
import {assertFrozen, freezerOf} from './live/freezer.js';
import {createVolume, inspectVolume} from './volume.js';
import {snapshotLayers} from './workspace.js';

/** What to export. */
export interface ExportRequest {
  readonly names: WorkspaceNames;
  readonly ownership: Ownership;
  readonly maxFileBytes: number;
}

/**
 * What a stopped box changed, read by our own exporter in our own image with everything mounted read-only. Entries
 * with `deleted` come before any entry at or below the same path. Throws ENGINE_FAILED for a box that runs or is paused, a
 * workspace that is not there, and an export that did not end well.
 */
export async function* exportWorkspace(engine: Engine, request: ExportRequest, signal: AbortSignal): AsyncGenerator<ExportEntry, void, undefined> {
  const state = await containerState(engine, request.names.box, signal);
  if (state?.Running === true) throw new AppError('ENGINE_FAILED', `The box ${request.names.box} still runs; a workspace is exported only after it has stopped.`);
  yield* readWorkspace(engine, {request, what: 'export', parse: parseExport}, signal);
}

/**
 * What a living box has changed so far, by the same exporter. Nothing of the box runs while it is read, and it goes on in
 * every case: also when the reader stops early. Throws ENGINE_FAILED as an export does, and for a box that does not live.
 */
export async function* previewWorkspace(engine: Engine, request: ExportRequest, signal: AbortSignal): AsyncGenerator<PreviewEntry, void, undefined> {
  const {box} = request.names;
  await using _held = await freezerOf(engine, box).hold(signal);
  await assertFrozen(engine, box, signal);
  yield* readWorkspace(engine, {request, what: 'preview', parse: parsePreview}, signal);
  await assertFrozen(engine, box, signal);
}

interface Reading<Entry> {
  readonly request: ExportRequest;
  readonly what: keyof typeof exportMagic;
  readonly parse: (source: AsyncIterable<Uint8Array>, maxFileBytes: number) => AsyncGenerator<Entry, void, undefined>;
}

async function* readWorkspace<Entry extends {readonly path: Uint8Array}>(engine: Engine, {request, what, parse}: Reading<Entry>, signal: AbortSignal): AsyncGenerator<Entry, void, undefined> {
  const {names} = request;
  const {directories: layers, folders} = await fitLayers(engine, names, signal);
  const {name, lower} = exporterParts(names, what);
  const labels = makeLabels(request.ownership, 'helper', readMoment());
  await removeContainer(engine, name, signal);
  try {
    // The snapshot as the box saw it: one volume, or a view of several.
    if (layers.length > 1) await createVolume(engine, {name: lower, labels: makeLabels(request.ownership, 'scratch', readMoment()), overlay: {lower: layers}}, signal);
    await createContainer(engine, {name, labels, settings: exporterSettings(engine, {...request, magic: exportMagic[what]}, layers.length > 1 ? lower : names.snapshot)}, signal);
    const stderr = startCapture(4096);
    const output = await startAttached(engine, name, signal);
    try {
      for await (const entry of parse(stdoutOf(output, stderr), request.maxFileBytes)) if (!isWithin(entry.path, folders)) yield entry;
    } catch (error) {
      signal.throwIfAborted();
      throw withWords(error, stderr);
    }
    const {exitCode} = await waitDead(engine, name, signal);
    if (exitCode !== 0) throw new AppError('ENGINE_FAILED', `The exporter of ${names.box} ended with exit code ${exitCode}.`);
  } finally {
    await cleanUp(async (fresh) => {
      await removeContainer(engine, name, fresh);
      if (layers.length > 1) await removeVolume(engine, lower, fresh);
    });
  }
}

/** The directories of what lies under the box, and the folders of its layers. Throws ENGINE_FAILED for a workspace of which something is missing. */
async function fitLayers(engine: Engine, names: WorkspaceNames, signal: AbortSignal): Promise<{readonly directories: readonly string[]; readonly folders: readonly string[]}> {
  // A volume that is named in a mount and is not there would be created, empty and without our labels.
  const {upper, scratch, work} = workspaceVolumes(names);
  const wrote = await inspectVolume(engine, upper, signal);
  for (const volume of [upper, scratch, work]) {
    if (wrote === undefined || (await inspectVolume(engine, volume, signal)) === undefined) throw new AppError('ENGINE_FAILED', `There is no workspace ${names.box} to export: the volume ${volume} is missing.`);
  }
  const layers = await snapshotLayers(engine, names.snapshot, signal);
  if (layers === undefined) throw new AppError('ENGINE_FAILED', `There is no workspace ${names.box} to export: its snapshot ${names.snapshot} is missing.`);
  const above = await findLayers(engine, layersOf(wrote?.Labels), signal);
  return {directories: [...above.map((layer) => layer.directory), ...layers.directories], folders: above.flatMap((layer) => layer.folders)};
}

/** Whatever a box does to the folders of a layer is no work: they are made of lock files, and made anew. */
function isWithin(path: Uint8Array, folders: readonly string[]): boolean {
  if (folders.length === 0) return false;
  const text = Buffer.from(path).toString('latin1');
  return folders.some((folder) => text === folder || text.startsWith(`${folder}/`));
}

function exporterSettings(engine: Engine, {names, maxFileBytes, magic}: ExportRequest & {readonly magic: string}, lower: string) {
  const {upper, work} = workspaceVolumes(names);
  return helperSettings({
    image: engine.helperImage,
    argv: ['perl', '-e', harnessScript('export.pl'), ...['/upper', '/merged', '/lower'].map((root) => `${root}/workspace`), String(maxFileBytes), magic],
    mounts: [
      {volume: upper, target: '/upper', readOnly: true},
      {volume: work, target: '/merged', readOnly: true},
      {volume: lower, target: '/lower', readOnly: true},
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
