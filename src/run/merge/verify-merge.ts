import {AppError} from '../../core/errors.js';
import type {Finding} from '../../core/finding.js';
import {Verification} from '../../core/verification.js';
import {layersFinding} from '../layers/finding.js';
import {usableLayers} from '../layers/usable.js';
import type {ResolvedSide} from './merge.js';
import type {Run} from '../rooms.js';

/** Findings in the journal's own lines; all of them are in the outcome of the step and in the report. */
const maxNotedFindings = 50;

/** What is verified: a merge, with the findings that it brought, and who changed a path in it. */
export interface VerifyAt {
  readonly round: number;
  readonly base: string;
  readonly commit: string;
  readonly findings: readonly Finding[];
  readonly authors: ReadonlyMap<string, readonly string[]>;
  readonly resolved: readonly ResolvedSide[];
}

/** Verifies a merge against the manifest and the base, once. What could not be decided is INCONCLUSIVE. */
export async function verifyMerge(run: Run, at: VerifyAt, signal: AbortSignal): Promise<Verification> {
  const {repository, engine, verifyCommit, harness, baseCache} = run.rooms;
  const namePrefix = `bulkhead-${run.id}-verify-${at.round}`;
  const name = `verify/${at.round}`;
  const open = run.steps.known(name) !== 'finished';
  const layers = open ? {base: await usableLayers(run, at.base, signal), commit: await usableLayers(run, at.commit, signal)} : undefined;
  const broken = layers?.commit.problem === undefined ? [] : [layersFinding(run, layers.commit.problem, at.authors)];
  const verification = await run.steps.step({
    name,
    input: {commit: at.commit, findings: at.findings},
    names: {prefix: namePrefix},
    schema: Verification,
    run: async () => {
      const sides = [];
      for (const {name, submission} of at.resolved) sides.push({name, commit: await repository.reader(submission, signal), layers: (await usableLayers(run, submission, signal)).layers});
      const seen = await verifyCommit({
        manifest: run.options.manifest,
        base: await repository.reader(at.base, signal),
        commit: await repository.reader(at.commit, signal),
        engine,
        image: run.image,
        ownership: run.ownership,
        namePrefix,
        limits: run.options.limits,
        carried: [...at.findings, ...broken],
        layers: layers && {base: layers.base.layers, commit: layers.commit.layers},
        authors: (path) => at.authors.get(path) ?? [],
        harness,
        baseCache,
        sides,
        signal,
      });
      if (seen.verdict === 'inconclusive') throw undecided(seen);
      return seen;
    },
  });
  // A crash between the two lines must not leave the second one out.
  if (!run.journal.events.some((event) => event.type === 'verification.ended' && event.round === at.round)) {
    const {verdict, findings} = verification;
    await run.steps.note({type: 'verification.ended', round: at.round, commit: at.commit, verdict, findings: findings.slice(0, maxNotedFindings), findingsTotal: findings.length});
  }
  return verification;
}

/** Not an outcome: the run parks, and a resume verifies again. */
function undecided(seen: Verification): AppError {
  const harness = seen.findings.filter((item) => item.evidence.class === 'harness');
  const message = harness.map((item) => item.message).join(' ');
  return new AppError('INCONCLUSIVE', message === '' ? 'No check of the manifest could be decided.' : message, {
    hint: `${harness[0]?.hint ?? 'Mend the cause.'} The work is kept: \`bulkhead resume\` verifies it again.`,
    details: {commit: seen.commit, findings: seen.findings},
  });
}
