import type {Anthropic} from '@anthropic-ai/sdk';
import {z} from 'zod';
import {TurnOutcome, type Message, type ToolResult, type TurnContent} from './conversation.js';
import type {TurnRequest} from './model.js';

/** Asks for one attempt at one turn. */
export interface AttemptRequest {
  readonly client: Anthropic;
  readonly model: string;
  readonly idleTimeoutMs: number;
  readonly request: TurnRequest;
  /** Counted from 1; goes into a header, by which a traffic script picks its fault. */
  readonly attempt: number;
}

/** The stream gave no event for too long; a stalled stream would hang for ever (`reference/packages.md` §2). */
export class StalledStream extends Error {
  override readonly name = 'StalledStream';
}

/** The stream ended, but what it held is not a message. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Deeper JSON than any tool takes; recursion over it could exhaust the stack. */
const maxDepth = 64;

const tokens = z.int().min(0);
const WireMessage = z.looseObject({
  stop_reason: z.string(),
  content: z.array(z.record(z.string(), z.unknown())),
  usage: z.looseObject({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_read_input_tokens: tokens.nullish(),
    cache_creation_input_tokens: tokens.nullish(),
  }),
});
const WireText = z.looseObject({type: z.literal('text'), text: z.string()});
const WireToolUse = z.looseObject({type: z.literal('tool_use'), id: z.string(), name: z.string()});

/**
 * Streams one turn through the SDK. Throws {@link StalledStream}, {@link MalformedMessage} or an error of the SDK;
 * `failureOf` says what they mean. Events that the SDK hides (`ping`) do not count as progress.
 */
export async function attemptTurn(job: AttemptRequest): Promise<TurnOutcome> {
  using watchdog = startWatchdog(job.idleTimeoutMs);
  const stream = job.client.messages.stream(requestBody(job), {
    signal: AbortSignal.any([job.request.signal, watchdog.signal]),
    headers: {
      'x-bulkhead-specialist': encodeURIComponent(job.request.specialist),
      'x-bulkhead-turn': String(job.request.turn),
      'x-bulkhead-attempt': String(job.attempt),
    },
  });
  const inputs = new Map<number, string>();
  stream.on('streamEvent', (event) => {
    watchdog.feed();
    if (event.type !== 'content_block_delta' || event.delta.type !== 'input_json_delta') return;
    inputs.set(event.index, (inputs.get(event.index) ?? '') + event.delta.partial_json);
  });
  try {
    return outcomeOf(await stream.finalMessage(), inputs);
  } catch (error) {
    if (watchdog.signal.aborted && !job.request.signal.aborted) throw new StalledStream(`no event for ${job.idleTimeoutMs} ms`, {cause: error});
    throw error;
  }
}

function requestBody({model, request}: AttemptRequest): Anthropic.MessageStreamParams {
  return {
    model,
    max_tokens: request.maxTokens,
    system: request.system,
    messages: request.messages.map(wireMessage),
    tools: request.tools.map((tool) => ({...tool})),
    // At the top level: the provider marks the last block that can be cached.
    cache_control: {type: 'ephemeral'},
  };
}

function wireMessage(message: Message): Anthropic.MessageParam {
  return {role: message.role, content: message.content.map(wireBlock)};
}

function wireBlock(block: TurnContent | ToolResult): Anthropic.ContentBlockParam {
  switch (block.type) {
    case 'text':
      return {type: 'text', text: block.text};
    case 'tool_use':
      return {type: 'tool_use', id: block.id, name: block.name, input: block.input};
    case 'tool_result':
      return {type: 'tool_result', tool_use_id: block.toolUseId, content: block.text, is_error: block.isError};
    case 'other':
      // What the provider itself sent, unread: only the provider knows its kind.
      return block.raw as unknown as Anthropic.ContentBlockParam;
  }
}

function outcomeOf(message: unknown, inputs: ReadonlyMap<number, string>): TurnOutcome {
  const parsed = WireMessage.safeParse(message);
  if (!parsed.success) throw new MalformedMessage('the message lacks a stop reason, content or usage', {cause: parsed.error});
  const {stop_reason: stopReason, content, usage} = parsed.data;
  return TurnOutcome.parse({
    stopReason,
    content: content.map((block, index) => contentOf(block, inputs.get(index))),
    usage: {
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
      cacheReadTokens: usage.cache_read_input_tokens ?? 0,
      cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    },
  });
}

function contentOf(block: Readonly<Record<string, unknown>>, inputText: string | undefined): TurnContent {
  const text = WireText.safeParse(block);
  if (text.success) return {type: 'text', text: text.data.text};
  const use = WireToolUse.safeParse(block);
  if (use.success) return {type: 'tool_use', id: use.data.id, name: use.data.name, ...readInput(use.data['input'], inputText)};
  if (block['type'] === 'text' || block['type'] === 'tool_use') throw new MalformedMessage(`a ${block['type']} block lacks its fields`);
  if (isDeep(block, maxDepth)) throw new MalformedMessage('a block is nested too deeply');
  return {type: 'other', raw: {...block}};
}

/**
 * The SDK completes a truncated input as if it had been meant so; half a command must not run, so the text as it was
 * streamed is parsed again.
 */
function readInput(input: unknown, text: string | undefined): {input: Record<string, unknown>; inputProblem?: string} {
  const problem = (inputProblem: string) => ({input: {}, inputProblem});
  if (text !== undefined && text !== '' && !isJson(text)) return problem('The input was cut off or is not valid JSON; nothing was done.');
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return problem('The input must be a JSON object; nothing was done.');
  if (isDeep(input, maxDepth)) return problem('The input is nested too deeply; nothing was done.');
  return {input: {...input}};
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeep(item, levels - 1));
}

function startWatchdog(idleTimeoutMs: number): Disposable & {readonly signal: AbortSignal; feed(): void} {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort();
  }, idleTimeoutMs);
  return {
    signal: controller.signal,
    feed: () => timer.refresh(),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
