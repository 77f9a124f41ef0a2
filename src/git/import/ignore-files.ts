import {holdFiles, type TreeFile} from '../../core/tree.js';
import {foldersOf} from '../../core/path.js';
import type {GitStore} from '../bare/refs.js';
import {readFiles} from '../bare/tree-reader.js';
import type {Change} from './change.js';
import type {IgnoreFile} from './ignored.js';
import {nameProblem} from './names.js';
import {sidesOf} from './shape.js';
import type {Spool} from './spool.js';

/** Where the ignore files of a resulting tree come from. */
export interface IgnoreSources {
  readonly base: readonly TreeFile[];
  readonly changes: readonly Change[];
  readonly mayWrite: (path: string) => boolean;
  readonly maxDepth: number;
  readonly spool: Spool;
}

/** Whether git reads ignore patterns from a path. */
export function isIgnoreFile(path: string): boolean {
  return path === '.gitignore' || path.endsWith('/.gitignore');
}

/**
 * The ignore files of the tree that would result, as far as it may change them. None stands above another: where a
 * `.gitignore` would become a folder that may not become one, or the other way round, that of the base stays.
 */
export async function readIgnoreFiles(store: GitStore, from: IgnoreSources, signal: AbortSignal): Promise<readonly IgnoreFile[]> {
  const {puts, deleted} = sidesOf(from.changes.filter((change) => isIgnoreFile(change.path) && from.mayWrite(change.path)));
  const ofBase = from.base.filter((file) => isIgnoreFile(file.path) && !deleted.has(file.path) && (file.mode === 'file' || file.mode === 'executable'));
  const fixed = standing(ofBase.map((file) => file.path).filter((path) => !from.mayWrite(path)));
  const files: IgnoreFile[] = [];
  for (const put of puts.values()) {
    const fine = put.kind !== 'symlink' && put.problem === undefined && nameProblem(put.path, from.maxDepth) === undefined;
    const clear = !fixed.blocks(put.path) && !foldersOf(put.path).some((folder) => puts.has(folder));
    if (fine && clear && put.at !== undefined) files.push({path: put.path, bytes: await from.spool.read(put.at, put.size)});
  }
  const replaced = new Set(files.map((file) => file.path));
  const placed = standing(replaced);
  const kept = ofBase.filter(({path}) => !replaced.has(path) && !placed.blocks(path));
  for await (const file of holdFiles(readFiles(store, kept, signal))) files.push(file);
  return files;
}

/** Files, and which other paths they leave no room for: those above and below them. */
function standing(paths: Iterable<string>): {readonly blocks: (path: string) => boolean} {
  const files = new Set(paths);
  const folders = new Set([...files].flatMap(foldersOf));
  return {blocks: (path) => folders.has(path) || foldersOf(path).some((folder) => files.has(folder))};
}
