import {AppError} from '../core/errors.js';
import type {Journal, JournalEvent} from '../core/journal.js';
import type {Checkout} from '../git/freeze/checkout.js';
import {removeDrafts} from '../record/durable.js';
import {openJournal, readEvents} from '../record/journal/journal.js';
import {driverOf, lockRun, type LockOptions} from '../record/driver/lock.js';
import {outputsFolder} from '../record/journal/outputs.js';
import {processOwner} from '../record/driver/owner.js';
import {foldRun, type RunState} from '../record/journal/state.js';
import {startSteps} from '../record/journal/steps.js';
import type {RunFiles} from '../record/store.js';
import {startEntries} from './work/enter-box.js';
import {RunOptions} from './options.js';
import type {OpenedRun, Rooms} from './rooms.js';

/** A run that this process holds: locked, its journal open. */
export interface OpenRun extends AsyncDisposable {
  readonly run: OpenedRun;
}

/** What a new run is made of. */
export interface NewRun {
  readonly task: string;
  readonly checkout: Checkout;
  readonly options: RunOptions;
  readonly rooms: Rooms;
  /** Where the engine answers. */
  readonly engineAddress: string;
  readonly now: () => Date;
  readonly listen: (event: JournalEvent) => void;
  /** Called when another process asks this one to cancel or park the run. */
  readonly onRequest?: LockOptions['onRequest'];
}

/** What is needed to drive a run, new or earlier. */
export type DriveRequest = Pick<NewRun, 'checkout' | 'rooms' | 'engineAddress' | 'now' | 'listen' | 'onRequest'> &
  Pick<LockOptions, 'takeOver'> & Pick<OpenedRun, 'acceptLoss' | 'conflictAnswer'>;

/** Begins the journal of a new run, in the folder that was made for it, and takes its lock. */
export async function openNewRun(files: RunFiles, request: NewRun): Promise<OpenRun> {
  return hold(files, {...request, acceptLoss: false}, async (journal) => {
    await journal.append({type: 'run.opened', runId: files.runId, task: request.task, repository: request.checkout.root, options: request.options});
  });
}

/** Takes up a run that nobody drives. RUN_STATE when it has ended, RUN_LOCKED when another process drives it. */
export async function openEarlierRun(files: RunFiles, request: DriveRequest): Promise<OpenRun> {
  const state = await readState(files);
  if (!isOpen(state)) {
    throw new AppError('RUN_STATE', `The run ${state.runId} has ended: ${state.status}.`, {
      hint: state.status === 'verified' ? `\`bulkhead deliver ${state.runId}\` takes its result.` : '`bulkhead run` starts a new one.',
    });
  }
  return hold(files, request, () => Promise.resolve());
}

/** The state of a run by its journal. JOURNAL_DAMAGED when there is none in its folder. */
export async function readState(files: RunFiles): Promise<RunState> {
  const state = foldRun(await readEvents(files.journal), await driverOf(files.directory));
  if (state !== undefined) return state;
  throw new AppError('JOURNAL_DAMAGED', `The run ${files.runId} has no journal that begins.`, {hint: `It was ended before it did anything. \`bulkhead discard ${files.runId}\` removes it.`});
}

/** What a run was started with. JOURNAL_DAMAGED when its first event does not say. */
export function openedWith(events: readonly JournalEvent[]): {readonly task: string; readonly repository: string; readonly startedAt: Date; readonly runId: string; readonly options: RunOptions} {
  const [first] = events;
  const options = first?.type === 'run.opened' ? RunOptions.safeParse(first.options) : undefined;
  if (first?.type !== 'run.opened' || options?.success !== true) throw new AppError('JOURNAL_DAMAGED', 'The journal does not begin with what the run was started with.');
  return {task: first.task, repository: first.repository, startedAt: new Date(first.at), runId: first.runId, options: options.data};
}

/** Whether a run can go on. */
export function isOpen(state: RunState): boolean {
  return state.status === 'interrupted' || state.status === 'parked' || state.status === 'running';
}

async function hold(files: RunFiles, request: DriveRequest, begin: (journal: Journal) => Promise<void>): Promise<OpenRun> {
  const entries = startEntries();
  const lock = await lockRun(files.directory, {onRequest: request.onRequest, onEnter: entries.onEnter, takeOver: request.takeOver});
  try {
    await removeDrafts(files.directory, outputsFolder(files.journal));
    const journal = await openJournal(files.journal, {now: request.now, redact: request.rooms.redact});
    entries.journal = journal;
    try {
      return await take(files, request, {lock, journal, begin});
    } catch (error) {
      await journal[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

interface Held {
  readonly lock: AsyncDisposable;
  readonly journal: Journal;
  readonly begin: (journal: Journal) => Promise<void>;
}

async function take(files: RunFiles, request: DriveRequest, {lock, journal, begin}: Held): Promise<OpenRun> {
  journal.subscribe(request.listen);
  await begin(journal);
  const owner = processOwner();
  await journal.append({type: 'run.driven', owner, engine: request.engineAddress});
  const {task, startedAt, runId, options} = openedWith(journal.events);
  const run: OpenedRun = {
    id: runId,
    task,
    startedAt,
    checkout: request.checkout,
    options,
    files,
    journal,
    steps: startSteps(journal),
    ownership: {runId, owner},
    rooms: request.rooms,
    engineAddress: request.engineAddress,
    acceptLoss: request.acceptLoss,
    conflictAnswer: request.conflictAnswer,
  };
  return {
    run,
    async [Symbol.asyncDispose]() {
      await journal[Symbol.asyncDispose]();
      await lock[Symbol.asyncDispose]();
    },
  };
}
