import type {TreeReader} from '../../core/tree.js';
import {parseListing} from '../bare/tree-reader.js';
import type {Checkout} from './checkout.js';
import {readUserGit} from '../door/user-git.js';

/** Which of some literal paths are files (or links) of a commit of the user's repository. Throws GIT_FAILED. */
export async function filesAt(checkout: Pick<Checkout, 'root'>, commit: string, paths: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const listed = await readUserGit({dir: checkout.root, args: ['ls-tree', '-r', '-z', '--full-tree', '--name-only', commit, '--', ...paths], signal});
  return new Set(listed.stdout.toString('utf8').split('\0').filter((path) => paths.includes(path)));
}

/** The bytes of a file of a commit of the user's repository, without any filter; undefined when there is none. */
export async function readFileAt(checkout: Pick<Checkout, 'root'>, commit: string, path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  if (!(await filesAt(checkout, commit, [path], signal)).has(path)) return undefined;
  const read = await readUserGit({dir: checkout.root, args: ['cat-file', 'blob', `${commit}:${path}`], signal});
  return read.stdout;
}

/** Most bytes of a listing: about 500,000 entries. */
const maxListBytes = 64 * 1024 * 1024;

/**
 * A commit of the user's repository, for looking at it before a run: nothing is written. A name that is not UTF-8 comes with
 * replacement characters, so it cannot be read. Throws GIT_FAILED.
 */
export function treeAt(checkout: Pick<Checkout, 'root'>, commit: string): Pick<TreeReader, 'list' | 'read'> {
  let listing: ReturnType<TreeReader['list']> | undefined;
  const readListing = async (signal: AbortSignal): ReturnType<TreeReader['list']> => {
    const listed = await readUserGit({dir: checkout.root, args: ['ls-tree', '-r', '-z', '-l', '--full-tree', commit], maxBytes: maxListBytes, signal});
    return parseListing(listed.stdout, (bytes) => Buffer.from(bytes).toString('utf8'));
  };
  return {
    list: (signal) => (listing ??= readListing(signal)),
    read: (path, signal) => readFileAt(checkout, commit, path, signal),
  };
}
