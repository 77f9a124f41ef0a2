import {createServer, type RequestListener} from 'node:http';
import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import type {TurnEnd, TurnOutcome} from '../../../src/agents/conversation.js';
import {startModel, type ModelSettings} from '../../../src/agents/model.js';
import {retryAfterMs} from '../../../src/agents/model-failure.js';
import {tools} from '../../../src/agents/tools/registry.js';
import {renderEvent, turnEvents, type StreamEvent} from '../../../src/agents/traffic/events.js';
import {ScriptedTurn, TrafficScript} from '../../../src/agents/traffic/script.js';
import {startTrafficServer} from '../../../src/agents/traffic/server.js';

const turn = {
  text: 'I look around. ✓',
  tools: [{bash: {command: 'ls "src" ✓'}}, {edit: {command: 'view', path: 'a.js'}}],
  usage: {input: 1200, output: 300},
};
const never = new AbortController().signal;

interface Asked {
  readonly outcome: TurnOutcome;
  readonly slept: readonly number[];
}

async function ask(url: string, more: Partial<ModelSettings> = {}, asked: {readonly turn?: number; readonly signal?: AbortSignal} = {}): Promise<Asked> {
  const slept: number[] = [];
  const sleep = (ms: number): Promise<void> => {
    slept.push(ms);
    return Promise.resolve();
  };
  await using model = startModel({apiKey: 'key-canary', baseUrl: url, model: 'scripted', idleTimeoutMs: 5000, sleep, random: () => 0, ...more});
  const end: TurnEnd = await model.turn({
    specialist: 'implementation',
    turn: asked.turn ?? 1,
    system: 'You work.',
    messages: [{role: 'user', content: [{type: 'text', text: 'Begin.'}]}],
    tools: tools.map((tool) => tool.definition),
    maxTokens: 1000,
    signal: asked.signal ?? never,
  });
  if ('refused' in end) throw new Refused(end.refused);
  return {outcome: end, slept};
}

/** So that a test that expects a turn fails on a refusal. */
class Refused extends Error {}

function scriptOf(turns: readonly unknown[]): TrafficScript {
  return TrafficScript.parse({schemaVersion: 1, specialists: {implementation: {turns}}});
}

/** Serves attempt after attempt with the given listeners; the last one goes on for ever. */
async function withServer<T>(listeners: readonly RequestListener[], act: (url: string) => Promise<T>): Promise<{readonly value: T; readonly requests: number; readonly authorization: string | undefined}> {
  let requests = 0;
  let authorization: string | undefined;
  const server = createServer((request, response) => {
    request.resume();
    authorization = request.headers.authorization;
    listeners[Math.min(requests++, listeners.length - 1)]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    const value = await act(`http://127.0.0.1:${typeof address === 'object' ? address!.port : ''}`);
    return {value, requests, authorization};
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const events = turnEvents(ScriptedTurn.parse(turn), {specialist: 'implementation', turn: 1, model: 'scripted'});
function streamed(list: readonly StreamEvent[]): RequestListener {
  return (_, response) => {
    response.writeHead(200, {'content-type': 'text/event-stream'}).end(list.map(renderEvent).join(''));
  };
}
function refused(status: number, message = 'no', type = 'x'): RequestListener {
  return (_, response) => {
    response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify({type: 'error', error: {type, message}}));
  };
}
const caught = (error: unknown): unknown => error;

describe('a model turn through the real client', () => {
  it('gives text, parallel tool calls and usage as scripted', async () => {
    await using server = await startTrafficServer(scriptOf([turn]), never);
    const {outcome} = await ask(server.url);
    expect(outcome.stopReason).toBe('tool_use');
    expect(outcome.usage).toEqual({inputTokens: 1200, outputTokens: 300, cacheReadTokens: 0, cacheWriteTokens: 0});
    expect(outcome.content.map((block) => (block.type === 'tool_use' ? [block.name, block.input] : block))).toEqual([
      {type: 'text', text: turn.text},
      ['bash', {command: 'ls "src" ✓'}],
      ['str_replace_based_edit_tool', {command: 'view', path: 'a.js'}],
    ]);
    expect(server.requests).toEqual([{specialist: 'implementation', turn: 1, attempt: 1}]);
  });

  it.each([
    ['status 429 with retry-after', {status: 429, retryAfterMs: 1234}, 1234],
    ['status 529', {status: 529}, 1000],
    ['status 408', {status: 408}, 1000],
    ['a cut before the first event', {cut: 0}, 1000],
    ['a cut in the middle of a tool input', {cut: 9}, 1000],
    ['a cut before the very last event', {cut: 10_000}, 1000],
    ['a stall that breaks off', {stall: 20}, 1000],
    ['a stall beyond the watchdog', {stall: 600_000}, 1000],
    ['a malformed event', {malformed: true}, 1000],
  ])('is the same after %s as without it', async (_, fault, waited) => {
    await using plain = await startTrafficServer(scriptOf([turn]), never);
    await using faulty = await startTrafficServer(scriptOf([{...turn, faults: [fault, fault]}]), never);
    const expected = await ask(plain.url);
    const seen = await ask(faulty.url, {idleTimeoutMs: 'stall' in fault && fault.stall === 600_000 ? 150 : 5000});
    expect(seen.outcome).toEqual(expected.outcome);
    expect(faulty.requests.map((request) => request.attempt)).toEqual([1, 2, 3]);
    expect(seen.slept).toEqual([waited, waited === 1000 ? 2000 : waited]);
  });

  it('may take longer than the watchdog, as long as events come', async () => {
    const slow: RequestListener = (_, response) => {
      response.writeHead(200, {'content-type': 'text/event-stream'});
      void (async () => {
        for (const event of events) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          response.write(renderEvent(event));
        }
        response.end();
      })();
    };
    const {requests} = await withServer([slow], (url) => ask(url, {idleTimeoutMs: 1000}));
    expect(events.length).toBeGreaterThan(15);
    expect(requests).toBe(1);
  });

  it('is tried again after a stream that ends early and cleanly, and after an overloaded error inside a stream', async () => {
    const overloaded = {type: 'error', error: {type: 'overloaded_error', message: 'busy'}};
    const {value, requests} = await withServer([streamed(events.slice(0, -1)), streamed([events[0]!, overloaded]), streamed(events)], (url) => ask(url));
    expect(requests).toBe(3);
    expect(value.outcome.content).toHaveLength(3);
  });

  it('fails with its cause after five attempts', async () => {
    const {value, requests} = await withServer([refused(503)], (url) => ask(url).catch(caught));
    expect(requests).toBe(5);
    expect(isAppError(value, 'MODEL_FAILED') && value.details).toMatchObject({status: 503, attempts: 5, turn: 1});
  });

  it.each([
    ['too large', 413, 'request_too_large', 1],
    ['too large for a gateway', 413, 'x', 7],
    ['invalid, after the first turn', 400, 'invalid_request_error', 2],
  ])('that the provider never takes (%s) is a value: short, and without the key', async (_, status, type, at) => {
    const {value, requests} = await withServer([refused(status, `key-canary ${'long '.repeat(1000)}`, type)], (url) => ask(url, {}, {turn: at}).catch(caught));
    expect(requests).toBe(1);
    expect(value).toBeInstanceOf(Refused);
    expect(String(value)).toContain('long long');
    expect(String(value).length).toBeLessThan(600);
    expect(String(value)).not.toContain('canary');
  });

  it('is refused for good also by an error inside a stream', async () => {
    const large = {type: 'error', error: {type: 'request_too_large', message: 'no'}};
    const {value} = await withServer([streamed([events[0]!, large])], (url) => ask(url).catch(caught));
    expect(value).toBeInstanceOf(Refused);
  });

  it.each([
    ['an invalid request on the first turn', 400, 'invalid_request_error', 1],
    ['a 400 of another kind', 400, 'x', 2],
    ['a refused key', 401, 'authentication_error', 2],
    ['a forbidden model', 403, 'permission_error', 2],
    ['an unknown model', 404, 'not_found_error', 2],
  ])('stops the run on %s: a person can mend it', async (_, status, type, at) => {
    const {value} = await withServer([refused(status, 'no', type)], (url) => ask(url, {}, {turn: at}).catch(caught));
    expect(isAppError(value, 'MODEL_FAILED')).toBe(true);
  });

  it.each([400, 401, 403, 404])('is not tried again after status %i, and never tells the key', async (status) => {
    const {value, requests, authorization} = await withServer([refused(status, 'wrong key: key-canary')], (url) => ask(url).catch(caught));
    expect(requests).toBe(1);
    expect(authorization).toBe('Bearer key-canary');
    expect(isAppError(value, 'MODEL_FAILED') && value.details['status']).toBe(status);
    expect(`${String(value)} ${JSON.stringify(value)}`).not.toContain('canary');
  });

  it('says that the key was refused when it was', async () => {
    const {value} = await withServer([refused(401)], (url) => ask(url).catch(caught));
    expect(isAppError(value, 'MODEL_FAILED') && value.message).toMatch(/key was refused/);
  });

  it('is not tried again when an error inside a stream is final', async () => {
    const denied = {type: 'error', error: {type: 'permission_error', message: 'no'}};
    const {value, requests} = await withServer([streamed([events[0]!, denied])], (url) => ask(url).catch(caught));
    expect(requests).toBe(1);
    expect(isAppError(value, 'MODEL_FAILED')).toBe(true);
  });

  it('names the system code when nobody listens', async () => {
    const {value: url} = await withServer([refused(500)], (address) => Promise.resolve(address));
    const error = await ask(url).catch(caught);
    expect(isAppError(error, 'MODEL_FAILED') && error.details).toMatchObject({cause: 'ECONNREFUSED', attempts: 5});
  });

  it('does not wait longer than ten minutes because a provider asks for it', async () => {
    await using server = await startTrafficServer(scriptOf([{...turn, faults: [{status: 429, retryAfterMs: 3_600_000}]}]), never);
    const error = await ask(server.url).catch(caught);
    expect(isAppError(error, 'MODEL_FAILED') && error.details).toMatchObject({status: 429, attempts: 1});
  });

  it('that is not scripted is TRAFFIC_INVALID, at once', async () => {
    await using server = await startTrafficServer(scriptOf([turn]), never);
    const error = await ask(server.url, {}, {turn: 2}).catch(caught);
    expect(isAppError(error, 'TRAFFIC_INVALID')).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it('ends with the reason of its signal', async () => {
    await using server = await startTrafficServer(scriptOf([{...turn, delayMs: 600_000}]), never);
    const stop = new AbortController();
    const asking = ask(server.url, {}, {signal: stop.signal}).catch(caught);
    stop.abort(new Error('enough'));
    expect(await asking).toEqual(new Error('enough'));
  });

  it('does not run half a command: a truncated input is marked, not completed', async () => {
    const whole = turnEvents(ScriptedTurn.parse({tools: [{bash: {command: 'rm -rf build/cache'}}]}), {specialist: 'implementation', turn: 1, model: 'scripted'});
    const last = whole.findLastIndex((event) => event.type === 'content_block_delta');
    const {value} = await withServer([streamed(whole.toSpliced(last, 1))], (url) => ask(url));
    const use = value.outcome.content.find((block) => block.type === 'tool_use');
    expect(use).toMatchObject({name: 'bash', input: {}});
    expect(use?.type === 'tool_use' && use.inputProblem).toBeTruthy();
  });

  it('keeps blocks of unknown kinds as they came', async () => {
    const block = {type: 'thinking', thinking: 'hm', signature: 'c2ln'};
    const list = [events[0]!, {type: 'content_block_start', index: 0, content_block: block}, {type: 'content_block_stop', index: 0}, ...events.slice(-2)];
    const {value} = await withServer([streamed(list)], (url) => ask(url));
    expect(value.outcome.content).toEqual([{type: 'other', raw: block}]);
  });
});

describe('retry-after', () => {
  const header = (name: string, value: string): number | undefined => retryAfterMs({get: (asked) => (asked === name ? value : null)}, Date.parse('2026-01-01T00:00:00Z'));
  it('is understood as milliseconds, seconds or a date, and nothing else', () => {
    expect(header('retry-after-ms', '250')).toBe(250);
    expect(header('retry-after', '3')).toBe(3000);
    expect(header('retry-after', 'Thu, 01 Jan 2026 00:00:09 GMT')).toBe(9000);
    expect(header('retry-after', 'soon')).toBeUndefined();
    expect(header('x', '1')).toBeUndefined();
  });
});
