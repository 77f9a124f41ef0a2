import {foldersOf} from '../../core/path.js';
import {baseTreeOf} from './base-tree.js';
import type {Change, Refusal} from './change.js';
import {leavesTree, type Links} from './links.js';
import type {Deciding} from './policy.js';
import {clashing, nesting, shapeOf, sidesOf, type Shape} from './shape.js';

/** Why a change cannot stay, by its path. */
export type Problems = ReadonlyMap<string, Pick<Refusal, 'code' | 'why'>>;

/** What is wrong with changes only because of the tree that they would make together. Pure. */
export function treeProblems(changes: readonly Change[], {base: files, baseLinks, policy}: Pick<Deciding, 'base' | 'baseLinks' | 'policy'>): Problems {
  const problems = new Map<string, Pick<Refusal, 'code' | 'why'>>();
  const unsafe = (paths: Iterable<string>, why: string) => {
    for (const path of paths) if (!problems.has(path)) problems.set(path, {code: 'UNSAFE_NAME', why});
  };
  const shape = shapeOf(baseTreeOf(files), sidesOf(changes));
  const {puts} = shape.sides;
  unsafe([...puts.keys()].filter((path) => foldersOf(path).some((folder) => puts.has(folder))), 'is below a path that is a file');
  unsafe(inSubmodules(shape), 'is inside a submodule');
  for (const path of displacing(shape, policy.mayWrite)) {
    if (!problems.has(path)) problems.set(path, {code: 'SCOPE_VIOLATION', why: 'takes the place of files outside the write scope'});
  }
  unsafe(clashing(shape), 'differs from another path only in case or in the form of its characters');
  unsafe(nesting(shape), 'would make its folder look like a git repository');
  unsafe(badLinks(changes, shape, baseLinks), 'is or moves a link that leads out of the repository');
  return problems;
}

function inSubmodules({base, sides}: Shape): readonly string[] {
  return [...sides.puts.keys()].filter((path) => foldersOf(path).some((folder) => base.get(folder)?.mode === 'submodule' && !sides.deleted.has(folder)));
}

/** Puts that remove paths of the base, which nobody said to delete, outside the scope. */
function displacing({base, sides}: Shape, mayWrite: (path: string) => boolean): ReadonlySet<string> {
  const found = new Set<string>();
  const isTaken = (path: string) => !sides.deleted.has(path) && !mayWrite(path);
  for (const path of sides.puts.keys()) {
    if (foldersOf(path).some((folder) => base.get(folder) !== undefined && isTaken(folder))) found.add(path);
    for (const below of base.below(path)) if (isTaken(below)) found.add(path);
  }
  return found;
}

function badLinks(changes: readonly Change[], {base, sides, removed}: Shape, baseLinks: Links): readonly string[] {
  const changed = new Map([...sides.puts].map(([path, put]) => [path, put.target]));
  const isLink = (path: string) => base.get(path)?.mode === 'symlink';
  // Nothing else than links decides where a link leads.
  if (![...sides.puts.values()].some((put) => put.kind === 'symlink') && ![...changed.keys(), ...removed].some(isLink)) return [];
  const kept = base.links.filter(({path}) => !removed.has(path) && !changed.has(path)).map(({path}): [string, string | undefined] => [path, baseLinks.get(path)]);
  const links: Links = new Map([...kept, ...[...sides.puts.values()].filter((put) => put.kind === 'symlink').map((put): [string, string | undefined] => [put.path, put.target])]);
  const moved = kept.some(([path]) => leavesTree(path, links) && !leavesTree(path, baseLinks));
  if (!moved) return [...links.keys()].filter((path) => changed.has(path) && leavesTree(path, links));
  // A link of the base leads out only now: every change that touches a link is to blame.
  const wasLink = (path: string) => [path, ...foldersOf(path)].some(isLink);
  return changes.filter((change) => change.kind === 'symlink' || wasLink(change.path)).map((change) => change.path);
}
