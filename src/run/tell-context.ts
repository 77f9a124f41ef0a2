import {z} from 'zod';
import {buildContext} from '../context/build.js';
import {startContextCache} from '../context/cache.js';
import {measureContext, type ContextMeasure} from '../context/measure.js';
import type {ContextPackage} from '../context/package.js';
import {renderContext} from '../context/render.js';
import type {Stream} from '../core/specialist.js';
import type {Conversation} from '../agents/conversation.js';
import type {Run} from './rooms.js';

const Item = z.strictObject({path: z.string(), section: z.enum(['shared', 'essential', 'supplementary', 'reference']), form: z.enum(['whole', 'excerpt', 'outline', 'name']), tokens: z.int()});

/** What one specialist was told of the project before its first turn. */
export const ToldContext = z.strictObject({
  specialist: z.string(),
  hash: z.string().describe('sha-256 of the canonical form of the package'),
  budget: z.int().describe('estimated tokens that it may have'),
  tokens: z.int().describe('estimated tokens that it has'),
  items: z.array(Item),
  text: z.string().describe('as the specialist reads it'),
});
export type ToldContext = z.infer<typeof ToldContext>;

/** Builds the context packages of all streams, once: a step, so that a resume tells the same. */
export async function tellContext(run: Run, {base, streams}: {readonly base: string; readonly streams: readonly Stream[]}, signal: AbortSignal): Promise<readonly ToldContext[]> {
  const {context} = run.options;
  if (context === undefined) return [];
  const {told} = await run.steps.step({
    name: 'context',
    input: {base, task: run.task, streams, context},
    schema: z.strictObject({told: z.array(ToldContext)}),
    run: async () => {
      const {repository} = run.rooms;
      const {packages, refreshSeconds} = context.cache;
      const request = {
        reader: await repository.reader(base, signal),
        history: repository.history(),
        task: run.task,
        streams,
        budgets: context.budgets,
        compression: context.compression,
        cache: startContextCache({packages, refreshSeconds}),
      };
      return {told: (await buildContext(request, signal)).map(toldOf)};
    },
  });
  return told;
}

function toldOf(made: ContextPackage): ToldContext {
  const items = made.items.map(({path, section, form, tokens}) => ({path, section, form, tokens}));
  return {specialist: made.specialist, hash: made.hash, budget: made.budget, tokens: made.tokens, items, text: renderContext(made)};
}

/** How well the package of a specialist fitted what it did: files whose path stands in a call of its tools count as opened. */
export function measureTold(told: ToldContext, {conversation, changed}: {readonly conversation: Conversation; readonly changed: readonly string[]}): ContextMeasure {
  const calls = conversation.flatMap(({content}) => content.flatMap((block) => (block.type === 'tool_use' ? [JSON.stringify(block.input)] : []))).join('\n');
  const opened = told.items.filter(({path}) => calls.includes(path)).map(({path}) => path);
  return measureContext(told, {opened, changed});
}
