import {canonicalJson, sha256} from '../core/canonical.js';
import type {Steps} from '../core/journal.js';
import type {Redactor} from '../core/redact.js';
import {addUsage, noUsage, type SpecialistOutcome, type Usage} from '../core/specialist.js';
import {
  spokenText,
  toolUses,
  TurnEnd,
  userText,
  withTurn,
  withUser,
  type Conversation,
  type ToolResult,
  type ToolUse,
} from './conversation.js';
import type {Model} from './model.js';
import {wellFormed} from './plain-json.js';
import {toolStep, type BoxAccess} from './tool-step.js';
import {tools} from './tools/registry.js';
import {submittedSummary} from './tools/submit.js';
import {failed} from './tools/tool.js';

/** Asks for one phase of a specialist: its first work, a rework after a conflict, a repair. */
export interface SpecialistRequest {
  readonly specialist: string;
  /** Names the phase in the inputs of its steps, for example `first`, `conflict-1`, `repair-1`. */
  readonly phase: string;
  readonly system: string;
  /** The conversation at the end of the phase before; empty for the first. */
  readonly earlier: Conversation;
  /** The user's message that begins this phase. */
  readonly opening: string;
  /**
   * A shorter message for the same beginning, asked for when the provider takes no conversation of that length; counted
   * from 1. Undefined, or absent: there is none.
   */
  readonly shorterOpening?: ((attempt: number) => Promise<string | undefined>) | undefined;
  /** Number of its first turn: 1 for the first phase, then `nextTurn` of the phase before. */
  readonly firstTurn: number;
  readonly box: BoxAccess;
  readonly model: Model;
  readonly steps: Steps;
  /** For what boxes say, before it is cut; the journal has its own. */
  readonly redact: Redactor;
  /** Most output tokens of one turn. */
  readonly maxTokens: number;
  /** Most model turns in this phase. */
  readonly maxTurns: number;
  readonly signal: AbortSignal;
}

/** How a phase ended, and all that the next one needs. */
export interface SpecialistResult {
  readonly outcome: SpecialistOutcome;
  readonly conversation: Conversation;
  /** Tokens of the turns of this phase. */
  readonly usage: Usage;
  readonly nextTurn: number;
}

const reminder = 'You ended your turn without handing in. Go on with the work, or hand in what you have with the submit tool.';
const cutOff = 'Your answer was cut off at the limit of tokens for one answer. Go on from where you stopped, in smaller steps.';

/** One lost box may be an accident; what kills each new one as well would go on until the turns are spent. */
const maxLostBoxes = 3;
/** A rule of thumb for English and code, for a request whose count was lost with its answer. */
const bytesPerToken = 4;
/** What the journal's own line holds of what was said; the outcome of the turn has all of it. */
const maxNotedCharacters = 16_384;
const notRun = `This call was not run: ${maxLostBoxes} boxes died during your commands, so this part of your work ends here.`;

interface State {
  readonly conversation: Conversation;
  readonly usage: Usage;
  /** What it said last, for the summary when it never submits. */
  readonly lastSaid: string;
  readonly reminded: boolean;
  /** Counted from the recorded outcomes, so that a resume ends where the first process did. */
  readonly lostBoxes: number;
  /** Of these, those that were ended because they wrote too much. */
  readonly fullBoxes: number;
  /** How often the beginning was too long. */
  readonly overflows: number;
}

type Ended = SpecialistOutcome['ended'];
interface Next extends State {
  readonly ended?: {readonly as: Ended; readonly summary: string};
}

/**
 * Runs the turns of one phase until the specialist hands in, stops, fails or has used its turns. Each model turn is the
 * step `turn/SPECIALIST/N`, each tool call `tool/SPECIALIST/N/I`: run again after a crash, this same code finds what is
 * recorded and goes on behind it. Nothing that a model says and no command that kills its box makes it throw; it throws
 * MODEL_FAILED, TRAFFIC_INVALID, what the engine and the journal throw, and the reason of the signal.
 */
export async function runSpecialist(request: SpecialistRequest): Promise<SpecialistResult> {
  let state: State = {conversation: withUser(request.earlier, userText(request.opening)), usage: noUsage, lastSaid: '', reminded: false, lostBoxes: 0, fullBoxes: 0, overflows: 0};
  for (let turns = 0; turns < request.maxTurns; turns += 1) {
    const next = await runTurn(request, request.firstTurn + turns, state);
    if (next.ended !== undefined) return result(request, {state: next, turns: turns + 1, ...next.ended});
    state = next;
  }
  return result(request, {state, turns: request.maxTurns, as: 'turns-spent', summary: state.lastSaid});
}

function result(request: SpecialistRequest, end: {readonly state: State; readonly turns: number; readonly as: Ended; readonly summary: string}): SpecialistResult {
  return {
    outcome: {ended: end.as, summary: end.summary, turns: end.turns, ...(end.state.fullBoxes === 0 ? {} : {fullBoxes: end.state.fullBoxes})},
    conversation: end.state.conversation,
    usage: end.state.usage,
    nextTurn: request.firstTurn + end.turns,
  };
}

async function runTurn(request: SpecialistRequest, turn: number, state: State): Promise<Next> {
  request.signal.throwIfAborted();
  const outcome = await askModel(request, turn, state.conversation);
  if ('refused' in outcome) return (await beginShorter(request, state)) ?? stuck(state, `The provider refuses to go on with this conversation: ${outcome.refused}.`);
  const told: State = {...state, usage: addUsage(state.usage, outcome.usage), lastSaid: spokenText(outcome) || state.lastSaid};
  // What it said is left out of the conversation then: it may be half a message, and its tool calls are not run.
  if (outcome.stopReason === 'refusal') return {...told, ended: {as: 'failed', summary: spokenText(outcome) || 'The model refused to go on.'}};
  if (outcome.stopReason === 'model_context_window_exceeded') return (await beginShorter(request, told)) ?? stuck(told, 'The conversation no longer fits the context window of the model.');
  const answered = withTurn(state.conversation, outcome);
  const uses = toolUses(outcome);
  if (uses.length > 0) return afterTools(request, {turn, uses, told: {...told, conversation: answered}, cut: outcome.stopReason === 'max_tokens'});
  if (outcome.stopReason === 'max_tokens') return {...told, conversation: withUser(answered, userText(cutOff))};
  if (outcome.stopReason === 'pause_turn') return {...told, conversation: answered};
  if (state.reminded) return {...told, conversation: answered, ended: {as: 'stopped', summary: told.lastSaid}};
  return {...told, conversation: withUser(answered, userText(reminder)), reminded: true};
}

/** Begins again with less, when nothing was said yet but the beginning. */
async function beginShorter(request: SpecialistRequest, state: State): Promise<Next | undefined> {
  if (state.conversation.length > 1) return undefined;
  const overflows = state.overflows + 1;
  const opening = await request.shorterOpening?.(overflows);
  return opening === undefined ? undefined : {...state, overflows, conversation: withUser(request.earlier, userText(opening))};
}

/** Only the first message goes on to the next phase, the one that says what the task is: with more it would end as this one did. */
function stuck(state: State, summary: string): Next {
  return {...state, conversation: state.conversation.slice(0, 1), ended: {as: 'failed', summary}};
}

async function askModel(request: SpecialistRequest, turn: number, messages: Conversation): Promise<TurnEnd> {
  const {specialist, phase, system, maxTokens, signal} = request;
  const definitions = tools.map((tool) => tool.definition);
  const ran = {now: false};
  const name = `turn/${specialist}/${turn}`;
  const asked = canonicalJson({system, messages, tools: definitions, maxTokens});
  if (request.steps.known(name) === 'started') {
    // Whether the provider answered, and counted it, cannot be known. Asking again has no effect but its price.
    await request.steps.note({type: 'effect.unknown', step: name, repeated: true, estimate: {inputTokens: Math.ceil(Buffer.byteLength(asked) / bytesPerToken), outputTokensAtMost: maxTokens}});
  }
  const outcome = await request.steps.step({
    name,
    input: {phase, request: sha256(asked)},
    schema: TurnEnd,
    run: () => {
      ran.now = true;
      return request.model.turn({specialist, turn, system, messages, tools: definitions, maxTokens, signal});
    },
  });
  if ('refused' in outcome) return outcome;
  const text = spokenText(outcome);
  if (ran.now && text !== '') await request.steps.note({type: 'specialist.said', specialist, text: wellFormed(text.slice(0, maxNotedCharacters))});
  return outcome;
}

interface Calls {
  readonly turn: number;
  readonly uses: readonly ToolUse[];
  readonly told: State;
  readonly cut: boolean;
}

/** Runs all calls in order, also those after `submit`: the model asked for them together. All results go into one message. */
async function afterTools(request: SpecialistRequest, {turn, uses, told, cut}: Calls): Promise<Next> {
  const {specialist, box, steps, redact, signal} = request;
  const results: ToolResult[] = [];
  let summary: string | undefined;
  let {lostBoxes, fullBoxes} = told;
  for (const [index, use] of uses.entries()) {
    const outcome = lostBoxes < maxLostBoxes ? await toolStep({specialist, turn, index, use, box, steps, redact, signal}) : failed(notRun);
    if (outcome.boxLost === true) lostBoxes += 1;
    if (outcome.ranInto !== undefined) fullBoxes += 1;
    results.push({type: 'tool_result', toolUseId: use.id, text: outcome.text, isError: outcome.isError});
    if (use.name === 'submit' && !outcome.isError) summary ??= submittedSummary(use.input);
  }
  const conversation = withUser(told.conversation, [...results, ...(cut ? userText(cutOff) : [])]);
  const next: State = {...told, conversation, lostBoxes, fullBoxes};
  if (lostBoxes >= maxLostBoxes) return {...next, ended: {as: 'failed', summary: `${lostBoxes} of its boxes died while its commands ran in them. ${told.lastSaid}`.trim()}};
  return summary === undefined ? next : {...next, ended: {as: 'submitted', summary}};
}
