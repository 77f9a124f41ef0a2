import type {Anthropic} from '@anthropic-ai/sdk';
import {z} from 'zod';
import {TurnOutcome, type Message, type ToolResult, type TurnContent} from './conversation.js';
import {contentOf, MalformedMessage} from './model-content.js';
import type {TurnRequest} from './model.js';
import {wellFormed} from './plain-json.js';

/** Asks for one attempt at one turn. */
export interface AttemptRequest {
  readonly client: Anthropic;
  readonly model: string;
  readonly idleTimeoutMs: number;
  readonly request: TurnRequest;
  /** Counted from 1; goes into a header, by which a traffic script picks its fault. */
  readonly attempt: number;
}

/** The stream gave no event for too long; a stalled stream would hang for ever (measured with version 1.12.0). */
export class StalledStream extends Error {
  override readonly name = 'StalledStream';
}

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
    stopReason: wellFormed(stopReason),
    content: content.flatMap((block, index) => contentOf(block, inputs.get(index)) ?? []),
    usage: {
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
      cacheReadTokens: usage.cache_read_input_tokens ?? 0,
      cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    },
  });
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
