import {foldPath, foldersOf} from '../../core/path.js';
import type {BaseTree} from './base-tree.js';
import {isPut, type Change, type Put} from './change.js';

/** What a base becomes with some changes. */
export interface Shape {
  readonly base: BaseTree;
  readonly sides: Sides;
  /** Paths of the base that are gone, said or implied. */
  readonly removed: ReadonlySet<string>;
  /** Every folder of a put. */
  readonly folders: ReadonlySet<string>;
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
export function shapeOf(base: BaseTree, sides: Sides): Shape {
  const {puts, deleted} = sides;
  const folders = new Set([...puts.keys()].flatMap(foldersOf));
  const removed = new Set<string>();
  const remove = (path: string) => {
    if (base.get(path) !== undefined && !puts.has(path)) removed.add(path);
  };
  for (const path of deleted) remove(path);
  for (const path of folders) remove(path);
  for (const path of puts.keys()) for (const below of base.below(path)) remove(below);
  return {base, sides, removed, folders};
}

/** The changed paths that a case-insensitive or normalising file system would mix up with others, new since the base. */
export function clashing(shape: Shape): readonly string[] {
  const puts = [...shape.sides.puts.keys()];
  const folds = new Map<string, Set<string>>();
  for (const path of new Set([...puts, ...shape.folders])) {
    const fold = foldPath(path);
    folds.set(fold, (folds.get(fold) ?? new Set()).add(path));
  }
  const clashes = remember((path: string): boolean => {
    const fold = foldPath(path);
    const others = [...(folds.get(fold) ?? []), ...shape.base.folded(fold).filter((other) => isThere(shape, other))];
    return others.some((other) => other !== path);
  });
  const isNewFolder = (path: string) => !shape.base.isFolder(path);
  return puts.filter((path) => (shape.base.get(path) === undefined && clashes(path)) || foldersOf(path).some((folder) => isNewFolder(folder) && clashes(folder)));
}

/** The changed paths that would make a folder look like a git repository (`HEAD`, `objects/`, `refs/`), new since the base. */
export function nesting(shape: Shape): readonly string[] {
  const {base, sides, folders} = shape;
  const puts = [...sides.puts.keys()];
  const given = new Map<string, Set<string>>();
  for (const name of [...puts, ...folders]) if (isRepositoryPart(name)) given.set(parentOf(name), (given.get(parentOf(name)) ?? new Set()).add(lastPart(name)));
  const isRepository = (parts: ReadonlySet<string>) => repositoryParts.every((part) => parts.has(part));
  const partsIn = (folder: string, counts: (path: string) => boolean) =>
    [...base.namesIn(folder)].filter((name) => repositoryParts.includes(name.toLowerCase()) && counts(folder === '' ? name : `${folder}/${name}`)).map((name) => name.toLowerCase());
  const becomes = remember((folder: string): boolean => {
    const after = new Set([...(given.get(folder) ?? []), ...partsIn(folder, (path) => isThere(shape, path))]);
    return isRepository(after) && !isRepository(new Set(partsIn(folder, () => true)));
  });
  return puts.filter((path) => [...foldersOf(path), path].some((name) => isRepositoryPart(name) && becomes(parentOf(name))));
}

/** Whether the resulting tree has a file or a folder at a path of the base. */
function isThere({base, sides, removed, folders}: Shape, path: string): boolean {
  if (sides.puts.has(path) || folders.has(path)) return true;
  if (base.get(path) !== undefined && !removed.has(path)) return true;
  for (const below of base.below(path)) if (!removed.has(below)) return true;
  return false;
}

function remember(decide: (path: string) => boolean): (path: string) => boolean {
  const known = new Map<string, boolean>();
  return (path) => {
    const answer = known.get(path) ?? decide(path);
    known.set(path, answer);
    return answer;
  };
}

const repositoryParts: readonly string[] = ['head', 'objects', 'refs'];

function isRepositoryPart(path: string): boolean {
  return repositoryParts.includes(lastPart(path));
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase();
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
