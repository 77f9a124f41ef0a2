import {open, readFile, type FileHandle} from 'node:fs/promises';
import {dirname} from 'node:path';
import {sha256} from '../../core/canonical.js';
import {AppError, systemCode, translateSystemError} from '../../core/errors.js';
import {JournalEvent, type Journal, type NewEvent} from '../../core/journal.js';
import type {Redactor} from '../../core/redact.js';
import {syncFolder} from '../durable.js';
import {chainStart, damagedLine, maxLineBytes, readChainLine} from './journal-lines.js';
import {keepOutcome, wholeOutcome} from './outputs.js';

interface Read {
  readonly events: readonly JournalEvent[];
  /** sha-256 of the last whole line. */
  readonly head: string;
  /** Bytes of whole lines; what is behind them is a torn write. */
  readonly bytes: number;
}

/** What a journal goes by. */
export interface JournalOptions {
  readonly now: () => Date;
  /** Takes secrets out of everything before it is written. */
  readonly redact: Redactor;
}

/**
 * Opens a run's journal for appending, creating it when absent. A torn last line, which was never acknowledged, is cut
 * off. Anything else that does not fit the hash chain is JOURNAL_DAMAGED. One process at a time: see `lock.ts`.
 */
export async function openJournal(file: string, options: JournalOptions): Promise<Journal> {
  const read = await readJournal(file);
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.truncate(read.bytes);
    await syncFolder(dirname(file));
  } catch (error) {
    await handle.close();
    throw error;
  }
  return startJournal({file, handle, ...options}, read);
}

/** Reads a journal without opening it for writing; a torn last line is left out. Absent file: no events. */
export async function readEvents(file: string): Promise<readonly JournalEvent[]> {
  return (await readJournal(file)).events;
}

interface OpenFile extends JournalOptions {
  readonly file: string;
  readonly handle: FileHandle;
}

function startJournal({file, handle, now, redact}: OpenFile, read: Read): Journal {
  const events = [...read.events];
  const listeners: ((event: JournalEvent) => void)[] = [];
  let {head, bytes} = read;
  let syncMs = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function timed(work: () => Promise<void>): Promise<void> {
    const started = performance.now();
    await work();
    syncMs += performance.now() - started;
  }

  async function writeLine(line: string): Promise<void> {
    if (Buffer.byteLength(line) > maxLineBytes) throw new AppError('INTERNAL', `A line of ${Buffer.byteLength(line)} bytes is too long for a journal.`);
    try {
      await handle.appendFile(`${line}\n`);
      await timed(() => handle.datasync());
    } catch (error) {
      await handle.truncate(bytes).catch(() => undefined);
      throw error;
    }
    bytes += Buffer.byteLength(line) + 1;
    head = sha256(line);
  }

  async function write(given: NewEvent): Promise<JournalEvent> {
    const fields = redactEvent(redact, given);
    try {
      let recorded = fields;
      if (fields.type === 'step.finished') await timed(async () => void (recorded = {...fields, ...(await keepOutcome(file, fields.outcome))}));
      const stamp = {schemaVersion: 1, seq: events.length, at: now().toISOString(), prev: head};
      const event = JournalEvent.parse({...stamp, ...recorded});
      await writeLine(JSON.stringify(event));
      events.push(event);
      return event.type === 'step.finished' && fields.type === 'step.finished' ? {...event, outcome: fields.outcome} : event;
    } catch (error) {
      throw translateSystemError(error) ?? error;
    }
  }

  return {
    events,
    get syncMs() {
      return syncMs;
    },
    append<E extends NewEvent>(given: E) {
      const written = last.then(async () => {
        const event = await write(given);
        for (const listener of listeners) listener(event);
        return event as Extract<JournalEvent, {type: E['type']}>;
      });
      last = written.catch(() => undefined);
      return written;
    },
    outcomeOf: (event) => wholeOutcome(file, event),
    subscribe(listener) {
      listeners.push(listener);
    },
    async [Symbol.asyncDispose]() {
      await last;
      await handle.close();
    },
  };
}

/** Ids, names and paths are the host's own. What a model asks for must go on as it is, but for the secrets of this machine. */
function redactEvent(redact: Redactor, event: NewEvent): NewEvent {
  switch (event.type) {
    case 'run.opened':
      return {...event, task: redact.text(event.task)};
    case 'step.finished':
      return {...event, outcome: redact.value(event.outcome, event.step.startsWith('turn/') ? 'exact' : 'text')};
    case 'specialist.said':
      return {...event, text: redact.text(event.text)};
    case 'verification.ended':
      return {...event, findings: redact.value(event.findings, 'text')};
    case 'run.parked':
      return {...event, message: redact.text(event.message)};
    case 'run.overridden':
      return {...event, reason: redact.text(event.reason)};
    case 'run.driven':
    case 'step.started':
    case 'effect.unknown':
    case 'merge.previewed':
    case 'box.entered':
    case 'run.closed':
    case 'run.delivered':
      return event;
  }
}

async function readJournal(file: string): Promise<Read> {
  const content = await readFile(file).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw translateSystemError(error) ?? error;
  });
  const events: JournalEvent[] = [];
  let end = chainStart;
  for (;;) {
    // Only what has no line feed yet can be torn: it was not acknowledged to anyone.
    const feed = content.indexOf(10, end.bytes);
    if (feed === -1) break;
    const next = readChainLine(content.subarray(end.bytes, feed), end);
    if (next === undefined) throw damagedLine(file, end);
    events.push(next.event);
    end = next.end;
  }
  return {events, head: end.head, bytes: end.bytes};
}
