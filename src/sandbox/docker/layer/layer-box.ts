import {AppError} from '../../../core/errors.js';
import type {Captured, EndedProcess, LayerRequest} from '../../../core/sandbox.js';
import {startCapture} from '../../capture.js';
import {diskLabel, makeLabels, readMoment} from '../../labels.js';
import {boxSettings, imageProblem, type BoxParts} from '../../profile.js';
import {createContainer} from '../attach.js';
import type {Engine} from '../engine-call.js';
import {imageFacts} from '../image.js';
import {runToEnd, type MainProcess} from '../process.js';
import {layerParts} from './parts.js';

/** How the command of a layer ended, and what it printed. */
export interface LayerRan {
  readonly ended: EndedProcess;
  readonly stdout: Captured;
}

/** Creates the box in which the command of a layer runs. Throws CONFIG_INVALID for an image that would hide what it writes. */
export async function createLayerBox(engine: Engine, request: LayerRequest, parts: Omit<BoxParts, 'facts'>, signal: AbortSignal): Promise<void> {
  const facts = await imageFacts(engine, request.image, signal);
  const problem = imageProblem(facts);
  if (problem !== undefined) throw new AppError('CONFIG_INVALID', `The image ${request.image.reference} ${problem}, which would hide the dependencies.`, {hint: 'Use another image.'});
  const labels = {...makeLabels(request.ownership, 'process', readMoment()), ...diskLabel(request.limits)};
  await createContainer(engine, {name: layerParts(request).names.box, labels, settings: boxSettings({...request, profile: 'agent'}, {...parts, facts, runtime: engine.runtime})}, signal);
}

/** Runs it to its end, under the lookout over the disk; whoever calls lets it go. Throws DISK_FULL when the engine's disk is nearly full. */
export async function runLayerBox(engine: Engine, request: LayerRequest, {begun}: Pick<MainProcess, 'begun'>, signal: AbortSignal): Promise<LayerRan> {
  const {ownership, limits, timeoutMs, maxBytes} = request;
  const stdout = startCapture(maxBytes);
  const onStdout = (chunk: Uint8Array): void => {
    stdout.push(chunk);
  };
  const ended = await runToEnd(engine, {name: layerParts(request).names.box, ownership, limits, timeoutMs, maxStderrBytes: maxBytes, onStdout, begun}, signal);
  return {ended, stdout: stdout.kept()};
}
