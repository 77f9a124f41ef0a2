import {z} from 'zod';
import {startContextCache} from '../context/cache.js';
import {canonicalJson} from '../core/canonical.js';
import type {Finding} from '../core/finding.js';
import {manifestSha256} from '../core/manifest.js';
import type {Report} from '../core/report.js';
import type {LockedImage} from '../core/sandbox.js';
import type {Plan} from '../core/specialist.js';
import type {Verification} from '../core/verification.js';
import {keptPaths} from '../project/agent-os/places.js';
import {writeDurably} from '../record/durable.js';
import {blame} from './merge/blame.js';
import {closeRun} from './close/close.js';
import {mergeInOrder} from './merge/merge.js';
import {planStreams} from './plan.js';
import {startResolver} from './merge/resolver.js';
import {refOf, type OpenedRun, type Run} from './rooms.js';
import {alsoTold, beginFirst, tellContext, tellMore, type ToldContext} from './work/tell-context.js';
import {verifyMerge} from './merge/verify-merge.js';
import {workTogether} from './work/work-together.js';
import {newSpecialist, type HandedIn, type Specialist} from './work/work.js';

/**
 * One run, from freeze to verdict, and also its resume: each act is a step, and a step that the journal already knows
 * returns what it recorded. Read it from top to bottom; `src/README.md` numbers the same twelve steps.
 */
export async function conductRun(opened: OpenedRun, signal: AbortSignal): Promise<Report> {
  // What a killed git of an earlier process left locked: this process holds the run now.
  await opened.rooms.repository.unlockRefs(`refs/bulkhead/${opened.id}`, signal);
  const base = await freezeBase(opened, signal);
  const run: Run = {...opened, image: await lockInputs(opened, signal), contextCache: startContextCache(opened.options.context?.cache), resolver: startResolver()};
  const {streams} = planOf(run);
  const told = await tellContext(run, {base, streams}, signal);
  const specialists = streams.map(newSpecialist);
  const verifications: Verification[] = [];
  const latest = new Map(told.map((one) => [one.specialist, one]));

  let handed = await workTogether(run, specialists, {phase: 'first', commit: base, begin: (one) => beginFirst(run, {base, latest, stream: one.stream}, signal)}, signal);
  let onto = base;
  for (let round = 0; ; round += 1) {
    const merged = await mergeInOrder(run, {round, onto}, handed, signal);
    const verification = await blame(run, {round, base, onto, handed}, await verifyMerge(run, {round, base, ...merged}, signal), signal);
    verifications.push(verification);
    const owing = specialists.filter((one) => findingsOf(one, verification.findings).length > 0);
    if (verification.verdict !== 'blocked' || round === run.options.repairRounds || owing.length === 0) break;
    onto = merged.commit;
    handed = await repair(run, {owing, latest, phase: `repair-${round + 1}`, commit: onto, findings: verification.findings}, signal);
  }
  return closeRun(run, {specialists: [...specialists, ...run.resolver.worked()], verifications, told: [...latest.values()]}, signal);
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

interface Repair {
  readonly owing: readonly Specialist[];
  /** What each specialist was told so far. */
  readonly latest: Map<string, ToldContext>;
  readonly phase: string;
  readonly commit: string;
  readonly findings: readonly Finding[];
}

/** Findings go to their owners, with files of the merge that they were not told of before. */
async function repair(run: Run, {owing, latest, phase, commit, findings}: Repair, signal: AbortSignal): Promise<readonly HandedIn[]> {
  const openings = new Map<Specialist, string>();
  for (const one of owing) {
    const own = latest.get(one.stream.specialist);
    const more = own && (await tellMore(run, {phase, commit, told: own}, signal));
    if (own !== undefined && more !== undefined) latest.set(own.specialist, alsoTold(own, more));
    openings.set(one, run.rooms.prompts.repair({findings: findingsOf(one, findings), context: more?.text ?? ''}));
  }
  return workTogether(run, owing, {phase, commit, begin: (one) => ({opening: openings.get(one) ?? ''})}, signal);
}

function findingsOf(one: Specialist, findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((item) => item.owners.includes(one.stream.specialist));
}
