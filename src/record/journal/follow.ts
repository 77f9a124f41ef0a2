import {watch} from 'node:fs';
import {open, type FileHandle} from 'node:fs/promises';
import {systemCode, translateSystemError} from '../../core/errors.js';
import {chainStart, damagedLine, maxLineBytes, readChainLine, type ChainLine} from './journal-lines.js';

/** Reads a journal that another process, or this one, is writing. */
export interface JournalTail {
  /**
   * Some of what was written since the last call: whole lines in order, none when there are none. A line that a full
   * disk made the writer take back is given again in its new form, with the same `seq`. Throws JOURNAL_DAMAGED.
   */
  next(): Promise<readonly ChainLine[]>;
}

/** How often to look when the system tells of no change: some file systems never do, and an owner may die silently. */
const pollMs = 1000;

/** Reads a journal from its first line on, a few MiB of memory however long it is. An absent file has no lines yet. */
export function startTail(file: string): JournalTail {
  let end = chainStart;
  let beforeLast = chainStart;

  function take(content: Buffer): readonly ChainLine[] | undefined {
    const lines: ChainLine[] = [];
    let at = 0;
    for (;;) {
      const feed = content.indexOf(10, at);
      if (feed === -1) break;
      const next = readChainLine(content.subarray(at, feed), end);
      if (next === undefined) return lines.length > 0 ? lines : undefined;
      [beforeLast, end, at] = [end, next.end, feed + 1];
      lines.push(next);
    }
    return lines.length === 0 && content.length > maxLineBytes ? undefined : lines;
  }

  async function look(handle: FileHandle): Promise<readonly ChainLine[] | undefined> {
    const {size} = await handle.stat();
    if (size < end.bytes) return undefined;
    return take(await readAt(handle, end.bytes, Math.min(size - end.bytes, maxLineBytes + 1)));
  }

  return {
    async next() {
      const handle = await openToRead(file);
      if (handle === undefined) return [];
      await using _open = handle;
      const lines = await look(handle);
      if (lines !== undefined) return lines;
      // The last line alone may have been taken back: it was told to nobody as durable.
      const seen = end;
      end = beforeLast;
      const again = await look(handle);
      if (again === undefined || again[0]?.end.head === seen.head) throw damagedLine(file, seen);
      return again;
    },
  };
}

/**
 * Gives the lines of a journal as they come, in lots, from the first one on: an empty lot says that there is nothing
 * new, at least once in {@link pollMs}. Ends only by its reader, or by throwing JOURNAL_DAMAGED or the signal's reason.
 */
export async function* followEvents(file: string, signal: AbortSignal): AsyncGenerator<readonly ChainLine[], never> {
  const tail = startTail(file);
  using changes = watchFile(file);
  for (;;) {
    signal.throwIfAborted();
    const lines = await tail.next();
    yield lines;
    if (lines.length === 0) await changes.next(signal);
  }
}

interface Changes extends Disposable {
  /** Settles at the next change since the last call, when it is time to look anyway, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void>;
}

function watchFile(file: string): Changes {
  let changed = false;
  let wake = (): void => undefined;
  const onChange = (): void => {
    changed = true;
    wake();
  };
  const watcher = tryWatch(file, onChange);
  return {
    async next(signal) {
      if (!changed && !signal.aborted) {
        await new Promise<void>((done) => {
          const timer = setTimeout(done, pollMs);
          wake = () => {
            clearTimeout(timer);
            done();
          };
          signal.addEventListener('abort', wake, {once: true});
        });
        signal.removeEventListener('abort', wake);
      }
      changed = false;
    },
    [Symbol.dispose]() {
      watcher?.close();
    },
  };
}

/** Undefined where files cannot be watched: no such system call, or all watches of this user are taken. */
function tryWatch(file: string, onChange: () => void): {close(): void} | undefined {
  try {
    const watcher = watch(file, {persistent: false}, onChange);
    watcher.on('error', () => {
      watcher.close();
    });
    return watcher;
  } catch {
    return undefined;
  }
}

async function openToRead(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw translateSystemError(error) ?? error;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const {bytesRead} = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
