import {z} from 'zod';
import {Finding} from './finding.js';

/** What every event carries. `prev` is the sha-256 of the line before it (64 zeros for the first). */
const common = {
  schemaVersion: z.literal(1),
  seq: z.int().min(0),
  at: z.iso.datetime().describe('UTC, milliseconds'),
  prev: z.string().regex(/^[0-9a-f]{64}$/),
};

const Opened = z.strictObject({
  ...common,
  type: z.literal('run.opened'),
  runId: z.string(),
  task: z.string(),
  repository: z.string().describe('absolute path of the checkout'),
  options: z.record(z.string(), z.unknown()).describe('everything that a resume needs to go on alike'),
}).describe('first of all, once');
const Driven = z.strictObject({...common, type: z.literal('run.driven'), owner: z.string().describe('names the process that drives the run from here; its host and its number come first'), engine: z.string().describe('address of the container engine that it uses')}).describe('a process begins to drive the run, at first or by `resume`');
const StepStarted = z.strictObject({...common, type: z.literal('step.started'), step: z.string(), inputSha256: z.string(), names: z.record(z.string(), z.string()).describe('what the step will make, under these names')}).describe('before an act, so that a crash leaves its intent');
const StepFinished = z.strictObject({
  ...common,
  type: z.literal('step.finished'),
  step: z.string(),
  inputSha256: z.string(),
  outcome: z.unknown().describe('what the step gave; of a large one only its plain members'),
  beside: z.strictObject({sha256: z.string(), bytes: z.int()}).optional().describe('the whole of a large outcome: the file `outputs/<sha256>.json` beside the journal'),
  reconciled: z.boolean().describe('told by a look at the world, after a process had left only the intent'),
}).describe('after the act, with what came of it');
const EffectUnknown = z.strictObject({
  ...common,
  type: z.literal('effect.unknown'),
  step: z.string().describe('a process ended during this step, and what it did can not be known'),
  repeated: z.boolean().describe('whether it is done again: a request to the model is, a command never'),
  estimate: z.strictObject({inputTokens: z.int(), outputTokensAtMost: z.int()}).optional().describe('what the provider may have counted'),
}).describe('a resume meets an act of which it cannot be known what it did');
const Said = z.strictObject({...common, type: z.literal('specialist.said'), specialist: z.string(), text: z.string().describe('reported, never verified; its first 16 Ki characters')}).describe('a specialist said something in a turn');
const Verified = z.strictObject({
  ...common,
  type: z.literal('verification.ended'),
  round: z.int(),
  commit: z.string(),
  verdict: z.enum(['verified', 'blocked', 'inconclusive']),
  findings: z.array(Finding).describe('at most the first 50; the report has all'),
  findingsTotal: z.int().optional().describe('how many there are; absent in a journal of version 0.1.0, where all are given'),
}).describe('a verification came to a verdict');
const Previewed = z.strictObject({
  ...common,
  type: z.literal('merge.previewed'),
  phase: z.string(),
  specialists: z.tuple([z.string(), z.string()]),
  paths: z.array(z.string()).describe('at most the first 50'),
}).describe('two submissions would conflict, seen while others still work; the merge settles it, or sends the later one back to its owner');
const Overridden = z.strictObject({
  ...common,
  type: z.literal('run.overridden'),
  commit: z.string().describe('what was not verified'),
  reason: z.string(),
}).describe('after the end: a person takes what was not verified, and says why');
const Delivered = z.strictObject({
  ...common,
  type: z.literal('run.delivered'),
  commit: z.string(),
  branch: z.string().optional(),
  applied: z.boolean().describe('it became the checkout'),
  pullRequest: z.string().optional().describe('its address'),
  verified: z.boolean(),
}).describe('after the end: a person took a result');
const Entered = z.strictObject({...common, type: z.literal('box.entered'), specialist: z.string(), box: z.string()}).describe('a person is about to start a process of their own in the box of a specialist: what that box holds from here on is not the work of the specialist alone');
const Closed = z.strictObject({...common, type: z.literal('run.closed'), verdict: z.enum(['verified', 'blocked', 'inconclusive', 'cancelled']), commit: z.string().optional(), branch: z.string().optional()}).describe('the run has ended for good; what comes after it is what a person does with the result');
const Parked = z.strictObject({...common, type: z.literal('run.parked'), code: z.string(), message: z.string()}).describe('the process stops driving; the run can go on');

/** The documented union of everything that a journal can say; `--events` prints these lines as they are. */
export const JournalEvent = z.discriminatedUnion('type', [Opened, Driven, StepStarted, StepFinished, EffectUnknown, Said, Previewed, Verified, Entered, Closed, Parked, Overridden, Delivered]);
export type JournalEvent = z.infer<typeof JournalEvent>;

type Stamped = 'schemaVersion' | 'seq' | 'at' | 'prev';
/** An event as a room hands it in: without what the journal stamps on it. */
export type NewEvent = JournalEvent extends infer E ? (E extends JournalEvent ? Omit<E, Stamped> : never) : never;

/** A step's outcome as the journal has it. */
export type FinishedStep = Extract<JournalEvent, {type: 'step.finished'}>;

/** The append-only event file of a run; the only truth about it. */
export interface Journal extends AsyncDisposable {
  /** All events so far, in order, as the file has them. */
  readonly events: readonly JournalEvent[];
  /** Milliseconds that went into making things durable, so far. */
  readonly syncMs: number;
  /**
   * Durable when the promise settles. Calls are serialised. Gives what is recorded: secrets are taken out of it, and a
   * large outcome is still whole. Throws DISK_FULL.
   */
  append<E extends NewEvent>(event: E): Promise<Extract<JournalEvent, {type: E['type']}>>;
  /** The whole outcome of a step, also when it stands beside the journal. JOURNAL_DAMAGED when that file is not as it was written. */
  outcomeOf(event: FinishedStep): Promise<unknown>;
  /** Called for each event that is appended from now on. */
  subscribe(listener: (event: JournalEvent) => void): void;
}

/** What a look at the world says of a step of which only the intent is known. */
export type Reconciled<T> = {readonly state: 'done'; readonly outcome: T} | {readonly state: 'redo'};

/** One act of a run. */
export interface StepRequest<T> {
  /** Unique in the run, for example `turn/implementation/3`. */
  readonly name: string;
  /** What decides the outcome; hashed. A recorded step with another input is INPUT_CHANGED. */
  readonly input: unknown;
  /** Names of containers, volumes and refs that the step will make; journalled before anything is made. */
  readonly names?: Readonly<Record<string, string>>;
  /** Parses the recorded outcome. */
  readonly schema: z.ZodType<T>;
  readonly run: () => Promise<T>;
  /** Asked when an earlier process left the intent but no outcome. Default: redo. */
  readonly reconcile?: () => Promise<Reconciled<T>>;
}

/**
 * Runs acts so that a crash between any two instants is harmless: the intent is durable before the act, the outcome
 * after it; what is recorded is never done again. The calls in order are also the resume.
 */
export interface Steps {
  step<T>(request: StepRequest<T>): Promise<T>;
  /** What is recorded of a step: nothing, its intent, or its outcome. */
  known(name: string): 'new' | 'started' | 'finished';
  /** Something worth telling that is not an act. */
  note(event: Extract<NewEvent, {type: 'specialist.said' | 'merge.previewed' | 'verification.ended' | 'effect.unknown'}>): Promise<void>;
}
