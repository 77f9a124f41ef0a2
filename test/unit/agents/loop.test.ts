import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Conversation, TurnContent, TurnEnd, TurnOutcome} from '../../../src/agents/conversation.js';
import {runSpecialist, type SpecialistRequest, type SpecialistResult} from '../../../src/agents/loop.js';
import type {Model} from '../../../src/agents/model.js';
import {makeRedactor} from '../../../src/core/redact.js';
import {startFakeBox} from './fake-box.js';
import {fakeJournal, fakeSteps, type FakeJournal} from './fake-steps.js';

const usage = {inputTokens: 10, outputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3};
const bash = (id: string, command: unknown): TurnContent => ({type: 'tool_use', id, name: 'bash', input: {command}});
const submit = (id: string, summary: unknown = 'done'): TurnContent => ({type: 'tool_use', id, name: 'submit', input: {summary}});
const text = (said: string): TurnContent => ({type: 'text', text: said});
const turn = (content: readonly TurnContent[], stopReason = 'tool_use'): TurnOutcome => ({stopReason, content: [...content], usage});

interface Ran extends SpecialistResult {
  /** The conversation that came with each request. */
  readonly asked: readonly Conversation[];
  readonly journal: FakeJournal;
  readonly boxes: number;
}

async function run(turns: readonly TurnEnd[], more: Partial<SpecialistRequest> = {}): Promise<Ran> {
  await using box = await startFakeBox();
  const asked: Conversation[] = [];
  const journal = fakeJournal();
  let boxes = 0;
  const model: Model = {
    turn: (request) => {
      asked.push(request.messages);
      return Promise.resolve(turns[request.turn - 1] ?? turn([submit('last')]));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const result = await runSpecialist({
    specialist: 'implementation',
    phase: 'first',
    system: 'You work.',
    earlier: [],
    opening: 'Begin.',
    firstTurn: 1,
    box: {
      current: () => {
        boxes += 1;
        return Promise.resolve(box);
      },
      earlier: () => Promise.resolve(undefined),
      lost: () => Promise.reject(new Error('no box was lost')),
    },
    model,
    steps: fakeSteps(journal),
    redact: makeRedactor([]),
    maxTokens: 1000,
    maxTurns: 10,
    signal: new AbortController().signal,
    ...more,
  });
  return {...result, asked, journal, boxes};
}

/** What the Messages API asks of a conversation. */
function isSound(conversation: Conversation): boolean {
  return conversation.every((message, index) => {
    if (message.content.some((block) => block.type === 'text' && block.text.trim() === '')) return false;
    if (message.content.length === 0 || message.role !== (index % 2 === 0 ? 'user' : 'assistant')) return false;
    const uses = message.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const results = (conversation[index + 1]?.content ?? []).flatMap((block) => (block.type === 'tool_result' ? [block.toolUseId] : []));
    return message.role === 'user' || index === conversation.length - 1 || JSON.stringify(uses) === JSON.stringify(results);
  });
}

describe('a phase of a specialist', () => {
  it('ends with submit, after the other calls of the same turn have run, and their results are in one message', async () => {
    const ran = await run([turn([text('Now.'), submit('s'), bash('b', 'echo hi')])]);
    expect(ran.outcome).toEqual({ended: 'submitted', summary: 'done', turns: 1});
    expect(ran.conversation.at(-1)).toMatchObject({role: 'user', content: [{toolUseId: 's', isError: false}, {toolUseId: 'b', text: 'hi', isError: false}]});
    expect(ran.nextTurn).toBe(2);
    expect(ran.usage).toEqual(usage);
  });

  it('tells what was said once, as reported', async () => {
    const ran = await run([turn([text('Now.'), submit('s')])]);
    expect(ran.journal.notes).toEqual([{type: 'specialist.said', specialist: 'implementation', text: 'Now.'}]);
  });

  it('names its steps by specialist, turn and call', async () => {
    const ran = await run([turn([bash('a', 'true'), bash('b', 'true')]), turn([submit('s')])]);
    expect([...ran.journal.finished.keys()]).toEqual(['turn/implementation/1', 'tool/implementation/1/0', 'tool/implementation/1/1', 'turn/implementation/2', 'tool/implementation/2/0']);
  });

  it('reminds once of handing in, then ends as stopped with what was said last', async () => {
    const ran = await run([turn([text('one')], 'end_turn'), turn([text('two')], 'end_turn')]);
    expect(ran.outcome).toEqual({ended: 'stopped', summary: 'two', turns: 2});
    expect(ran.asked[1]).toHaveLength(3);
  });

  it('goes on after max_tokens and tells it; a call that was cut off is answered, not run', async () => {
    const half: TurnContent = {type: 'tool_use', id: 'h', name: 'bash', input: {}, inputProblem: 'cut off'};
    const ran = await run([turn([text('long')], 'max_tokens'), turn([half], 'max_tokens'), turn([submit('s')])]);
    expect(ran.outcome.ended).toBe('submitted');
    expect(ran.asked[1]?.at(-1)?.content[0]).toMatchObject({type: 'text'});
    expect(ran.asked[2]?.at(-1)?.content).toMatchObject([{toolUseId: 'h', isError: true}, {type: 'text'}]);
    expect(ran.boxes).toBe(0);
  });

  it('sends the same conversation again after pause_turn', async () => {
    const paused: TurnContent = {type: 'other', raw: {type: 'server_tool_use', id: 'x'}};
    const ran = await run([turn([paused], 'pause_turn'), turn([submit('s')])]);
    expect(ran.asked[1]?.at(-1)).toEqual({role: 'assistant', content: [paused]});
    expect(isSound(ran.conversation)).toBe(true);
  });

  it.each(['refusal', 'model_context_window_exceeded'])('fails on %s, runs no call of that turn, and leaves a conversation that can go on', async (reason) => {
    const ran = await run([turn([text('No.'), bash('b', 'echo hi')], reason)]);
    expect(ran.outcome.ended).toBe('failed');
    expect(ran.boxes).toBe(0);
    expect(isSound(ran.conversation)).toBe(true);
  });

  it('begins again with less when the very beginning is too long, as often as there is less', async () => {
    const shorter = (attempt: number): Promise<string | undefined> => Promise.resolve(['Short.', 'Shorter.'][attempt - 1]);
    const tooLong = [{refused: 'too long'}, {...turn([]), stopReason: 'model_context_window_exceeded'}];
    const done = await run([...tooLong, turn([submit('done')])], {shorterOpening: shorter});
    expect([done.outcome.ended, done.asked.map((messages) => messages.map(({content}) => content))]).toEqual(['submitted', ['Begin.', 'Short.', 'Shorter.'].map((text) => [[{type: 'text', text}]])]);
    const never = await run([...tooLong, {refused: 'too long'}], {shorterOpening: shorter});
    expect([never.outcome.ended, never.asked.length]).toEqual(['failed', 3]);
    const later = await run([turn([bash('a', 'true')]), {refused: 'too long'}], {shorterOpening: shorter});
    expect([later.outcome.ended, later.asked.length]).toEqual(['failed', 2]);
  });

  it('fails when the provider refuses the conversation for good, and the next phase can begin without what was refused', async () => {
    const first = await run([turn([bash('a', 'true')]), {refused: 'too long'}]);
    expect(first.outcome).toMatchObject({ended: 'failed', turns: 2});
    expect(first.outcome.summary).toContain('too long');
    expect(first.usage).toEqual(usage);
    const second = await run([turn([]), turn([]), turn([submit('s')])], {earlier: first.conversation, firstTurn: first.nextTurn, phase: 'repair-1', opening: 'Repair.'});
    expect(second.outcome.ended).toBe('submitted');
    expect(second.asked[0]).toEqual([{role: 'user', content: [text('Begin.'), text('Repair.')]}]);
  });

  it('ends when its turns are spent, also when there are none', async () => {
    expect((await run([], {maxTurns: 0})).outcome).toEqual({ended: 'turns-spent', summary: '', turns: 0});
    const busy = await run([turn([text('a'), bash('1', 'true')]), turn([bash('2', 'true')]), turn([bash('3', 'true')])], {maxTurns: 2});
    expect(busy.outcome).toEqual({ended: 'turns-spent', summary: 'a', turns: 2});
    expect(busy.asked).toHaveLength(2);
  });

  it('asks for no box when no tool needs one', async () => {
    expect((await run([turn([submit('s')])])).boxes).toBe(0);
  });

  it('answers an unknown tool and a wrong input with an error, and goes on', async () => {
    const unknown: TurnContent = {type: 'tool_use', id: 'u', name: 'rm_everything', input: {}};
    const ran = await run([turn([unknown, bash('w', 7), submit('e', '')]), turn([submit('s')])]);
    expect(ran.asked[1]?.at(-1)?.content).toMatchObject([
      {toolUseId: 'u', isError: true},
      {toolUseId: 'w', isError: true},
      {toolUseId: 'e', isError: true},
    ]);
    expect(ran.outcome).toMatchObject({ended: 'submitted', turns: 2});
  });

  it('goes on with the conversation of the phase before, under the next turn numbers', async () => {
    const first = await run([turn([submit('s')])]);
    const second = await run([turn([]), turn([text('fixed'), submit('t', 'again')])], {earlier: first.conversation, firstTurn: first.nextTurn, phase: 'repair-1', opening: 'Repair.'});
    expect(second.outcome).toMatchObject({ended: 'submitted', summary: 'again'});
    expect([...second.journal.finished.keys()]).toContain('turn/implementation/2');
    expect(second.conversation.slice(0, 2)).toEqual(first.conversation.slice(0, 2));
    expect(isSound(second.conversation)).toBe(true);
  });

  it('is not broken by anything that a model says', async () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue({maxDepth: 3}), {maxKeys: 4});
    const editing = fc.record(
      {command: fc.constantFrom('view', 'create', 'str_replace', 'insert', 'undo'), path: fc.constantFrom('a', '.', '../x', '/etc/shadow', 'a/b', ''), file_text: fc.string(), old_str: fc.string(), new_str: fc.string(), insert_line: fc.integer(), insert_text: fc.string(), view_range: fc.array(fc.integer(), {maxLength: 3})},
      {requiredKeys: ['command', 'path']},
    );
    const use = (name: fc.Arbitrary<string>, input: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<TurnContent> => fc.record({type: fc.constant('tool_use' as const), id: fc.string(), name, input});
    const block: fc.Arbitrary<TurnContent> = fc.oneof(
      fc.record({type: fc.constant('text' as const), text: fc.oneof(fc.constantFrom('', ' \n'), fc.string({unit: 'binary'}))}),
      fc.record({type: fc.constant('other' as const), raw: json}),
      use(fc.constantFrom('bash', 'submit', 'str_replace_based_edit_tool', '__proto__', 'constructor'), json),
      use(fc.constant('str_replace_based_edit_tool'), editing),
      use(fc.string(), json),
    );
    const reasons = fc.constantFrom('tool_use', 'end_turn', 'max_tokens', 'pause_turn', 'refusal', 'stop_sequence', 'model_context_window_exceeded', 'novelty');
    const outcome = fc.record({stopReason: reasons, content: fc.array(block, {maxLength: 4}), usage: fc.constant(usage)});
    // Commands of the fuzzer would run on this machine: none may be a command of a shell.
    const harmless = (turns: readonly TurnOutcome[]): boolean => turns.every((one) => one.content.every((item) => item.type !== 'tool_use' || typeof item.input['command'] !== 'string' || item.name !== 'bash'));
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, {maxLength: 4}).filter(harmless), async (turns) => {
        const ran = await run(turns, {maxTurns: 6});
        expect(isSound(ran.conversation)).toBe(true);
        expect(ran.outcome.turns).toBe(ran.asked.length);
      }),
      {numRuns: 60},
    );
  });
});
