import {isUtf8} from 'node:buffer';
import {Readable} from 'node:stream';
import {pack, type Pack} from 'tar-stream';
import {escapeText} from '../core/escape.js';
import {AppError} from '../core/errors.js';
import type {LargeFile, SeedFile, TreeContent} from '../core/tree.js';

/** Every seeded file has this time: the same tree gives the same bytes, and no file looks newer than an index. */
const seedTime = new Date('2020-01-01T00:00:00Z');

/**
 * The bytes of a tar stream of a tree, for `tar -x` inside a helper. Symlinks are links, a submodule is an empty
 * directory, modes are 644 and 755, `uid` owns all. Throws REPOSITORY_UNSUPPORTED for a path that would not land where
 * it says (git stores such names if one insists), and for one that is there twice or both as a file and a directory.
 */
export async function* packTree(files: AsyncIterable<TreeContent> | Iterable<TreeContent>, uid: number): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = pack();
  const filled = fill(stream, files, uid).then(
    () => {
      stream.finalize();
    },
    (error: unknown) => {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    },
  );
  // Awaited below; a failure before that must not count as unhandled.
  filled.catch(() => undefined);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
    await filled;
  } finally {
    stream.destroy();
  }
}

async function fill(stream: Pack, files: AsyncIterable<TreeContent> | Iterable<TreeContent>, uid: number): Promise<void> {
  const seen = startNames();
  for await (const file of files) {
    const problem = seedPathProblem(file.path) ?? seen.problem(file.path);
    if (problem !== undefined) {
      throw new AppError('REPOSITORY_UNSUPPORTED', `The tree has a path that ${problem}: ${escapeText(file.path)}`, {
        hint: 'No checkout can hold it. Remove or rename the path and commit.',
      });
    }
    await ('chunks' in file ? addLarge(stream, file, uid) : add(stream, file, uid));
  }
}

/** Fails when there are fewer or more bytes than it said: tar-stream counts them. */
async function addLarge(stream: Pack, file: LargeFile, uid: number): Promise<void> {
  const header = {name: file.path, uid, gid: uid, mtime: seedTime, type: 'file' as const, mode: modeOf(file), size: file.size};
  await new Promise<void>((resolve, reject) => {
    const entry = stream.entry(header, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
    Readable.from(file.chunks, {objectMode: false}).on('error', reject).pipe(entry);
  });
}

function modeOf({mode}: {readonly mode: TreeContent['mode']}): number {
  return mode === 'executable' ? 0o755 : 0o644;
}

function add(stream: Pack, file: SeedFile, uid: number): Promise<void> {
  const common = {name: file.path, uid, gid: uid, mtime: seedTime};
  return new Promise((resolve, reject) => {
    const done = (error?: unknown): void => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('the tar stream was closed'));
    };
    if (file.mode === 'submodule') stream.entry({...common, type: 'directory', mode: 0o755}, done);
    else if (file.mode === 'symlink') stream.entry({...common, type: 'symlink', mode: 0o777, linkname: linkTarget(file)}, done);
    else stream.entry({...common, type: 'file', mode: modeOf(file)}, Buffer.from(file.bytes), done);
  });
}

function linkTarget(file: SeedFile): string {
  if (file.bytes.length === 0 || file.bytes.includes(0) || !isUtf8(file.bytes)) {
    throw new AppError('REPOSITORY_UNSUPPORTED', `A symbolic link has a target that is empty or not UTF-8: ${escapeText(file.path)}`);
  }
  return Buffer.from(file.bytes).toString('utf8');
}

/** Why a path of a git tree cannot be put into a workspace, or undefined. Odd names (spaces, line breaks) are fine. */
export function seedPathProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\0')) return 'has a NUL character';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'has an empty, `.` or `..` part';
  if (parts.some((part) => part.toLowerCase() === '.git')) return 'has a `.git` part';
  return undefined;
}

function startNames(): {problem(path: string): string | undefined} {
  const files = new Set<string>();
  const directories = new Set<string>();
  return {
    problem(path) {
      if (files.has(path) || directories.has(path)) return 'is there twice';
      files.add(path);
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const parent = path.slice(0, end);
        if (files.has(parent)) return 'lies below a file';
        if (directories.has(parent)) break;
        directories.add(parent);
      }
      return undefined;
    },
  };
}
