import type {Captured} from '../core/sandbox.js';

/** Keeps the first and the last half of a stream of any length in bounded memory. */
export interface Capture {
  push(chunk: Uint8Array): void;
  /** What was kept so far; nothing is cut from a stream of at most `maxBytes`. */
  kept(): Captured;
}

/** Starts a capture that keeps at most `maxBytes`; memory stays below twice that and one chunk. */
export function startCapture(maxBytes: number): Capture {
  const headBytes = maxBytes - Math.floor(maxBytes / 2);
  const head: Uint8Array[] = [];
  let tail = Buffer.alloc(0);
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let held = 0;
  let totalBytes = 0;
  const settle = (): void => {
    const joined = Buffer.concat([tail, ...waiting]);
    tail = Buffer.from(joined.subarray(Math.max(0, joined.length - (maxBytes - headBytes))));
    waiting = [];
    waitingBytes = 0;
  };
  return {
    push(chunk) {
      totalBytes += chunk.length;
      const first = chunk.subarray(0, headBytes - held);
      if (first.length > 0) head.push(Buffer.from(first));
      held += first.length;
      const rest = chunk.subarray(first.length);
      if (rest.length === 0) return;
      waiting.push(Buffer.from(rest));
      waitingBytes += rest.length;
      if (waitingBytes > maxBytes) settle();
    },
    kept() {
      settle();
      if (totalBytes <= maxBytes) return {head: Buffer.concat([...head, tail]), tail: new Uint8Array(0), totalBytes};
      return {head: Buffer.concat(head), tail: Buffer.from(tail), totalBytes};
    },
  };
}
