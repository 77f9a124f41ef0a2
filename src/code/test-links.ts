import {isTestPath} from '../core/test-path.js';

/** Most files that one file is linked to. */
const maxLinks = 4;
/** Most files of one name that are compared: a name as common as `index` links nothing far away. */
const maxSameName = 200;

/** What is left of a name when the marks of tests and the extension are taken away: `user.test.ts`, `test_user.py` and `UserSpec.js` are all `user`. */
export function testStem(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const bare = name.replace(/(?:\.(?:d|module))?\.[a-z0-9]{1,5}$/, '');
  return bare.replace(/^tests?[_.-]/, '').replace(/[_.-]?(?:tests?|specs?|test-d)$/, '').replace(/[-_.]/g, '') || bare;
}

/** A path with its {@link testStem}. */
export interface StemmedPath {
  readonly path: string;
  readonly stem: string;
}

/**
 * The tests of each source, or the sources of each test, by name, the nearest first and at most four: what
 * {@link isTestPath} calls a test is linked to what it does not, if their stems are the same. One pass over the tree.
 */
export function linkTests(of: readonly string[], tree: readonly StemmedPath[]): ReadonlyMap<string, readonly string[]> {
  const byStem = new Map<string, string[]>(of.map((path) => [testStem(path), []]));
  for (const {path, stem} of tree) byStem.get(stem)?.push(path);
  return new Map(of.map((path) => [path, linksOf(path, byStem.get(testStem(path)) ?? [])]));
}

function linksOf(path: string, same: readonly string[]): readonly string[] {
  if (same.length > maxSameName) return [];
  const wanted = !isTestPath(path);
  return same
    .filter((other) => other !== path && isTestPath(other) === wanted)
    .map((other) => ({other, near: nearness(path, other)}))
    .sort((a, b) => b.near - a.near || (a.other < b.other ? -1 : 1))
    .slice(0, maxLinks)
    .map(({other}) => other);
}

/** How many folder names two paths share, wherever they stand: `test/git/merge.test.ts` is near `src/git/merge.ts`. */
function nearness(a: string, b: string): number {
  const folders = new Set(a.split('/').slice(0, -1));
  return b.split('/').slice(0, -1).filter((folder) => folders.has(folder)).length;
}
