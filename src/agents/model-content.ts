import {z} from 'zod';
import type {ToolUse, TurnContent} from './conversation.js';
import {plainJson, wellFormed} from './plain-json.js';

/** A block lacks the fields of its kind: what the stream held is not a message. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const WireText = z.looseObject({type: z.literal('text'), text: z.string()});
const WireToolUse = z.looseObject({type: z.literal('tool_use'), id: z.string(), name: z.string()});

/**
 * Reads one block of a message as the SDK put it together. `inputText` is the input of a tool as it was streamed;
 * undefined when the block came whole. What it gives is the same after a way through JSON. A block of an unknown kind
 * that JSON cannot carry is left out (undefined). Throws {@link MalformedMessage}.
 */
export function contentOf(block: Readonly<Record<string, unknown>>, inputText: string | undefined): TurnContent | undefined {
  const text = WireText.safeParse(block);
  if (text.success) return {type: 'text', text: wellFormed(text.data.text)};
  const use = WireToolUse.safeParse(block);
  if (use.success) return {type: 'tool_use', id: wellFormed(use.data.id), name: wellFormed(use.data.name), ...readInput(use.data['input'], inputText)};
  if (block['type'] === 'text' || block['type'] === 'tool_use') throw new MalformedMessage(`a ${block['type']} block lacks its fields`);
  const raw = plainJson(block);
  return 'problem' in raw || !isObject(raw.value) ? undefined : {type: 'other', raw: raw.value};
}

/**
 * The SDK completes a truncated input as if it had been meant so; half a command must not run, so the text as it was
 * streamed is parsed again.
 */
function readInput(input: unknown, text: string | undefined): Pick<ToolUse, 'input' | 'inputProblem'> {
  const problem = (what: string): Pick<ToolUse, 'input' | 'inputProblem'> => ({input: {}, inputProblem: `The input ${what}; nothing was done.`});
  if (text !== undefined && text !== '' && !isJson(text)) return problem('was cut off or is not valid JSON');
  const plain = plainJson(input);
  if ('problem' in plain) return problem(plain.problem);
  return isObject(plain.value) ? {input: plain.value} : problem('must be a JSON object');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
