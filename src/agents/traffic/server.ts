import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import {notScripted} from '../model-failure.js';
import {pause} from '../pause.js';
import {renderEvent, turnEvents, type StreamEvent} from './events.js';
import {scriptedTurn, type ScriptedFault, type ScriptedTurn, type TrafficScript} from './script.js';

/** A request for a turn that came to the server, by its headers. */
export interface ServedRequest {
  readonly specialist: string;
  readonly turn: number;
  readonly attempt: number;
}

/** A running traffic server. Disposing it breaks all connections. */
export interface TrafficServer extends AsyncDisposable {
  /** Base URL for a model: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Every request for a turn so far, in order of arrival. */
  readonly requests: readonly ServedRequest[];
}

/** Larger requests are refused, as the Messages API does (32 MB, its documented limit). */
const maxBodyBytes = 32_000_000;

const MessageBody = z.looseObject({model: z.string(), stream: z.literal(true), max_tokens: z.int().min(1), messages: z.array(z.unknown()).min(1)});
const Headers = z.object({
  'x-bulkhead-specialist': z.string(),
  'x-bulkhead-turn': z.string().regex(/^\d{1,9}$/),
  'x-bulkhead-attempt': z.string().regex(/^\d{1,9}$/),
});

/**
 * Serves a script over HTTP on the loopback interface, the way the Messages API streams. The headers alone pick the
 * turn and the fault, there is no counter: a turn that is asked for twice is given twice. What is not scripted is
 * refused with 400. Keys are not looked at. Ends when the signal is aborted, or when it is disposed.
 */
export async function startTrafficServer(script: TrafficScript, signal: AbortSignal): Promise<TrafficServer> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const requests: ServedRequest[] = [];
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    answer({script, requests, request, response, signal: AbortSignal.any([ending.signal, gone.signal])}).catch(() => {
      response.destroy();
    });
  });
  const port = await listen(server);
  const end = (): void => {
    ending.abort();
    server.close();
    server.closeAllConnections();
  };
  signal.addEventListener('abort', end, {once: true});
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener('abort', end);
      const closed = server.listening ? new Promise<void>((resolve) => server.once('close', resolve)) : undefined;
      end();
      await closed;
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new AppError('ENVIRONMENT', `The traffic server cannot listen on 127.0.0.1: ${error.message}.`, {cause: error}));
    });
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new AppError('INTERNAL', 'The traffic server has no port.');
  return address.port;
}

interface Exchange {
  readonly script: TrafficScript;
  readonly requests: ServedRequest[];
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client has gone or the server ends. */
  readonly signal: AbortSignal;
}

type Fault = Exclude<ScriptedFault, {status: number}>;
type Reply =
  | {readonly kind: 'json'; readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>>}
  | {readonly kind: 'turn'; readonly turn: ScriptedTurn; readonly fault: Fault | undefined; readonly events: readonly StreamEvent[]};

async function answer({script, requests, request, response, signal}: Exchange): Promise<void> {
  const reply = replyTo({script, requests, request, body: await readBody(request)});
  if (reply.kind === 'turn') return streamTurn({...reply, response, signal});
  response.writeHead(reply.status, {...reply.headers, 'content-type': 'application/json'}).end(JSON.stringify(reply.body));
}

interface Received extends Pick<Exchange, 'script' | 'requests' | 'request'> {
  readonly body: string | undefined;
}

function replyTo(received: Received): Reply {
  const {request, body} = received;
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (body === undefined) return refusal(413, 'The request is too large.');
  if (request.method !== 'POST') return refusal(404, `There is no ${request.method ?? 'method'} ${path}.`);
  if (path === '/v1/messages/count_tokens') return {kind: 'json', status: 200, body: {input_tokens: Math.ceil(body.length / 4)}};
  return path === '/v1/messages' ? turnReply(received, body) : refusal(404, `There is no ${path}.`);
}

function turnReply({script, requests, request}: Received, body: string): Reply {
  const message = MessageBody.safeParse(parseJson(body));
  const headers = Headers.safeParse(request.headers);
  if (!message.success || !headers.success) {
    const issues = [message.error, headers.error].flatMap((error) => error?.issues ?? []);
    return refusal(400, issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`).join('; '));
  }
  const asked: ServedRequest = {
    specialist: decodeURIComponent(headers.data['x-bulkhead-specialist']),
    turn: Number(headers.data['x-bulkhead-turn']),
    attempt: Number(headers.data['x-bulkhead-attempt']),
  };
  requests.push(asked);
  const turn = scriptedTurn(script, asked.specialist, asked.turn);
  if (turn === undefined) return refusal(400, `Turn ${asked.turn} of ${JSON.stringify(asked.specialist)} is not scripted.`, {details: {error_code: notScripted}});
  const fault = turn.faults[asked.attempt - 1];
  if (fault === undefined || !('status' in fault)) return {kind: 'turn', turn, fault, events: turnEvents(turn, {...asked, model: message.data.model})};
  const headersOf = fault.retryAfterMs === undefined ? {} : {headers: {'retry-after-ms': String(fault.retryAfterMs)}};
  return {...refusal(fault.status, 'Scripted.'), ...headersOf};
}

interface Streaming extends Extract<Reply, {kind: 'turn'}> {
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

async function streamTurn({turn, fault, events, response, signal}: Streaming): Promise<void> {
  if (turn.delayMs > 0) await pause(turn.delayMs, signal);
  response.writeHead(200, {'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'request-id': 'req_scripted'});
  response.flushHeaders();
  // A faulty attempt never gives the whole turn: at least its last event is missing.
  const given = fault === undefined ? events.length : Math.min('cut' in fault ? fault.cut : 1, events.length - 1);
  for (const event of events.slice(0, given)) await send(response, renderEvent(event));
  if (fault !== undefined && 'malformed' in fault) await send(response, 'event: content_block_start\ndata: {"type": "content_block_start", "index"\n\n');
  if (fault === undefined || 'malformed' in fault) {
    response.end();
    return;
  }
  if ('stall' in fault) await pause(fault.stall, signal);
  response.destroy();
}

async function send(response: ServerResponse, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    response.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Error types of the Messages API by status (its documentation, "Errors"). */
const errorTypes: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
]);

function refusal(status: number, message: string, more: Readonly<Record<string, unknown>> = {}): Extract<Reply, {kind: 'json'}> {
  return {kind: 'json', status, body: {type: 'error', error: {type: errorTypes.get(status) ?? 'api_error', message, ...more}}};
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
