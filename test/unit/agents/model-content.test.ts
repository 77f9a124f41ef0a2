import {createServer} from 'node:http';
import {isDeepStrictEqual} from 'node:util';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {TurnOutcome, type TurnContent} from '../../../src/agents/conversation.js';
import {runSpecialist} from '../../../src/agents/loop.js';
import {startModel} from '../../../src/agents/model.js';
import {contentOf} from '../../../src/agents/model-content.js';
import {renderEvent} from '../../../src/agents/traffic/events.js';
import {canonicalJson} from '../../../src/core/canonical.js';
import {makeRedactor} from '../../../src/core/redact.js';
import {fakeJournal, fakeSteps} from './fake-steps.js';

/** JSON text as a hostile model could write it. */
const scalar = fc.oneof(
  fc.constantFrom('1e999', '-1e999', '-0', '-0.0', '1e-999', '12345678901234567890', 'null', 'true', '"\\ud800"', '"\\udc00 \\ud83d\\ude00"', '"__proto__"'),
  fc.double({noNaN: true, noDefaultInfinity: true}).map(String),
  fc.string({unit: 'binary'}).map((text) => JSON.stringify(text)),
);
const key = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toJSON', '\\ud800', '\\udfff', 'command'), fc.string().map((text) => JSON.stringify(text).slice(1, -1)));
const {object} = fc.letrec<{readonly any: string; readonly object: string}>((tie) => ({
  any: fc.oneof({maxDepth: 4}, scalar, tie('object'), fc.array(tie('any'), {maxLength: 3}).map((items) => `[${items.join(',')}]`), fc.integer({min: 1, max: 200}).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`)),
  object: fc.array(fc.tuple(key, tie('any')), {maxLength: 4}).map((members) => `{${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`),
}));

function read(block: string, inputText?: string): TurnContent | undefined {
  return contentOf(JSON.parse(block) as Record<string, unknown>, inputText);
}

/** As the loop, the journal and a resume take it. */
function expectSame(content: TurnContent | undefined): void {
  const outcome: TurnOutcome = {stopReason: 'tool_use', content: content === undefined ? [] : [content], usage: {inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0}};
  // An escaped surrogate is one that stands alone.
  expect(canonicalJson(outcome)).not.toMatch(/(?<!\\)\\ud[89a-f]/i);
  // Strict: -0 is not 0, and a prototype counts.
  expect(isDeepStrictEqual(TurnOutcome.parse(JSON.parse(JSON.stringify(outcome))), outcome)).toBe(true);
  expect(isDeepStrictEqual(TurnOutcome.parse(outcome), outcome)).toBe(true);
}

describe('what a model said', () => {
  it('is used as it is journalled, whatever JSON it is', () => {
    const seen = {problems: 0, inputs: 0, kept: 0};
    fc.assert(
      fc.property(object, fc.boolean(), (input, streamed) => {
        const use = read(`{"type":"tool_use","id":"\\ud800","name":"b\\udfff","input":${input}}`, streamed ? input : undefined);
        expectSame(use);
        if (use?.type === 'tool_use') seen[use.inputProblem === undefined ? 'inputs' : 'problems'] += 1;
        const other = read(`{"type":"thinking","more":${input}}`);
        expectSame(other);
        if (other !== undefined) seen.kept += 1;
      }),
      {numRuns: 500},
    );
    expect(Object.values(seen).every((count) => count > 20)).toBe(true);
  });

  it('is used as it is journalled when it is text', () => {
    fc.assert(fc.property(fc.string({unit: 'binary'}), (text) => { expectSame(contentOf({type: 'text', text: `${text}\ud800`}, undefined)); }));
  });

  it.each([
    ['a number beyond all bounds', '{"insert_line":1e999}'],
    ['one deep inside', '{"a":[{"b":-1e999}]}'],
    ['nesting without end', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['a list', '[]'],
    ['null', 'null'],
    ['half of it', '{"command":"rm -rf build'],
  ])('with %s as a tool input is a problem of that call, with an empty input', (_, input) => {
    const whole = input.endsWith('build') ? '{"command":"rm -rf build"}' : input;
    expect(read(`{"type":"tool_use","id":"a","name":"bash","input":${whole}}`, input)).toMatchObject({input: {}, inputProblem: expect.any(String) as string});
  });

  it('keeps a block of another kind as it came, and leaves out one that no journal can hold', () => {
    expect(read('{"type":"thinking","thinking":"hm","n":[1.5,null]}')).toEqual({type: 'other', raw: {type: 'thinking', thinking: 'hm', n: [1.5, null]}});
    expect(read('{"type":"thinking","n":[1e999]}')).toBeUndefined();
  });

  it('does not end the run with a number that JSON cannot carry, through the real client', async () => {
    const turn = (input: string, name: string, id: string): string =>
      [
        {type: 'message_start', message: {id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage: {input_tokens: 1, output_tokens: 1}}},
        {type: 'content_block_start', index: 0, content_block: {type: 'tool_use', id, name, input: {}}},
        {type: 'content_block_delta', index: 0, delta: {type: 'input_json_delta', partial_json: input}},
        {type: 'content_block_stop', index: 0},
        {type: 'message_delta', delta: {stop_reason: 'tool_use'}, usage: {output_tokens: 1}},
        {type: 'message_stop'},
      ].map(renderEvent).join('');
    const answers = [turn('{"command":"insert","path":"a","insert_text":"x","insert_line":1e999}', 'str_replace_based_edit_tool', 'a'), turn('{"summary":"done"}', 'submit', 's')];
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, {'content-type': 'text/event-stream'}).end(answers[Number(request.headers['x-bulkhead-turn']) - 1]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    try {
      await using model = startModel({apiKey: 'none', baseUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, model: 'm', sleep: () => Promise.resolve()});
      const noBox = (): Promise<never> => Promise.reject(new Error('no box was asked for'));
      const {outcome, conversation} = await runSpecialist({
        specialist: 'implementation', phase: 'first', system: 'You work.', earlier: [], opening: 'Begin.', firstTurn: 1,
        box: {current: noBox, earlier: noBox, lost: noBox}, model, steps: fakeSteps(fakeJournal()), redact: makeRedactor([]), maxTokens: 100, maxTurns: 5, signal: new AbortController().signal,
      });
      expect(outcome).toEqual({ended: 'submitted', summary: 'done', turns: 2});
      expect(conversation[2]?.content).toMatchObject([{toolUseId: 'a', isError: true}]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
