import {execa} from 'execa';
import {openHistoryReader} from '../../../src/git/bare/history-reader.js';
import type {LineSpan} from '../../../src/context/package.js';

/** A commit of the past as a task: given its message and its parent, which files did it touch? */
export interface Case {
  readonly commit: string;
  readonly parent: string;
  readonly task: string;
  /** Files that it changed or removed and that its parent has, with the lines of the parent that it changed. */
  readonly touched: ReadonlyMap<string, readonly LineSpan[]>;
}

/** Newest commits from which cases are drawn, and most files of one: more is a reformat or a release. */
const [newest, maxTouched] = [1500, 20];
const never = new AbortController().signal;
/** Lines of a message that tools add; they are no part of a task. */
const trailer = /^(?:co-authored-by|signed-off-by|reviewed-by|acked-by|tested-by|change-id|closes-pr|pr-url|refs)\s*:.*$/gim;

/** The git directory of a repository, bare or not. */
export async function gitDirectory(dir: string): Promise<string> {
  return (await git(dir, ['rev-parse', '--absolute-git-dir'])).trim();
}

/** Draws cases by seed, evenly from the newest commits without merges. */
export async function drawCases(directory: string, {count, seed}: {readonly count: number; readonly seed: number}): Promise<readonly Case[]> {
  const head = (await git(directory, ['rev-parse', 'HEAD'])).trim();
  const ids = [...(await openHistoryReader({directory}).ids(head, newest, never))];
  const random = startRandom(seed);
  const cases: Case[] = [];
  while (cases.length < count && ids.length > 0) {
    const [commit = ''] = ids.splice(Math.floor(random() * ids.length), 1);
    const one = await readCase(directory, commit);
    if (one !== undefined) cases.push(one);
  }
  return cases;
}

async function readCase(directory: string, commit: string): Promise<Case | undefined> {
  const parent = (await git(directory, ['rev-parse', '--verify', '--quiet', `${commit}^`], true)).trim();
  if (parent === '') return undefined;
  const diff = await git(directory, ['diff', '-U0', '--no-renames', '--no-color', '--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/', parent, commit]);
  const touched = parseDiff(diff);
  if (touched.size === 0 || touched.size > maxTouched) return undefined;
  const task = (await git(directory, ['log', '-1', '--format=%B', commit])).replace(trailer, '').trim();
  return task === '' ? undefined : {commit, parent, task, touched};
}

/** Old paths with their changed lines; of an insertion, the lines between which it stands. Binary and new files have none. */
export function parseDiff(diff: string): ReadonlyMap<string, readonly LineSpan[]> {
  const touched = new Map<string, LineSpan[]>();
  let spans: LineSpan[] | undefined;
  for (const line of diff.split('\n')) {
    if (line.startsWith('diff --git ')) spans = undefined;
    const path = /^--- a\/(.+?)\t?$/.exec(line)?.[1];
    if (path !== undefined && spans === undefined && !path.endsWith('"')) touched.set(path, (spans = []));
    const [, start, count = '1'] = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line) ?? [];
    if (start === undefined || spans === undefined) continue;
    const from = Number(start);
    spans.push(Number(count) === 0 ? {from: Math.max(1, from), to: Math.max(1, from)} : {from, to: from + Number(count) - 1});
  }
  return touched;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function startRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The user's git on a repository that is only read. */
export async function git(dir: string, args: readonly string[], mayFail = false): Promise<string> {
  const {stdout} = await execa('git', ['-C', dir, '-c', 'core.quotePath=false', '-c', 'safe.directory=*', ...args], {maxBuffer: 512 * 1024 * 1024, reject: !mayFail, stripFinalNewline: false});
  return stdout;
}
