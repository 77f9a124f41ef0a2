import {extensionOf} from '../../code/language.js';
import {termsOfText, type Terms} from '../../code/terms.js';
import {testStem} from '../../code/links/test-links.js';
import type {HistoryReader, PathChange} from '../../core/history.js';
import type {TreeFile, TreeReader} from '../../core/tree.js';
import type {ContextCache} from '../cache.js';
import type {ReadCommit} from '../rank/past.js';
import {holdsSecrets} from './secret-path.js';

/** Where a package's content comes from. */
export interface Sources {
  readonly reader: TreeReader;
  /** Without it, nothing is known of the past. */
  readonly history: HistoryReader | undefined;
  readonly cache: ContextCache;
}

/** A file that can be chosen, with what its path says. */
export interface ListedFile {
  readonly path: string;
  readonly file: TreeFile;
  /** Words of the path. */
  readonly terms: Terms;
  /** Its name without the marks of tests. */
  readonly stem: string;
  /** Whether it is written for people, by its extension or the lack of one. */
  readonly isProse: boolean;
}

/** Text files of a size that a person reads, by path, and the place of each path among them. */
export interface Listing {
  readonly files: readonly ListedFile[];
  readonly places: ReadonlyMap<string, number>;
}

/** What there is to choose from. */
export interface Survey extends Listing {
  /** Newest first. */
  readonly commits: readonly ReadCommit[];
}

/** Commits of the past that are looked at. */
const maxCommits = 1000;
/** Largest file that can be chosen; what is larger is data. */
const maxFileBytes = 1024 * 1024;
/** Extensions of what is no text, or that nobody writes by hand. */
const unread: ReadonlySet<string> = new Set(
  'png jpg jpeg gif webp avif ico svg bmp tiff pdf zip gz tgz bz2 xz 7z tar jar war whl woff woff2 ttf otf eot mp3 mp4 webm ogg wav mov wasm node so dll dylib exe bin dat db sqlite map lock lockb class pyc o a psd ai sketch'.split(' '),
);
/** Extensions of what is written for people. */
const prose: ReadonlySet<string> = new Set(['md', 'mdx', 'rst', 'txt', 'adoc', '']);
const unreadNames = /(?:^|\/)(?:package-lock\.json|pnpm-lock\.yaml|npm-shrinkwrap\.json|go\.sum)$|\.min\.(?:js|css)$/;

/** Lists what a commit has and what came before it; from the second time on, only what is new is read. */
export async function surveyProject(sources: Sources, signal: AbortSignal): Promise<Survey> {
  const [listing, commits] = await Promise.all([listFiles(sources, signal), readCommits(sources, signal)]);
  return {...listing, commits};
}

/** Whether a file can be chosen, by its kind, size and name; one that may hold secrets cannot. */
export function isReadable({path, mode, size}: TreeFile): boolean {
  return (mode === 'file' || mode === 'executable') && size > 0 && size <= maxFileBytes && !unread.has(extensionOf(path)) && !unreadNames.test(path) && !holdsSecrets(path);
}

async function listFiles(sources: Sources, signal: AbortSignal): Promise<Listing> {
  const {reader, cache} = sources;
  const kept = cache.get('listing', reader.tree);
  if (kept !== undefined) return kept;
  const listing = (await changedListing(sources, signal)) ?? listingOf((await reader.list(signal)).filter(isReadable).map(listFile));
  cache.set('listing', reader.tree, listing);
  cache.lastTree = reader.tree;
  return listing;
}

/** The listing of the tree before, with what has changed since; undefined when there is none or too much has. */
async function changedListing({reader, history, cache}: Sources, signal: AbortSignal): Promise<Listing | undefined> {
  const before = cache.lastTree === undefined ? undefined : cache.get('listing', cache.lastTree);
  if (before === undefined || cache.lastTree === undefined || history === undefined) return undefined;
  const changes = await history.changes({from: cache.lastTree, to: reader.tree}, signal);
  return changes === undefined ? undefined : applyChanges(before, changes);
}

/** Where only contents differ, the places stay. */
function applyChanges(before: Listing, changes: readonly PathChange[]): Listing {
  const files = [...before.files];
  const added: ListedFile[] = [];
  const gone = new Set<string>();
  for (const {path, file} of changes) {
    const place = before.places.get(path);
    const listed = file !== undefined && isReadable(file) ? listFile(file) : undefined;
    if (place !== undefined && listed !== undefined) files[place] = listed;
    else if (place !== undefined) gone.add(path);
    else if (listed !== undefined) added.push(listed);
  }
  if (added.length === 0 && gone.size === 0) return {files, places: before.places};
  return listingOf([...files.filter(({path}) => !gone.has(path)), ...added]);
}

/** In one order, however it came about: of two files that are as good, the first is taken. */
function listingOf(unsorted: readonly ListedFile[]): Listing {
  const files = [...unsorted].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {files, places: new Map(files.map(({path}, place) => [path, place]))};
}

/** A file with what its path says. */
export function listFile(file: TreeFile): ListedFile {
  return {path: file.path, file, terms: termsOfText(file.path), stem: testStem(file.path), isProse: prose.has(extensionOf(file.path))};
}

async function readCommits({reader, history, cache}: Sources, signal: AbortSignal): Promise<readonly ReadCommit[]> {
  if (history === undefined) return [];
  const ids = await history.ids(reader.commit, maxCommits, signal);
  const known = new Map(ids.map((id) => [id, cache.get('commit', id)]));
  for (const commit of await history.read(ids.filter((id) => known.get(id) === undefined), signal)) {
    const read = {commit, terms: termsOfText(commit.message)};
    cache.set('commit', commit.id, read);
    known.set(commit.id, read);
  }
  return ids.flatMap((id) => known.get(id) ?? []);
}
