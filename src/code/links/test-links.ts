import {isTestPath} from '../../core/test-path.js';

/** Most files that one file is linked to. */
const maxLinks = 4;
/** Most files of one name that are compared freely: a name as common as `index` links nothing far away. */
const maxSameName = 200;
/** Folders that say of what kind their files are, and not to what they belong. */
const kindFolders: ReadonlySet<string> = new Set('src lib source app test tests __tests__ spec specs unit integration e2e functional main java python js ts'.split(' '));
/** Folders whose own folders are packages, each for itself. */
const packageFolders: ReadonlySet<string> = new Set('packages apps services libs modules plugins projects crates'.split(' '));
/** Stems of files that stand for their folder. */
const folderStems: ReadonlySet<string> = new Set(['index', 'init', 'mod']);

const extension = /(?:\.(?:d|module))?\.[a-z0-9]{1,5}$/i;
const testBegin = /^(?:tests?[_.-]|Test(?=[A-Z]))/i;
const testEnd = /(?:[_.-](?:unit|int|integration|e2e|functional|browser|node))?(?:[_.-](?:tests?|specs?|test-d))$/i;
/** `UserTest` and `UserSpec`; a `latest` is no test. */
const testWord = /(?<=[a-z0-9])(?:Tests?|Specs?)$/;

/** What is left of a name when the marks of tests and the extension are taken away: `user.test.ts`, `test_user.py` and `UserSpec.js` are all `user`. */
export function testStem(path: string): string {
  const bare = path.slice(path.lastIndexOf('/') + 1).replace(extension, '');
  const stem = bare.replace(testBegin, '').replace(testEnd, '').replace(testWord, '').replace(/[-_.]/g, '');
  return (stem || bare).toLowerCase();
}

/** A path with its {@link testStem}. */
export interface StemmedPath {
  readonly path: string;
  readonly stem: string;
}

/**
 * The tests of each source, or the sources of each test, by name, the nearest first and at most four: what
 * {@link isTestPath} calls a test is linked to what it does not, if their stems are the same; an `index` goes by the name
 * of its folder as well. Where one stands in the very place of the other, that is the only link; another package of the
 * tree is never linked. One pass over the tree.
 */
export function linkTests(of: readonly string[], tree: readonly StemmedPath[]): ReadonlyMap<string, readonly string[]> {
  const byStem = new Map<string, string[]>(of.flatMap((path) => stemsOf(path, testStem(path)).map((stem) => [stem, []])));
  for (const {path, stem} of tree) for (const one of stemsOf(path, stem)) byStem.get(one)?.push(path);
  return new Map(of.map((path) => [path, linksOf(path, stemsOf(path, testStem(path)).flatMap((stem) => byStem.get(stem) ?? []))]));
}

function stemsOf(path: string, stem: string): readonly string[] {
  if (!folderStems.has(stem)) return [stem];
  const folder = foldersOf(path).at(-1);
  return folder === undefined ? [stem] : [stem, folder.replace(/[-_.]/g, '').toLowerCase()];
}

function linksOf(path: string, same: readonly string[]): readonly string[] {
  const wanted = !isTestPath(path);
  const own = foldersOf(path);
  const far = same.length > maxSameName;
  const ranked = [...new Set(same)]
    .map((other) => ({other, near: nearness(own, foldersOf(other))}))
    .filter(({other, near}) => other !== path && (far ? near === Infinity : near >= 0) && isTestPath(other) === wanted)
    .sort((a, b) => (a.near === b.near ? (a.other < b.other ? -1 : 1) : b.near - a.near));
  const exact = ranked.filter(({near}) => near === Infinity);
  return (exact.length > 0 ? exact : ranked).slice(0, maxLinks).map(({other}) => other);
}

/** The folders that say to what a file belongs: of `src/git/merge.ts` and of `test/git/merge.test.ts` it is `git`. */
function foldersOf(path: string): readonly string[] {
  return path.split('/').slice(0, -1).filter((folder) => !kindFolders.has(folder.toLowerCase()));
}

/** How near two places are: Infinity for the same, below 0 for different packages, else by what they share from the root on and anywhere. */
function nearness(a: readonly string[], b: readonly string[]): number {
  if (a.join('/') === b.join('/')) return Infinity;
  if (packageFolders.has(a[0] ?? '') && a[0] === b[0] && a[1] !== b[1]) return -1;
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared += 1;
  const names = new Set(a);
  return shared * 2 + b.filter((name) => names.has(name)).length;
}
