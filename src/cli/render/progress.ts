import {z} from 'zod';
import type {Finding} from '../../core/finding.js';
import type {JournalEvent} from '../../core/journal.js';
import {paint} from './error.js';
import {flat} from './tool-call.js';

const nameWidth = 15;

/** A line of progress: who, and what. */
function line(who: string, what: string): string {
  return `${paint('bold', flat(who).padEnd(nameWidth))} ${what}`;
}

/** What a person is told of one event while a run goes on: no line, one, or several. Pure but for the colours. */
export function renderProgress(event: JournalEvent): readonly string[] {
  switch (event.type) {
    case 'run.opened':
      return [line('run', flat(event.runId)), line('task', flat(event.task.split('\n')[0] ?? '')), line('base', baseText(event.options))];
    case 'step.finished':
      return stepLines(event.step, event.outcome);
    case 'verification.ended':
      return verificationLines(event);
    case 'run.parked':
      return [line('run', `parked: ${flat(event.code)}`)];
    case 'step.started':
      return startLines(event.step);
    case 'effect.unknown':
      return [line(flat(event.step.split('/')[1] ?? ''), paint('red', `interrupted in ${flat(event.step)}: ${event.repeated ? 'asked again' : 'it is not known whether it took effect, and it was not repeated'}`))];
    case 'run.closed':
      return event.verdict === 'cancelled' ? [line('run', 'cancelled; the work so far is kept')] : [];
    case 'box.entered':
      return [line(flat(event.specialist), paint('red', 'a person is in its box'))];
    case 'merge.previewed':
      return [line('merge', previewText(event))];
    case 'specialist.said':
    case 'run.driven':
    case 'run.overridden':
    case 'run.delivered':
      return [];
  }
}

function startLines(step: string): readonly string[] {
  if (step.startsWith('layer/')) return [line('dependencies', paint('dim', layerBegins(step)))];
  if (step.startsWith('verify/')) return [line('verification', paint('dim', 'clean containers: the base, the base with the new tests, the merge'))];
  return step.startsWith('blame/') ? [line('verification', paint('dim', 'whose work broke it: merges of some of the submissions are tested'))] : [];
}

const Options = z.object({manifest: z.object({base: z.string(), image: z.string()}), traffic: z.string()});

function baseText(options: unknown): string {
  const parsed = Options.safeParse(options);
  return parsed.success ? `${flat(parsed.data.manifest.base.slice(0, 12))}, image ${flat(parsed.data.manifest.image)}, manifest locked` : 'locked';
}

function stepLines(step: string, outcome: unknown): readonly string[] {
  const [kind = '', who = ''] = step.split('/');
  if (kind === 'turn') return toolLines(who, outcome);
  const told = renderStep(step, outcome);
  return told === undefined ? [] : [line(told.who, told.what)];
}

/** What came of a step that is neither a turn nor a tool call: who, and what; undefined for what a person need not know. */
export function renderStep(step: string, outcome: unknown): {readonly who: string; readonly what: string} | undefined {
  const [kind = '', who = '', phase = '', number = ''] = step.split('/');
  switch (kind) {
    case 'box':
      return {who, what: paint('dim', boxText(phase, number))};
    case 'layer':
      return {who: 'dependencies', what: layerText(outcome)};
    case 'submission':
      return {who, what: submissionText(outcome)};
    case 'merge':
      return {who: 'merge', what: mergeText(phase, outcome)};
    case 'resolve':
    case 'decide':
      return {who: 'merge', what: endText(kind, phase, outcome)};
    case 'blame':
      return {who: 'verification', what: blameText(outcome)};
    case 'deliver':
      return {who: 'deliver', what: Delivered.safeParse(outcome).success ? 'result branch made; your checkout is as it was' : 'no result branch could be made'};
    default:
      return undefined;
  }
}

const Blamed = z.object({names: z.array(z.string())});

function blameText(outcome: unknown): string {
  const names = Blamed.safeParse(outcome).data?.names ?? [];
  return names.length === 0 ? 'it could not be told whose work broke it' : `it is the work of ${names.map(flat).join(' and ')} that broke it`;
}

const Layer = z.object({command: z.array(z.string()), packages: z.int(), state: z.string(), durationMs: z.int()});

function layerBegins(step: string): string {
  return step.startsWith('layer/install/') ? 'installing what the lock file says, in a box of its own with registry access, without install scripts' : 'preparing them in a box without a network';
}

function layerText(outcome: unknown): string {
  const parsed = Layer.safeParse(outcome);
  if (!parsed.success) return 'ready';
  const {command, packages, state, durationMs} = parsed.data;
  return `${packages} package${packages === 1 ? '' : 's'} ${state === 'there' ? 'from a layer that was there' : `by ${flat(command.join(' '))} in ${Math.round(durationMs / 1000)} s`}`;
}

const Delivered = z.object({branch: z.string()});

function boxText(phase: string, number: string): string {
  if (number !== '0') return 'new box, made from what the last one held';
  return phase === 'first' ? 'box ready: its own copy of the base, no network, no key' : `new box, made from the merge so far (${flat(phase)})`;
}

const Turn = z.object({content: z.array(z.object({type: z.string(), name: z.string().optional(), text: z.string().optional(), input: z.record(z.string(), z.unknown()).optional()}))});

function toolLines(who: string, outcome: unknown): readonly string[] {
  const turn = Turn.safeParse(outcome);
  if (!turn.success) return [];
  return turn.data.content.flatMap((block) => {
    if (block.type === 'text') return [line(who, flat(text(block.text)))];
    if (block.type !== 'tool_use') return [];
    const {command, path, summary} = block.input ?? {};
    if (block.name === 'submit') return [line(who, `reports: ${flat(text(summary))}`)];
    const what = path === undefined ? text(command) : `${text(command)} ${text(path)}`;
    return [line(who, paint('dim', `${block.name === 'bash' ? '$' : 'edit:'} ${flat(what)}`))];
  });
}

const Submission = z.object({empty: z.boolean(), changed: z.array(z.string())});

function submissionText(outcome: unknown): string {
  const parsed = Submission.safeParse(outcome);
  if (!parsed.success || parsed.data.empty) return 'handed in nothing';
  const {changed} = parsed.data;
  const shown = changed.slice(0, 4).map((path) => flat(path)).join(', ');
  return `handed in ${changed.length} file${changed.length === 1 ? '' : 's'}: ${shown}${changed.length > 4 ? ', …' : ''}`;
}

function endText(kind: 'resolve' | 'decide', who: string, outcome: unknown): string {
  const parsed = Merged.safeParse(outcome);
  const by = kind === 'resolve' ? 'a resolver' : 'a person';
  if (parsed.data?.state === 'merged') return `${flat(who)} → ${flat((parsed.data.commit ?? '').slice(0, 12))}, resolved by ${by}`;
  return kind === 'resolve' ? `${flat(who)}: the resolver could not merge it` : `${flat(who)} was left out by a person`;
}

const Merged = z.object({state: z.string(), commit: z.string().optional(), paths: z.array(z.string()).optional(), settled: z.array(z.object({path: z.string(), by: z.string()})).optional()});

function mergeText(who: string, outcome: unknown): string {
  const parsed = Merged.safeParse(outcome);
  if (!parsed.success) return flat(who);
  const {state, commit, paths, settled = []} = parsed.data;
  const by = settled.length === 0 ? '' : `; by rule: ${settled.map((one) => `${flat(one.path)} (${flat(one.by)})`).join(', ')}`;
  return state === 'merged' ? `${flat(who)} → ${flat((commit ?? '').slice(0, 12))}${by}` : `${flat(who)} conflicts in ${(paths ?? []).map((path) => flat(path)).join(', ')}: back to its owner`;
}

function verificationLines(event: Extract<JournalEvent, {type: 'verification.ended'}>): readonly string[] {
  const colour = event.verdict === 'verified' ? 'green' : 'red';
  return [line(`verification ${event.round + 1}`, `${paint([colour, 'bold'], event.verdict)} ${paint('dim', `(clean container, ${flat(event.commit.slice(0, 12))})`)}`), ...event.findings.map(renderFinding)];
}

/** Two submissions that conflict while others still work. */
export function previewText({specialists, paths}: Extract<JournalEvent, {type: 'merge.previewed'}>): string {
  return `${specialists.map((name) => flat(name)).join(' and ')} would conflict in ${paths.map((path) => flat(path)).join(', ')}`;
}

/** One finding on one line: code, what was seen, whose it is. */
export function renderFinding(one: Finding): string {
  return `  ${paint('red', one.code)} ${flat(one.message, 200)} ${paint('dim', `(owner: ${one.owners.map((owner) => flat(owner)).join(', ') || 'none'})`)}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
