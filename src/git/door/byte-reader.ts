import type {Readable} from 'node:stream';
import {AppError} from '../../core/errors.js';

/** Takes exact pieces from a stream. */
export interface ByteReader {
  /** Up to the next line feed, which is consumed; at most 1 KiB. Throws GIT_FAILED when the stream ends before. */
  line(): Promise<string>;
  /** Exactly so many bytes. Throws GIT_FAILED when the stream ends before. */
  bytes(count: number): Promise<Uint8Array>;
  /** So many bytes, as they come. Throws GIT_FAILED when the stream ends before. Read it to its end, and nothing else meanwhile. */
  chunks(count: number): AsyncGenerator<Uint8Array, void, undefined>;
}

const maxLineBytes = 1024;

/** Reads a stream piece by piece, holding no more than one piece and one chunk of it. */
export function startByteReader(stream: Readable): ByteReader {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<Buffer> {
    const next = await chunks.next();
    if (next.done === true) throw new AppError('GIT_FAILED', 'git ended before it had answered.');
    return next.value;
  }

  async function* pieces(count: number): AsyncGenerator<Buffer, void, undefined> {
    for (let missing = count; missing > 0; ) {
      if (rest.length === 0) rest = await more();
      const piece = rest.subarray(0, missing);
      rest = rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  return {
    chunks: pieces,
    async line() {
      let end = rest.indexOf(0x0a);
      while (end < 0) {
        if (rest.length > maxLineBytes) throw new AppError('GIT_FAILED', 'git answered with a line that is too long.');
        rest = Buffer.concat([rest, await more()]);
        end = rest.indexOf(0x0a);
      }
      const text = rest.subarray(0, end).toString('utf8');
      rest = rest.subarray(end + 1);
      return text;
    },
    async bytes(count) {
      const found: Buffer[] = [];
      for await (const piece of pieces(count)) found.push(piece);
      return Buffer.concat(found);
    },
  };
}
