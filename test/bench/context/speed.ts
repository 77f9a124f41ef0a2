import {buildContext} from '../../../src/context/build.js';
import {startContextCache, type ContextCache} from '../../../src/context/cache.js';
import type {ContextPackage} from '../../../src/context/package.js';
import {openHistoryReader} from '../../../src/git/bare/history-reader.js';
import {openReading} from '../../../src/git/bare/reading.js';
import {median} from '../row.js';
import {git} from './cases.js';

/** Milliseconds of one package, median of the cases. */
export interface Speed {
  readonly coldMs: number;
  readonly warmMs: number;
  readonly cases: number;
}

const never = new AbortController().signal;
const stream = {specialist: 'implementation', write: ['**'], within: ['**'], owns: [], closed: []};
/** Cases, and the newest commits among which they are looked for. */
const [cases, newest] = [7, 400];

/**
 * Times packages from the bare repository, opening and listing included. Cold: with an empty cache. Warm: with the cache of
 * the parent's package of the same task, after a commit that changed one file.
 */
export async function measureSpeed(directory: string, say: (line: string) => void): Promise<Speed> {
  const [cold, warm]: [number[], number[]] = [[], []];
  for (const commit of await oneFileCommits(directory)) {
    const task = await git(directory, ['log', '-1', '--format=%B', commit]);
    const parent = (await git(directory, ['rev-parse', `${commit}^`])).trim();
    const cache = startContextCache();
    cold.push(await time(directory, {commit: parent, task, cache}));
    warm.push(await time(directory, {commit, task, cache}));
  }
  say(`cold ${cold.map(Math.round).join(' ')} ms, warm ${warm.map(Math.round).join(' ')} ms (the first with code that was never run before)`);
  return {coldMs: median(cold), warmMs: median(warm), cases: cold.length};
}

async function time(directory: string, {commit, task, cache}: {readonly commit: string; readonly task: string; readonly cache: ContextCache}): Promise<number> {
  const before = cache.count.hits;
  const started = performance.now();
  const [made] = await build(directory, {commit, task, cache});
  const ms = performance.now() - started;
  if (made === undefined || made.items.length === 0) throw new Error('an empty package was timed');
  if (cache.count.hits !== before) throw new Error('a kept package was timed');
  return ms;
}

async function build(directory: string, {commit, task, cache}: {readonly commit: string; readonly task: string; readonly cache: ContextCache}): Promise<readonly ContextPackage[]> {
  await using reading = openReading({directory});
  const reader = await reading.reader(commit, never);
  return await buildContext({reader, history: reading.history(), task, streams: [stream], cache}, never);
}

async function oneFileCommits(directory: string): Promise<readonly string[]> {
  const history = openHistoryReader({directory});
  const head = (await git(directory, ['rev-parse', 'HEAD'])).trim();
  const commits = await history.read(await history.ids(head, newest, never), never);
  const found = commits.filter(({paths}) => paths.length === 1).slice(0, cases).map(({id}) => id);
  if (found.length < cases) throw new Error(`${directory} has only ${found.length} commits of one file`);
  return found;
}
