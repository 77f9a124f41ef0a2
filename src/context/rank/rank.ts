import {linkTests} from '../../code/links/test-links.js';
import {termsOfText} from '../../code/terms.js';
import type {TreeFile} from '../../core/tree.js';
import type {Contents, FileContent} from '../read/contents.js';
import type {ListedFile, Survey} from '../read/survey.js';
import {bm25, fileBm25, normalised, shortBm25} from './bm25.js';
import {importShares, readTreeAliases} from './imports.js';
import {changedTogether, pastScores} from './past.js';
import {mentionsOf, type Query} from './query.js';
import {startScores, type Scores} from './scores.js';
import {within} from './within.js';

/** A file with its relevance for a task; the best has 1. */
export interface RankedFile {
  readonly file: TreeFile;
  readonly score: number;
}

/** The relevant files, best first, with what the best ones contain. */
export interface Ranking {
  readonly files: readonly RankedFile[];
  readonly contents: ReadonlyMap<string, FileContent>;
}

/** What each signal counts, chosen on one half of the repositories that the benchmark was tried with and then held against the other. */
const weights = {content: 1, path: 0.7, symbols: 0.5, alike: 1, active: 0.5, mention: 1.5, together: 0.6, tests: 0.25, imports: 0.2};

/** Most files, and most bytes, whose words are read; the rest is judged by path and history. */
const maxRead = {files: 2000, bytes: 5 * 1024 * 1024};
/** Files whose text is read, and bytes of them. */
const maxTexts = {files: 80, bytes: 768 * 1024};
/** Of those, files that are parsed for the ranking, and bytes of them: half a second of parsing at most. */
const maxParsed = {files: 40, bytes: 256 * 1024};
/** Files that others are found from: by what changed with them, links and imports. */
const seedCount = 8;
/** Most files of a ranking. */
const maxRanked = 300;

/** Ranks the files of a commit for a task. Only the files that cheap signals name are read, only the best of them parsed. */
export async function rankFiles(survey: Survey, query: Query, contents: Contents, signal: AbortSignal): Promise<Ranking> {
  const {files, places} = survey;
  const scores = cheapScores(survey, query);
  await addContent(scores, {files, query, contents}, signal);
  addRelated(scores, survey);
  const texts = within(filesAt(files, scores.best(maxTexts.files)), maxTexts);
  const read = await contents.readContents(texts, signal);
  const parsed = within(texts.filter(({path}) => read.has(path)), maxParsed).map(({path}) => path);
  addSymbols(scores, {query, read, parsed});
  const scope = {has: (path: string) => places.has(path), aliases: await readTreeAliases(files, contents, signal)};
  const imported = importShares(parsed.map((path) => ({path, imports: read.get(path)?.outline().imports ?? []})), seedsOf(scores, files), scope);
  for (const [path, share] of imported) scores.add(path, weights.imports * share);
  // Imports may have brought up files that were not among the best before.
  const late = filesAt(files, scores.best(maxTexts.files)).filter(({path}) => !read.has(path));
  const contentsOfBest = new Map([...read, ...(await contents.readContents(within(late, maxTexts), signal))]);
  return {files: rankedFiles(scores, files), contents: contentsOfBest};
}

function rankedFiles(scores: Scores, files: readonly ListedFile[]): readonly RankedFile[] {
  const best = scores.best(maxRanked);
  const top = scores.values[best[0] ?? 0] ?? 1;
  return best.flatMap((place): readonly RankedFile[] => {
    const file = files[place]?.file;
    return file === undefined ? [] : [{file, score: Number(((scores.values[place] ?? 0) / top).toFixed(4))}];
  });
}

/** Path, history and mention: what is known of every file without reading one. */
function cheapScores({files, places, commits}: Survey, query: Query): Scores {
  const byPath = normalised(bm25(query.terms, files.map(({terms}) => terms), shortBm25));
  const scores = startScores(byPath.map((score) => weights.path * score), (path) => places.get(path));
  const {alike, active} = pastScores(query.terms, commits);
  for (const [path, share] of alike) scores.add(path, weights.alike * share);
  for (const [path, share] of active) scores.add(path, weights.active * share);
  const mention = mentionsOf(query);
  if (query.paths.length > 0) for (const {path} of files) scores.add(path, weights.mention * mention(path));
  return scores;
}

/** Words of the files that cheap signals put first; where there is room, of all others in the order of their paths. */
async function addContent(scores: Scores, {files, query, contents}: {readonly files: readonly ListedFile[]; readonly query: Query; readonly contents: Contents}, signal: AbortSignal): Promise<void> {
  const named = filesAt(files, scores.best(maxRead.files));
  const terms = await contents.readTerms(within(withOthers(named, files), maxRead), signal);
  const known = [...terms.keys()].sort();
  const byContent = normalised(bm25(query.terms, known.flatMap((path) => terms.get(path) ?? []), fileBm25));
  for (const [index, path] of known.entries()) scores.add(path, weights.content * (byContent[index] ?? 0));
}

function* withOthers(first: readonly TreeFile[], files: readonly ListedFile[]): Generator<TreeFile> {
  yield* first;
  const done = new Set(first);
  for (const {file} of files) if (!done.has(file)) yield file;
}

/** What changed together with the best files, and the tests of those. */
function addRelated(scores: Scores, {files, commits}: Survey): void {
  const seeds = seedsOf(scores, files);
  for (const [path, share] of changedTogether(seeds, commits)) scores.add(path, weights.together * share);
  const links = linkTests([...seeds.keys()], files);
  for (const [path, share] of seeds) for (const linked of links.get(path) ?? []) scores.add(linked, weights.tests * share);
}

interface Parsed {
  readonly read: ReadonlyMap<string, FileContent>;
  readonly parsed: readonly string[];
}

function addSymbols(scores: Scores, {query, read, parsed}: Parsed & {readonly query: Query}): void {
  const names = parsed.map((path) => termsOfText((read.get(path)?.outline().symbols ?? []).map(({name}) => name).join(' ')));
  const bySymbol = normalised(bm25(query.terms, names, shortBm25));
  for (const [index, path] of parsed.entries()) scores.add(path, weights.symbols * (bySymbol[index] ?? 0));
}

/** The best paths, each with its share of the best score. */
function seedsOf(scores: Scores, files: readonly ListedFile[]): ReadonlyMap<string, number> {
  const best = scores.best(seedCount);
  const top = scores.values[best[0] ?? 0] ?? 1;
  return new Map(best.map((place) => [files[place]?.path ?? '', (scores.values[place] ?? 0) / top]));
}

function filesAt(files: readonly ListedFile[], places: readonly number[]): readonly TreeFile[] {
  return places.flatMap((place) => files[place]?.file ?? []);
}
