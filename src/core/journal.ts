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
});
const Driven = z.strictObject({...common, type: z.literal('run.driven'), owner: z.string().describe('`host pid start-time` of the process that drives the run from here'), engine: z.string().describe('address of the container engine that it uses')});
const StepStarted = z.strictObject({...common, type: z.literal('step.started'), step: z.string(), inputSha256: z.string(), names: z.record(z.string(), z.string()).describe('what the step will make, under these names')});
const StepFinished = z.strictObject({...common, type: z.literal('step.finished'), step: z.string(), inputSha256: z.string(), outcome: z.unknown(), reconciled: z.boolean()});
const Said = z.strictObject({...common, type: z.literal('specialist.said'), specialist: z.string(), text: z.string().describe('reported, never verified')});
const Verified = z.strictObject({...common, type: z.literal('verification.ended'), round: z.int(), commit: z.string(), verdict: z.enum(['verified', 'blocked', 'inconclusive']), findings: z.array(Finding)});
const Closed = z.strictObject({...common, type: z.literal('run.closed'), verdict: z.enum(['verified', 'blocked', 'inconclusive', 'discarded']), commit: z.string().optional(), branch: z.string().optional()});
const Parked = z.strictObject({...common, type: z.literal('run.parked'), code: z.string(), message: z.string()});

/** The documented union of everything that a journal can say; `--events` prints these lines as they are. */
export const JournalEvent = z.discriminatedUnion('type', [Opened, Driven, StepStarted, StepFinished, Said, Verified, Closed, Parked]);
export type JournalEvent = z.infer<typeof JournalEvent>;

type Stamped = 'schemaVersion' | 'seq' | 'at' | 'prev';
/** An event as a room hands it in: without what the journal stamps on it. */
export type NewEvent = JournalEvent extends infer E ? (E extends JournalEvent ? Omit<E, Stamped> : never) : never;

/** The append-only event file of a run; the only truth about it. */
export interface Journal extends AsyncDisposable {
  /** All events so far, in order. */
  readonly events: readonly JournalEvent[];
  /** Durable when the promise settles. Calls are serialised. Throws DISK_FULL. */
  append(event: NewEvent): Promise<JournalEvent>;
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
  note(event: Extract<NewEvent, {type: 'specialist.said' | 'verification.ended'}>): Promise<void>;
}
