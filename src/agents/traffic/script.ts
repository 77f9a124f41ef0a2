import {LineCounter, parseDocument, type Document} from 'yaml';
import {z} from 'zod';
import {AppError} from '../../core/errors.js';

const input = z.record(z.string(), z.unknown()).describe('as the tool takes it; not checked here, so that wrong inputs can be scripted');
const milliseconds = z.int().min(0).max(3_600_000);

/** A call of one tool; `edit` is the text editor. */
const ScriptedTool = z.union([z.strictObject({bash: input}), z.strictObject({edit: input}), z.strictObject({submit: input})]);
export type ScriptedTool = z.infer<typeof ScriptedTool>;

/** What goes wrong in one attempt; the turn itself is not given in it. */
export const ScriptedFault = z.union([
  z.strictObject({
    status: z.int().min(400).max(599).describe('HTTP status of a refusal'),
    retryAfterMs: milliseconds.optional().describe('milliseconds, sent as the header retry-after-ms'),
  }),
  z.strictObject({cut: z.int().min(0).describe('the connection breaks after this many events of the turn')}),
  z.strictObject({stall: milliseconds.min(1).describe('milliseconds without an event after the first; then the connection breaks')}),
  z.strictObject({malformed: z.literal(true).describe('an event that is not JSON')}),
]);
export type ScriptedFault = z.infer<typeof ScriptedFault>;

/** One turn of the model. */
export const ScriptedTurn = z
  .strictObject({
    text: z.string().min(1).optional(),
    tools: z.array(ScriptedTool).default([]),
    usage: z.strictObject({input: z.int().min(0), output: z.int().min(0)}).default({input: 0, output: 0}).describe('tokens'),
    delayMs: milliseconds.default(0).describe('milliseconds before the answer begins'),
    faults: z.array(ScriptedFault).default([]).describe('one per attempt, before the turn is given'),
  })
  .refine((turn) => turn.text !== undefined || turn.tools.length > 0, 'a turn needs `text` or `tools`');
export type ScriptedTurn = z.infer<typeof ScriptedTurn>;

/** A traffic script: per specialist the turns of the model in order; `repair` goes on where `turns` ends. */
export const TrafficScript = z.strictObject({
  schemaVersion: z.literal(1),
  specialists: z.record(z.string(), z.strictObject({turns: z.array(ScriptedTurn).min(1), repair: z.array(ScriptedTurn).default([])})),
});
export type TrafficScript = z.infer<typeof TrafficScript>;

/** The scripted turn of that number (counted from 1), or undefined. */
export function scriptedTurn(script: TrafficScript, specialist: string, turn: number): ScriptedTurn | undefined {
  const entry = Object.hasOwn(script.specialists, specialist) ? script.specialists[specialist] : undefined;
  return entry === undefined ? undefined : [...entry.turns, ...entry.repair][turn - 1];
}

/** Parses a traffic script, YAML or JSON. `source` names the file. Throws TRAFFIC_INVALID with the line of each problem. */
export function parseTraffic(text: string, source: string): TrafficScript {
  const lines = new LineCounter();
  const document = parseDocument(text, {lineCounter: lines, prettyErrors: false});
  const [broken] = document.errors;
  if (broken !== undefined) throw invalid([`${source}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`]);
  const parsed = TrafficScript.safeParse(plainValue(document, source));
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => `${source}:${lineOf(document, issue.path, lines)}: ${issue.path.map(String).join('.') || 'the script'}: ${issue.message}`));
}

function plainValue(document: Document, source: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // The one thing toJS refuses: aliases that would unfold without end.
    throw invalid([`${source}: its aliases cannot be unfolded`], error);
  }
}

/** The line of the deepest part of the path that exists. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) continue;
    const [start] = node.range as readonly unknown[];
    if (typeof start === 'number') return lines.linePos(start).line;
  }
  return 1;
}

function invalid(problems: readonly string[], cause?: unknown): AppError {
  return new AppError('TRAFFIC_INVALID', `${problems.join('; ')}.`, {
    hint: 'Correct what is named. `bulkhead schema traffic` prints the exact form.',
    details: {problems},
    cause,
  });
}
