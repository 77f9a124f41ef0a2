import {foldPath, foldersOf} from '../../../../src/core/path.js';
import type {TreeFile} from '../../../../src/core/tree.js';
import {isPut, type Change} from '../../../../src/git/import/change.js';
import {leavesTree} from '../../../../src/git/import/links.js';

/** What is wrong with changes, found slowly and plainly, by looking at every path of the tree before and after. */
export function slowProblems(changes: readonly Change[], {base, targets, mayWrite}: {readonly base: readonly TreeFile[]; readonly targets: ReadonlyMap<string, string | undefined>; readonly mayWrite: (path: string) => boolean}): ReadonlySet<string> {
  const puts = changes.filter(isPut);
  const at = new Map(puts.map((put) => [put.path, put]));
  const deleted = new Set(changes.filter((change) => change.kind === 'deleted').map((change) => change.path));
  const putFolders = new Set(puts.flatMap((put) => foldersOf(put.path)));
  const before = new Map(base.map((file) => [file.path, file.mode]));
  const stays = (path: string) => !at.has(path) && !deleted.has(path) && !putFolders.has(path) && !foldersOf(path).some((folder) => at.has(folder));
  const after = new Map([...[...before].filter(([path]) => stays(path)), ...puts.map((put): [string, TreeFile['mode']] => [put.path, put.kind])]);
  const bad = new Set<string>();
  for (const {path} of puts) {
    const above = foldersOf(path);
    if (above.some((folder) => at.has(folder) || (before.get(folder) === 'submodule' && !deleted.has(folder)))) bad.add(path);
    const displaced = [...before.keys()].filter((other) => above.includes(other) || foldersOf(other).includes(path));
    if (displaced.some((other) => !deleted.has(other) && !mayWrite(other))) bad.add(path);
    const isNew = (name: string, folder: boolean) => (folder ? !foldersIn(before).has(name) : !before.has(name));
    const clashes = (name: string) => [...foldersIn(after), ...after.keys()].some((other) => other !== name && foldPath(other) === foldPath(name));
    if ((isNew(path, false) && clashes(path)) || above.some((folder) => isNew(folder, true) && clashes(folder))) bad.add(path);
    const parts = [...above, path].filter((name) => ['head', 'objects', 'refs'].includes(last(name)));
    if (parts.some((name) => isRepository(after, parent(name)) && !isRepository(before, parent(name)))) bad.add(path);
  }
  for (const path of badLinks(changes, {before, after, targets})) bad.add(path);
  return bad;
}

type Modes = ReadonlyMap<string, TreeFile['mode']>;

function badLinks(changes: readonly Change[], {before, after, targets}: {readonly before: Modes; readonly after: Modes; readonly targets: ReadonlyMap<string, string | undefined>}): readonly string[] {
  const changed = new Map(changes.filter(isPut).map((put) => [put.path, put.target]));
  const links = new Map([...after].filter(([, mode]) => mode === 'symlink').map(([path]) => [path, changed.has(path) ? changed.get(path) : targets.get(path)]));
  const moved = [...links.keys()].some((path) => !changed.has(path) && leavesTree(path, links) && !leavesTree(path, targets));
  if (!moved) return [...links.keys()].filter((path) => changed.has(path) && leavesTree(path, links));
  const wasLink = (path: string) => [path, ...foldersOf(path)].some((name) => before.get(name) === 'symlink');
  return changes.filter((change) => change.kind === 'symlink' || wasLink(change.path)).map((change) => change.path);
}

function foldersIn(modes: Modes): ReadonlySet<string> {
  return new Set([...modes.keys()].flatMap(foldersOf));
}

function isRepository(modes: Modes, folder: string): boolean {
  const names = [...foldersIn(modes), ...modes.keys()].filter((name) => parent(name) === folder).map(last);
  return ['head', 'objects', 'refs'].every((part) => names.includes(part));
}

function last(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase();
}

function parent(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
