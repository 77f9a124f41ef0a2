import {z} from 'zod';
import {Usage} from '../core/specialist.js';

/**
 * One block of what a model said. `text` and `tool_use` carry what the loop reads; any other kind (thinking, results
 * of tools on the provider's side) is kept as it came, because the next request must repeat it exactly.
 */
export const TurnContent = z.discriminatedUnion('type', [
  z.strictObject({type: z.literal('text'), text: z.string()}),
  z.strictObject({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
    inputProblem: z.string().optional().describe('why the input as it came could not be read; `input` is then empty'),
  }),
  z.strictObject({type: z.literal('other'), raw: z.record(z.string(), z.unknown())}),
]);
export type TurnContent = z.infer<typeof TurnContent>;

/** A request of the model to run one tool. */
export type ToolUse = Extract<TurnContent, {type: 'tool_use'}>;

/** One complete model turn, as it is journalled and as the next request is rebuilt from it. */
export const TurnOutcome = z.strictObject({
  stopReason: z.string().describe("the provider's word: tool_use, end_turn, max_tokens, pause_turn, refusal, …"),
  content: z.array(TurnContent),
  usage: Usage,
});
export type TurnOutcome = z.infer<typeof TurnOutcome>;

/** A turn that there will never be: the provider takes no request with this conversation. */
export const RefusedTurn = z.strictObject({refused: z.string().describe('why, for a person; short, escaped and without secrets')});
export type RefusedTurn = z.infer<typeof RefusedTurn>;

/** How asking for a turn ends, as it is journalled. */
export const TurnEnd = z.union([TurnOutcome, RefusedTurn]);
export type TurnEnd = z.infer<typeof TurnEnd>;

/** What a tool said, for the model and for the journal. */
export const ToolOutcome = z.strictObject({
  text: z.string(),
  isError: z.boolean(),
  boxLost: z.literal(true).optional().describe('the box died during this call'),
  ranInto: z.enum(['disk', 'inodes']).optional().describe('the limit of what it may write, for which Bulkhead ended the box'),
});
export type ToolOutcome = z.infer<typeof ToolOutcome>;

/** The answer to one {@link ToolUse}, named by its id. */
export interface ToolResult {
  readonly type: 'tool_result';
  readonly toolUseId: string;
  readonly text: string;
  readonly isError: boolean;
}

/** One message of a conversation. The content is never empty. */
export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: readonly (TurnContent | ToolResult)[];
}

/** All messages so far. Roles alternate, and each tool use is answered in the message after it. */
export type Conversation = readonly Message[];

/**
 * Adds what the user's side says. After another user message it becomes part of that one: the provider would join them,
 * compatible servers may refuse two in a row.
 */
export function withUser(conversation: Conversation, content: Message['content']): Conversation {
  return withMessage(conversation, {role: 'user', content});
}

/**
 * Adds what the model said. Blank text blocks are left out, since the provider refuses them in a request; when nothing
 * remains, the conversation stays as it is. Two turns in a row (after `pause_turn`) become one message.
 */
export function withTurn(conversation: Conversation, turn: TurnOutcome): Conversation {
  return withMessage(conversation, {role: 'assistant', content: turn.content.filter((block) => block.type !== 'text' || block.text.trim() !== '')});
}

/** A user's text as message content. */
export function userText(text: string): Message['content'] {
  return [{type: 'text', text}];
}

/** The tool calls of a turn, in order. */
export function toolUses(turn: TurnOutcome): readonly ToolUse[] {
  return turn.content.filter((block) => block.type === 'tool_use');
}

/** The text blocks of a turn as one text; empty when there is none. */
export function spokenText(turn: TurnOutcome): string {
  return turn.content
    .flatMap((block) => (block.type === 'text' ? [block.text.trim()] : []))
    .filter((text) => text !== '')
    .join('\n\n');
}

function withMessage(conversation: Conversation, message: Message): Conversation {
  if (message.content.length === 0) return conversation;
  const last = conversation.at(-1);
  if (last?.role !== message.role) return [...conversation, message];
  return [...conversation.slice(0, -1), {role: last.role, content: [...last.content, ...message.content]}];
}
