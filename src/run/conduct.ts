import pLimit from 'p-limit';
import {z} from 'zod';
import type {Finding} from '../core/finding.js';
import {manifestSha256} from '../core/manifest.js';
import type {Report} from '../core/report.js';
import type {LockedImage} from '../core/sandbox.js';
import {Verification} from '../core/verification.js';
import {closeRun} from './close.js';
import {mergeInOrder} from './merge.js';
import {planStreams} from './plan.js';
import {refOf, type Run} from './rooms.js';
import {newSpecialist, workPhase, type HandedIn, type Specialist} from './work.js';

/**
 * One run, from freeze to verdict, and also its resume: each act is a step, and a step that the journal already knows
 * returns what it recorded. Read it from top to bottom; `src/README.md` numbers the same twelve steps.
 */
export async function conductRun(run: Run, signal: AbortSignal): Promise<Report> {
  const base = await freezeBase(run, signal);
  const image = await lockInputs(run, signal);
  const specialists = planStreams(run.options.manifest, run.options.specialists).streams.map(newSpecialist);
  const verifications: Verification[] = [];

  let handed = await workTogether(run, specialists, {phase: 'first', commit: base, opening: (one) => firstOpening(run, one)}, signal);
  let onto = base;
  for (let round = 0; ; round += 1) {
    const merged = await mergeInOrder(run, {round, onto}, handed, signal);
    const verification = await verifyMerge(run, {round, base, image, ...merged}, signal);
    verifications.push(verification);
    const owing = specialists.filter((one) => findingsOf(one, verification.findings).length > 0);
    if (verification.verdict !== 'blocked' || round === run.options.repairRounds || owing.length === 0) break;
    onto = merged.commit;
    const opening = (one: Specialist): string => run.rooms.prompts.repair({findings: findingsOf(one, verification.findings)});
    handed = await workTogether(run, owing, {phase: `repair-${round + 1}`, commit: onto, opening}, signal);
  }
  return closeRun(run, {image, specialists, verifications}, signal);
}

async function freezeBase(run: Run, signal: AbortSignal): Promise<string> {
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

async function lockInputs(run: Run, signal: AbortSignal): Promise<LockedImage> {
  const {manifest} = run.options;
  return run.steps.step<LockedImage>({
    name: 'lock',
    input: {manifestSha256: manifestSha256(manifest)},
    schema: z.strictObject({reference: z.string(), id: z.string(), digest: z.string().optional(), diffIds: z.array(z.string())}),
    run: async () => run.rooms.engine.lockImage(manifest.image, signal),
  });
}

function firstOpening(run: Run, one: Specialist): string {
  return run.rooms.prompts.opening({task: run.task, stream: one.stream, manifest: run.options.manifest});
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

interface VerifyAt {
  readonly round: number;
  readonly base: string;
  readonly image: LockedImage;
  readonly commit: string;
  readonly findings: readonly Finding[];
  readonly authors: ReadonlyMap<string, readonly string[]>;
}

async function verifyMerge(run: Run, at: VerifyAt, signal: AbortSignal): Promise<Verification> {
  const {repository, engine, verifyCommit, harness, baseCache} = run.rooms;
  const namePrefix = `bulkhead-${run.id}-verify-${at.round}`;
  const before = run.steps.known(`verify/${at.round}`);
  const verification = await run.steps.step({
    name: `verify/${at.round}`,
    input: {commit: at.commit, findings: at.findings},
    names: {prefix: namePrefix},
    schema: Verification,
    run: async () =>
      verifyCommit({
        manifest: run.options.manifest,
        base: await repository.reader(at.base, signal),
        commit: await repository.reader(at.commit, signal),
        engine,
        image: at.image,
        ownership: run.ownership,
        namePrefix,
        limits: run.options.limits,
        carried: at.findings,
        authors: (path) => at.authors.get(path) ?? [],
        harness,
        baseCache,
        signal,
      }),
  });
  if (before !== 'finished') {
    const {verdict, findings} = verification;
    await run.steps.note({type: 'verification.ended', round: at.round, commit: at.commit, verdict, findings});
  }
  return verification;
}

function findingsOf(one: Specialist, findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((item) => item.owners.includes(one.stream.specialist));
}
