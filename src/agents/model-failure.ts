import type * as sdk from '@anthropic-ai/sdk';
import {AppError, systemCode} from '../core/errors.js';
import {escapeText} from '../core/escape.js';
import {StalledStream} from './model-attempt.js';
import {MalformedMessage} from './model-content.js';
import type {ModelSettings, TurnRequest} from './model.js';
import {wellFormed} from './plain-json.js';

/** What a failed attempt means. */
export interface Failure {
  /** Whether the same turn may be sent again. */
  readonly again: boolean;
  /** Whether it is this conversation that the provider never takes: other specialists can go on. */
  readonly ofConversation?: boolean | undefined;
  /** What the provider asked to wait. */
  readonly afterMs?: number | undefined;
  readonly code: 'MODEL_FAILED' | 'TRAFFIC_INVALID';
  /** What happened, to be read after "turn 3 of implementation: ". */
  readonly why: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Scene {
  readonly kinds: typeof sdk;
  readonly settings: ModelSettings;
  readonly request: TurnRequest;
}

/** Error code in the body of the traffic server's refusal; the SDK gives it as `errorCode`. */
export const notScripted = 'traffic_not_scripted';

/** Longer waits than this (10 minutes) are not waited: a person decides. */
const maxRetryAfterMs = 600_000;

const laterHint = 'Nothing is lost: `bulkhead resume` goes on from this turn.';
/** Status of the error types of the Messages API, for errors that come inside a stream and so without a status. */
const statusOfType: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

/**
 * Classifies what an attempt threw: by class, status and error type of the SDK, never by text. Undefined for what
 * neither the SDK nor an attempt throws: a bug of ours.
 */
export function failureOf(error: unknown, scene: Scene): Failure | undefined {
  const {kinds} = scene;
  const again = (why: string, details = {}): Failure => ({again: true, code: 'MODEL_FAILED', why, hint: laterHint, details});
  if (error instanceof StalledStream) return again(`the stream stalled (${error.message})`);
  if (error instanceof MalformedMessage) return again(`the answer was malformed (${error.message})`);
  if (error instanceof kinds.APIConnectionError) {
    const cause = innerCode(error);
    return again(`${hostOf(scene.settings)} could not be reached${cause === undefined ? '' : ` (${cause})`}`, {cause});
  }
  if (error instanceof kinds.APIError) return apiFailure(error as sdk.APIError, scene);
  if (error instanceof kinds.AnthropicError) return again('the stream was cut off or malformed');
  return undefined;
}

/** The error that ends the turn. */
export function giveUp(failure: Failure, scene: {readonly request: TurnRequest; readonly attempts: number}): AppError {
  const {specialist, turn} = scene.request;
  const tries = scene.attempts === 1 ? '' : `, after ${scene.attempts} attempts`;
  return new AppError(failure.code, `Turn ${turn} of ${specialist}: ${failure.why}${tries}.`, {
    hint: failure.hint,
    details: {...failure.details, specialist, turn, attempts: scene.attempts},
  });
}

/** Milliseconds that the provider asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfterMs(headers: {get(name: string): string | null} | undefined, now: number): number | undefined {
  const ms = headers?.get('retry-after-ms') ?? '';
  if (/^\d+(\.\d+)?$/.test(ms)) return Number(ms);
  const text = headers?.get('retry-after') ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function apiFailure(error: sdk.APIError, scene: Scene): Failure {
  const {settings} = scene;
  // What is not known to be final is tried again.
  const status = error.status ?? statusOfType.get(error.type ?? '') ?? 500;
  const details = {status: error.status, type: error.type, requestId: error.requestID ?? undefined};
  if (status === 400 && error.errorCode === notScripted) {
    return {again: false, code: 'TRAFFIC_INVALID', why: 'the traffic script has nothing for this turn', hint: 'What is not scripted is an error, never a guess. Add the turn to the script.', details};
  }
  const said = providerText(error, settings);
  const again = status === 408 || status === 409 || status === 429 || status >= 500;
  const asked = retryAfterMs(error.headers, (settings.now ?? Date.now)());
  if (again && asked !== undefined && asked > maxRetryAfterMs) {
    return {again: false, code: 'MODEL_FAILED', why: `the provider asks to wait ${Math.ceil(asked / 60_000)} minutes${said}`, hint: laterHint, details};
  }
  const {why, hint} = meaningOf(status, settings);
  return {again, ofConversation: isOfConversation(status, error, scene), afterMs: asked, code: 'MODEL_FAILED', why: `${why}${said}`, hint, details};
}

/**
 * A request that is too large, or one that is wrong although the first of this specialist was not: what changed since
 * is the conversation. On the first turn it is more likely a setting, which a person can mend.
 */
function isOfConversation(status: number, error: sdk.APIError, {request}: Scene): boolean {
  return status === 413 || (status === 400 && error.type === 'invalid_request_error' && request.turn > 1);
}

function meaningOf(status: number, settings: ModelSettings): {readonly why: string; readonly hint: string} {
  const host = hostOf(settings);
  switch (status) {
    case 401:
    case 403:
      return {why: `the key was refused by ${host} (${status})`, hint: 'Check the key of your configuration or ANTHROPIC_API_KEY, and that it may use this model.'};
    case 402:
      return {why: `${host} asks for a payment (402)`, hint: 'Check the billing of the account that the key belongs to.'};
    case 404:
      return {why: `${host} knows no model \`${escapeText(settings.model)}\`, or is no Messages API (404)`, hint: 'Check the model name and the endpoint of your configuration.'};
    case 413:
      return {why: 'the conversation is too large for the provider (413)', hint: 'Give the specialist a smaller task.'};
    case 429:
      return {why: 'the rate limit of the key is used up (429)', hint: laterHint};
    case 529:
      return {why: 'the provider is overloaded (529)', hint: laterHint};
    default:
      return status >= 500 || status === 408 || status === 409
        ? {why: `${host} failed (${status})`, hint: laterHint}
        : {why: `${host} refused the request (${status})`, hint: 'Check the model name and its settings in your configuration.'};
  }
}

/** What the provider said, for a person: escaped, short, and without the key that some gateways repeat. */
function providerText(error: sdk.APIError, settings: ModelSettings): string {
  if (error.apiMessage === null || typeof error.apiMessage !== 'string' || error.apiMessage === '') return '';
  const text = settings.apiKey === '' ? error.apiMessage : error.apiMessage.replaceAll(settings.apiKey, '[key]');
  return `: ${escapeText(wellFormed((settings.redact?.text(text) ?? text).slice(0, 300)))}`;
}

/** Only host and port: an endpoint may have credentials in it. */
function hostOf(settings: ModelSettings): string {
  if (settings.baseUrl === undefined) return 'the model provider';
  return URL.canParse(settings.baseUrl) ? new URL(settings.baseUrl).host : 'the configured endpoint';
}

/** The first system code (`ECONNREFUSED`, `ENOTFOUND`, `CERT_…`) in the chain of causes. */
function innerCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    const code = systemCode(at);
    if (code !== undefined) return code;
  }
  return undefined;
}
