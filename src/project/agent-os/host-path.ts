import {posix} from 'node:path';
import {repoPathProblem} from '../../core/path.js';

/** What is known of the repository, to make paths of its files relative to it. */
export interface Naming {
  /** Where the checkout lies on this machine; absolute. */
  readonly root?: string | undefined;
  /** All folders of the tree, relative to its root: by them the paths of another machine are recognised. */
  readonly folders?: ReadonlySet<string> | undefined;
}

/** A path inside the repository, or why there is none. */
export type FoundPath = {readonly path: string; readonly folder: boolean} | {readonly problem: string};

/**
 * A path as a person or an agent wrote it, relative to the root: absolute ones of this or another machine lose what is
 * before the root. Brackets and parentheses are literal. What leaves the tree, is a pattern or cannot be placed is a problem.
 */
export function relativePath(written: string, naming: Naming): FoundPath {
  const text = /^[a-z]:[\\/]|^\\\\|^[^/]*\\/i.test(written) ? written.replaceAll('\\', '/') : written;
  const folder = text.endsWith('/');
  const plain = text.replace(/^file:\/\//, '').replace(/:\d{1,7}(?:[-:]\d{1,7})?$/, '').slice(0, 2048).replace(/^(?:\.\/)+/, '').replace(/\/{1,40}$/, '');
  if (/[*<>]/.test(plain)) return {problem: 'is a pattern, not a path'};
  if (plain.startsWith('@/')) return {problem: 'begins with an alias of an import'};
  const path = /^(?:\/|~\/|[a-z]:\/)/i.test(plain) ? insideRoot(plain, naming) : plain;
  if (path === undefined) return {problem: 'is absolute and does not lead into the repository'};
  const problem = repoPathProblem(path);
  return problem === undefined ? {path, folder} : {problem};
}

/** Most parts of an absolute path that is looked for in the tree: paths of real machines have about fifteen. */
const maxParts = 64;

function insideRoot(absolute: string, {root, folders}: Naming): string | undefined {
  const slashed = root?.replaceAll('\\', '/').replace(/\/{1,4}$/, '');
  if (slashed !== undefined && slashed !== '' && absolute.startsWith(`${slashed}/`)) return absolute.slice(slashed.length + 1);
  const parts = absolute.split('/').filter((part) => part !== '');
  const named = slashed === undefined ? -1 : parts.lastIndexOf(posix.basename(slashed));
  if (named > 0 && named < parts.length - 1) return parts.slice(named + 1).join('/');
  if (folders === undefined || folders.size === 0 || parts.length > maxParts) return undefined;
  return bestSuffix(parts, folders);
}

/** The end of the path whose folders are in the tree the deepest; of two the shorter, as names such as `src` come twice. */
function bestSuffix(parts: readonly string[], folders: ReadonlySet<string>): string | undefined {
  let best: {readonly path: string; readonly depth: number} | undefined;
  for (let from = 1; from < parts.length; from += 1) {
    let depth = 0;
    while (from + depth < parts.length - 1 && folders.has(parts.slice(from, from + depth + 1).join('/'))) depth += 1;
    if (depth > 0 && depth >= (best?.depth ?? 1)) best = {path: parts.slice(from).join('/'), depth};
  }
  return best?.path;
}

/** All folders above the given paths. */
export function foldersAbove(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = posix.dirname(path); folder !== '.' && folder !== '/' && !folders.has(folder); folder = posix.dirname(folder)) folders.add(folder);
  }
  return folders;
}
