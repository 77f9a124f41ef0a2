import {isAncestor} from '../bare/history.js';
import {setRef, type GitStore} from '../bare/refs.js';
import {mergeSubmission, type MergeRequest} from './merge.js';

/** Submissions whose merge, in this order, fails a check. */
export interface BisectRequest extends Pick<MergeRequest, 'onto' | 'ref' | 'date' | 'signal'> {
  readonly submissions: readonly Submitted[];
  /** Whether a merge is as it should be; asked of one commit after the other, never of two at a time. */
  readonly holds: (commit: string, signal: AbortSignal) => Promise<boolean>;
}

/** A submission by the name of who handed it in. */
export interface Submitted {
  readonly name: string;
  readonly commit: string;
}

/** What broke a merge. */
export type Culprit =
  /** Together they fail the check, in `commit`; one name: it fails alone. `along` are others that are in there because a named one was made on top of them. */
  | {readonly state: 'found'; readonly names: readonly string[]; readonly along: readonly string[]; readonly commit: string; readonly checks: number}
  /** The merge of all of them passes. */
  | {readonly state: 'holds'; readonly checks: number}
  /** It fails without any submission. */
  | {readonly state: 'base-fails'; readonly checks: number}
  /** The check said both of one commit, so it can blame nobody. */
  | {readonly state: 'flaky'; readonly commit: string; readonly checks: number};

/**
 * Finds the submissions that break a merge: the one that breaks what was merged before it, by halving, then, where it does
 * not fail alone, the earlier ones that it needs for it, each by halving again. At most ⌈log2 n⌉ + 1 checks for each
 * that is named, and four for the ends and for seeing that the check says the same twice. A combination that does not merge
 * is passed over as one that does not fail. Deterministic: the same answers give the same names, and the ref holds whatever is being checked.
 */
export async function findCulprit(store: GitStore, request: BisectRequest): Promise<Culprit> {
  const {submissions, signal} = request;
  const told = new Map<string, boolean>();
  const merge = startMerging(store, request);
  let checks = 0;
  let passed = request.onto;
  const ask = async (commit: string): Promise<boolean> => {
    checks += 1;
    signal.throwIfAborted();
    await setRef(store, request.ref, commit, signal);
    return request.holds(commit, signal);
  };
  const fails = async (chosen: readonly Submitted[]): Promise<boolean> => {
    const commit = await merge(chosen);
    if (commit === undefined) return false;
    const holds = told.get(commit) ?? (await ask(commit));
    told.set(commit, holds);
    if (holds) passed = commit;
    return !holds;
  };
  // In plan order, whatever order they were found in.
  const inOrder = (chosen: ReadonlySet<Submitted>) => submissions.filter((one) => chosen.has(one));

  if (!(await fails(submissions))) return {state: 'holds', checks};
  if (await fails([])) return {state: 'base-fails', checks};
  const guilty = new Set<Submitted>();
  for (let end = submissions.length; !(await fails(inOrder(guilty))); ) {
    // The fewest first ones that fail together with those that are guilty already: the last of them is guilty too.
    let [passing, failing] = [0, end];
    while (failing - passing > 1) {
      const middle = Math.floor((passing + failing) / 2);
      if (await fails(inOrder(new Set([...submissions.slice(0, middle), ...guilty])))) failing = middle;
      else passing = middle;
    }
    const last = submissions[failing - 1];
    if (last === undefined) throw new TypeError('a search went past its end');
    guilty.add(last);
    end = failing - 1;
  }
  const names = inOrder(guilty);
  const commit = (await merge(names)) ?? request.onto;
  for (const one of [commit, passed]) {
    if (told.get(one) !== (await ask(one))) return {state: 'flaky', commit: one, checks};
  }
  const along: string[] = [];
  for (const one of submissions) {
    if (!guilty.has(one) && (await isAncestor(store, {ancestor: one.commit, of: commit}, signal))) along.push(one.name);
  }
  return {state: 'found', names: names.map(({name}) => name), along, commit, checks};
}

/** Merges some submissions in their order, each step once; undefined when they do not merge. */
function startMerging(store: GitStore, {onto, ref, date, signal}: BisectRequest): (chosen: readonly Submitted[]) => Promise<string | undefined> {
  const known = new Map<string, string | undefined>();
  return async (chosen) => {
    let commit: string | undefined = onto;
    for (const {name, commit: submission} of chosen) {
      const key = `${commit} ${submission}`;
      if (!known.has(key)) {
        const merged = await mergeSubmission(store, {onto: commit, submission, ref, message: `Try the submission of ${name}`, date, signal});
        known.set(key, merged.state === 'merged' ? merged.commit : undefined);
      }
      commit = known.get(key);
      if (commit === undefined) return undefined;
    }
    return commit;
  };
}
