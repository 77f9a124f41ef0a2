import {AppError} from '../../../core/errors.js';
import {givenPath, workspacePath, type LayerRequest, type LayerSource} from '../../../core/sandbox.js';
import {boxUids, userOf} from '../../profile.js';
import {packTree} from '../../seed-tar.js';
import type {Engine} from '../engine-call.js';
import {runExec} from '../exec-stream.js';
import {root, untar, type RunStep} from '../fill.js';
import {createLayerBox, runLayerBox, type LayerRan} from './layer-box.js';
import {layerParts} from './parts.js';

/** A request for a layer that is filled from files, with the network. */
export type FilesRequest = LayerRequest & {readonly from: Extract<LayerSource, {kind: 'files'}>};

/** How long the box waits for what it is given. A process that ended meanwhile gives nothing, and the box must not wait for ever. */
const waitSeconds = 120;
/** The last word of a file that was written whole; the exit code of an exec is not trusted after a lost connection. */
const doneMark = 'given';

/**
 * Runs the command of a layer in the one box with a network: a package manager over manifests that were checked, and what
 * it was given, in memory. `step` runs in the helper that holds the layer's volume.
 */
export async function runRegistryBox(engine: Engine, request: FilesRequest, step: RunStep, signal: AbortSignal): Promise<LayerRan> {
  const {names, volume} = layerParts(request);
  await step({title: 'make its directory', argv: ['/bin/sh', '-c', `umask 022 && mkdir ${root}/workspace && chown ${userOf('agent')} ${root}/workspace`], user: '0:0'});
  await step({title: 'write the manifests', argv: untar('workspace'), stdin: packTree(request.from.files, boxUids.agent)});
  // It waits until it was given everything: a secret in its settings could be read by whoever may look at the engine.
  const wait = `i=0; until [ -e ${givenPath}/ready ]; do i=$((i+1)); [ $i -le ${waitSeconds} ] || exit 1; sleep 1 || exit 1; done; cd ${workspacePath} && exec "$@"`;
  await createLayerBox(engine, request, {argv: ['/bin/sh', '-c', wait, 'sh', ...request.argv], workVolume: volume, toolsVolume: undefined, network: 'bridge'}, signal);
  return runLayerBox(engine, request, {begun: () => give(engine, {container: names.box, given: request.from.given}, signal)}, signal);
}

async function give(engine: Engine, {container, given}: {readonly container: string; readonly given: Readonly<Record<string, string>>}, signal: AbortSignal): Promise<void> {
  for (const [name, text] of [...Object.entries(given), ['ready', 'ready\n'] as const]) {
    const argv = ['/bin/sh', '-c', `umask 077 && mkdir -p ${givenPath} && cat >"${givenPath}/$1" && printf ${doneMark}`, 'sh', name];
    const {stdout} = await runExec(engine, {container, argv, stdin: Buffer.from(text), maxBytes: 64}, signal);
    if (Buffer.from(stdout).toString() !== doneMark) throw new AppError('ENGINE_FAILED', `The box ${container} could not be given what its command needs.`);
  }
}
