import {startMemory, type Memory} from '../../../src/code/remember.js';
import {isBinary} from '../../../src/code/outline.js';
import {termsOf, termsOfText, type Terms} from '../../../src/code/terms.js';
import {bm25, fileBm25} from '../../../src/context/rank/bm25.js';
import {queryOf} from '../../../src/context/rank/query.js';
import {frameTokens} from '../../../src/context/render.js';
import {isReadable} from '../../../src/context/read/survey.js';
import {tokensOf, tokensOfBytes} from '../../../src/context/tokens.js';
import {holdFiles, type TreeFile, type TreeReader} from '../../../src/core/tree.js';

/** What a selection of whole files holds. */
export interface Selection {
  readonly paths: ReadonlySet<string>;
  readonly tokens: number;
}

/** Words of a file, and its estimated tokens. */
export interface ReadFile {
  readonly terms: Terms;
  readonly tokens: number;
}

/** What was read of files, by blob, kept over cases. */
export type WordMemory = Memory<ReadFile>;

const never = new AbortController().signal;

export function startWordMemory(): WordMemory {
  return startMemory({maxEntries: 200_000});
}

/** The text files of a commit: what all selectors choose from. */
export async function textFiles(reader: TreeReader): Promise<readonly TreeFile[]> {
  return (await reader.list(never)).filter(isReadable);
}

/** Files by plain BM25 of their whole text and path, best first; what has no word of the task comes last, by path. */
export async function byBm25(reader: TreeReader, task: string, memory: WordMemory): Promise<readonly TreeFile[]> {
  const files = await textFiles(reader);
  const missing = files.filter(({oid}) => memory.get(oid) === undefined);
  for await (const {path, bytes} of holdFiles(reader.files(never, missing))) {
    const oid = missing.find((file) => file.path === path)?.oid;
    if (oid !== undefined) memory.set(oid, isBinary(bytes) ? {terms: termsOfText(''), tokens: tokensOfBytes(bytes.length)} : {terms: termsOf(bytes), tokens: tokensOf(Buffer.from(bytes).toString('utf8'))});
  }
  const documents = files.map(({path, oid}) => joined(memory.get(oid)?.terms ?? termsOfText(''), termsOfText(path)));
  const scores = bm25(queryOf(task).terms, documents, fileBm25);
  return files.map((file, index) => ({file, score: scores[index] ?? 0})).sort((a, b) => b.score - a.score || (a.file.path < b.file.path ? -1 : 1)).map(({file}) => file);
}

/** Takes whole files in their order as long as they fit, their tokens counted as ours are; one that does not is stepped over. */
export function takeWhole(files: readonly TreeFile[], budget: number, memory: WordMemory): Selection {
  const paths = new Set<string>();
  let tokens = 0;
  for (const {path, oid, size} of files) {
    const one = (memory.get(oid)?.tokens ?? tokensOfBytes(size)) + tokensOf(path) + frameTokens;
    if (tokens + one > budget) continue;
    tokens += one;
    paths.add(path);
  }
  return {paths, tokens};
}

function joined(a: Terms, b: Terms): Terms {
  const counts = new Map<number, number>();
  for (const {hashes, counts: each} of [a, b]) for (const [index, hash] of hashes.entries()) counts.set(hash, (counts.get(hash) ?? 0) + (each[index] ?? 0));
  const hashes = Uint32Array.from(counts.keys()).sort();
  return {hashes, counts: Uint16Array.from(hashes, (hash) => Math.min(0xffff, counts.get(hash) ?? 0)), total: a.total + b.total};
}
