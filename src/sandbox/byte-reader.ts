/** Takes exact pieces from a stream of chunks of any size. */
export interface ByteReader extends AsyncDisposable {
  /** Exactly so many bytes, in memory of their own. */
  take(bytes: number): Promise<Uint8Array>;
  /** The text up to the next line feed, which is left out; each byte is one character. */
  line(maxBytes: number): Promise<string>;
  /** The bytes before the next `mark`, which is left out; more than `maxBytes` of them is an error. */
  until(mark: Uint8Array, maxBytes: number): Promise<Uint8Array>;
  /** Whether nothing more comes. */
  ended(): Promise<boolean>;
}

/** Starts reading; `broken` makes the error for a stream that ends too early or has too long a line. */
export function startByteReader(source: AsyncIterable<Uint8Array>, broken: (why: string) => Error): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<boolean> => {
    while (chunk.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return false;
      chunk = next.value;
    }
    return true;
  };
  return {
    async take(bytes) {
      const out = new Uint8Array(bytes);
      for (let at = 0; at < bytes; ) {
        if (!(await more())) throw broken('it ends too early');
        const part = chunk.subarray(0, bytes - at);
        out.set(part, at);
        chunk = chunk.subarray(part.length);
        at += part.length;
      }
      return out;
    },
    async line(maxBytes) {
      let text = '';
      for (;;) {
        if (!(await more())) throw broken('it ends too early');
        const end = chunk.indexOf(0x0a);
        const part = end === -1 ? chunk : chunk.subarray(0, end);
        text += Buffer.from(part.buffer, part.byteOffset, Math.min(part.length, maxBytes + 1)).toString('latin1');
        if (text.length > maxBytes) throw broken('a line of it is too long');
        chunk = end === -1 ? new Uint8Array(0) : chunk.subarray(end + 1);
        if (end !== -1) return text;
      }
    },
    async until(mark, maxBytes) {
      let held: Buffer = Buffer.alloc(0);
      const parts: Uint8Array[] = [];
      let passed = 0;
      for (;;) {
        if (!(await more())) throw broken('it ends too early');
        held = Buffer.concat([held, chunk]);
        chunk = new Uint8Array(0);
        const at = held.indexOf(mark);
        // What cannot be the beginning of the mark is done with.
        const sure = at === -1 ? Math.max(0, held.length - mark.length + 1) : at;
        parts.push(held.subarray(0, sure));
        passed += sure;
        if (passed > maxBytes) throw broken('it is longer than was asked for');
        if (at !== -1) {
          chunk = held.subarray(at + mark.length);
          return Buffer.concat(parts);
        }
        held = held.subarray(sure);
      }
    },
    ended: async () => !(await more()),
    async [Symbol.asyncDispose]() {
      await iterator.return?.();
    },
  };
}
