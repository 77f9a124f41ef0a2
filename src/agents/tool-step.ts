import {isAppError, type AppError} from '../core/errors.js';
import type {Steps} from '../core/journal.js';
import type {Redactor} from '../core/redact.js';
import type {DiskLimit, ExecResult, Sandbox} from '../core/sandbox.js';
import {ToolOutcome, type ToolUse} from './conversation.js';
import {pause} from './pause.js';
import {failed, type Bench, type ToolExec} from './tools/tool.js';
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
  /**
   * The box that one of the others gave is dead: brings home what it held, so that `current` makes a new one from that.
   * What it rejects with stops the specialist: the work could not be brought home.
   */
  lost(): Promise<void>;
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
  readonly redact: Redactor;
  readonly signal: AbortSignal;
}

/** How often to look at a call of an earlier process that is still running. */
const pollMs = 250;
/** The box ends a command at its time limit by itself; after this much more it is not coming. */
const graceMs = 10_000;

const ended: Readonly<Record<DiskLimit, string>> = {
  disk: 'had written as much to the disk as a box may',
  inodes: 'had made as many files and folders as a box may',
};

const unknownEffect =
  'This call was interrupted and its box is gone: it is not known whether it took effect, and it was not repeated. Look at the files before you go on.';

/**
 * Runs a tool call once, whatever crashes: a recorded outcome is returned; of an interrupted call the commands that
 * already ran in the box are recalled, and only what never began is run. A box that dies during the call (a command can
 * kill everything in it) is an outcome with `boxLost`. Throws what the engine throws (ENGINE_FAILED for a box that
 * cannot be made or lives and does not answer, ENGINE_UNREACHABLE), and what `BoxAccess.lost` rejects with.
 */
export async function toolStep(request: ToolStepRequest): Promise<ToolOutcome> {
  const {use, box, signal} = request;
  const name = stepName(request);
  // Before the intent: a crash while the box is made must not look like a call that may have taken effect.
  if (request.steps.known(name) === 'new' && needsBox(use)) await box.current(signal);
  return request.steps.step({
    name,
    input: {id: use.id, name: use.name, input: use.input, inputProblem: use.inputProblem},
    schema: ToolOutcome,
    run: () => outcomeOf(request, execIn(request)),
    reconcile: async () => ({state: 'done', outcome: await outcomeOf(request, recallIn(request))}),
  });
}

/** Ends a reconcile: what the call did can no longer be seen. */
class BoxGone extends Error {
  override readonly name = 'BoxGone';
}

/** Ends a call: its box died while it ran, or before. */
class BoxDied extends Error {
  override readonly name = 'BoxDied';
  readonly ranInto: DiskLimit | undefined;

  constructor(cause: AppError) {
    super('the box is dead', {cause});
    const limit = cause.details['ranInto'];
    this.ranInto = limit === 'disk' || limit === 'inodes' ? limit : undefined;
  }
}

async function outcomeOf(request: ToolStepRequest, exec: ToolExec): Promise<ToolOutcome> {
  const {use, box, redact, signal} = request;
  try {
    return await callTool(use, {exec, redact});
  } catch (error) {
    if (!(error instanceof BoxGone) && !(error instanceof BoxDied)) throw error;
    if (error instanceof BoxDied) {
      signal.throwIfAborted();
      await box.lost();
    }
    await request.steps.note({type: 'effect.unknown', step: stepName(request), repeated: false});
    if (!(error instanceof BoxDied)) return failed(unknownEffect);
    const {ranInto} = error;
    return ranInto === undefined ? {...failed(unknownEffect), boxLost: true} : {...failed(endedText(ranInto)), boxLost: true, ranInto};
  }
}

function endedText(limit: DiskLimit): string {
  return `Bulkhead ended this box: something in it ${ended[limit]}. The call was interrupted, and it was not repeated. A new box was made from what the old one held, as far as a submission may hold it. Look at the files before you go on, remove what is too much, and do not do the same again.`;
}

function stepName({specialist, turn, index}: ToolStepRequest): string {
  return `tool/${specialist}/${turn}/${index}`;
}

function needsBox(use: ToolUse): boolean {
  return use.inputProblem === undefined && toolNamed(use.name)?.inBox === true;
}

async function callTool(use: ToolUse, bench: Bench): Promise<ToolOutcome> {
  if (use.inputProblem !== undefined) return failed(use.inputProblem);
  const tool = toolNamed(use.name);
  if (tool === undefined) {
    const known = tools.map((item) => item.definition.name).join(', ');
    return failed(`There is no tool ${JSON.stringify(use.name.slice(0, 100))}; nothing was done. The tools are: ${known}.`);
  }
  return tool.call(use.input, bench);
}

/** Names the commands of a call `<turn>-<index>-<k>`, unique in the box since turn numbers go on over all phases. */
function numbered({turn, index}: ToolStepRequest): () => string {
  let next = 0;
  return () => `${turn}-${index}-${next++}`;
}

function execIn(request: ToolStepRequest): ToolExec {
  const {box, signal} = request;
  const nextId = numbered(request);
  return async (command) => {
    const id = nextId();
    const sandbox = await box.current(signal);
    return whileAlive({sandbox, id, signal}, () => sandbox.exec({...command, id, signal}));
  };
}

function recallIn(request: ToolStepRequest): ToolExec {
  const {box, signal} = request;
  const nextId = numbered(request);
  let asked: Promise<Sandbox | undefined> | undefined;
  return async (command) => {
    const id = nextId();
    const sandbox = await (asked ??= box.earlier(signal));
    if (sandbox === undefined) throw new BoxGone();
    const call = {sandbox, id, timeoutMs: command.timeoutMs, signal};
    return whileAlive(call, async () => (await recalledResult(call)) ?? sandbox.exec({...command, id, signal}));
  };
}

interface BoxCall {
  readonly sandbox: Sandbox;
  readonly id: string;
  readonly signal: AbortSignal;
}

/** Throws {@link BoxDied} for a failure of the engine behind which the box is dead; any other goes on as it is. */
async function whileAlive(call: BoxCall, act: () => Promise<ExecResult>): Promise<ExecResult> {
  try {
    return await act();
  } catch (error) {
    if (!isAppError(error, 'ENGINE_FAILED') || !(await isDead(call))) throw error;
    throw new BoxDied(error);
  }
}

/** A living box can tell of a call, even of one that never began. */
async function isDead({sandbox, id, signal}: BoxCall): Promise<boolean> {
  try {
    await sandbox.recall(id, signal);
    return false;
  } catch (error) {
    if (isAppError(error, 'ENGINE_FAILED')) return true;
    throw error;
  }
}

/** The result of an earlier call, waited for when it is still running; undefined when it never began. */
async function recalledResult({sandbox, id, timeoutMs, signal}: BoxCall & {readonly timeoutMs: number}): Promise<ExecResult | undefined> {
  for (let waited = 0; ; waited += pollMs) {
    const known = await sandbox.recall(id, signal);
    if (known.state === 'done') return known.result;
    if (known.state === 'absent') return undefined;
    if (waited > timeoutMs + graceMs) throw new BoxGone();
    await pause(pollMs, signal);
  }
}
