import {z} from 'zod';
import {buildContext} from '../../context/build.js';
import {measureContext, type ContextMeasure} from '../../context/measure.js';
import {loadMore} from '../../context/more.js';
import {planRetry} from '../../context/overflow.js';
import type {ContextPackage, Form} from '../../context/package.js';
import {renderContext} from '../../context/render.js';
import type {Stream} from '../../core/specialist.js';
import type {Conversation} from '../../agents/conversation.js';
import type {Rooms, Run} from '../rooms.js';
import type {PhaseStart} from './work.js';

const Item = z.strictObject({path: z.string(), section: z.enum(['shared', 'essential', 'supplementary', 'reference']), form: z.enum(['whole', 'excerpt', 'outline', 'name']), tokens: z.int()});

/** What one specialist was told of the project before its first turn. */
export const ToldContext = z.strictObject({
  specialist: z.string(),
  hash: z.string().describe('sha-256 of the canonical form of the package'),
  budget: z.int().describe('estimated tokens that it may have'),
  tokens: z.int().describe('estimated tokens that it has'),
  items: z.array(Item),
  left: z.array(z.strictObject({path: z.string(), tokens: z.int(), score: z.number()})).describe('relevant files that found no room, best first'),
  text: z.string().describe('as the specialist reads it'),
});
export type ToldContext = z.infer<typeof ToldContext>;

/** As much of a run as telling needs. */
export interface Teller extends Pick<Run, 'task' | 'steps' | 'contextCache'> {
  readonly options: Pick<Run['options'], 'context' | 'manifest'>;
  readonly rooms: Pick<Rooms, 'contextStore'> & {
    readonly repository: Pick<Rooms['repository'], 'reader' | 'reading'>;
    readonly prompts: Pick<Rooms['prompts'], 'opening'>;
  };
}

/** Builds the context packages of all streams, once: a step, so that a resume tells the same. */
export async function tellContext(run: Teller, {base, streams}: {readonly base: string; readonly streams: readonly Stream[]}, signal: AbortSignal): Promise<readonly ToldContext[]> {
  const {context} = run.options;
  return context === undefined ? [] : buildTold(run, {name: 'context', base, streams, context}, signal);
}

/** A smaller package for a specialist whose beginning was too long; undefined when no attempt is left. */
async function tellLess(run: Teller, at: {readonly base: string; readonly stream: Stream; readonly told: ToldContext; readonly attempt: number}, signal: AbortSignal): Promise<ToldContext | undefined> {
  const retry = planRetry({attempt: at.attempt, tokens: at.told.tokens});
  const {context} = run.options;
  if (retry === undefined || context === undefined) return undefined;
  const {specialist} = at.stream;
  const less = {...context, budgets: {[specialist]: retry.budget}, compression: retry.compression, most: retry.most};
  const [told] = await buildTold(run, {name: `context/${specialist}/${at.attempt}`, base: at.base, streams: [at.stream], context: less}, signal);
  return told;
}

/** Part of its budget that a specialist is told more with, when its work comes back to it. */
const moreShare = 0.5;

/** The next files, as the merge has them, for a specialist whose work comes back; undefined when there are none. A step. */
export async function tellMore(run: Teller, at: {readonly phase: string; readonly commit: string; readonly told: ToldContext}, signal: AbortSignal): Promise<ToldContext | undefined> {
  const {context} = run.options;
  if (context === undefined || at.told.left.length === 0) return undefined;
  const {specialist, items, left} = at.told;
  const {more} = await run.steps.step({
    name: `context/${specialist}/${at.phase}`,
    input: {commit: at.commit, after: at.told.hash},
    schema: z.strictObject({more: ToldContext}),
    run: async () => {
      const reader = await run.rooms.repository.reader(at.commit, signal);
      const request = {reader, history: undefined, task: run.task, compression: context.compression, cache: run.contextCache};
      const budget = Object.hasOwn(context.budgets, specialist) ? (context.budgets[specialist] ?? 0) : at.told.budget;
      return {more: toldOf(await loadMore(request, {after: {specialist, items, left}, tokens: Math.floor(budget * moreShare)}, signal))};
    },
  });
  return more.items.length === 0 ? undefined : more;
}

interface Build {
  readonly name: string;
  readonly base: string;
  readonly streams: readonly Stream[];
  readonly context: NonNullable<Teller['options']['context']> & {readonly most?: Form};
}

async function buildTold(run: Teller, {name, base, streams, context}: Build, signal: AbortSignal): Promise<readonly ToldContext[]> {
  const {told} = await run.steps.step({
    name,
    input: {base, task: run.task, streams, context},
    schema: z.strictObject({told: z.array(ToldContext)}),
    run: async () => {
      const {repository} = run.rooms;
      const {budgets, compression, most} = context;
      await using reading = repository.reading();
      const reader = await reading.reader(base, signal);
      const request = {reader, history: reading.history(), task: run.task, streams, budgets, compression, most, cache: run.contextCache, store: run.rooms.contextStore};
      return {told: (await buildContext(request, signal)).map(toldOf)};
    },
  });
  return told;
}

function toldOf(made: ContextPackage): ToldContext {
  const items = made.items.map(({path, section, form, tokens}) => ({path, section, form, tokens}));
  return {specialist: made.specialist, hash: made.hash, budget: made.budget, tokens: made.tokens, items, left: [...made.left], text: renderContext(made)};
}

/** How a first phase or a repair begins. */
export type Beginning = Pick<PhaseStart, 'opening' | 'shorterOpening'>;

/** What a specialist was told in all, when it is told more. */
export function alsoTold(before: ToldContext, more: ToldContext): ToldContext {
  const again = new Set(more.items.map(({path}) => path));
  return {...more, budget: before.budget + more.budget, tokens: before.tokens + more.tokens, items: [...before.items.filter(({path}) => !again.has(path)), ...more.items], text: more.text};
}

/** The task with the context package, and with smaller ones for a model that does not take so much; then `latest` has the smaller one. */
export function beginFirst(run: Teller, {base, latest, stream}: {readonly base: string; readonly latest: Map<string, ToldContext>; readonly stream: Stream}, signal: AbortSignal): Beginning {
  const own = latest.get(stream.specialist);
  const opening = (context: ToldContext | undefined): string => run.rooms.prompts.opening({task: run.task, stream, manifest: run.options.manifest, context: context?.text ?? ''});
  return {
    opening: opening(own),
    shorterOpening: async (attempt) => {
      const less = own && (await tellLess(run, {base, stream, told: own, attempt}, signal));
      if (less !== undefined) latest.set(stream.specialist, less);
      return less && opening(less);
    },
  };
}

/** How well the package of a specialist fitted what it did: files whose path stands in a call of its tools count as opened. */
export function measureTold(told: ToldContext, {conversation, changed}: {readonly conversation: Conversation; readonly changed: readonly string[]}): ContextMeasure {
  const calls = conversation.flatMap(({content}) => content.flatMap((block) => (block.type === 'tool_use' ? [JSON.stringify(block.input)] : []))).join('\n');
  const opened = told.items.filter(({path}) => namesPath(calls, path)).map(({path}) => path);
  return measureContext(told, {opened, changed});
}

/** Whether a path stands in the text of calls by itself, and not as a part of another one: `a.ts` is not in `data.ts`, nor in `lib/a.ts`. */
function namesPath(calls: string, path: string): boolean {
  const written = JSON.stringify(path).slice(1, -1);
  for (let at = calls.indexOf(written); at !== -1; at = calls.indexOf(written, at + 1)) {
    const before = calls.slice(Math.max(0, at - 12), at);
    const after = calls.slice(at + written.length, at + written.length + 2);
    if (/(?:^|[^\w.\-/]|\\[nrt]|(?:^|[^\w.-])\.\/|\/workspace\/)$/.test(before) && !/^(?:[\w/-]|\.\w)/.test(after)) return true;
  }
  return false;
}
