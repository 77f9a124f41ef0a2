import {Readable} from 'node:stream';
import {AppError} from '../../core/errors.js';
import type {HistoryReader, PastCommit, PathChange} from '../../core/history.js';
import type {FileMode} from '../../core/tree.js';
import type {ByteReader} from '../door/byte-reader.js';
import {runGit, spawnGit} from '../door/command.js';
import {feed, throwIfAbortedSoon, type GitProcess} from '../door/process.js';
import {askObjects} from './objects.js';
import {assertId, type GitStore} from './refs.js';

/** Most paths of one commit that are told. More of them (a reformat, a vendored library) do not belong together. */
const maxPaths = 100;
/** Bytes of a message that are kept. */
const maxMessageBytes = 4096;
/** Bytes of differences that are read at most; a repository can hold commits that differ in millions of paths. */
const maxDifferenceBytes = 32 * 1024 * 1024;
/** Most differing paths of two trees; above that a new listing is as cheap. */
const maxChanges = 2000;

/**
 * Reads the past of commits in our repository through door one. Throws GIT_FAILED for an id that it does not have. What is
 * beyond `maxBytes` of differences is not told, and no part of a commit or of a difference.
 */
export function openHistoryReader(store: GitStore, {maxBytes = maxDifferenceBytes}: {readonly maxBytes?: number} = {}): HistoryReader {
  return {
    async ids(commit, limit, signal) {
      assertId(commit);
      if (!Number.isInteger(limit) || limit < 1) return [];
      const {stdout} = await runGit({gitDir: store.directory, args: ['rev-list', '--no-merges', `--max-count=${limit}`, commit], signal});
      return stdout.toString('latin1').split('\n').filter((id) => id !== '');
    },
    async read(ids, signal) {
      ids.forEach(assertId);
      if (ids.length === 0) return [];
      const [messages, paths] = await Promise.all([readMessages(store, ids, signal), readPaths({store, maxBytes}, ids, signal)]);
      return ids.map((id, index): PastCommit => ({id, message: messages[index] ?? '', paths: paths.get(id) ?? []}));
    },
    async changes(span, signal) {
      return readChanges({store, maxBytes}, span, signal);
    },
  };
}

interface Source {
  readonly store: GitStore;
  readonly maxBytes: number;
}

async function readMessages(store: GitStore, ids: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const messages: string[] = [];
  const asked = askObjects(store, {questions: ids.map((id) => `contents ${id}`), signal}, async function* (answers) {
    for (const id of ids) yield await readMessage(answers, id);
  });
  for await (const message of asked) messages.push(message);
  return messages;
}

async function readMessage(answers: ByteReader, id: string): Promise<string> {
  const size = sizeOf(await answers.line(), id, 'commit');
  const head = Buffer.from(await answers.bytes(Math.min(size, maxDifferenceBytes)));
  // What is beyond is stepped over in pieces: a commit object may be as large as a blob.
  for (let rest = size - head.length; rest > 0; rest -= maxDifferenceBytes) await answers.bytes(Math.min(rest, maxDifferenceBytes));
  await answers.bytes(1);
  const start = head.indexOf('\n\n');
  return start === -1 ? '' : head.subarray(start + 2, start + 2 + maxMessageBytes).toString('utf8');
}

/**
 * Paths by commit. The raw form is read, in which each path comes after a record that begins with a colon: a path that
 * looks like a commit's id cannot be taken for one.
 */
async function readPaths({store, maxBytes}: Source, ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
  return withGit({store, args: ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', '--root', '--no-ext-diff', '--no-textconv'], lines: ids, signal}, async (git) => {
    const found = new Map<string, string[]>();
    let paths: string[] = [];
    let isPath = false;
    const fields = startFields(git.stdout, maxBytes);
    for await (const field of fields.each()) {
      if (isPath) {
        if (paths.length <= maxPaths) paths.push(field.toString('utf8'));
        isPath = false;
      } else if (field[0] === 0x3a) {
        isPath = true;
      } else {
        paths = [];
        found.set(field.toString('latin1'), paths);
      }
    }
    // Of the commit at which the limit was reached, some paths may be missing.
    if (fields.wereCut()) paths.length = 0;
    return new Map([...found].map(([id, list]) => [id, list.length > maxPaths ? [] : list]));
  });
}

async function readChanges({store, maxBytes}: Source, {from, to}: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<readonly PathChange[] | undefined> {
  assertId(from);
  assertId(to);
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--no-ext-diff', '--no-textconv', from, to];
  const differences = await withGit({store, args, lines: [], signal}, async (git) => {
    const read: {readonly path: string; readonly mode: FileMode | undefined; readonly oid: string}[] = [];
    let record: readonly string[] | undefined;
    const fields = startFields(git.stdout, maxBytes);
    for await (const field of fields.each()) {
      if (record === undefined) {
        record = field.toString('latin1').split(' ');
        continue;
      }
      if (read.length === maxChanges) return undefined;
      read.push({path: field.toString('utf8'), mode: modeOf(record[1] ?? ''), oid: record[3] ?? ''});
      record = undefined;
    }
    return fields.wereCut() ? undefined : read;
  });
  if (differences === undefined) return undefined;
  const sizes = await readSizes(store, differences.flatMap(({mode, oid}) => (mode === undefined || mode === 'submodule' ? [] : [oid])), signal);
  return differences.map(({path, mode, oid}) => ({path, file: mode === undefined ? undefined : {path, mode, oid, size: sizes.get(oid) ?? 0}}));
}

async function readSizes(store: GitStore, oids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  if (oids.length === 0) return sizes;
  const asked = askObjects(store, {questions: oids.map((oid) => `info ${oid}`), signal}, async function* (answers) {
    for (const oid of oids) yield {oid, size: sizeOf(await answers.line(), oid, 'blob')};
  });
  for await (const {oid, size} of asked) sizes.set(oid, size);
  return sizes;
}

/** Mode of a raw difference; 000000 is: not there. */
function modeOf(mode: string): FileMode | undefined {
  if (mode === '000000') return undefined;
  if (mode === '120000') return 'symlink';
  if (mode === '160000') return 'submodule';
  return mode === '100755' ? 'executable' : 'file';
}

function sizeOf(header: string, id: string, type: string): number {
  const [name, kind, size] = header.split(' ');
  if (name !== id || kind !== type) throw new AppError('GIT_FAILED', `Bulkhead's own repository has no ${type} ${id}.`);
  return Number(size);
}

interface Batch {
  readonly store: GitStore;
  readonly args: readonly string[];
  readonly lines: readonly string[];
  readonly signal: AbortSignal;
}

/** Feeds lines to a git, lets its output be read as far as wanted, and leaves none running. */
async function withGit<T>({store, args, lines, signal}: Batch, read: (git: GitProcess) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const git = await spawnGit({gitDir: store.directory, args, signal: AbortSignal.any([signal, stop.signal])});
  const fed = feed(git, Readable.from(lines.map((line) => `${line}\n`)));
  fed.catch(() => undefined);
  try {
    const result = await read(git);
    if (git.stdout.readableEnded) await fed;
    signal.throwIfAborted();
    return result;
  } catch (error) {
    await throwIfAbortedSoon(signal);
    throw error;
  } finally {
    stop.abort();
  }
}

interface Fields {
  each(): AsyncGenerator<Buffer>;
  /** Whether there was more than the limit; asked behind the last field. */
  wereCut(): boolean;
}

/** The fields of a stream that end with a NUL, within so many bytes: which ones, the stream's content alone decides, and not how it arrives. */
function startFields(stream: Readable, maxBytes: number): Fields {
  let cut = false;
  async function* each(): AsyncGenerator<Buffer> {
    let pieces: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
        bytes += end + 1 - start;
        cut = bytes > maxBytes;
        if (cut) return;
        yield pieces.length === 0 ? chunk.subarray(start, end) : Buffer.concat([...pieces, chunk.subarray(start, end)]);
        pieces = [];
        start = end + 1;
      }
      pieces.push(chunk.subarray(start));
      bytes += chunk.length - start;
      cut = bytes > maxBytes;
      if (cut) return;
    }
  }
  return {each, wereCut: () => cut};
}
