import type {Readable} from 'node:stream';
import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import type {EngineClient} from './connect.js';

/** An image as the engine has it. */
export interface EngineImage {
  /** Engine-local id, `sha256:…`. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What becomes an image: a packed context (tar) and what its Dockerfile is told. */
export interface BuildRequest {
  readonly context: Readable;
  /** Never in the image: `ARG` values. */
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `none`, `host`, or undefined for the engine's default. */
  readonly network: 'none' | 'host' | undefined;
  readonly onLine: (line: string) => void;
}

/** The image of that name or id, or undefined. Throws ENGINE_FAILED. */
export async function inspectImage(engine: EngineClient, reference: string, signal: AbortSignal): Promise<EngineImage | undefined> {
  const image = engine.getImage(reference);
  try {
    const {Id: id, Config: config} = await image.inspect(abortable(signal));
    // The engine sends null for no labels, whatever the types say.
    return {id, labels: z.record(z.string(), z.string()).nullish().parse(config.Labels) ?? {}};
  } catch (error) {
    signal.throwIfAborted();
    if (statusOf(error) === 404) return undefined;
    throw new AppError('ENGINE_FAILED', `The engine could not look up the image ${reference}.`, {cause: error});
  }
}

/** The engine's architecture in its own words, for example `amd64`. Throws ENGINE_FAILED. */
export async function readArchitecture(engine: EngineClient, signal: AbortSignal): Promise<string> {
  try {
    return (await engine.version()).Arch;
  } catch (error) {
    signal.throwIfAborted();
    throw new AppError('ENGINE_FAILED', 'The engine did not tell its version.', {cause: error});
  }
}

/** Where the engine keeps its data, on its own machine; undefined when it does not say. Throws ENGINE_FAILED. */
export async function readDataRoot(engine: EngineClient, signal: AbortSignal): Promise<string | undefined> {
  try {
    return z.object({DockerRootDir: z.string().optional()}).parse(await engine.info()).DockerRootDir;
  } catch (error) {
    signal.throwIfAborted();
    throw new AppError('ENGINE_FAILED', 'The engine did not describe itself.', {cause: error});
  }
}

/** A registry that cannot be looked up fails at once; one that is filtered away never answers. */
const pullSilenceMs = 15_000;

/**
 * Pulls an image; false when that is not possible, for whatever reason (no registry is normal). Gives up after
 * {@link pullSilenceMs} without a sign of progress.
 */
export async function pullImage(engine: EngineClient, reference: string, signal: AbortSignal): Promise<boolean> {
  const silence = new AbortController();
  const both = AbortSignal.any([signal, silence.signal]);
  const timer = setTimeout(() => {
    silence.abort();
  }, pullSilenceMs);
  try {
    const stream = await engine.pull(reference, {abortSignal: both});
    for await (const event of readProgress(stream, both)) {
      timer.refresh();
      if (event.error !== undefined) return false;
    }
    return (await inspectImage(engine, reference, signal)) !== undefined;
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Builds an image and returns its id. The first builder of the engine is asked for (no `version=2`): every engine has
 * it, Podman too, and it leaves no cache beside the images. Failures come as a line of the stream, not as an error
 * (measured with dockerode 5.0.1), and a failed build would leave containers without `forcerm`.
 * Throws IMAGE_BUILD_FAILED with the last lines.
 */
export async function buildImage(engine: EngineClient, request: BuildRequest, signal: AbortSignal): Promise<string> {
  const lines: string[] = [];
  let id: string | undefined;
  try {
    const stream = await engine.buildImage(request.context, {
      buildargs: {...request.buildArgs},
      labels: {...request.labels},
      forcerm: true,
      rm: true,
      ...(request.network === undefined ? {} : {networkmode: request.network}),
      abortSignal: signal,
    });
    for await (const event of readProgress(stream, signal)) {
      for (const line of (event.stream ?? event.error ?? '').split('\n').filter((text) => text.trim() !== '')) {
        lines.push(line);
        if (event.stream !== undefined) request.onLine(line);
      }
      if (event.error !== undefined) throw buildFailed(lines);
      id = event.aux?.ID ?? id;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof AppError ? error : buildFailed(lines, error);
  }
  if (id === undefined) throw buildFailed(lines);
  return id;
}

/** Makes an image of one layer from a tar stream of a file system, under a name. Throws IMAGE_BUILD_FAILED. */
export async function importImage(
  engine: EngineClient,
  {reference, stream}: {readonly reference: string; readonly stream: Readable},
  signal: AbortSignal,
): Promise<void> {
  const {repo, tag} = splitReference(reference);
  try {
    const progress = await engine.importImage(stream, {repo, tag, abortSignal: signal});
    for await (const event of readProgress(progress, signal)) {
      if (event.error !== undefined) throw buildFailed([event.error]);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof AppError ? error : buildFailed([], error);
  }
}

/** Copies an image with its names from one engine to another, as a stream. Throws ENGINE_FAILED. */
export async function copyImage({reference, from, to}: {readonly reference: string; readonly from: EngineClient; readonly to: EngineClient}, signal: AbortSignal): Promise<void> {
  try {
    const loaded = await to.loadImage(await from.getImage(reference).get(), abortable(signal));
    for await (const event of readProgress(loaded, signal)) {
      if (event.error !== undefined) throw new AppError('ENGINE_FAILED', `The image ${reference} could not be copied: ${event.error}`);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof AppError ? error : new AppError('ENGINE_FAILED', `The image ${reference} could not be copied.`, {cause: error});
  }
}

/** Gives an image a name, `repository:tag`; one that had it loses it. Throws ENGINE_FAILED. */
export async function tagImage(engine: EngineClient, id: string, reference: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.getImage(id).tag({...splitReference(reference), abortSignal: signal});
  } catch (error) {
    signal.throwIfAborted();
    throw new AppError('ENGINE_FAILED', `The engine could not name the image ${reference}.`, {cause: error});
  }
}

/** Takes a name away, and with it the image when nothing else needs it. Does nothing when it is not there. Throws ENGINE_FAILED. */
export async function removeImage(engine: EngineClient, reference: string): Promise<void> {
  try {
    await engine.getImage(reference).remove();
  } catch (error) {
    if (statusOf(error) === 404) return;
    throw new AppError('ENGINE_FAILED', `The engine could not remove the image ${reference}.`, {cause: error});
  }
}

/** The part of the engine's progress lines that is used here (API, `ImageBuild` and `ImageCreate`). */
const ProgressEvent = z.object({
  stream: z.string().optional(),
  error: z.string().optional(),
  aux: z.object({ID: z.string().optional()}).optional(),
});

/** The engine's stream of JSON lines. A broken line or a cut stream rejects. */
async function* readProgress(stream: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<z.infer<typeof ProgressEvent>> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    signal.throwIfAborted();
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part.trim() !== '') yield ProgressEvent.parse(JSON.parse(part));
  }
  if (rest.trim() !== '') yield ProgressEvent.parse(JSON.parse(rest));
}

function splitReference(reference: string): {readonly repo: string; readonly tag: string} {
  const [, repo, tag] = /^(.+):([\w][\w.-]*)$/.exec(reference) ?? [];
  if (repo === undefined || tag === undefined) throw new TypeError(`not a name with a tag: ${reference}`);
  return {repo, tag};
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** The library takes an `abortSignal` everywhere, its types only in some places; and it removes it from the object. */
function abortable(signal: AbortSignal): object {
  return {abortSignal: signal};
}

const lastLines = 15;

function buildFailed(lines: readonly string[], cause?: unknown): AppError {
  const last = lines.slice(-lastLines);
  const reason = cause instanceof Error ? cause.message : 'It ended without an image.';
  return new AppError('IMAGE_BUILD_FAILED', `The image could not be built. ${last.length === 0 ? reason : `The last lines:\n${last.join('\n')}`}`, {
    details: {lines: last},
    cause,
  });
}
