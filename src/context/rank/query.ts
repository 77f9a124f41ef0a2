import {termsOfText} from '../../code/terms.js';
import type {QueryTerm} from './bm25.js';

/** Characters of a task that are read for words. */
const maxTaskChars = 20_000;
/** Most words of a query, the heaviest first. */
const maxQueryTerms = 80;
/** What the first line counts more than the rest: a task's title says what it is about. */
const titleWeight = 2;

/** Words that are in every task and tell no file from another. */
const stopWords =
  'the a an and or of to in on for is are be it its this that with as by from at not no if when was were will would should can could now do does did done add adds new fix feat chore docs refactor style make makes also into more than so we i you they he she has have had been but all any via use using used such there their which what while where how let up out only just like some one two instead allow ensure support change update remove';
const stopHashes: ReadonlySet<number> = new Set(termsOfText(stopWords).hashes);

/** A path or a file name as people write it in a sentence; it ends with an extension. */
const pathPattern = /[\p{L}\p{N}_@.+-]{1,80}(?:\/[\p{L}\p{N}_@.+-]{1,80}){0,12}/gu;

/** What is looked for: words with weights, and names of files. */
export interface Query {
  readonly terms: readonly QueryTerm[];
  /** Lower case. */
  readonly paths: readonly string[];
}

/** Reads a task as a query; `named` are paths that belong to it without being said. */
export function queryOf(task: string, named: readonly string[] = []): Query {
  const text = task.slice(0, maxTaskChars);
  const end = text.indexOf('\n');
  const title = end === -1 ? text : text.slice(0, end);
  const weights = new Map<number, number>();
  addWords(weights, title, titleWeight);
  if (end !== -1) addWords(weights, text.slice(end), 1);
  const terms = [...weights].map(([hash, weight]): QueryTerm => ({hash, weight})).sort((a, b) => b.weight - a.weight || a.hash - b.hash);
  // A sentence may end with a path.
  const words = (text.toLowerCase().match(pathPattern) ?? []).map((word) => word.replace(/[.+-]{1,80}$/, ''));
  const paths = [...new Set(words)].filter((word) => /[\p{L}\p{N}_]\.[a-z]\w{0,9}$/u.test(word) || word.includes('/'));
  const said = paths.sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).slice(0, maxQueryTerms);
  return {terms: terms.slice(0, maxQueryTerms), paths: [...new Set([...named.map((path) => path.toLowerCase()), ...said])]};
}

/** A word that is said often counts more, but not without end. */
function addWords(weights: Map<number, number>, text: string, weight: number): void {
  const {hashes, counts} = termsOfText(text);
  for (const [index, hash] of hashes.entries()) {
    if (stopHashes.has(hash)) continue;
    weights.set(hash, (weights.get(hash) ?? 0) + weight * Math.min(1.5, 1 + ((counts[index] ?? 1) - 1) / 4));
  }
}

/** Folders of a path, from its end, that are compared with what was named. */
const maxFolders = 40;

/** How surely a path is one of those that a query names: 1 for the whole path or its end, less for the name alone, 0 for none. Asked of every path of a tree. */
export function mentionsOf({paths}: Query): (path: string) => number {
  const named = new Set(paths);
  return (path) => {
    const lower = path.toLowerCase();
    if (named.has(lower)) return 1;
    let most = 0;
    let slash = lower.lastIndexOf('/');
    for (let folders = 0; slash !== -1 && folders < maxFolders && most < 1; folders += 1) {
      if (named.has(lower.slice(slash + 1))) most = folders === 0 ? 0.6 : 1;
      slash = slash === 0 ? -1 : lower.lastIndexOf('/', slash - 1);
    }
    return most;
  };
}
