import {foldersOf} from '../../core/path.js';
import {isPut, type Change, type Refusal} from './change.js';
import {leavesTree, type Links} from './links.js';
import type {Deciding} from './policy.js';
import {clashing, nesting, shapeOf, sidesOf, type Leaves, type Sides} from './shape.js';

/** Why a change cannot stay, by its path. */
export type Problems = ReadonlyMap<string, Pick<Refusal, 'code' | 'why'>>;

/** What is wrong with changes only because of the tree that they would make together. Pure. */
export function treeProblems(changes: readonly Change[], {base: files, baseLinks, policy}: Pick<Deciding, 'base' | 'baseLinks' | 'policy'>): Problems {
  const problems = new Map<string, Pick<Refusal, 'code' | 'why'>>();
  const unsafe = (paths: Iterable<string>, why: string) => {
    for (const path of paths) if (!problems.has(path)) problems.set(path, {code: 'UNSAFE_NAME', why});
  };
  const base: Leaves = new Map(files.map((file) => [file.path, file.mode]));
  const sides = sidesOf(changes);
  const {leaves} = shapeOf(base, sides);
  const puts = [...sides.puts.keys()];
  unsafe(puts.filter((path) => foldersOf(path).some((folder) => sides.puts.has(folder))), 'is below a path that is a file');
  unsafe(inSubmodules(base, sides), 'is inside a submodule');
  for (const path of displacing(base, sides, policy.mayWrite)) {
    if (!problems.has(path)) problems.set(path, {code: 'SCOPE_VIOLATION', why: 'takes the place of files outside the write scope'});
  }
  unsafe(clashing(base, leaves, puts), 'differs from another path only in case or in the form of its characters');
  unsafe(nesting(base, leaves, puts), 'would make its folder look like a git repository');
  unsafe(badLinks(changes, {base, baseLinks, leaves}), 'is or moves a link that leads out of the repository');
  return problems;
}

function inSubmodules(base: Leaves, {puts, deleted}: Sides): readonly string[] {
  return [...puts.keys()].filter((path) => foldersOf(path).some((folder) => base.get(folder) === 'submodule' && !deleted.has(folder)));
}

/** Puts that remove paths of the base, which nobody said to delete, outside the scope. */
function displacing(base: Leaves, {puts, deleted}: Sides, mayWrite: (path: string) => boolean): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of puts.keys()) {
    if (foldersOf(path).some((folder) => base.has(folder) && !deleted.has(folder) && !mayWrite(folder))) found.add(path);
  }
  for (const path of base.keys()) {
    if (deleted.has(path)) continue;
    for (const folder of foldersOf(path)) if (puts.has(folder) && !mayWrite(path)) found.add(folder);
  }
  return found;
}

function badLinks(changes: readonly Change[], {base, baseLinks, leaves}: {readonly base: Leaves; readonly baseLinks: Links; readonly leaves: Leaves}): readonly string[] {
  const changed = new Map(changes.filter(isPut).map((put) => [put.path, put.target]));
  const links: Links = new Map(
    [...leaves].filter(([, mode]) => mode === 'symlink').map(([path]) => [path, changed.has(path) ? changed.get(path) : baseLinks.get(path)]),
  );
  const moved = [...links.keys()].some((path) => !changed.has(path) && leavesTree(path, links) && !leavesTree(path, baseLinks));
  if (!moved) return [...links.keys()].filter((path) => changed.has(path) && leavesTree(path, links));
  // A link of the base leads out only now: every change that touches a link is to blame.
  const wasLink = (path: string) => [path, ...foldersOf(path)].some((name) => base.get(name) === 'symlink');
  return changes.filter((change) => change.kind === 'symlink' || wasLink(change.path)).map((change) => change.path);
}
