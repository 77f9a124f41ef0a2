import {lstat} from 'node:fs/promises';
import {join} from 'node:path';
import {readUserGit} from '../../door/user-git.js';
import {decodeStrictly} from '../../door/decode.js';
import type {PathProblem} from './plan.js';
import type {Worktree} from './worktree.js';

/** The submodules of a checkout that have changes which no commit holds: of a submodule only its commit is frozen. */
export async function readDirtySubmodules(worktree: Worktree, signal: AbortSignal): Promise<readonly PathProblem[]> {
  const found: PathProblem[] = [];
  for (const path of await pathsOfSubmodules(worktree, signal)) {
    const dir = join(worktree.root, path);
    // Without a `.git` of its own it was never fetched, and git would look at the repository around it.
    if (!(await isThere(join(dir, '.git')))) continue;
    const state = await readState(dir, signal);
    if (state !== 'clean') found.push({path, why: state === 'dirty' ? 'is a submodule with changes of its own, which are left out' : 'is a submodule that cannot be looked at'});
  }
  return found;
}

async function pathsOfSubmodules(worktree: Worktree, signal: AbortSignal): Promise<readonly string[]> {
  if (!(await isThere(join(worktree.root, '.gitmodules')))) return [];
  const {stdout} = await worktree.read(['ls-files', '-z', '--stage'], '', signal);
  const lines = stdout.toString('latin1').split('\0').filter((line) => line.startsWith('160000 '));
  return lines.map((line) => decodeStrictly(Buffer.from(line.slice(line.indexOf('\t') + 1), 'latin1'))).filter((path) => path !== undefined);
}

async function readState(dir: string, signal: AbortSignal): Promise<'clean' | 'dirty' | 'unknown'> {
  try {
    const {stdout} = await readUserGit({dir, args: ['status', '--porcelain', '-z', '--untracked-files=normal', '--ignore-submodules=dirty'], signal});
    return stdout.length === 0 ? 'clean' : 'dirty';
  } catch {
    signal.throwIfAborted();
    return 'unknown';
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(() => true, () => false);
}
