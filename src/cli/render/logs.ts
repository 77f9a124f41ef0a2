import {z} from 'zod';
import {escapeText} from '../../core/escape.js';
import type {Finding} from '../../core/finding.js';
import type {JournalEvent} from '../../core/journal.js';
import {describeOwner} from '../../record/driver/owner.js';
import {paint} from './error.js';
import {previewText, renderStep} from './progress.js';
import {cutBlock, flat, renderCall, type Cut} from './tool-call.js';

/** A run as a person reads it: what was said, asked and answered, in the order of the journal. */
export interface Transcript {
  /** The lines of one event; none for what says nothing new. `outcome` is the whole one of a finished step. */
  lines(event: JournalEvent, outcome: unknown): readonly string[];
}

type Event<T extends JournalEvent['type']> = Extract<JournalEvent, {type: T}>;

const nameWidth = 15;
/** A tool call in a turn. */
const Call = z.object({type: z.literal('tool_use'), name: z.string(), input: z.record(z.string(), z.unknown()).catch({})});
type Call = z.infer<typeof Call>;
const Turn = z.object({
  stopReason: z.string(),
  content: z.array(z.object({type: z.string(), text: z.string().optional()}).loose()),
  usage: z.object({inputTokens: z.number(), outputTokens: z.number(), cacheReadTokens: z.number().catch(0), cacheWriteTokens: z.number().catch(0)}),
});
const ToolOutcome = z.object({text: z.string(), isError: z.boolean()});

/** Whether an event belongs into the transcript of one specialist: its own steps, and what concerns the whole run. */
export function concerns(event: JournalEvent, specialist: string): boolean {
  if (event.type === 'specialist.said' || event.type === 'box.entered') return event.specialist === specialist;
  return 'step' in event ? specialistOf(event.step) === specialist : true;
}

/** Whom a step belongs to; undefined for the steps of the run itself. */
export function specialistOf(step: string): string | undefined {
  const [kind = '', first, second] = step.split('/');
  if (kind === 'merge' || kind === 'resolve' || kind === 'decide') return second;
  return ['turn', 'tool', 'box', 'export', 'submission'].includes(kind) ? first : undefined;
}

/**
 * Starts a transcript, whose events are given in order. Everything from a model or a box is escaped. Blocks are cut to a
 * few lines; `full` shows them up to 1 MiB each. With a specialist, only its own findings are told.
 */
export function startTranscript({specialist, cut}: {readonly specialist: string | undefined; readonly cut: Cut}): Transcript {
  /** The calls of each specialist's last turn. */
  const calls = new Map<string, readonly Call[]>();
  /** Who has just been quoted from a whole turn. */
  const quoted = new Set<string>();

  function turnLines(event: Event<'step.finished'>, outcome: unknown): readonly string[] {
    const [, who = '', number = ''] = event.step.split('/');
    const turn = Turn.safeParse(outcome);
    if (!turn.success) return entry(event, who, `turn ${flat(number)}: ${refusedText(outcome)}`);
    const {content, usage, stopReason} = turn.data;
    calls.set(who, content.flatMap((block) => Call.safeParse(block).data ?? []));
    const said = content.flatMap((block) => (block.type === 'text' && block.text !== undefined ? [block.text.trim()] : [])).filter((text) => text !== '');
    if (said.length > 0) quoted.add(who);
    const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
    const stopped = ['tool_use', 'end_turn'].includes(stopReason) ? '' : `, stopped: ${flat(stopReason)}`;
    return [...entry(event, who, paint('dim', `turn ${flat(number)} (${input} tokens in, ${usage.outputTokens} out${stopped})`)), ...cutBlock(said.join('\n\n'), cut)];
  }

  function callLines(event: Event<'step.started'>): readonly string[] {
    const [, who = '', , index = ''] = event.step.split('/');
    const call = calls.get(who)?.[Number(index)];
    if (call === undefined) return entry(event, who, `call ${flat(index)}`);
    const {head, body} = renderCall(call);
    return [...entry(event, who, head), ...cutBlock(body, cut)];
  }

  function resultLines(event: Event<'step.finished'>, outcome: unknown): readonly string[] {
    const [, who = ''] = event.step.split('/');
    const parsed = ToolOutcome.safeParse(outcome);
    if (!parsed.success) return entry(event, who, '→ its answer cannot be read');
    const text = parsed.data.text.trimEnd();
    const mark = `→${parsed.data.isError ? ` ${paint('red', 'failed')}` : ''}`;
    const count = text.split('\n').length;
    return count === 1 ? entry(event, who, `${mark} ${flat(text, cut.columns)}`) : [...entry(event, who, `${mark} ${count} lines`), ...cutBlock(text, cut)];
  }

  function stepLines(event: Event<'step.finished'>, outcome: unknown): readonly string[] {
    if (event.step.startsWith('turn/')) return turnLines(event, outcome);
    if (event.step.startsWith('tool/')) return resultLines(event, outcome);
    const told = renderStep(event.step, outcome);
    return told === undefined ? [] : entry(event, told.who, told.what);
  }

  function saidLines(event: Event<'specialist.said'>): readonly string[] {
    if (quoted.delete(event.specialist)) return [];
    return [...entry(event, event.specialist, 'says'), ...cutBlock(event.text, cut)];
  }

  function verdictLines(event: Event<'verification.ended'>): readonly string[] {
    const findings = event.findings.filter((one) => specialist === undefined || one.owners.includes(specialist));
    const more = (event.findingsTotal ?? event.findings.length) - event.findings.length;
    return [
      ...entry(event, `verification ${event.round + 1}`, `${paint([event.verdict === 'verified' ? 'green' : 'red', 'bold'], event.verdict)} of ${flat(event.commit.slice(0, 12))}`),
      ...findings.flatMap(findingLines),
      ...(more > 0 ? [`    … and ${more} findings more: the report has all`] : []),
    ];
  }

  return {
    lines(event, outcome) {
      if (specialist !== undefined && !concerns(event, specialist)) return [];
      switch (event.type) {
        case 'run.opened':
          return [...entry(event, 'run', `${flat(event.runId)}, begun ${event.at} (times are UTC)`), ...cutBlock(event.task, cut)];
        case 'run.driven':
          return entry(event, 'run', paint('dim', `driven by ${flat(describeOwner(event.owner))}, engine ${flat(event.engine)}`));
        case 'step.started':
          return event.step.startsWith('tool/') ? callLines(event) : [];
        case 'step.finished':
          return stepLines(event, outcome);
        case 'effect.unknown':
          return entry(event, specialistOf(event.step) ?? 'run', paint('red', unknownText(event)));
        case 'specialist.said':
          return saidLines(event);
        case 'verification.ended':
          return verdictLines(event);
        case 'box.entered':
          return entry(event, event.specialist, paint('red', `a person entered its box (${flat(event.box)})`));
        case 'merge.previewed':
          return entry(event, 'merge', previewText(event));
        case 'run.overridden':
          return entry(event, 'run', paint('red', `taken although it is not verified: ${flat(event.reason, 500)}`));
        case 'run.delivered':
          return entry(event, 'deliver', deliveredText(event));
        case 'run.parked':
          return entry(event, 'run', `parked: ${flat(event.code)}: ${flat(event.message, 500)}`);
        case 'run.closed':
          return entry(event, 'run', `ended: ${event.verdict}${event.branch === undefined ? '' : `, result branch ${flat(event.branch)}`}`);
      }
    },
  };
}

/** What a person took, and how. */
function deliveredText({commit, branch, applied, pullRequest, verified}: Event<'run.delivered'>): string {
  const how = [...(branch === undefined ? [] : [`as the branch ${flat(branch)}`]), ...(applied ? ['into the checkout'] : []), ...(pullRequest === undefined ? [] : [`as ${flat(pullRequest, 200)}`])];
  return `${flat(commit.slice(0, 12))}${verified ? '' : ', not verified,'} was delivered ${how.join(', ')}`;
}

/** What cannot be known of a step whose process ended during it. */
export function unknownText({step, repeated}: Pick<Event<'effect.unknown'>, 'step' | 'repeated'>): string {
  const what = step.startsWith('turn/') ? 'whether the provider answered' : 'whether it took effect';
  return `${flat(step)} was interrupted: it is not known ${what}; ${repeated ? 'it is asked again' : 'it was not repeated'}`;
}

function entry(event: JournalEvent, who: string, what: string): readonly string[] {
  return [`${paint('dim', event.at.slice(11, 19))} ${paint('bold', flat(who).padEnd(nameWidth))} ${what}`];
}

function refusedText(outcome: unknown): string {
  const refused = z.object({refused: z.string()}).safeParse(outcome);
  return refused.success ? `the provider takes no request with this conversation: ${flat(refused.data.refused, 500)}` : 'its outcome cannot be read';
}

function findingLines(one: Finding): readonly string[] {
  const owners = one.owners.map((owner) => flat(owner)).join(', ') || 'none';
  return [`    ${paint('red', one.code)} ${escapeText(one.message.replace(/\s+/g, ' '))} ${paint('dim', `(owner: ${owners})`)}`, ...(one.hint === '' ? [] : [`      ${escapeText(one.hint.replace(/\s+/g, ' '))}`])];
}
