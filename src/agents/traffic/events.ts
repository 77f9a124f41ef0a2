import {sha256} from '../../core/canonical.js';
import type {ScriptedTool, ScriptedTurn} from './script.js';

/** One server-sent event, as the SDK's parser takes it: it ignores data without an `event` line. */
export interface StreamEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Input and text come in this many pieces, so that the reader has to put them together. */
const pieces = 4;

/** Names the turn that is told, for ids that are the same each time. */
export interface TurnName {
  readonly specialist: string;
  readonly turn: number;
  readonly model: string;
}

/**
 * The events of one turn in the order of the Messages API: message_start, then start, deltas and stop of each block,
 * message_delta with the final usage, message_stop (`core/streaming` and `lib/MessageStream` of the SDK read them).
 */
export function turnEvents(turn: ScriptedTurn, name: TurnName): readonly StreamEvent[] {
  const blocks = [...(turn.text === undefined ? [] : [textBlock(turn.text)]), ...turn.tools.map((tool, index) => toolBlock(tool, idOf('toolu', name, index)))];
  return [
    {
      type: 'message_start',
      message: {
        id: idOf('msg', name, 0),
        type: 'message',
        role: 'assistant',
        model: name.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: {input_tokens: turn.usage.input, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0},
      },
    },
    {type: 'ping'},
    ...blocks.flatMap((block, index) => [
      {type: 'content_block_start', index, content_block: block.start},
      ...block.deltas.map((delta) => ({type: 'content_block_delta', index, delta})),
      {type: 'content_block_stop', index},
    ]),
    {
      type: 'message_delta',
      delta: {stop_reason: turn.tools.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null},
      usage: {output_tokens: turn.usage.output},
    },
    {type: 'message_stop'},
  ];
}

/** The wire form of an event. */
export function renderEvent(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

interface Block {
  readonly start: Readonly<Record<string, unknown>>;
  readonly deltas: readonly Readonly<Record<string, unknown>>[];
}

function textBlock(text: string): Block {
  return {start: {type: 'text', text: ''}, deltas: split(text).map((part) => ({type: 'text_delta', text: part}))};
}

function toolBlock(tool: ScriptedTool, id: string): Block {
  const [name, input] = 'bash' in tool ? ['bash', tool.bash] : 'edit' in tool ? ['str_replace_based_edit_tool', tool.edit] : ['submit', tool.submit];
  return {start: {type: 'tool_use', id, name, input: {}}, deltas: split(JSON.stringify(input)).map((part) => ({type: 'input_json_delta', partial_json: part}))};
}

function split(text: string): readonly string[] {
  const size = Math.max(1, Math.ceil(text.length / pieces));
  return Array.from({length: Math.ceil(text.length / size)}, (_, index) => text.slice(index * size, (index + 1) * size));
}

function idOf(kind: string, name: TurnName, index: number): string {
  return `${kind}_${sha256(`${name.specialist}/${name.turn}/${index}`).slice(0, 24)}`;
}
