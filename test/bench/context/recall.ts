import {buildContext} from '../../../src/context/build.js';
import {startContextCache} from '../../../src/context/cache.js';
import type {ContextPackage, LineSpan} from '../../../src/context/package.js';
import {openHistoryReader} from '../../../src/git/bare/history-reader.js';
import {openTreeReader} from '../../../src/git/bare/tree-reader.js';
import {drawCases, type Case} from './cases.js';
import {byBm25, startWordMemory, takeWhole, textFiles, type Selection} from './whole-files.js';

/** Recall and tokens used of one selector at one budget, summed over cases. */
export interface Sum {
  recall: number;
  tokens: number;
  cases: number;
}

/** Selectors: ours by what is told word for word, ours where an outline counts too, and the baselines. */
export const selectors = ['package', 'package-outline', 'bm25', 'path-order'] as const;
export type Selector = (typeof selectors)[number];

/** The sums of one repository or of all, by selector and budget. */
export type Sums = ReadonlyMap<Selector, ReadonlyMap<number, Sum>>;

const never = new AbortController().signal;
/** One specialist who may write anything: what is measured is the choice, not a scope. */
const stream = {specialist: 'implementation', write: ['**'], within: ['**'], owns: [], closed: []};

/** Measures cases of one repository at each budget. */
export async function measureRecall(directory: string, {count, seed, budgets}: {readonly count: number; readonly seed: number; readonly budgets: readonly number[]}): Promise<Sums> {
  const sums = emptySums(budgets);
  const words = startWordMemory();
  const cache = startContextCache();
  const history = openHistoryReader({directory});
  for (const one of await drawCases(directory, {count, seed})) {
    const reader = await openTreeReader({directory}, one.parent, never);
    const files = await textFiles(reader);
    const there = new Set(files.map(({path}) => path));
    const touched = new Map([...one.touched].filter(([path]) => there.has(path)));
    if (touched.size === 0) continue;
    const ordered = await byBm25(reader, one.task, words);
    for (const budget of budgets) {
      const [made] = await buildContext({reader, history, task: one.task, streams: [stream], budgets: {implementation: budget}, cache}, never);
      if (made === undefined) throw new Error('no package was built');
      if (made.tokens > budget) throw new Error(`a package of ${made.tokens} tokens for a budget of ${budget}`);
      add(sums, {selector: 'package', budget, recall: wordForWord(made, touched), tokens: made.tokens});
      add(sums, {selector: 'package-outline', budget, recall: withOutlines(made, touched), tokens: made.tokens});
      add(sums, {selector: 'bm25', budget, ...wholeRecall(takeWhole(ordered, budget, words), touched)});
      add(sums, {selector: 'path-order', budget, ...wholeRecall(takeWhole(files, budget, words), touched)});
    }
  }
  return sums;
}

export function emptySums(budgets: readonly number[]): Sums {
  return new Map(selectors.map((selector) => [selector, new Map(budgets.map((budget) => [budget, {recall: 0, tokens: 0, cases: 0}]))]));
}

/** Adds the sums of a repository to those of all. */
export function addSums(all: Sums, more: Sums): void {
  for (const [selector, byBudget] of more) {
    for (const [budget, {recall, tokens, cases}] of byBudget) {
      const sum = all.get(selector)?.get(budget);
      if (sum === undefined) throw new Error('two runs of different budgets');
      sum.recall += recall;
      sum.tokens += tokens;
      sum.cases += cases;
    }
  }
}

function add(sums: Sums, {selector, budget, recall, tokens}: {readonly selector: Selector; readonly budget: number; readonly recall: number; readonly tokens: number}): void {
  addSums(sums, new Map([[selector, new Map([[budget, {recall, tokens, cases: 1}]])]]));
}

function wholeRecall({paths, tokens}: Selection, touched: Case['touched']): {readonly recall: number; readonly tokens: number} {
  return {recall: [...touched.keys()].filter((path) => paths.has(path)).length / touched.size, tokens};
}

/** A file told in parts is found only when all lines that the commit changed are among them. */
function wordForWord({items}: ContextPackage, touched: Case['touched']): number {
  const found = items.filter(({path, form, lines}) => touched.has(path) && (form === 'whole' || (form === 'excerpt' && (touched.get(path) ?? []).every((changed) => isShown(changed, lines)))));
  return found.length / touched.size;
}

function withOutlines({items}: ContextPackage, touched: Case['touched']): number {
  return items.filter(({path, form}) => form !== 'name' && touched.has(path)).length / touched.size;
}

function isShown({from, to}: LineSpan, lines: readonly LineSpan[]): boolean {
  return lines.some((shown) => shown.from <= from && to <= shown.to);
}
