import {isUtf8} from 'node:buffer';
import {open, type FileHandle} from 'node:fs/promises';
import {pack, type Header, type Pack} from 'tar-stream';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {ExportEntry} from '../../core/sandbox.js';

/** Most entries and bytes of one archive: as much as an import looks at (`git/import/limits.ts`), with room for ignored files. */
const limits = {entries: 300_000, bytes: 4 * 1024 * 1024 * 1024, listed: 10_000} as const;

/** What `manifest.json` in an archive says besides what it was given. */
interface Contents {
  files: number;
  /** Paths that the work takes away. */
  readonly deleted: string[];
  /** Members that could not keep their names, which are here with escapes. */
  readonly renamed: {readonly member: string; readonly path: string}[];
  readonly links: {readonly path: string; readonly target: string; readonly member: boolean}[];
  /** What is not in the archive. */
  readonly refused: {readonly path: string; readonly why: string}[];
}

/**
 * Writes the export of a workspace into a tar file that is safe to unpack: each member lies below `files/`, or below
 * `unsafe/` under a number when its name could lead elsewhere or mean something to git; no device, no special bit, no
 * link that leads out. The last member is `manifest.json`. Synced when it settles. False, with an empty file, when there
 * was nothing to write. Throws ENVIRONMENT for more than an archive may hold.
 */
export async function writeWorkArchive(file: string, about: object, entries: AsyncIterable<ExportEntry>, signal: AbortSignal): Promise<boolean> {
  // Before the stream: one that fails before anybody reads it would never end.
  await using handle = await open(file, 'wx', 0o600);
  const stream = pack();
  const stop = new AbortController();
  const filling = fill(stream, about, entries, AbortSignal.any([signal, stop.signal])).then(
    (some) => {
      stream.finalize();
      return some;
    },
    (error: unknown) => {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    },
  );
  // Awaited below; a failure before that must not count as unhandled.
  filling.catch(() => undefined);
  const written = await writeAll(handle, stream);
  if (written.failed !== undefined) {
    stop.abort(written.failed);
    stream.destroy();
  }
  const [some] = await Promise.allSettled([filling]);
  if (written.failed !== undefined) throw written.failed;
  if (some.status === 'rejected') throw some.reason;
  await handle.sync();
  return some.value;
}

/** A failure of the disk is told; one of the stream is the source's own, which says more. */
async function writeAll(handle: FileHandle, stream: Pack): Promise<{readonly failed?: Error}> {
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch(() => undefined);
    if (next === undefined || next.done === true) return {};
    try {
      await handle.writeFile(next.value as Uint8Array);
    } catch (error) {
      return {failed: error instanceof Error ? error : new Error(String(error))};
    }
  }
}

async function fill(stream: Pack, about: object, entries: AsyncIterable<ExportEntry>, signal: AbortSignal): Promise<boolean> {
  const contents: Contents = {files: 0, deleted: [], renamed: [], links: [], refused: []};
  let seen = 0;
  let bytes = 0;
  for await (const entry of entries) {
    signal.throwIfAborted();
    seen += 1;
    if (entry.kind === 'file') bytes += entry.bytes.length;
    if (seen > limits.entries || bytes > limits.bytes) throw new AppError('ENVIRONMENT', `The workspace holds more than ${limits.entries} changes or ${limits.bytes / 1024 ** 3} GiB, so it is not put into quarantine.`);
    await add(stream, contents, entry);
  }
  if (seen === 0) return false;
  // After every file: nothing is ever unpacked through a link.
  for (const {path, target, member} of contents.links) if (member) await write(stream, {name: `files/${path}`, type: 'symlink', linkname: target, mode: 0o777});
  await write(stream, {name: 'manifest.json', mode: 0o644}, Buffer.from(`${JSON.stringify({schemaVersion: 1, ...about, ...contents}, null, 2)}\n`));
  return true;
}

async function add(stream: Pack, contents: Contents, entry: ExportEntry): Promise<void> {
  const path = plainPath(entry.path);
  const shown = path ?? escapeText(Buffer.from(entry.path).toString('latin1'));
  switch (entry.kind) {
    case 'deleted':
      list(contents.deleted, shown);
      return;
    case 'special':
      list(contents.refused, {path: shown, why: `is a ${entry.what}`});
      return;
    case 'symlink': {
      const target = isUtf8(entry.target) ? Buffer.from(entry.target).toString('utf8') : undefined;
      const safe = path !== undefined && target !== undefined && staysInside(path, target);
      list(contents.links, {path: shown, target: target ?? escapeText(Buffer.from(entry.target).toString('latin1')), member: safe});
      return;
    }
    case 'file':
      if (entry.bytes.length < entry.size) {
        list(contents.refused, {path: shown, why: `has ${entry.size} bytes, more than is exported`});
        return;
      }
      contents.files += 1;
      const name = path === undefined ? `unsafe/${contents.files}` : `files/${path}`;
      if (path === undefined) list(contents.renamed, {member: name, path: shown});
      await write(stream, {name, mode: entry.executable ? 0o755 : 0o644}, Buffer.from(entry.bytes));
  }
}

/** A hostile box could fill the manifest alone with names. */
function list<T>(into: T[], one: T): void {
  if (into.length >= limits.listed) throw new AppError('ENVIRONMENT', `The workspace holds more than ${limits.listed} entries that are not plain files, so it is not put into quarantine.`);
  into.push(one);
}

function write(stream: Pack, header: Partial<Header> & Pick<Header, 'name'>, bytes?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown): void => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('the tar stream was closed'));
    };
    if (bytes === undefined) stream.entry(header, done);
    else stream.entry({...header, type: 'file', size: bytes.length}, bytes, done);
  });
}

/** A path that lands where it says on every system and means nothing to git, or undefined. */
function plainPath(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const path = Buffer.from(bytes).toString('utf8');
  const parts = path.split('/');
  const odd = parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\') || /^\.git$|^git~1$/i.test(part.replace(/[. ]+$/, '')));
  return odd || escapeText(path) !== path ? undefined : path;
}

/** Only ways up at the beginning, and not above the top: then no other link can lead it out. */
function staysInside(path: string, target: string): boolean {
  if (plainPath(Buffer.from(target.replace(/^(\.\.\/)+/, ''))) === undefined) return false;
  const ups = /^(?:\.\.\/)*/.exec(target)?.[0].length ?? 0;
  return ups / 3 <= path.split('/').length - 1;
}
