import {z} from 'zod';
import type {Manifest} from '../../core/manifest.js';
import type {Verification} from '../../core/verification.js';
import {usableLayers} from '../layers/usable.js';
import {refOf, type Run} from '../rooms.js';
import type {HandedIn} from '../work/work.js';

/** What the change as a whole broke: whoever touched the product answers for it, until it is known whose part did it. */
const ofTheWhole: ReadonlySet<string> = new Set(['REGRESSION', 'TESTS_VANISHED']);

/** A check that could not tell. */
const undecided = new Error('the suite did not end in order');

/** A merge that was verified, and what went into it. */
export interface BlameAt {
  readonly round: number;
  readonly base: string;
  /** What the submissions were merged onto. */
  readonly onto: string;
  readonly handed: readonly HandedIn[];
}

/**
 * Finds whose submission broke what several could have broken, by verifying merges of some of them, and gives the findings to
 * those alone; as they were when that cannot be told. For two submissions at most four runs of the suite. A step.
 */
export async function blame(run: Run, at: BlameAt, verification: Verification, signal: AbortSignal): Promise<Verification> {
  const shared = new Set(verification.findings.filter((item) => ofTheWhole.has(item.code) && item.owners.length > 1).map(({id}) => id));
  const submissions = at.handed.flatMap(({specialist, commit}) => (commit === undefined ? [] : [{name: specialist.stream.specialist, commit}]));
  if (verification.verdict !== 'blocked' || shared.size === 0 || submissions.length < 2) return verification;
  const {names} = await run.steps.step({
    name: `blame/${at.round}`,
    input: {commit: verification.commit, onto: at.onto, submissions},
    names: {ref: refOf(run, `blame/${at.round}`), prefix: prefixOf(run, at.round)},
    schema: z.strictObject({names: z.array(z.string())}),
    run: async () => {
      const holds = startChecks(run, at, {verification, paths: new Set(verification.findings.flatMap(({id, path}) => (path !== undefined && shared.has(id) ? [path] : [])))});
      const request = {onto: at.onto, submissions, ref: refOf(run, `blame/${at.round}`), date: run.startedAt, signal, holds};
      const culprit = await run.rooms.repository.findCulprit(request).catch((error: unknown) => {
        if (error === undecided) return undefined;
        throw error;
      });
      return {names: culprit?.state === 'found' ? [...culprit.names] : []};
    },
  });
  if (names.length === 0) return verification;
  const told = names.length === 1 ? `Without the submission of ${names.join()} it does not happen.` : `It happens when the submissions of ${names.join(' and ')} come together.`;
  return {...verification, findings: verification.findings.map((item) => (shared.has(item.id) ? {...item, owners: [...names], message: `${item.message} ${told}`} : item))};
}

/** Verifies one merge after the other for findings in the same test files: a part of the work may break another test of them. What was seen already is not run again. */
function startChecks(run: Run, {round, base}: BlameAt, seen: {readonly verification: Verification; readonly paths: ReadonlySet<string>}): (commit: string, signal: AbortSignal) => Promise<boolean> {
  const {repository, engine, verifyCommit, harness, baseCache} = run.rooms;
  let count = 0;
  return async (commit, signal) => {
    const before = await repository.reader(base, signal);
    const reader = await repository.reader(commit, signal);
    // They passed on the base, or they would be no findings.
    if (reader.tree === before.tree) return true;
    if (reader.tree === seen.verification.tree) return false;
    count += 1;
    const {findings} = await verifyCommit({
      manifest: withoutProof(run.options.manifest),
      base: before,
      commit: reader,
      engine,
      image: run.image,
      ownership: run.ownership,
      namePrefix: `${prefixOf(run, round)}-${count}`,
      limits: run.options.limits,
      carried: [],
      layers: {base: (await usableLayers(run, base, signal)).layers, commit: (await usableLayers(run, commit, signal)).layers},
      harness,
      baseCache,
      signal,
    });
    if (findings.some(({code, path}) => ofTheWhole.has(code) && path !== undefined && seen.paths.has(path))) return false;
    // A suite that did not end in order says nothing of single tests.
    if (findings.some(({check, path}) => check === 'tests' && path === undefined)) throw undecided;
    return true;
  };
}

function prefixOf(run: Run, round: number): string {
  return `bulkhead-${run.id}-blame-${round}`;
}

/** Whether new tests fail without the new work is not asked again. */
function withoutProof({tests, ...manifest}: Manifest): Manifest {
  return tests === undefined ? manifest : {...manifest, tests: {...tests, failToPass: 'none'}};
}
