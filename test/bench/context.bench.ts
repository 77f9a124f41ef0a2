import {parseArgs} from 'node:util';
import {openTreeReader} from '../../src/git/bare/tree-reader.js';
import {git, gitDirectory} from './context/cases.js';
import {generateRepository} from './context/generate.js';
import {addSums, emptySums, measureRecall, type Selector, type Sums} from './context/recall.js';
import {measureSpeed, type Speed} from './context/speed.js';
import {row, type Bench, type Row} from './row.js';

/** Budgets of the rows, and those between them at which the curve of tokens over recall is known. */
const sizes = [8000, 16_000, 32_000] as const;
const budgets = [1500, 3200, 4800, ...sizes, 9600, 12_800, 19_200].sort((a, b) => a - b);
/** Fewer cases say too little. */
const leastCases = 300;
/** Files of a repository that counts as a large one. */
const largeFiles = 25_000;

/**
 * How much of what a commit touched is in the package that is built for its message on its parent.
 *
 * `--repo DIR…` (repeated or in one), `--commits N` in all (default 330), `--seed N`. A case is a commit without merges of
 * the newest 1500 that touched at most 20 files; recall is over the files that its parent has as text (lock files,
 * images and generated files can be chosen by no selector and do not count), averaged over cases of all repositories.
 *
 * A whole-file selector has found a file when the file is in its package. Ours also tells parts and outlines, so it is
 * measured twice. The rows use the stricter way: a file counts when it is told whole, or in parts that show every line
 * that the commit changed (of an insertion: the line before it). `…_outline` rows, without limit, count a file as well
 * when its outline or any part of it is told: enough to know that it must be opened, not enough to change it. A bare
 * name never counts.
 *
 * `tokens_at_equal_recall` is, for the size at which it is worst, the tokens at which our stricter recall reaches that of
 * BM25, in parts of the tokens that BM25 used. Baselines: whole files by plain BM25 over text and path, and in the order
 * of their paths, both filling what is left with the next file that fits.
 *
 * The two times are of a repository of 25,000 files or more: one of those given, or else one that a seed generates.
 */
export const bench: Bench = async (args, say) => {
  const {values, positionals} = parseArgs({args: [...args], allowPositionals: true, options: {repo: {type: 'string', multiple: true}, commits: {type: 'string', default: '330'}, seed: {type: 'string', default: '1'}}});
  const repositories = await Promise.all([...(values.repo ?? []), ...positionals].map(gitDirectory));
  if (repositories.length === 0) throw new Error('Give repositories with history: npm run bench -- context --repo DIR…');
  const speed = await speedOfLarge(repositories, say);
  const all = emptySums(budgets);
  for (const directory of repositories) {
    const sums = await measureRecall(directory, {count: Math.ceil(Number(values.commits) / repositories.length), seed: Number(values.seed), budgets});
    say(`${directory}: ${summary(sums)}`);
    addSums(all, sums);
  }
  return [...recallRows(all), speedRow('package_ms_25k_cold', speed.coldMs, 1500, speed), speedRow('package_ms_25k_warm', speed.warmMs, 150, speed)];
};

function recallRows(sums: Sums): readonly Row[] {
  const {cases} = at(sums, 'package', sizes[0]);
  const enough = cases >= leastCases;
  const rows = sizes.flatMap((size) => {
    const name = `recall_${size / 1000}k`;
    const [bm25, paths] = [at(sums, 'bm25', size).recall, at(sums, 'path-order', size).recall];
    const baseline = `BM25 over whole files ${bm25.toFixed(3)}, path order ${paths.toFixed(3)}; ${cases} commits`;
    return [
      row({name, value: enough ? at(sums, 'package', size).recall : NaN, unit: '×', atLeast: Number(bm25.toFixed(4)), baseline: enough ? baseline : `${cases} commits are fewer than ${leastCases}`}),
      row({name: `${name}_outline`, value: at(sums, 'package-outline', size).recall, unit: '×', baseline}),
    ];
  });
  const equal = sizes.map((size) => tokensAt(sums, at(sums, 'bm25', size).recall) / at(sums, 'bm25', size).tokens);
  const baseline = `tokens of BM25 over whole files; at ${sizes.map((size, index) => `${size / 1000}k ${(equal[index] ?? NaN).toFixed(2)}`).join(', ')}`;
  return [...rows, row({name: 'tokens_at_equal_recall', value: enough ? Math.max(...equal) : NaN, unit: '×', atMost: 0.6, baseline})];
}

/** Tokens at which the package reaches a recall, straight between measured budgets; infinite when it never does. */
function tokensAt(sums: Sums, recall: number): number {
  let before = {recall: 0, tokens: 0};
  for (const budget of budgets) {
    const here = at(sums, 'package', budget);
    if (here.recall >= recall) return before.tokens + ((here.tokens - before.tokens) * (recall - before.recall)) / (here.recall - before.recall || 1);
    if (here.recall > before.recall) before = here;
  }
  return Infinity;
}

function at(sums: Sums, selector: Selector, budget: number): {readonly recall: number; readonly tokens: number; readonly cases: number} {
  const {recall, tokens, cases} = sums.get(selector)?.get(budget) ?? {recall: 0, tokens: 0, cases: 0};
  return {recall: recall / cases, tokens: tokens / cases, cases};
}

function summary(sums: Sums): string {
  const part = (selector: Selector): string => sizes.map((size) => at(sums, selector, size).recall.toFixed(3)).join(' ');
  return `${at(sums, 'package', sizes[0]).cases} commits, recall at 8k 16k 32k: package ${part('package')}, with outlines ${part('package-outline')}, BM25 ${part('bm25')}`;
}

async function speedOfLarge(repositories: readonly string[], say: (line: string) => void): Promise<Speed & {readonly what: string}> {
  const signal = new AbortController().signal;
  for (const directory of repositories) {
    const reader = await openTreeReader({directory}, (await git(directory, ['rev-parse', 'HEAD'])).trim(), signal);
    const files = (await reader.list(signal)).length;
    if (files >= largeFiles) return {...(await measureSpeed(directory, say)), what: `a given repository of ${files} files`};
  }
  await using generated = await generateRepository({files: largeFiles + 1000, commits: 300, seed: 7});
  return {...(await measureSpeed(generated.path, say)), what: `a generated repository of ${largeFiles + 1000} files`};
}

function speedRow(name: string, value: number, atMost: number, {cases, what}: Speed & {readonly what: string}): Row {
  return row({name, value, unit: 'ms', atMost, baseline: `median of ${cases} on ${what}`});
}
