import {createHash} from 'node:crypto';
import {escapeText} from '../../core/escape.js';
import type {ExportEntry} from '../../core/sandbox.js';
import {decodeStrictly} from '../door/decode.js';
import {isPut, type Change, type Refusal} from './change.js';
import type {ImportLimits} from './limits.js';
import type {Spool} from './spool.js';

/** What an export stream held. */
export interface Collected {
  /** One per path, in no order. */
  readonly changes: readonly Change[];
  /** Entries whose path cannot even be written down as text. */
  readonly refused: readonly Refusal[];
  /** Whether the stream was cut because it had more entries than are looked at. */
  readonly cut: boolean;
}

/** Longest line and size of `.gitattributes` that git reads (git: attr.h, ATTR_MAX_LINE_LENGTH; its fsck refuses more). */
const maxAttributeLine = 2048;
/** Largest `.gitignore` that is taken: its patterns are matched against every new path. */
const maxIgnoreFileBytes = 256 * 1024;

/**
 * Reads an export stream to its end, or to the cap, and keeps its bytes in the spool. Nothing is judged here but what
 * only the bytes show. When a path is given as deleted and as present, it is present; when it comes twice, it is marked.
 */
export async function collect(
  entries: AsyncIterable<ExportEntry>,
  {spool, limits, keep, signal}: {readonly spool: Spool; readonly limits: ImportLimits; readonly keep: (path: string) => boolean; readonly signal: AbortSignal},
): Promise<Collected> {
  const changes = new Map<string, Change>();
  const refused: Refusal[] = [];
  let seen = 0;
  for await (const entry of entries) {
    signal.throwIfAborted();
    assertExported(entry);
    seen += 1;
    if (seen > limits.maxSeen) return {changes: [], refused: [], cut: true};
    const path = decodeStrictly(entry.path);
    if (path === undefined) {
      refused.push({path: escapeText(Buffer.from(entry.path).toString('utf8').slice(0, maxShown)), code: 'UNSAFE_NAME', why: 'is not UTF-8'});
      continue;
    }
    const room = keep(path) || spool.length + sizeOf(entry) <= limits.maxSpoolBytes;
    add(changes, await read(entry, path, {spool, limits, room}));
  }
  return {changes: [...changes.values()], refused, cut: false};
}

const kinds: readonly ExportEntry['kind'][] = ['file', 'symlink', 'deleted', 'special'];

/** What the type forbids is refused here too, whatever was done to get around the type: a preview of a living box is no work. */
function assertExported(entry: ExportEntry): void {
  const given: {readonly kind?: unknown; readonly preview?: unknown} = entry;
  if (given.preview !== undefined || !kinds.some((kind) => kind === given.kind)) throw new TypeError('what is no export of a stopped box cannot become a commit');
}

/** Most characters of a hostile path that are shown. */
const maxShown = 1024;

function add(changes: Map<string, Change>, change: Change): void {
  const earlier = changes.get(change.path);
  if (earlier === undefined || earlier.kind === 'deleted') changes.set(change.path, change);
  else if (change.kind !== 'deleted') changes.set(change.path, isPut(earlier) ? {...earlier, problem: 'comes twice'} : earlier);
}

async function read(entry: ExportEntry, path: string, into: {readonly spool: Spool; readonly limits: ImportLimits; readonly room: boolean}): Promise<Change> {
  if (entry.kind === 'deleted') return {kind: 'deleted', path};
  if (entry.kind === 'special') return {kind: 'special', path, what: escapeText(entry.what.slice(0, maxShown))};
  const bytes = entry.kind === 'file' ? entry.bytes : entry.target;
  const size = sizeOf(entry);
  const whole = bytes.length === size && size <= into.limits.maxFileBytes;
  const kept = whole && into.room;
  const problem = whole ? (into.room ? contentProblem(path, bytes) : 'came after more bytes than are kept') : `is larger than ${into.limits.maxFileBytes} bytes`;
  return {
    kind: entry.kind === 'symlink' ? 'symlink' : entry.executable ? 'executable' : 'file',
    path,
    oid: blobId(bytes),
    size,
    at: kept ? await into.spool.write(bytes) : undefined,
    target: entry.kind === 'symlink' ? decodeStrictly(bytes) : undefined,
    problem,
  };
}

function sizeOf(entry: ExportEntry): number {
  if (entry.kind === 'file') return entry.size;
  return entry.kind === 'symlink' ? entry.target.length : 0;
}

function contentProblem(path: string, bytes: Uint8Array): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === '.gitignore' && bytes.length > maxIgnoreFileBytes) return `is larger than ${maxIgnoreFileBytes} bytes`;
  if (name !== '.gitattributes') return undefined;
  const long = Buffer.from(bytes).toString('latin1').split('\n').some((line) => line.length >= maxAttributeLine);
  return long ? `has a line of ${maxAttributeLine} bytes or more` : undefined;
}

/** The id of a blob (git: `blob <size> NUL` before the bytes, sha1). */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
