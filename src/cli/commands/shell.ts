import {Args} from '@oclif/core';
import {AppError, isAppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {JournalEvent} from '../../core/journal.js';
import type {BoxTerminal, SandboxEngine} from '../../core/sandbox.js';
import {readEvents} from '../../record/journal/journal.js';
import type {RunState} from '../../record/journal/state.js';
import {livingBoxes, recordEntry} from '../../run/work/enter-box.js';
import {isOpen, readState} from '../../run/open.js';
import {BulkheadCommand, type Context} from '../command.js';
import {connectPlain, connectTerminal, terminalSize} from '../drive/person.js';
import {readRun} from '../project-context.js';
import {currentRedactor} from '../secrets.js';
import {wireEngine} from '../wire.js';

interface ShellResult {
  readonly runId: string;
  readonly specialist: string;
  readonly box: string;
  readonly exitCode: number;
  /** With --json: what the command printed, its first MiB of each, escaped. */
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Characters of each output that a result has under --json. */
const maxOutput = 1_048_576;

/** `shell RUN SPECIALIST [-- COMMAND…]`: a person in the living box of a specialist. */
export default class Shell extends BulkheadCommand<ShellResult> {
  static override summary = 'a shell in the living box of a specialist, or one command there';
  static override description = [
    'Needs a run whose specialist works just now. The specialist goes on with its own commands. That a person was in its box stands in the journal and in the report.',
    'Nothing in a box is to be trusted. The shell has a terminal: every key goes inside, Ctrl-C too, and what is printed inside reaches your terminal as it is, control sequences included, as with any shell elsewhere; afterwards the terminal is reset. Ctrl-] three times leaves at once.',
    'With `-- COMMAND…` there is no terminal: output is escaped, so no control sequence comes out, and no binary data either; standard input is handed in when it is a pipe or a file.',
    'The exit code is that of the shell or the command.',
  ].join('\n\n');
  static override args = {
    run: Args.string({required: true, description: 'an id, a prefix of one, or `latest`'}),
    specialist: Args.string({required: true, description: 'whose box'}),
  };
  static override usage = ['shell RUN SPECIALIST', 'shell RUN SPECIALIST -- COMMAND…'];

  async run(): Promise<ShellResult> {
    const at = this.argv.indexOf('--');
    const command = at === -1 ? undefined : this.argv.slice(at + 1);
    const {args, flags} = await this.parse(Shell, at === -1 ? this.argv : this.argv.slice(0, at));
    const context = this.context(flags, {quiet: true});
    requireWay(command, this.jsonEnabled());
    const {files, config} = await readRun(context.directory, args.run, context.signal);
    const events = await readEvents(files.journal);
    const driven = events.findLast((event) => event.type === 'run.driven');
    const engine = await wireEngine({flag: context.engine ?? driven?.engine, config, signal: context.signal});
    const box = await findLivingBox(engine, {state: await readState(files), events, specialist: args.specialist}, context.signal);
    await recordEntry(files, {box, redact: currentRedactor(), now: () => new Date()}, context.signal);
    const entered = {runId: files.runId, specialist: args.specialist, box};
    return this.finish(await this.enter(engine, {...entered, command}, context));
  }

  /** Said by the shell or the command itself. */
  protected render(): string {
    return '';
  }

  protected override exitCode({exitCode}: ShellResult): number {
    return exitCode;
  }

  private async enter(engine: SandboxEngine, {command, ...entered}: Omit<ShellResult, 'exitCode'> & {readonly command: readonly string[] | undefined}, {signal, say}: Context): Promise<ShellResult> {
    const {box, specialist, runId} = entered;
    const terminal = command === undefined ? {size: terminalSize(), term: process.env['TERM'] ?? 'xterm'} : undefined;
    await using opened = await openIn(engine, {box, argv: command, terminal}, signal);
    if (terminal !== undefined) {
      say(`You are in the box of ${escapeText(specialist)}, and the report of ${runId} says so. Trust nothing in it. \`exit\` leaves, Ctrl-] three times at once.`);
      return {...entered, exitCode: await connectTerminal(opened, signal)};
    }
    if (!this.jsonEnabled()) return {...entered, exitCode: await connectPlain(opened, {stdout: (text) => process.stdout.write(text), stderr: (text) => process.stderr.write(text)}, signal)};
    const said = {stdout: '', stderr: ''};
    const keep = (stream: keyof typeof said) => (text: string): void => void (said[stream] = `${said[stream]}${text}`.slice(0, maxOutput));
    const exitCode = await connectPlain(opened, {stdout: keep('stdout'), stderr: keep('stderr')}, signal);
    return {...entered, exitCode, ...said};
  }
}

/** A shell needs a terminal on both sides, a command needs words. */
function requireWay(command: readonly string[] | undefined, json: boolean): void {
  if (command?.length === 0) throw new AppError('USAGE', 'There is no command behind `--`.', {hint: '`bulkhead shell RUN SPECIALIST -- ls -l` runs one; without `--` it is a shell.'});
  if (command !== undefined) return;
  if (json) throw new AppError('USAGE', 'A shell has no result to print as JSON.', {hint: 'Give a command: `bulkhead shell RUN SPECIALIST --json -- COMMAND…`.'});
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new AppError('USAGE', 'A shell needs a terminal, and there is none.', {hint: 'Give a command: `bulkhead shell RUN SPECIALIST -- COMMAND…`.'});
}

async function openIn(engine: SandboxEngine, request: Parameters<SandboxEngine['openTerminal']>[0], signal: AbortSignal): Promise<BoxTerminal> {
  try {
    return await engine.openTerminal(request, signal);
  } catch (error) {
    if (!isAppError(error, 'ENGINE_FAILED') || ![404, 409].some((status) => status === error.details['status'])) throw error;
    throw new AppError('BOX_NOT_FOUND', `The box ${request.box} has just ended.`, {hint: '`bulkhead status` shows how far the run is.', cause: error});
  }
}

interface Wanted {
  readonly state: RunState;
  readonly events: readonly JournalEvent[];
  readonly specialist: string;
}

async function findLivingBox(engine: SandboxEngine, {state, events, specialist}: Wanted, signal: AbortSignal): Promise<string> {
  const living = await livingBoxes(engine, events, signal);
  const found = living.findLast((box) => box.specialist === specialist);
  if (found !== undefined) return found.names.box;
  const {runId, status} = state;
  const others = [...new Set(living.map((box) => escapeText(box.specialist)))];
  const now = others.length === 0 ? 'No box of this run lives' : `Boxes live of: ${others.join(', ')}`;
  throw new AppError('BOX_NOT_FOUND', `There is no living box of ${escapeText(specialist)} in ${runId}, which is ${status}. ${now}.`, {hint: wayOut(state, others), details: {runId, status, living: others}});
}

function wayOut(state: RunState, others: readonly string[]): string {
  const {runId} = state;
  if (others.length > 0) return `\`bulkhead shell ${runId} ${others[0] ?? ''}\` enters one of them.`;
  if (!isOpen(state)) return `Its boxes are gone for good; \`bulkhead diff ${runId} SPECIALIST\` shows what came of them.`;
  return state.status === 'running' ? 'Wait until a specialist works: `bulkhead status` shows what happens now.' : `\`bulkhead resume ${runId}\` goes on with it, in new boxes.`;
}
