import type {Steps} from '../core/journal.js';
import type {ExecResult, Sandbox} from '../core/sandbox.js';
import {ToolOutcome, type ToolUse} from './conversation.js';
import {pause} from './pause.js';
import {failed, type ToolExec} from './tools/tool.js';
import {toolNamed, tools} from './tools/registry.js';

/** The box of one specialist, asked for only when a tool really runs. */
export interface BoxAccess {
  /** The living box; made when there is none. */
  current(signal: AbortSignal): Promise<Sandbox>;
  /**
   * For a call that an earlier process began: the box in which it may have run, undefined when that box is gone. There
   * was one: a box is always made before the intent of a call is journalled.
   */
  earlier(signal: AbortSignal): Promise<Sandbox | undefined>;
}

/** One tool call of a turn, as a step. */
export interface ToolStepRequest {
  readonly specialist: string;
  readonly turn: number;
  /** Place among the tool calls of the turn, from 0. */
  readonly index: number;
  readonly use: ToolUse;
  readonly box: BoxAccess;
  readonly steps: Steps;
  readonly signal: AbortSignal;
}

/** How often to look at a call of an earlier process that is still running. */
const pollMs = 250;
/** The box ends a command at its time limit by itself; after this much more it is not coming. */
const graceMs = 10_000;

const unknownEffect =
  'This call was interrupted and its box is gone: it is not known whether it took effect, and it was not repeated. Look at the files before you go on.';

/**
 * Runs a tool call once, whatever crashes: a recorded outcome is returned; of an interrupted call the commands that
 * already ran in the box are recalled, and only what never began is run. Throws what the box throws (ENGINE_FAILED).
 */
export async function toolStep(request: ToolStepRequest): Promise<ToolOutcome> {
  const {specialist, turn, index, use, box, signal} = request;
  const name = `tool/${specialist}/${turn}/${index}`;
  // Before the intent: a crash while the box is made must not look like a call that may have taken effect.
  if (request.steps.known(name) === 'new' && needsBox(use)) await box.current(signal);
  return request.steps.step({
    name,
    input: {id: use.id, name: use.name, input: use.input, inputProblem: use.inputProblem},
    schema: ToolOutcome,
    run: async () => callTool(use, execIn(request, () => box.current(signal))),
    reconcile: async () => {
      const asked: {box?: Promise<Sandbox | undefined>} = {};
      const earlier = async (): Promise<Sandbox> => {
        const found = await (asked.box ??= box.earlier(signal));
        if (found === undefined) throw new BoxGone();
        return found;
      };
      try {
        return {state: 'done', outcome: await callTool(use, recallIn(request, earlier))};
      } catch (error) {
        if (error instanceof BoxGone) return {state: 'done', outcome: failed(unknownEffect)};
        throw error;
      }
    },
  });
}

/** Ends a reconcile: what the call did can no longer be seen. */
class BoxGone extends Error {
  override readonly name = 'BoxGone';
}

function needsBox(use: ToolUse): boolean {
  return use.inputProblem === undefined && toolNamed(use.name)?.inBox === true;
}

async function callTool(use: ToolUse, exec: ToolExec): Promise<ToolOutcome> {
  if (use.inputProblem !== undefined) return failed(use.inputProblem);
  const tool = toolNamed(use.name);
  if (tool === undefined) {
    const known = tools.map((item) => item.definition.name).join(', ');
    return failed(`There is no tool ${JSON.stringify(use.name.slice(0, 100))}; nothing was done. The tools are: ${known}.`);
  }
  return tool.call(use.input, exec);
}

/** Names the commands of a call `<turn>-<index>-<k>`, unique in the box since turn numbers go on over all phases. */
function numbered({turn, index}: ToolStepRequest): () => string {
  let next = 0;
  return () => `${turn}-${index}-${next++}`;
}

function execIn(request: ToolStepRequest, box: () => Promise<Sandbox>): ToolExec {
  const nextId = numbered(request);
  return async (command) => (await box()).exec({...command, id: nextId(), signal: request.signal});
}

function recallIn(request: ToolStepRequest, box: () => Promise<Sandbox>): ToolExec {
  const nextId = numbered(request);
  return async (command) => {
    const id = nextId();
    const sandbox = await box();
    return (await recalledResult(sandbox, {id, timeoutMs: command.timeoutMs, signal: request.signal})) ?? sandbox.exec({...command, id, signal: request.signal});
  };
}

/** The result of an earlier call, waited for when it is still running; undefined when it never began. */
async function recalledResult(box: Sandbox, call: {readonly id: string; readonly timeoutMs: number; readonly signal: AbortSignal}): Promise<ExecResult | undefined> {
  for (let waited = 0; ; waited += pollMs) {
    const known = await box.recall(call.id, call.signal);
    if (known.state === 'done') return known.result;
    if (known.state === 'absent') return undefined;
    if (waited > call.timeoutMs + graceMs) throw new BoxGone();
    await pause(pollMs, call.signal);
  }
}
