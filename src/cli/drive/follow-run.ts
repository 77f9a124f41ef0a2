import {once} from 'node:events';
import type {JournalEvent} from '../../core/journal.js';
import {followEvents} from '../../record/journal/follow.js';
import type {ChainLine} from '../../record/journal/journal-lines.js';
import {driverOf} from '../../record/driver/lock.js';
import {wholeOutcome} from '../../record/journal/outputs.js';
import type {RunFiles} from '../../record/store.js';
import {concerns, startTranscript} from '../render/logs.js';
import type {Cut} from '../render/tool-call.js';

/** What is followed, and in which form it is printed. */
export interface FollowRequest {
  readonly files: RunFiles;
  readonly specialist: string | undefined;
  readonly cut: Cut;
  /** The journal's own lines instead of a transcript. */
  readonly json: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Prints a run on stdout as it goes, until it has ended or nobody drives it, which is said; gives the exit code: 130
 * when it was interrupted, which says nothing to the run. Ends too when nobody reads stdout any more.
 */
export async function followRun(request: FollowRequest): Promise<number> {
  const gone = new AbortController();
  process.stdout.on('error', (error) => {
    gone.abort(error);
  });
  try {
    const last = await printUntilQuiet(request, AbortSignal.any([request.signal, gone.signal]));
    request.say(lastWords(request.files.runId, last));
    return 0;
  } catch (error) {
    if (gone.signal.aborted) return 0;
    if (request.signal.aborted) return 130;
    throw error;
  }
}

/** The whole outcome of a finished step, and undefined for what cannot be read or has none. */
export async function outcomeOf(files: RunFiles, event: JournalEvent): Promise<unknown> {
  if (event.type !== 'step.finished') return undefined;
  return wholeOutcome(files.journal, event).catch(() => undefined);
}

async function printUntilQuiet(request: FollowRequest, signal: AbortSignal): Promise<JournalEvent | undefined> {
  const told = startTranscript(request);
  let last: JournalEvent | undefined;
  let quiet = false;
  for await (const lines of followEvents(request.files.journal, signal)) {
    for (const line of lines) {
      await print(await textOf(request, told, line), signal);
      last = line.event;
    }
    if (last !== undefined && endings.includes(last.type)) return last;
    if (lines.length > 0) quiet = false;
    // Once more after the driver was seen to be gone: it may have written before it went.
    else if (quiet) return last;
    else quiet = (await driverOf(request.files.directory)) === 'none';
  }
  return last;
}

async function textOf({files, specialist, json}: FollowRequest, told: ReturnType<typeof startTranscript>, {line, event}: ChainLine): Promise<string> {
  if (!json) return told.lines(event, await outcomeOf(files, event)).map((one) => `${one}\n`).join('');
  return specialist === undefined || concerns(event, specialist) ? `${line}\n` : '';
}

async function print(text: string, signal: AbortSignal): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain', {signal});
}

/** The end, and what may come after it. */
const endings: readonly JournalEvent['type'][] = ['run.closed', 'run.overridden', 'run.delivered'];

function lastWords(runId: string, last: JournalEvent | undefined): string {
  if (last?.type === 'run.overridden' || last?.type === 'run.delivered') return 'The run has ended.';
  if (last?.type === 'run.closed') return `The run has ended: ${last.verdict}.`;
  return `Nobody drives the run any more: it is ${last?.type === 'run.parked' ? 'parked' : 'interrupted'}. Go on: bulkhead resume ${runId}`;
}
