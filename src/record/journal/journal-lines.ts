import {sha256} from '../../core/canonical.js';
import {AppError} from '../../core/errors.js';
import {JournalEvent} from '../../core/journal.js';

/** Far above the longest line there can be, the one with task and manifest: what is longer is a bug. */
export const maxLineBytes = 2 * 1024 * 1024;

/** How far a reader of a journal has come. */
export interface ChainEnd {
  /** Whole lines so far: the `seq` of the next event. */
  readonly count: number;
  /** sha-256 of the last whole line. */
  readonly head: string;
  /** Bytes of whole lines. */
  readonly bytes: number;
}

/** Before the first line. */
export const chainStart: ChainEnd = {count: 0, head: '0'.repeat(64), bytes: 0};

/** A whole line with its event, and how far the chain goes with it. */
export interface ChainLine {
  /** The bytes of the line as text, without its line feed. */
  readonly line: string;
  readonly event: JournalEvent;
  readonly end: ChainEnd;
}

/** The line that stands behind `after`, or undefined when it is no event or does not fit the hash chain. */
export function readChainLine(bytes: Uint8Array, after: ChainEnd): ChainLine | undefined {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const event = parseLine(line, after);
  return event && {line, event, end: {count: after.count + 1, head: sha256(line), bytes: after.bytes + bytes.byteLength + 1}};
}

/** JOURNAL_DAMAGED for the line behind `after`. */
export function damagedLine(file: string, after: ChainEnd): AppError {
  return new AppError('JOURNAL_DAMAGED', `${file}: line ${after.count + 1} does not fit the hash chain.`, {
    hint: 'The file was changed or the disk lost data. Restore it, or `bulkhead discard` the run: its submissions stay until then.',
  });
}

function parseLine(line: string, {count, head}: ChainEnd): JournalEvent | undefined {
  try {
    const event = JournalEvent.parse(JSON.parse(line));
    return event.seq === count && event.prev === head ? event : undefined;
  } catch {
    return undefined;
  }
}
