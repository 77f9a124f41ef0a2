import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {demux} from '../../../src/sandbox/demux.js';

const frame = (kind: number, bytes: Uint8Array): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
};

// eslint-disable-next-line @typescript-eslint/require-await -- a source is async by its type
async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function read(parts: readonly Uint8Array[]) {
  const out: Record<'stdout' | 'stderr', Buffer[]> = {stdout: [], stderr: []};
  for await (const piece of demux(chunks(parts))) out[piece.stream].push(Buffer.from(piece.bytes));
  return {stdout: Buffer.concat(out.stdout).toString('hex'), stderr: Buffer.concat(out.stderr).toString('hex')};
}

describe('the multiplexed stream of an engine', () => {
  it('is split right wherever its chunks are cut', async () => {
    const frames = fc.array(fc.record({kind: fc.constantFrom(1, 2), bytes: fc.uint8Array({maxLength: 40})}), {maxLength: 12});
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(12)), async (list, cuts) => {
        const all = Buffer.concat(list.map(({kind, bytes}) => frame(kind, bytes)));
        const parts: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) parts.push(all.subarray(at, (at += cut)));
        const of = (kind: number): string => Buffer.concat(list.filter((item) => item.kind === kind).map((item) => item.bytes)).toString('hex');
        expect(await read([...parts, all.subarray(at)])).toEqual({stdout: of(1), stderr: of(2)});
      }),
    );
  });

  it('may have a hundred thousand tiny frames in one chunk', async () => {
    const tiny = Buffer.concat(Array.from({length: 100_000}, (_, index) => frame(1 + (index % 2), Buffer.from([index % 251]))));
    const {stdout, stderr} = await read([tiny]);
    expect([stdout.length, stderr.length]).toEqual([100_000, 100_000]);
  });

  it('hands a huge frame on in parts, without collecting it', async () => {
    const part = Buffer.alloc(1000, 1);
    const header = Buffer.alloc(8);
    header.writeUInt8(1, 0);
    header.writeUInt32BE(50_000, 4);
    const sizes: number[] = [];
    for await (const piece of demux(chunks([header, ...Array.from({length: 50}, () => part)]))) sizes.push(piece.bytes.length);
    expect(sizes).toEqual(Array.from({length: 50}, () => 1000));
  });

  it('that is cut inside a frame or is none is ENGINE_FAILED', async () => {
    const whole = frame(1, Buffer.from('text'));
    for (const bytes of [whole.subarray(0, 3), whole.subarray(0, 8), whole.subarray(0, 11), frame(7, Buffer.from('x')), Buffer.from('HTTP/1.1 200 OK')]) {
      const error: unknown = await read([bytes]).catch((reason: unknown) => reason);
      expect([bytes.toString(), isAppError(error, 'ENGINE_FAILED')]).toEqual([bytes.toString(), true]);
    }
    expect(await read([whole])).toEqual({stdout: Buffer.from('text').toString('hex'), stderr: ''});
  });
});
