import {foldPath, foldersOf} from '../../core/path.js';
import type {FileMode} from '../../core/tree.js';
import {isPut, type Change, type Put} from './change.js';

/** Entries of a tree: path to kind. */
export type Leaves = ReadonlyMap<string, FileMode>;

/** What a base becomes with some changes. */
export interface Shape {
  readonly leaves: Leaves;
  /** Paths of the base that are gone, said or implied. */
  readonly removed: readonly string[];
}

/** Changes by path, told apart. */
export interface Sides {
  readonly puts: ReadonlyMap<string, Put>;
  readonly deleted: ReadonlySet<string>;
}

/** Tells changes apart. */
export function sidesOf(changes: Iterable<Change>): Sides {
  const puts = new Map<string, Put>();
  const deleted = new Set<string>();
  for (const change of changes) {
    if (isPut(change)) puts.set(change.path, change);
    else if (change.kind === 'deleted') deleted.add(change.path);
  }
  return {puts, deleted};
}

/** The tree that changes make of a base: a file may take the place of a folder, and a folder that of a file. */
export function shapeOf(base: Leaves, {puts, deleted}: Sides): Shape {
  const folders = new Set([...puts.keys()].flatMap(foldersOf));
  const leaves = new Map<string, FileMode>();
  const removed: string[] = [];
  for (const [path, mode] of base) {
    if (puts.has(path)) continue;
    const gone = deleted.has(path) || folders.has(path) || foldersOf(path).some((folder) => puts.has(folder));
    if (gone) removed.push(path);
    else leaves.set(path, mode);
  }
  for (const put of puts.values()) leaves.set(put.path, put.kind);
  return {leaves, removed};
}

/** The changed paths of a tree that a case-insensitive or normalising file system would mix up with others, new since the base. */
export function clashing(base: Leaves, leaves: Leaves, puts: Iterable<string>): readonly string[] {
  const known = namesOf(base);
  const byFold = new Map<string, string>();
  const clashes = new Set<string>();
  for (const name of namesOf(leaves)) {
    const path = name.slice(1);
    const fold = foldPath(path);
    if ((byFold.get(fold) ?? path) !== path) clashes.add(fold);
    byFold.set(fold, path);
  }
  return [...puts].filter((path) => namesFor(path).some((name) => !known.has(name) && clashes.has(foldPath(name.slice(1)))));
}

/** The changed paths that would make a folder look like a git repository (`HEAD`, `objects/`, `refs/`), new since the base. */
export function nesting(base: Leaves, leaves: Leaves, puts: Iterable<string>): readonly string[] {
  const before = repositoriesIn(base);
  const after = repositoriesIn(leaves);
  const isPartOf = (path: string) => [...foldersOf(path), path].some((name) => isRepositoryPart(name) && after.has(parentOf(name)) && !before.has(parentOf(name)));
  return after.size === 0 ? [] : [...puts].filter(isPartOf);
}

const repositoryParts = ['head', 'objects', 'refs'];

function repositoriesIn(leaves: Leaves): ReadonlySet<string> {
  const parts = new Map<string, Set<string>>();
  for (const name of namesOf(leaves)) {
    const path = name.slice(1);
    if (!isRepositoryPart(path)) continue;
    const found = parts.get(parentOf(path)) ?? new Set();
    parts.set(parentOf(path), found.add(lastPart(path)));
  }
  return new Set([...parts].filter(([, found]) => found.size === repositoryParts.length).map(([folder]) => folder));
}

function isRepositoryPart(path: string): boolean {
  return repositoryParts.includes(lastPart(path));
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase();
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** Every folder (`d…`) and entry (`l…`) of a tree: a name that turns from one into the other is a new one. */
function namesOf(leaves: Leaves): ReadonlySet<string> {
  const names = new Set<string>();
  for (const path of leaves.keys()) for (const name of namesFor(path)) names.add(name);
  return names;
}

function namesFor(path: string): readonly string[] {
  return [...foldersOf(path).map((folder) => `d${folder}`), `l${path}`];
}
