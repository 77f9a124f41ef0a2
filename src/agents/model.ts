import {Console} from 'node:console';
import type * as sdk from '@anthropic-ai/sdk';
import {AppError} from '../core/errors.js';
import type {Redactor} from '../core/redact.js';
import type {Conversation, TurnEnd} from './conversation.js';
import {attemptTurn} from './model-attempt.js';
import {failureOf, giveUp} from './model-failure.js';
import {pause} from './pause.js';

/** A tool as the model is told of it: one of the provider's own kinds by name, or one of ours with a JSON Schema. */
export type ToolDefinition =
  | {readonly type: 'bash_20250124'; readonly name: 'bash'}
  | {readonly type: 'text_editor_20250728'; readonly name: 'str_replace_based_edit_tool'}
  | {readonly name: string; readonly description: string; readonly input_schema: {readonly type: 'object'; readonly [key: string]: unknown}};

/** Asks for one model turn. */
export interface TurnRequest {
  readonly specialist: string;
  /** Journalled turn number, counted from 1 over all phases of the specialist: it picks the turn of a traffic script. */
  readonly turn: number;
  readonly system: string;
  readonly messages: Conversation;
  readonly tools: readonly ToolDefinition[];
  readonly maxTokens: number;
  readonly signal: AbortSignal;
}

/** A model behind the Messages API. Disposing it ends the requests that are under way. */
export interface Model extends AsyncDisposable {
  /**
   * One whole turn, tried again from its beginning when the network or the provider fails. A conversation that the
   * provider never takes (too large, or refused as invalid after the first turn) is a value. Throws MODEL_FAILED,
   * TRAFFIC_INVALID for a turn that a traffic script does not have, or the reason of the signal.
   */
  turn(request: TurnRequest): Promise<TurnEnd>;
}

/** How to reach a model. Endpoint and key come from flags or the user's own configuration, never from a repository. */
export interface ModelSettings {
  readonly apiKey: string;
  /** Default: the provider's public endpoint. The environment is not asked here. */
  readonly baseUrl?: string | undefined;
  readonly model: string;
  /** Takes secrets out of what a provider says about a failure. Default: only the key. */
  readonly redact?: Redactor | undefined;
  /** Milliseconds without any event of the stream after which an attempt counts as failed. Default 90,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Waits between attempts. Default: really. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Milliseconds since the epoch, for a retry-after that is a date. */
  readonly now?: (() => number) | undefined;
  /** 0 to 1, for the jitter. */
  readonly random?: (() => number) | undefined;
}

/** One attempt may end with nothing but a stalled or cut stream; the SDK does not retry those (measured with version 1.12.0), so none of its retries are used. */
const maxAttempts = 5;
const defaultIdleTimeoutMs = 90_000;
const firstDelayMs = 1000;
const maxDelayMs = 30_000;

/** Makes a model; the SDK is loaded with the first turn. */
export function startModel(settings: ModelSettings): Model {
  const ending = new AbortController();
  let loaded: Promise<Loaded> | undefined;
  return {
    async turn(request) {
      loaded ??= load(settings);
      return retryTurn({settings, loaded: await loaded, request: {...request, signal: AbortSignal.any([request.signal, ending.signal])}});
    },
    [Symbol.asyncDispose]: () => {
      ending.abort(new AppError('INTERNAL', 'The model was used after its end.'));
      return Promise.resolve();
    },
  };
}

interface Loaded {
  readonly kinds: typeof sdk;
  readonly client: sdk.Anthropic;
}

async function load(settings: ModelSettings): Promise<Loaded> {
  const kinds = await import('@anthropic-ai/sdk');
  const client = new kinds.Anthropic({
    // All three explicit: the SDK would look for them in the environment and in profiles on disk.
    apiKey: settings.apiKey,
    authToken: null,
    baseURL: settings.baseUrl ?? null,
    maxRetries: 0,
    // It would write to stdout, and at `debug` (an environment variable) whole requests.
    logger: new Console(process.stderr),
    logLevel: 'off',
    openTelemetry: false,
  });
  return {kinds, client};
}

async function retryTurn(job: {readonly settings: ModelSettings; readonly loaded: Loaded; readonly request: TurnRequest}): Promise<TurnEnd> {
  const {settings, loaded, request} = job;
  const sleep = settings.sleep ?? pause;
  for (let attempt = 1; ; attempt += 1) {
    request.signal.throwIfAborted();
    try {
      return await attemptTurn({
        client: loaded.client,
        model: settings.model,
        idleTimeoutMs: settings.idleTimeoutMs ?? defaultIdleTimeoutMs,
        request,
        attempt,
      });
    } catch (error) {
      request.signal.throwIfAborted();
      const failure = failureOf(error, {kinds: loaded.kinds, settings, request});
      if (failure === undefined) throw error;
      if (failure.ofConversation === true) return {refused: failure.why};
      if (!failure.again || attempt === maxAttempts) throw giveUp(failure, {request, attempts: attempt});
      await sleep(failure.afterMs ?? backoffMs(attempt, settings.random ?? Math.random), request.signal);
    }
  }
}

/** 1 s, 2 s, 4 s …, at most 30 s, less up to a quarter, so that specialists that failed together do not return together. */
function backoffMs(attempt: number, random: () => number): number {
  return Math.min(firstDelayMs * 2 ** (attempt - 1), maxDelayMs) * (1 - random() / 4);
}
