import {open, readFile, type FileHandle} from 'node:fs/promises';
import {sha256} from '../core/canonical.js';
import {AppError, systemCode} from '../core/errors.js';
import {JournalEvent, type Journal, type NewEvent} from '../core/journal.js';

const genesis = '0'.repeat(64);

interface Read {
  readonly events: readonly JournalEvent[];
  /** sha-256 of the last whole line. */
  readonly head: string;
  /** Bytes of whole lines; what is behind them is a torn write. */
  readonly bytes: number;
}

/**
 * Opens a run's journal for appending, creating it when absent. A torn last line, which was never acknowledged, is cut
 * off. Anything else that does not fit the hash chain is JOURNAL_DAMAGED. One process at a time: see `lock.ts`.
 */
export async function openJournal(file: string, now: () => Date): Promise<Journal> {
  const read = await readJournal(file);
  const handle = await open(file, 'a', 0o600);
  await handle.truncate(read.bytes);
  return startJournal(handle, read, now);
}

/** Reads a journal without opening it for writing; a torn last line is left out. Absent file: no events. */
export async function readEvents(file: string): Promise<readonly JournalEvent[]> {
  return (await readJournal(file)).events;
}

function startJournal(handle: FileHandle, read: Read, now: () => Date): Journal {
  const events = [...read.events];
  const listeners: ((event: JournalEvent) => void)[] = [];
  let {head, bytes} = read;
  let last: Promise<unknown> = Promise.resolve();

  async function write(fields: NewEvent): Promise<JournalEvent> {
    const event = JournalEvent.parse({schemaVersion: 1, seq: events.length, at: now().toISOString(), prev: head, ...fields});
    const line = JSON.stringify(event);
    try {
      await handle.appendFile(`${line}\n`);
      await handle.datasync();
    } catch (error) {
      await handle.truncate(bytes).catch(() => undefined);
      throw translate(error);
    }
    bytes += Buffer.byteLength(line) + 1;
    head = sha256(line);
    events.push(event);
    for (const listener of listeners) listener(event);
    return event;
  }

  return {
    events,
    append(event) {
      const written = last.then(() => write(event));
      last = written.catch(() => undefined);
      return written;
    },
    subscribe(listener) {
      listeners.push(listener);
    },
    async [Symbol.asyncDispose]() {
      await last;
      await handle.close();
    },
  };
}

async function readJournal(file: string): Promise<Read> {
  const content = await readFile(file).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw translate(error);
  });
  const events: JournalEvent[] = [];
  let head = genesis;
  let start = 0;
  while (start < content.length) {
    const end = content.indexOf(10, start);
    const line = end === -1 ? undefined : content.subarray(start, end).toString('utf8');
    const event = line === undefined ? undefined : parseLine(line, events.length, head);
    if (line === undefined || event === undefined) {
      // Only what has no line feed yet can be torn: it was not acknowledged to anyone.
      if (end === -1) break;
      throw new AppError('JOURNAL_DAMAGED', `${file}: line ${events.length + 1} does not fit the hash chain.`, {
        hint: 'The file was changed or the disk lost data. Restore it, or `bulkhead discard` the run: its submissions stay until then.',
      });
    }
    events.push(event);
    head = sha256(line);
    start = end + 1;
  }
  return {events, head, bytes: start};
}

function parseLine(line: string, seq: number, prev: string): JournalEvent | undefined {
  try {
    const event = JournalEvent.parse(JSON.parse(line));
    return event.seq === seq && event.prev === prev ? event : undefined;
  } catch {
    return undefined;
  }
}

function translate(error: unknown): Error {
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL', 'The journal could not be written: no space is left on the disk.', {
      hint: 'Free some space (`bulkhead clean` helps), then `bulkhead resume`.',
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error(String(error));
}
