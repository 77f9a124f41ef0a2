import {AppError} from '../../core/errors.js';
import {assertHeld, type FileMode, type TreeContent, type TreeFile, type TreeReader} from '../../core/tree.js';
import type {ByteReader} from '../door/byte-reader.js';
import {runGit} from '../door/command.js';
import {keepListing} from './listings.js';
import {askObjects} from './objects.js';
import {assertId, type GitStore} from './refs.js';

/** Most bytes of a listing: about 2 million entries; a tree bomb ends here: a pack of 833 bytes can hold 10^10 files. */
const maxListBytes = 256 * 1024 * 1024;
/** Largest file that a commit may have here: a box cannot write a larger one (its limit of a file's size). */
export const maxBlobBytes = 2 * 1024 * 1024 * 1024 - 1;
/** Largest file that comes with its bytes: what is larger comes as a stream of them. */
const maxBatchedBytes = 8 * 1024 * 1024;

/** Reads one commit of our repository: exact bytes, no attributes, no filters. Throws COMMIT_NOT_FOUND never: the id is known. */
export async function openTreeReader(store: GitStore, commit: string, signal: AbortSignal): Promise<TreeReader> {
  assertId(commit);
  const tree = await treeOf(store, commit, signal);
  let listing: Promise<readonly TreeFile[]> | undefined;
  let byPath: ReadonlyMap<string, TreeFile> | undefined;

  const list = (within: AbortSignal): Promise<readonly TreeFile[]> => {
    // A listing that failed, for example by an abort, is not kept.
    listing ??= keepListing(`${store.directory}\0${tree}`, () => readListing(store, tree, within)).catch((error: unknown) => {
      listing = undefined;
      throw error;
    });
    return listing;
  };

  return {
    commit,
    tree,
    list,
    async read(path, within) {
      byPath ??= new Map((await list(within)).map((file) => [file.path, file]));
      const file = byPath.get(path);
      if (file === undefined || file.mode === 'submodule') return undefined;
      assertHeld(file);
      const {stdout} = await runGit({gitDir: store.directory, args: ['cat-file', 'blob', file.oid], maxBytes: file.size + 1, signal: within});
      return stdout;
    },
    async *files(within, only) {
      yield* readFiles(store, only ?? (await list(within)), within);
    },
  };
}

/** The given files with their bytes, in their order, from one git. */
export async function* readFiles(store: GitStore, files: readonly TreeFile[], signal: AbortSignal): AsyncGenerator<TreeContent> {
  for (const file of files) assertSize(file);
  const questions = files.filter((file) => file.mode !== 'submodule').map((file) => `contents ${file.oid}`);
  if (questions.length === 0) {
    for (const {path, mode} of files) yield {path, mode, bytes: new Uint8Array()};
    return;
  }
  yield* askObjects(store, {questions, signal}, async function* (answers): AsyncGenerator<TreeContent> {
    for (const file of files) {
      if (file.mode === 'submodule') yield {path: file.path, mode: file.mode, bytes: new Uint8Array()};
      else yield* readBlob(answers, file);
    }
  });
}

async function* readBlob(reader: ByteReader, {path, mode, oid, size}: TreeFile): AsyncGenerator<TreeContent> {
  const header = await reader.line();
  if (header !== `${oid} blob ${size}`) throw new AppError('GIT_FAILED', `\`git cat-file\` has no blob ${oid} of ${size} bytes.`);
  if (size > maxBatchedBytes && (mode === 'file' || mode === 'executable')) {
    const chunks = reader.chunks(size);
    // A loop over it that ends early would end it, and what is left would be taken for the next answer.
    yield {path, mode, size, chunks: {[Symbol.asyncIterator]: () => ({next: () => chunks.next()})}};
    for (let left = await chunks.next(); left.done !== true; ) left = await chunks.next();
  } else {
    yield {path, mode, bytes: await reader.bytes(size)};
  }
  await reader.bytes(1);
}

async function treeOf(store: GitStore, commit: string, signal: AbortSignal): Promise<string> {
  let tree: string | undefined;
  const asked = askObjects(store, {questions: [`info ${commit}^{tree}`], signal}, async function* (answers) {
    yield await answers.line();
  });
  for await (const answer of asked) tree = /^([0-9a-f]{40}) tree /.exec(answer)?.[1];
  if (tree === undefined) throw new AppError('GIT_FAILED', `Bulkhead's own repository has no commit ${commit}.`);
  return tree;
}

async function readListing(store: GitStore, tree: string, signal: AbortSignal): Promise<readonly TreeFile[]> {
  const {stdout} = await runGit({gitDir: store.directory, args: ['ls-tree', '-r', '-z', '-l', '--full-tree', tree], maxBytes: maxListBytes, signal});
  return parseListing(stdout);
}

/**
 * The entries of `git ls-tree -r -z -l`. Throws REPOSITORY_UNSUPPORTED for a mode that git does not write, and for a name
 * that is not UTF-8 unless `decode` takes it.
 */
export function parseListing(stdout: Buffer, decode: (bytes: Uint8Array) => string = decodePath): readonly TreeFile[] {
  const files: TreeFile[] = [];
  for (let start = 0; start < stdout.length; ) {
    const end = stdout.indexOf(0, start);
    files.push(parseEntry(stdout.subarray(start, end), decode));
    start = end + 1;
  }
  return files;
}

function parseEntry(entry: Buffer, decode: (bytes: Uint8Array) => string): TreeFile {
  const tab = entry.indexOf(0x09);
  const [mode = '', , oid = '', size = ''] = entry.subarray(0, tab).toString('latin1').split(/ +/);
  return {path: decode(entry.subarray(tab + 1)), mode: parseMode(mode), oid, size: size === '-' ? 0 : Number(size)};
}

function decodePath(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch (error) {
    throw new AppError('REPOSITORY_UNSUPPORTED', `The commit has a path that is not UTF-8: ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}.`, {hint: 'Rename the file.', cause: error});
  }
}

function parseMode(mode: string): FileMode {
  if (mode === '120000') return 'symlink';
  if (mode === '160000') return 'submodule';
  if (/^100[0-7]{3}$/.test(mode)) return (parseInt(mode, 8) & 0o100) === 0 ? 'file' : 'executable';
  throw new AppError('REPOSITORY_UNSUPPORTED', `The commit has an entry of the unknown mode ${mode}.`);
}

function assertSize(file: TreeFile): void {
  if (file.size <= maxBlobBytes) return;
  throw new AppError('REPOSITORY_UNSUPPORTED', `${JSON.stringify(file.path)} has ${file.size} bytes; at most ${maxBlobBytes} are supported.`, {hint: 'Keep files of that size out of git.'});
}
