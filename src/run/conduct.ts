import pLimit from 'p-limit';
import {z} from 'zod';
import {canonicalJson} from '../core/canonical.js';
import {AppError} from '../core/errors.js';
import type {Finding} from '../core/finding.js';
import {manifestSha256} from '../core/manifest.js';
import type {Report} from '../core/report.js';
import type {LockedImage} from '../core/sandbox.js';
import type {Plan} from '../core/specialist.js';
import {Verification} from '../core/verification.js';
import {keptPaths} from '../project/agent-os/places.js';
import {writeDurably} from '../record/durable.js';
import {closeRun} from './close.js';
import {mergeInOrder} from './merge.js';
import {planStreams} from './plan.js';
import {refOf, type OpenedRun, type Run} from './rooms.js';
import {tellContext, type ToldContext} from './tell-context.js';
import {newSpecialist, workPhase, type HandedIn, type Specialist} from './work.js';

/**
 * One run, from freeze to verdict, and also its resume: each act is a step, and a step that the journal already knows
 * returns what it recorded. Read it from top to bottom; `src/README.md` numbers the same twelve steps.
 */
export async function conductRun(opened: OpenedRun, signal: AbortSignal): Promise<Report> {
  // What a killed git of an earlier process left locked: this process holds the run now.
  await opened.rooms.repository.unlockRefs(`refs/bulkhead/${opened.id}`, signal);
  const base = await freezeBase(opened, signal);
  const run: Run = {...opened, image: await lockInputs(opened, signal)};
  const {streams} = planOf(run);
  const told = await tellContext(run, {base, streams}, signal);
  const specialists = streams.map(newSpecialist);
  const verifications: Verification[] = [];

  let handed = await workTogether(run, specialists, {phase: 'first', commit: base, opening: (one) => firstOpening(run, one, told)}, signal);
  let onto = base;
  for (let round = 0; ; round += 1) {
    const merged = await mergeInOrder(run, {round, onto}, handed, signal);
    const verification = await verifyMerge(run, {round, base, ...merged}, signal);
    verifications.push(verification);
    const owing = specialists.filter((one) => findingsOf(one, verification.findings).length > 0);
    if (verification.verdict !== 'blocked' || round === run.options.repairRounds || owing.length === 0) break;
    onto = merged.commit;
    const opening = (one: Specialist): string => run.rooms.prompts.repair({findings: findingsOf(one, verification.findings)});
    handed = await workTogether(run, owing, {phase: `repair-${round + 1}`, commit: onto, opening}, signal);
  }
  return closeRun(run, {specialists, verifications, told}, signal);
}

/** What Bulkhead itself writes when the task is verified is closed to every specialist. */
function planOf(run: Run): Plan {
  const {manifest, scopes, from} = run.options;
  const kept = from === undefined ? [] : keptPaths(from);
  return planStreams(manifest, scopes, kept);
}

async function freezeBase(run: OpenedRun, signal: AbortSignal): Promise<string> {
  const ref = refOf(run, 'base');
  const commit = run.options.manifest.base;
  const frozen = await run.steps.step({
    name: 'freeze',
    input: {commit},
    names: {ref},
    schema: z.strictObject({commit: z.string()}),
    run: async () => {
      await run.rooms.repository.freeze({checkout: run.checkout, commit, ref, signal});
      return {commit};
    },
  });
  return frozen.commit;
}

async function lockInputs(run: OpenedRun, signal: AbortSignal): Promise<LockedImage> {
  const {manifest} = run.options;
  return run.steps.step<LockedImage>({
    name: 'lock',
    input: {manifestSha256: manifestSha256(manifest)},
    schema: z.strictObject({reference: z.string(), id: z.string(), digest: z.string().optional(), diffIds: z.array(z.string())}),
    run: async () => {
      await writeDurably(run.files.manifest, `${canonicalJson(manifest)}\n`);
      return run.rooms.engine.lockImage(manifest.image, signal);
    },
  });
}

function firstOpening(run: Run, {stream}: Specialist, told: readonly ToldContext[]): string {
  const context = told.find((one) => one.specialist === stream.specialist)?.text ?? '';
  return run.rooms.prompts.opening({task: run.task, stream, manifest: run.options.manifest, context});
}

async function workTogether(
  run: Run,
  specialists: readonly Specialist[],
  at: {readonly phase: string; readonly commit: string; readonly opening: (one: Specialist) => string},
  signal: AbortSignal,
): Promise<readonly HandedIn[]> {
  // When one fails, the others are stopped and their work brought home before the failure goes on.
  const stop = new AbortController();
  const limit = pLimit(run.options.maxParallel);
  const either = AbortSignal.any([signal, stop.signal]);
  const working = specialists.map((one) =>
    limit(async () => {
      try {
        either.throwIfAborted();
        return await workPhase(run, one, {phase: at.phase, commit: at.commit, opening: at.opening(one)}, either);
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
  const settled = await Promise.allSettled(working);
  if (either.aborted) throw either.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** Findings in the journal's own lines; all of them are in the outcome of the step and in the report. */
const maxNotedFindings = 50;

interface VerifyAt {
  readonly round: number;
  readonly base: string;
  readonly commit: string;
  readonly findings: readonly Finding[];
  readonly authors: ReadonlyMap<string, readonly string[]>;
}

async function verifyMerge(run: Run, at: VerifyAt, signal: AbortSignal): Promise<Verification> {
  const {repository, engine, verifyCommit, harness, baseCache} = run.rooms;
  const namePrefix = `bulkhead-${run.id}-verify-${at.round}`;
  const verification = await run.steps.step({
    name: `verify/${at.round}`,
    input: {commit: at.commit, findings: at.findings},
    names: {prefix: namePrefix},
    schema: Verification,
    run: async () => {
      const seen = await verifyCommit({
        manifest: run.options.manifest,
        base: await repository.reader(at.base, signal),
        commit: await repository.reader(at.commit, signal),
        engine,
        image: run.image,
        ownership: run.ownership,
        namePrefix,
        limits: run.options.limits,
        carried: at.findings,
        authors: (path) => at.authors.get(path) ?? [],
        harness,
        baseCache,
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

function findingsOf(one: Specialist, findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((item) => item.owners.includes(one.stream.specialist));
}
