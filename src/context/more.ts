import {linkTests, testStem} from '../code/links/test-links.js';
import {segmentsThrough, type ContextRequest} from './build.js';
import {startContents} from './read/contents.js';
import {fitFiles, packageTokens} from './fit.js';
import type {ContextItem, ContextPackage} from './package.js';
import {queryOf} from './rank/query.js';
import type {RankedFile} from './rank/rank.js';
import {headTokens} from './render.js';
import {sealPackage} from './store.js';
import {isReadable} from './read/survey.js';

/** As much of a package as its next part goes by. */
export interface ToldPackage extends Pick<ContextPackage, 'specialist' | 'left'> {
  readonly items: readonly Pick<ContextItem, 'path' | 'form'>[];
}

/**
 * The next part for a specialist that needs more than its package: the relevant files that found no room, best first,
 * within so many tokens. A file that is not there any more is replaced by its test or source. A package without items:
 * there is nothing more.
 */
export async function loadMore(request: Omit<ContextRequest, 'streams' | 'budgets'>, more: {readonly after: ToldPackage; readonly tokens: number}, signal: AbortSignal): Promise<ContextPackage> {
  const listed = (await request.reader.list(signal)).filter(isReadable);
  const byPath = new Map(listed.map((file) => [file.path, file]));
  const gone = more.after.left.map(({path}) => path).filter((path) => !byPath.has(path));
  const links = gone.length === 0 ? new Map<string, readonly string[]>() : linkTests(gone, listed.map(({path}) => ({path, stem: testStem(path)})));
  const told = new Set(more.after.items.filter(({form}) => form === 'whole').map(({path}) => path));
  const wanted = new Map<string, RankedFile>();
  for (const {path, score} of more.after.left) {
    for (const source of byPath.has(path) ? [path] : (links.get(path) ?? [])) {
      const file = byPath.get(source);
      if (file !== undefined && !told.has(source) && !wanted.has(source)) wanted.set(source, {file, score});
    }
  }
  const files = [...wanted.values()];
  const contents = await startContents(request.reader, request.cache).readContents(files.map(({file}) => file), signal);
  const compression = request.compression === undefined || request.compression === 'adaptive' ? 'low' : request.compression;
  const {items, left} = fitFiles({files, contents, segments: segmentsThrough(request.cache), query: queryOf(request.task).terms, budget: more.tokens - headTokens, compression, most: request.most ?? 'whole', first: new Set(), told});
  return sealPackage({specialist: more.after.specialist, commit: request.reader.commit, budget: more.tokens, tokens: packageTokens(items), items, left});
}
