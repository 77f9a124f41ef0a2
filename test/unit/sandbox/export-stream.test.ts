import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import type {ExportEntry, PreviewEntry} from '../../../src/core/sandbox.js';
import {parseExport, parsePreview} from '../../../src/sandbox/export-stream.js';

interface Frame {
  readonly kind: string;
  readonly flags?: number;
  readonly path?: Uint8Array;
  readonly size?: bigint;
  readonly data?: Uint8Array;
  readonly dataBytes?: bigint;
}

function encode({kind, flags = 0, path = new Uint8Array(0), data = new Uint8Array(0), size, dataBytes}: Frame): Buffer {
  const header = Buffer.alloc(22);
  header.write(kind, 0, 'latin1');
  header.writeUInt8(flags, 1);
  header.writeUInt32BE(path.length, 2);
  header.writeBigUInt64BE(size ?? BigInt(data.length), 6);
  header.writeBigUInt64BE(dataBytes ?? BigInt(data.length), 14);
  return Buffer.concat([header, path, data]);
}

const magic = Buffer.from('BHX1');
const end = (count: number): Buffer => encode({kind: 'E', size: BigInt(count)});
const bytes = (text: string): Buffer => Buffer.from(text);

// eslint-disable-next-line @typescript-eslint/require-await -- a source is async by its type
async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function read(parts: readonly Uint8Array[], maxFileBytes = 100): Promise<ExportEntry[]> {
  const entries: ExportEntry[] = [];
  for await (const entry of parseExport(chunks(parts), maxFileBytes)) entries.push(entry);
  return entries;
}

const plain = (entry: ExportEntry): unknown => JSON.parse(JSON.stringify(entry, (_, value: unknown) => (value instanceof Uint8Array ? [...value].join(' ') : value)));

const name = fc.uint8Array({minLength: 1, maxLength: 30});
const anyFrame: fc.Arbitrary<{readonly frame: Frame; readonly entry: ExportEntry}> = fc.oneof(
  fc.record({path: name, data: fc.uint8Array({maxLength: 100}), executable: fc.boolean()}).map(({path, data, executable}) => ({
    frame: {kind: 'F', flags: executable ? 1 : 0, path, data},
    entry: {kind: 'file' as const, path, executable, size: data.length, bytes: data},
  })),
  name.map((path) => ({frame: {kind: 'F', flags: 2, path, size: 5_000_000_000n}, entry: {kind: 'file' as const, path, executable: false, size: 5_000_000_000, bytes: new Uint8Array(0)}})),
  fc.record({path: name, target: name}).map(({path, target}) => ({frame: {kind: 'L', path, data: target}, entry: {kind: 'symlink' as const, path, target}})),
  name.map((path) => ({frame: {kind: 'D', path}, entry: {kind: 'deleted' as const, path}})),
  name.map((path) => ({frame: {kind: 'S', path, data: bytes('fifo'), size: 0n}, entry: {kind: 'special' as const, path, what: 'fifo'}})),
);

describe('the stream of an export', () => {
  it('gives every entry back, wherever its chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, {maxLength: 8}), fc.array(fc.nat(40)), async (list, cuts) => {
        const all = Buffer.concat([magic, ...list.map((item) => encode(item.frame)), end(list.length)]);
        const parts: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) parts.push(all.subarray(at, (at += cut)));
        expect((await read([...parts, all.subarray(at)])).map(plain)).toEqual(list.map((item) => plain(item.entry)));
      }),
    );
  });

  it('is never taken for that of a preview, nor the other way round', async () => {
    const frames = [encode({kind: 'F', flags: 1, path: bytes('a'), data: bytes('x')}), encode({kind: 'F', flags: 2, path: bytes('big'), size: 5000n}), encode({kind: 'L', path: bytes('l'), data: bytes('a')}), end(3)];
    const preview = async (first: string): Promise<PreviewEntry[]> => {
      const entries: PreviewEntry[] = [];
      for await (const entry of parsePreview(chunks([bytes(first), ...frames]), 100)) entries.push(entry);
      return entries;
    };
    const seen = (await preview('BHP1')).map(({preview: what, path, size, content}) => [what, Buffer.from(path).toString(), size, content && Buffer.from(content).toString()]);
    expect(seen).toEqual([['executable', 'a', 1, 'x'], ['file', 'big', 5000, undefined], ['symlink', 'l', 0, 'a']]);
    await expect(preview('BHX1')).rejects.toMatchObject({code: 'ENGINE_FAILED'});
    await expect(read([bytes('BHP1'), ...frames])).rejects.toMatchObject({code: 'ENGINE_FAILED'});
  });

  it('that is cut anywhere is an error', async () => {
    const all = Buffer.concat([magic, encode({kind: 'F', path: bytes('a'), data: bytes('content')}), encode({kind: 'D', path: bytes('b')}), end(2)]);
    expect(await read([all])).toHaveLength(2);
    for (let length = 0; length < all.length; length += 1) {
      const error: unknown = await read([all.subarray(0, length)]).catch((reason: unknown) => reason);
      expect([length, isAppError(error, 'ENGINE_FAILED')]).toEqual([length, true]);
    }
  });

  const file = {kind: 'F', path: bytes('a')};
  it.each([
    ['no magic', [bytes('XXXX'), end(0)]],
    ['a wrong count', [magic, encode({kind: 'D', path: bytes('b')}), end(2)]],
    ['bytes after the end', [magic, end(0), bytes('x')]],
    ['an unknown kind', [magic, encode({kind: 'Q', path: bytes('a')}), end(1)]],
    ['an empty path', [magic, encode({kind: 'D'}), end(1)]],
    ['a path longer than any', [magic, encode({kind: 'D', path: Buffer.alloc(4097, 97)}), end(1)]],
    ['a link longer than any', [magic, encode({kind: 'L', path: bytes('a'), data: Buffer.alloc(4097, 97)}), end(1)]],
    ['a file over the limit with its bytes', [magic, encode({...file, data: Buffer.alloc(101)}), end(1)]],
    ['a file under the limit without its bytes', [magic, encode({...file, flags: 2, size: 100n}), end(1)]],
    ['a file whose bytes are not its size', [magic, encode({...file, data: bytes('abc'), size: 4n}), end(1)]],
    ['an absurd size', [magic, encode({...file, flags: 2, size: 2n ** 63n}), end(1)]],
    ['an absurd length', [magic, encode({...file, size: 5n, dataBytes: 2n ** 60n}), end(1)]],
  ])('with %s is an error', async (_, parts) => {
    const error: unknown = await read(parts).catch((reason: unknown) => reason);
    expect(isAppError(error, 'ENGINE_FAILED')).toBe(true);
  });
});
