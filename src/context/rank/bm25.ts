import {countOf, type Terms} from '../../code/terms.js';

/** A word that is looked for, with its weight. */
export interface QueryTerm {
  readonly hash: number;
  readonly weight: number;
}

/** How a document's length and a word's repetition count (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009: b 0.75, k1 1.2). */
export interface Bm25Options {
  readonly k1: number;
  readonly b: number;
}

/** The usual values for whole files. */
export const fileBm25: Bm25Options = {k1: 1.2, b: 0.75};
/** For short texts (paths, names, messages), where length says less. */
export const shortBm25: Bm25Options = {k1: 1.2, b: 0.5};

/** Okapi BM25 of each document for a query; 0 where no word occurs. */
export function bm25(query: readonly QueryTerm[], documents: readonly Terms[], {k1, b}: Bm25Options): Float64Array {
  const scores = new Float64Array(documents.length);
  if (query.length === 0 || documents.length === 0) return scores;
  const average = documents.reduce((sum, {total}) => sum + total, 0) / documents.length || 1;
  const found = occurrences(query, documents);
  const frequency = new Uint32Array(query.length);
  for (const {term} of found) frequency[term] = (frequency[term] ?? 0) + 1;
  const idf = query.map((_, term) => Math.log(1 + (documents.length - (frequency[term] ?? 0) + 0.5) / ((frequency[term] ?? 0) + 0.5)));
  for (const {document, term, count} of found) {
    const norm = k1 * (1 - b + (b * (documents[document]?.total ?? 0)) / average);
    scores[document] = (scores[document] ?? 0) + (query[term]?.weight ?? 0) * (idf[term] ?? 0) * ((count * (k1 + 1)) / (count + norm));
  }
  return scores;
}

interface Occurrence {
  readonly document: number;
  readonly term: number;
  readonly count: number;
}

/** Bits of a hash by which most words that nobody looks for are passed over without a look-up. */
const filterMask = 0xffff;

/** Where which word of the query occurs. Short documents are read through, long ones are searched. */
function occurrences(query: readonly QueryTerm[], documents: readonly Terms[]): readonly Occurrence[] {
  const found: Occurrence[] = [];
  const byHash = new Map(query.map(({hash}, term) => [hash, term]));
  const filter = new Uint8Array(filterMask + 1);
  for (const {hash} of query) filter[hash & filterMask] = 1;
  for (let document = 0; document < documents.length; document += 1) {
    const terms = documents[document];
    if (terms === undefined) continue;
    if (terms.hashes.length < query.length * 4) readThrough(terms, filter, (hash, count) => {
      const term = byHash.get(hash);
      if (term !== undefined) found.push({document, term, count});
    });
    else for (let term = 0; term < query.length; term += 1) {
      const count = countOf(terms, query[term]?.hash ?? 0);
      if (count > 0) found.push({document, term, count});
    }
  }
  return found;
}

function readThrough({hashes, counts}: Terms, filter: Uint8Array, use: (hash: number, count: number) => void): void {
  for (let index = 0; index < hashes.length; index += 1) {
    const hash = hashes[index] ?? 0;
    if (filter[hash & filterMask] === 1) use(hash, counts[index] ?? 0);
  }
}

/** Scores from 0 to 1, the best being 1; all 0 stay 0. */
export function normalised(scores: Float64Array): Float64Array {
  const most = scores.reduce((a, b) => Math.max(a, b), 0);
  return most > 0 ? scores.map((score) => score / most) : scores;
}
