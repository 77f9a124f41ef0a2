import {extensionOf} from '../code/language.js';
import {canonicalJson, sha256} from '../core/canonical.js';
import type {HistoryReader} from '../core/history.js';
import {mayWrite, type Stream} from '../core/specialist.js';
import type {TreeFile, TreeReader} from '../core/tree.js';
import {moveUnused} from './budget.js';
import type {ContextCache} from './cache.js';
import {startContents, type Contents, type FileContent} from './read/contents.js';
import {fitFiles, packageTokens, type CompressionLevel, type Fitted, type Fitting} from './fit.js';
import {segmentsOf, type Segment} from './forms/segments.js';
import type {ContextItem, ContextPackage, Form} from './package.js';
import {queryOf, type Query} from './rank/query.js';
import {rankFiles, type RankedFile, type Ranking} from './rank/rank.js';
import {headTokens} from './render.js';
import {kindWeight, roleOf} from './roles.js';
import {findStandards} from './read/standards.js';
import {readPackage, sealPackage, type PackageStore} from './store.js';
import {surveyProject, type Survey} from './read/survey.js';

/** What packages are built from. */
export interface ContextRequest {
  /** The commit that the specialists begin from. */
  readonly reader: TreeReader;
  /** Its past, in the same repository; undefined: nothing is known of it. */
  readonly history: HistoryReader | undefined;
  /** What the user asked for, as text. */
  readonly task: string;
  /** One package for each, in their order. */
  readonly streams: readonly Stream[];
  /** Tokens by specialist; who is not named gets what the guide gives its role. */
  readonly budgets?: Readonly<Record<string, number>> | undefined;
  /** Default `adaptive`: by the specialist's role. */
  readonly compression?: CompressionLevel | undefined;
  /** Default `whole`; what is told of a file at most, after an overflow less ({@link Retry}). */
  readonly most?: Form | undefined;
  readonly cache: ContextCache;
  /** Packages of earlier processes; none: those of the cache alone. */
  readonly store?: PackageStore | undefined;
}

/** Part of a budget that the project's standards may take, and the most tokens of it: they are the same for all. */
const sharedBudget = {part: 0.1, most: 2000};
/** What a file that the specialist may write counts more. */
const writableWeight = 1.15;
/** Score above which a file that found no room is a reason for more of it. */
const wantedScore = 0.3;
/** Changes whenever packages of the same input would differ. */
const version = 2;

/**
 * Builds the context package of each specialist: the files of the commit that tell most about the task, within its budget
 * of tokens; what one does not need goes to another. The same request gives the same packages (the cache only saves
 * work), save for hostile text that makes a parser slow. Nothing of the repository can make it fail or hang; errors are
 * those of the readers (GIT_FAILED) and the signal's.
 */
export async function buildContext(request: ContextRequest, signal: AbortSignal): Promise<readonly ContextPackage[]> {
  const keys = request.streams.map((stream) => keyOf(request, stream));
  const kept = await Promise.all(request.streams.map((stream, index) => keptPackage(request, stream, keys[index] ?? '')));
  if (kept.every((one) => one !== undefined)) return kept;
  signal.throwIfAborted();
  const query = queryOf(request.task, request.streams.flatMap(({owns}) => owns));
  const survey = await surveyProject(request, signal);
  const contents = startContents(request.reader, request.cache);
  const ranking = await rankFiles(survey, query, contents, signal);
  const shared = await fitShared(request, {survey, query, contents}, signal);
  const packages = fitAll(request, {query, ranking, shared});
  for (const [index, key] of keys.entries()) {
    const made = packages[index];
    if (made === undefined) continue;
    request.cache.set('package', key, made);
    await request.store?.set(key, made);
  }
  return packages;
}

async function keptPackage({cache, store, reader}: ContextRequest, {specialist}: Stream, key: string): Promise<ContextPackage | undefined> {
  return cache.get('package', key) ?? readPackage(await store?.get(key), {specialist, commit: reader.commit});
}

/** The budget of a specialist in tokens. */
export function budgetOf({budgets}: Pick<ContextRequest, 'budgets'>, specialist: string): number {
  const given = budgets !== undefined && Object.hasOwn(budgets, specialist) ? budgets[specialist] : undefined;
  return Math.max(0, Math.floor(given ?? roleOf(specialist).budget));
}

/** Segments through the cache. */
export function segmentsThrough(cache: ContextCache): (file: TreeFile, content: FileContent) => readonly Segment[] {
  return (file, content) => {
    const key = `${file.oid} ${extensionOf(file.path)}`;
    const kept = cache.get('segments', key);
    if (kept !== undefined) return kept;
    const segments = segmentsOf(content);
    cache.set('segments', key, segments);
    return segments;
  };
}

function keyOf({reader, history, task, streams, budgets = {}, compression, most}: ContextRequest, stream: Stream): string {
  return sha256(canonicalJson({version, commit: reader.commit, hasHistory: history !== undefined, task, streams, stream, budgets, compression, most}));
}

interface Found {
  readonly query: Query;
  readonly ranking: Ranking;
  readonly shared: readonly ContextItem[];
}

async function fitShared(request: ContextRequest, {survey, query, contents}: {readonly survey: Survey; readonly query: Query; readonly contents: Contents}, signal: AbortSignal): Promise<readonly ContextItem[]> {
  const smallest = Math.min(...request.streams.map(({specialist}) => budgetOf(request, specialist)), Infinity);
  const budget = Math.min(sharedBudget.most, Math.floor(smallest * sharedBudget.part));
  const files = findStandards(survey.files);
  if (files.length === 0 || !Number.isFinite(budget)) return [];
  const read = await contents.readContents(files.map(({file}) => file), signal);
  const fitting = {files, contents: read, segments: segmentsThrough(request.cache), query: query.terms, budget, compression: 'low', most: request.most ?? 'whole', first: new Set<string>(), told: new Set<string>()} as const;
  return fitFiles(fitting).items.filter(({form}) => form !== 'name').map((item) => ({...item, section: 'shared'}));
}

/** Fits each package into its own budget, then once more where others left something over. */
function fitAll(request: ContextRequest, found: Found): readonly ContextPackage[] {
  const around = packageTokens(found.shared) || headTokens;
  const own = request.streams.map(({specialist}) => budgetOf(request, specialist));
  const firstFits = request.streams.map((stream, index) => fitOne(request, {stream, found, budget: (own[index] ?? 0) - around}));
  const demands = firstFits.map(({tokens, left}, index) => ({budget: own[index] ?? 0, used: tokens + around, wanted: left.filter(({score}) => score >= wantedScore).reduce((sum, one) => sum + one.tokens, 0)}));
  const budgets = moveUnused(demands);
  return request.streams.map((stream, index) => {
    const budget = budgets[index] ?? 0;
    const before = firstFits[index];
    const fitted = before !== undefined && budget <= (own[index] ?? 0) ? before : fitOne(request, {stream, found, budget: budget - around});
    const items = [...found.shared, ...fitted.items];
    return sealPackage({specialist: stream.specialist, commit: request.reader.commit, budget, tokens: packageTokens(items), items, left: fitted.left});
  });
}

function fitOne(request: ContextRequest, {stream, found, budget}: {readonly stream: Stream; readonly found: Found; readonly budget: number}): Fitted {
  const role = roleOf(stream.specialist);
  const compression: Fitting['compression'] = request.compression === undefined || request.compression === 'adaptive' ? role.compression : request.compression;
  const weighed = found.ranking.files.map(({file, score}): RankedFile => ({file, score: score * kindWeight(role, file.path) * (mayWrite(stream, file.path) ? writableWeight : 1)}));
  const top = weighed.reduce((most, {score}) => Math.max(most, score), 0) || 1;
  const files = weighed.map(({file, score}) => ({file, score: Number((score / top).toFixed(4))})).sort((a, b) => b.score - a.score || (a.file.path < b.file.path ? -1 : 1));
  const told = new Set(found.shared.map(({path}) => path));
  return fitFiles({files, contents: found.ranking.contents, segments: segmentsThrough(request.cache), query: found.query.terms, budget, compression, most: request.most ?? 'whole', first: new Set(stream.owns), told});
}
