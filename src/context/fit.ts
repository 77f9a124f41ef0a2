import type {TreeFile} from '../core/tree.js';
import type {FileContent} from './read/contents.js';
import {excerpt, outlined, whole, type Told} from './forms/forms.js';
import type {Segment} from './forms/segments.js';
import type {ContextItem, Form, LeftFile, Section} from './package.js';
import type {QueryTerm} from './rank/bm25.js';
import type {RankedFile} from './rank/rank.js';
import {frameTokens, headTokens, renderItem} from './render.js';
import {tokensOf, tokensOfBytes} from './tokens.js';

/** The guide's `compression_level`: how soon a file is told in parts. `adaptive` leaves it to the role. */
export type CompressionLevel = 'adaptive' | 'high' | 'medium' | 'low';

/** What a package is filled from. */
export interface Fitting {
  readonly files: readonly RankedFile[];
  readonly contents: ReadonlyMap<string, FileContent>;
  readonly segments: (file: TreeFile, content: FileContent) => readonly Segment[];
  readonly query: readonly QueryTerm[];
  /** Tokens that there are. */
  readonly budget: number;
  readonly compression: Exclude<CompressionLevel, 'adaptive'>;
  /** What may be told of a file at most: after an overflow it is less. */
  readonly most: Form;
  /** Paths that are told before all others. */
  readonly first: ReadonlySet<string>;
  /** Paths that are in the package already. */
  readonly told: ReadonlySet<string>;
}

/** Items and what found no room; `tokens` is the sum of the items, without what stands around them ({@link packageTokens}). */
export interface Fitted {
  readonly items: readonly ContextItem[];
  readonly left: readonly LeftFile[];
  readonly tokens: number;
}

/** Part of the budget above which a file is told in parts, by level, and what the parts may take then. */
const shares: Readonly<Record<Fitting['compression'], {readonly whole: number; readonly excerpt: number}>> = {
  low: {whole: 0.6, excerpt: 0.3},
  medium: {whole: 0.3, excerpt: 0.2},
  high: {whole: 0.1, excerpt: 0.1},
};
/** Part of the budget that is kept for outlines, and what one of them may take. */
const outlineShare = {all: 0.08, one: 0.02};
/** Part of the budget that names may take. */
const nameShare = 0.02;
/** Score from which a file is essential. */
const essentialScore = 0.5;
/** How much a file's length counts against it, and tokens that every file is taken to have more. */
const [lengthPower, lengthFloor] = [0.3, 150];
/** Files that are told of as left. */
const maxLeft = 40;

/** Fills a budget with the files that tell most for their length: whole, then in parts, then as outlines and names. */
export function fitFiles(fitting: Fitting): Fitted {
  const {budget, most} = fitting;
  const items = new Map<string, ContextItem>();
  let room = budget;
  const put = (item: ContextItem | undefined, limit: number): void => {
    if (item === undefined || item.tokens > Math.min(room, limit)) return;
    items.set(item.path, item);
    room -= item.tokens;
  };
  if (most === 'whole' || most === 'excerpt') {
    const reserve = budget * (outlineShare.all + nameShare);
    for (const ranked of byValue(fitting)) {
      const limit = room - reserve;
      if (limit > frameTokens) put(wholeItem(fitting, ranked, limit) ?? excerptItem(fitting, ranked, limit), limit);
    }
  }
  const untold = fitting.files.filter(({file}) => !items.has(file.path) && !fitting.told.has(file.path));
  // What the bodies left over is worth more as outlines than as nothing.
  const namesFrom = most === 'name' ? room : budget * nameShare;
  if (most !== 'name') for (const ranked of untold) put(outlineItem(fitting, ranked), room - namesFrom);
  for (const ranked of untold) if (!items.has(ranked.file.path)) put(nameItem(ranked), room);
  const left = fitting.files.filter(({file}) => !fitting.told.has(file.path) && items.get(file.path)?.form !== 'whole');
  return {items: [...items.values()], tokens: budget - room, left: left.slice(0, maxLeft).map(({file, score}) => ({path: file.path, tokens: tokensOfBytes(file.size), score}))};
}

/** Tokens of a package of such items as it is rendered, at most. */
export function packageTokens(items: readonly ContextItem[]): number {
  return items.length === 0 ? 0 : items.reduce((sum, {tokens}) => sum + tokens, headTokens);
}

/** By relevance for the length; what must be first is first. */
function byValue({files, contents, first, told}: Fitting): readonly RankedFile[] {
  return files
    .filter(({file}) => contents.has(file.path) && !told.has(file.path))
    .map((ranked) => ({ranked, value: ranked.score / (tokensOfBytes(ranked.file.size) + lengthFloor) ** lengthPower, isFirst: first.has(ranked.file.path)}))
    .sort((a, b) => Number(b.isFirst) - Number(a.isFirst) || b.value - a.value)
    .map(({ranked}) => ranked);
}

function wholeItem({contents, budget, compression, most}: Fitting, ranked: RankedFile, limit: number): ContextItem | undefined {
  const content = contents.get(ranked.file.path);
  const maxTokens = Math.min(limit, budget * shares[compression].whole);
  // What its bytes rule out already is not counted.
  if (most !== 'whole' || content === undefined || tokensOfBytes(ranked.file.size) > maxTokens) return undefined;
  const told = item(ranked, 'whole', whole(content));
  return told.tokens > maxTokens ? undefined : told;
}

function excerptItem({contents, segments, query, budget, compression}: Fitting, ranked: RankedFile, limit: number): ContextItem | undefined {
  const content = contents.get(ranked.file.path);
  const maxTokens = Math.min(limit, budget * shares[compression].excerpt) - frameTokens - tokensOf(ranked.file.path);
  if (content === undefined || maxTokens < frameTokens) return undefined;
  const told = excerpt(content, segments(ranked.file, content), {query, maxTokens});
  return told === undefined ? undefined : item(ranked, 'excerpt', told);
}

function outlineItem({contents, budget}: Fitting, ranked: RankedFile): ContextItem | undefined {
  const content = contents.get(ranked.file.path);
  const told = content === undefined ? undefined : outlined(content.outline(), budget * outlineShare.one);
  return told === undefined ? undefined : item(ranked, 'outline', told);
}

function nameItem(ranked: RankedFile): ContextItem {
  return item(ranked, 'name', {text: '', lines: []});
}

function item({file, score}: RankedFile, form: Form, {text, lines}: Told): ContextItem {
  const tokens = tokensOf(renderItem({path: file.path, form, text}));
  return {path: file.path, oid: file.oid, section: sectionOf(form, score), form, text, lines, tokens, score};
}

function sectionOf(form: Form, score: number): Section {
  if (form === 'outline' || form === 'name') return 'reference';
  return score >= essentialScore ? 'essential' : 'supplementary';
}
