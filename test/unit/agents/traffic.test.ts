import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {parseTraffic, scriptedTurn} from '../../../src/agents/traffic/script.js';
import {startTrafficServer} from '../../../src/agents/traffic/server.js';

const signal = new AbortController().signal;
const good = `schemaVersion: 1
specialists:
  implementation:
    turns:
      - text: I add it.
        tools: [{bash: {command: ls}}, {edit: {command: create, path: a, file_text: "x"}}]
        usage: {input: 1200, output: 300}
        delayMs: 0
      - faults: [{status: 529}, {stall: 2000}, {cut: 3}, {malformed: true}]
        tools: [{submit: {summary: done}}]
    repair:
      - tools: [{submit: {summary: fixed}}]
`;

function problemsOf(text: string): string {
  try {
    parseTraffic(text, 'script.yml');
    return 'none';
  } catch (error) {
    return isAppError(error, 'TRAFFIC_INVALID') ? JSON.stringify(error.details['problems']) : String(error);
  }
}

describe('a traffic script', () => {
  it('is read as documented, and repair goes on where turns ends', () => {
    const script = parseTraffic(good, 'script.yml');
    expect(scriptedTurn(script, 'implementation', 3)?.tools).toEqual([{submit: {summary: 'fixed'}}]);
    expect(scriptedTurn(script, 'implementation', 4)).toBeUndefined();
    expect(scriptedTurn(script, 'implementation', 0)).toBeUndefined();
    expect(scriptedTurn(script, 'constructor', 1)).toBeUndefined();
  });

  it.each([
    ['broken YAML', good.replace('[{bash:', '[{bash'), 6],
    ['an unknown key', good.replace('delayMs: 0', 'delay: 0'), 5],
    ['an unknown tool', good.replace('{bash: {command: ls}}', '{python: {command: ls}}'), 6],
    ['a wrong type', good.replace('input: 1200', 'input: many'), 7],
    ['an unknown fault', good.replace('{cut: 3}', '{explode: 3}'), 9],
    ['a turn without anything', good.replace('tools: [{submit: {summary: fixed}}]', 'delayMs: 1'), 12],
    ['a key twice', good.replace('delayMs: 0', 'text: again'), 8],
    ['nothing', '', 1],
    ['aliases without end', `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghij'.split('').map((key, index) => `${key}: &${key} [${`*${'abcdefghi'[index]},`.repeat(9)}*a]`).join('\n')}`, 0],
  ])('with %s is TRAFFIC_INVALID and names the line', (_, text, line) => {
    expect(problemsOf(text)).toContain(line === 0 ? 'script.yml' : `script.yml:${line}:`);
  });
});

describe('the traffic server', () => {
  it('gives the same turn to the same headers, however often it is asked', async () => {
    await using server = await startTrafficServer(parseTraffic(good, 'script.yml'), signal);
    const headers = {'x-bulkhead-specialist': 'implementation', 'x-bulkhead-turn': '1', 'x-bulkhead-attempt': '1'};
    const body = JSON.stringify({model: 'm', stream: true, max_tokens: 1, messages: [{role: 'user', content: 'x'}]});
    const ask = async (): Promise<string> => (await fetch(`${server.url}/v1/messages`, {method: 'POST', headers, body})).text();
    const first = await ask();
    expect(await ask()).toBe(first);
    expect(first.match(/input_json_delta/g)?.length).toBeGreaterThan(4);
  });

  it('counts tokens, and refuses what is no request of the Messages API', async () => {
    await using server = await startTrafficServer(parseTraffic(good, 'script.yml'), signal);
    const post = (path: string, body: string): Promise<Response> => fetch(`${server.url}${path}`, {method: 'POST', body});
    expect(await (await post('/v1/messages/count_tokens', '{"messages":[]}')).json()).toEqual({input_tokens: 4});
    expect((await post('/v1/messages', 'no json')).status).toBe(400);
    expect((await post('/v1/other', '{}')).status).toBe(404);
    expect((await fetch(server.url)).status).toBe(404);
  });

  it('is gone after its end, also by its signal', async () => {
    const stop = new AbortController();
    const byHand = await startTrafficServer(parseTraffic(good, 'script.yml'), signal);
    const bySignal = await startTrafficServer(parseTraffic(good, 'script.yml'), stop.signal);
    await byHand[Symbol.asyncDispose]();
    stop.abort();
    await bySignal[Symbol.asyncDispose]();
    await expect(fetch(byHand.url)).rejects.toThrow();
    await expect(fetch(bySignal.url)).rejects.toThrow();
  });
});
