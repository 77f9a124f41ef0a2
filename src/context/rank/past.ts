import type {Terms} from '../../code/terms.js';
import type {PastCommit} from '../../core/history.js';
import {bm25, normalised, shortBm25, type QueryTerm} from './bm25.js';

/** A commit of the past with the words of its message, the newest first in lists. */
export interface ReadCommit {
  readonly commit: PastCommit;
  readonly terms: Terms;
}

/** Commits that touched more files say nothing about which belong together. */
const maxTogether = 30;
/** Commits after which a change counts a third. */
const decayCommits = 150;

/** What history says of paths. */
export interface PastScores {
  /** From commits whose message is like the task. */
  readonly alike: ReadonlyMap<string, number>;
  /** From how often and how lately a path was changed. */
  readonly active: ReadonlyMap<string, number>;
}

/** Scores from 0 to 1 by path, from commits newest first. */
export function pastScores(query: readonly QueryTerm[], commits: readonly ReadCommit[]): PastScores {
  const likeness = normalised(bm25(query, commits.map(({terms}) => terms), shortBm25));
  const alike = new Map<string, number>();
  const active = new Map<string, number>();
  for (const [age, {commit}] of commits.entries()) {
    if (commit.paths.length === 0 || commit.paths.length > maxTogether) continue;
    const share = 1 / Math.sqrt(commit.paths.length);
    const like = (likeness[age] ?? 0) ** 2 * share;
    const recent = Math.exp(-age / decayCommits) * share;
    for (const path of commit.paths) {
      if (like > 0) alike.set(path, (alike.get(path) ?? 0) + like);
      active.set(path, (active.get(path) ?? 0) + recent);
    }
  }
  return {alike: scaled(alike, (value) => value), active: scaled(active, Math.sqrt)};
}

/** Paths that were changed together with the given ones, each with its weight, from 0 to 1. */
export function changedTogether(seeds: ReadonlyMap<string, number>, commits: readonly ReadCommit[]): ReadonlyMap<string, number> {
  const together = new Map<string, number>();
  for (const {commit} of commits) {
    if (commit.paths.length < 2 || commit.paths.length > maxTogether) continue;
    const weight = commit.paths.reduce((most, path) => Math.max(most, seeds.get(path) ?? 0), 0);
    if (weight === 0) continue;
    for (const path of commit.paths) together.set(path, (together.get(path) ?? 0) + weight / commit.paths.length);
  }
  return scaled(together, (value) => value);
}

function scaled(scores: ReadonlyMap<string, number>, shape: (value: number) => number): ReadonlyMap<string, number> {
  const most = [...scores.values()].reduce((a, b) => Math.max(a, b), 0);
  return most === 0 ? scores : new Map([...scores].map(([path, score]) => [path, shape(score / most)]));
}
