import {extensionOf} from '../../code/language.js';
import {isBinary, outlineOf} from '../../code/outline.js';
import type {Outline} from '../../code/outline-types.js';
import {processorMs, syntaxLimits} from '../../code/syntax/parse.js';
import {termsOf, type Terms} from '../../code/terms.js';
import {holdFiles, type TreeFile, type TreeReader} from '../../core/tree.js';
import type {ContextCache} from '../cache.js';

/** Words of a file of which nothing was read. */
const noTerms: Terms = {hashes: new Uint32Array(), counts: new Uint16Array(), total: 0};
/**
 * Processor time in ms that one package may spend in parsers; then the rest is outlined by lines. Real code is far below it
 * (measured: 0.3 s, and the texts of a package have a limit of their own); it stops hostile text.
 */
const usualParseMs = 4000;
/** Lets no parser near. */
const noSyntax = {...syntaxLimits, maxChars: 0};

/** Files that are few enough to keep their texts when only their words were asked for. */
const fewFiles = 64;

/** Text and outline of a file; the outline is made when it is asked for. */
export interface FileContent {
  readonly text: string;
  outline(): Outline;
}

/** What files contain, read once for each blob. */
export interface Contents {
  /** Reads the words of files that were not read yet; a file that cannot be read has none. */
  readTerms(files: readonly TreeFile[], signal: AbortSignal): Promise<ReadonlyMap<string, Terms>>;
  /** Reads files, by path; binary and empty ones are left out. */
  readContents(files: readonly TreeFile[], signal: AbortSignal): Promise<ReadonlyMap<string, FileContent>>;
}

/** Starts reading one commit's files through the cache; outlines by syntax are made within so much processor time. */
export function startContents(reader: TreeReader, cache: ContextCache, maxParseMs = usualParseMs): Contents {
  let parseMs = 0;
  const outlineFile = (file: TreeFile, text: string): Outline => {
    const key = `${file.oid} ${extensionOf(file.path)}`;
    const kept = cache.get('outline', key);
    if (kept !== undefined) return kept;
    const source = {path: file.path, bytes: Buffer.from(text)};
    // Not kept: the next package has its own time.
    if (parseMs >= maxParseMs) return outlineOf(source, noSyntax);
    const started = processorMs();
    const outline = outlineOf(source);
    parseMs += processorMs() - started;
    cache.set('outline', key, outline);
    return outline;
  };
  return {
    async readTerms(files, signal) {
      const known = new Map<string, Terms>();
      const missing = files.filter((file) => {
        const kept = cache.get('terms', file.oid);
        if (kept !== undefined) known.set(file.path, kept);
        return kept === undefined;
      });
      for await (const {file, bytes} of readFiles(reader, missing, signal)) {
        const terms = isBinary(bytes) ? noTerms : termsOf(bytes);
        cache.set('terms', file.oid, terms);
        // After a small change what is new is often told too: it is not fetched twice.
        if (missing.length <= fewFiles) cache.set('text', file.oid, textOf(bytes));
        known.set(file.path, terms);
      }
      return known;
    },
    async readContents(files, signal) {
      const texts = new Map<string, string>();
      const missing = files.filter((file) => {
        const kept = cache.get('text', file.oid);
        if (kept !== undefined) texts.set(file.path, kept);
        return kept === undefined;
      });
      for await (const {file, bytes} of readFiles(reader, missing, signal)) {
        const text = textOf(bytes);
        cache.set('text', file.oid, text);
        texts.set(file.path, text);
      }
      const contents = new Map<string, FileContent>();
      for (const file of files) {
        const text = texts.get(file.path) ?? '';
        if (text !== '') contents.set(file.path, {text, outline: () => outlineFile(file, text)});
      }
      return contents;
    },
  };
}

/** The text of a file; a binary one has none. */
function textOf(bytes: Uint8Array): string {
  return isBinary(bytes) ? '' : new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes);
}

/** The given files with their bytes; a reader that gives others too, or fewer, does no harm. */
async function* readFiles(reader: TreeReader, files: readonly TreeFile[], signal: AbortSignal): AsyncGenerator<{readonly file: TreeFile; readonly bytes: Uint8Array}> {
  if (files.length === 0) return;
  const wanted = new Map(files.map((file) => [file.path, file]));
  for await (const {path, bytes} of holdFiles(reader.files(signal, files))) {
    const file = wanted.get(path);
    if (file !== undefined) yield {file, bytes};
  }
}
