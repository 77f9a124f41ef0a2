import {AppError} from '../core/errors.js';

/** A part of one of the two streams, in the order in which the engine sent them. */
export interface Piece {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

/** Engine API, "attach", stream format: one byte of kind, three of padding, four of length (big endian). */
const headerBytes = 8;

/**
 * Splits the engine's multiplexed stream (exec, attach without a terminal) into its pieces. Works frame by frame in a
 * loop and holds nothing but a partial header: neither thousands of tiny frames in one chunk nor one huge frame cost
 * stack or memory (that of dockerode 5.0.1 does). The reader sets the pace.
 * Throws ENGINE_FAILED for bytes that are no such stream and for one that ends inside a frame.
 */
export async function* demux(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece, void, undefined> {
  const header = Buffer.alloc(headerBytes);
  let filled = 0;
  let left = 0;
  let stream: Piece['stream'] = 'stdout';
  for await (const chunk of source) {
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        const part = chunk.subarray(at, at + headerBytes - filled);
        header.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < headerBytes) break;
        stream = streamOf(header);
        left = header.readUInt32BE(4);
        filled = 0;
        continue;
      }
      const bytes = chunk.subarray(at, at + left);
      left -= bytes.length;
      at += bytes.length;
      yield {stream, bytes};
    }
  }
  if (filled > 0 || left > 0) throw new AppError('ENGINE_FAILED', 'The output of a container ended in the middle of a frame.');
}

function streamOf(header: Buffer): Piece['stream'] {
  const kind = header.readUInt8(0);
  if (kind === 1) return 'stdout';
  if (kind === 2) return 'stderr';
  throw new AppError('ENGINE_FAILED', `The engine sent output in an unknown form (frame kind ${kind}).`);
}
