import {AppError} from '../core/errors.js';
import type {ExportEntry, PreviewEntry} from '../core/sandbox.js';
import {startByteReader} from './byte-reader.js';

/** `images/harness/export.pl`: kind, flags, length of the path, true size, length of the data (big endian). */
const headerBytes = 22;
/** First word of a stream, by what it is of: a stopped box, or a paused one. */
export const exportMagic = {export: 'BHX1', preview: 'BHP1'} as const;
/** PATH_MAX of Linux: no path and no link target is longer. */
const maxNameBytes = 4096;
const leftOut = 2;

/**
 * Parses the stream of the trusted exporter; holds one file at a time. Fails closed with ENGINE_FAILED: an unknown
 * frame, a length that cannot be, an end that is missing, early or followed by more. Says nothing about whether a
 * path, a link or a kind is acceptable: that is the policy of whoever builds a submission.
 */
export function parseExport(source: AsyncIterable<Uint8Array>, maxFileBytes: number): AsyncGenerator<ExportEntry, void, undefined> {
  return parseFrames(source, {maxFileBytes, magic: exportMagic.export});
}

/** The same for the stream of a paused box. What it gives is no export, and an export's stream is refused here. */
export async function* parsePreview(source: AsyncIterable<Uint8Array>, maxFileBytes: number): AsyncGenerator<PreviewEntry, void, undefined> {
  for await (const entry of parseFrames(source, {maxFileBytes, magic: exportMagic.preview})) yield previewOf(entry);
}

function previewOf(entry: ExportEntry): PreviewEntry {
  const {path} = entry;
  switch (entry.kind) {
    case 'file':
      return {preview: entry.executable ? 'executable' : 'file', path, size: entry.size, content: entry.bytes.length === entry.size ? entry.bytes : undefined};
    case 'symlink':
      return {preview: 'symlink', path, size: 0, content: entry.target};
    case 'deleted':
      return {preview: 'deleted', path, size: 0};
    case 'special':
      return {preview: 'special', path, size: 0};
  }
}

async function* parseFrames(source: AsyncIterable<Uint8Array>, {maxFileBytes, magic}: {readonly maxFileBytes: number; readonly magic: string}): AsyncGenerator<ExportEntry, void, undefined> {
  await using reader = startByteReader(source, broken);
  const start = Buffer.from(await reader.take(magic.length));
  if (start.toString('latin1') !== magic) throw broken('it does not begin like one');
  for (let count = 0; ; count += 1) {
    const header = readHeader(Buffer.from(await reader.take(headerBytes)));
    if (header.kind === 'E') {
      if (header.size !== count) throw broken(`it has ${count} entries and claims ${header.size}`);
      if (!(await reader.ended())) throw broken('there are bytes after its end');
      return;
    }
    checkLengths(header, maxFileBytes);
    const path = await reader.take(header.pathBytes);
    yield entryOf(header, path, await reader.take(header.dataBytes));
  }
}

interface Header {
  readonly kind: string;
  readonly flags: number;
  readonly pathBytes: number;
  readonly size: number;
  readonly dataBytes: number;
}

function readHeader(bytes: Buffer): Header {
  const size = bytes.readBigUInt64BE(6);
  const data = bytes.readBigUInt64BE(14);
  if (size > Number.MAX_SAFE_INTEGER || data > Number.MAX_SAFE_INTEGER) throw broken('a length is absurd');
  return {kind: bytes.toString('latin1', 0, 1), flags: bytes.readUInt8(1), pathBytes: bytes.readUInt32BE(2), size: Number(size), dataBytes: Number(data)};
}

function checkLengths({kind, flags, pathBytes, size, dataBytes}: Header, maxFileBytes: number): void {
  if (pathBytes === 0 || pathBytes > maxNameBytes) throw broken(`a path has ${pathBytes} bytes`);
  if (kind !== 'F') {
    if (dataBytes > maxNameBytes) throw broken(`an entry that is no file has ${dataBytes} bytes`);
    return;
  }
  const whole = (flags & leftOut) === 0;
  if (whole ? size > maxFileBytes || dataBytes !== size : size <= maxFileBytes || dataBytes !== 0) {
    throw broken(`a file of ${size} bytes comes with ${dataBytes}`);
  }
}

function entryOf({kind, flags, size}: Header, path: Uint8Array, data: Uint8Array): ExportEntry {
  switch (kind) {
    case 'F':
      return {kind: 'file', path, executable: (flags & 1) === 1, size, bytes: data};
    case 'L':
      return {kind: 'symlink', path, target: data};
    case 'D':
      return {kind: 'deleted', path};
    case 'S':
      return {kind: 'special', path, what: Buffer.from(data).toString('latin1')};
    default:
      throw broken(`it has an entry of unknown kind ${JSON.stringify(kind)}`);
  }
}

function broken(why: string): AppError {
  return new AppError('ENGINE_FAILED', `The export of a workspace is damaged: ${why}.`);
}
