import {z} from 'zod';
import {finding, type Finding} from '../../core/finding.js';
import {endConflict} from './open-conflict.js';
import {Settled} from '../results.js';
import {refOf, type Run} from '../rooms.js';
import {workPhase, type HandedIn} from '../work/work.js';

/** How often an owner may rework one submission that conflicts, before the conflict is a finding. */
const maxReworks = 2;

const Merged = z.discriminatedUnion('state', [
  z.strictObject({state: z.literal('merged'), commit: z.string(), settled: z.array(Settled).optional()}),
  z.strictObject({state: z.literal('conflicted'), paths: z.array(z.string()), why: z.string().optional()}),
]);

type Conflicted = Extract<z.infer<typeof Merged>, {state: 'conflicted'}>;

/** Where the merge is, and what did not go into it. */
export interface MergeSoFar {
  readonly commit: string;
  readonly findings: readonly Finding[];
  /** Who changed a path in this merge. */
  readonly authors: ReadonlyMap<string, readonly string[]>;
  /** Submissions as they were before somebody resolved their conflict. */
  readonly resolved: readonly ResolvedSide[];
}

/** A submission that did not go onto the merge as it was. */
export interface ResolvedSide {
  readonly name: string;
  readonly submission: string;
}

/**
 * Merges what was handed in, one after the other in the given order, onto a commit. What neither git nor a rule can merge
 * goes to its owner, who reworks it in a new box made from the merge so far, then to a resolver, then to a person: the run
 * parks. What a person leaves out is a finding.
 */
export async function mergeInOrder(run: Run, at: MergeAt, handed: readonly HandedIn[], signal: AbortSignal): Promise<MergeSoFar> {
  const findings: Finding[] = [];
  const authors = new Map<string, readonly string[]>();
  const resolved: ResolvedSide[] = [];
  let onto = at.onto;
  for (const first of handed) {
    const merged = await mergeOne(run, {round: at.round, onto}, first, signal);
    onto = merged.commit;
    findings.push(...merged.findings);
    const name = first.specialist.stream.specialist;
    if (first.commit !== undefined && merged.byHand) resolved.push({name, submission: first.commit});
    for (const path of merged.changed) authors.set(path, [...(authors.get(path) ?? []), name]);
  }
  return {commit: onto, findings, authors, resolved};
}

interface MergedOne {
  readonly commit: string;
  readonly changed: readonly string[];
  readonly findings: readonly Finding[];
  /** Whether it went in, and not as it was handed in at first. */
  readonly byHand: boolean;
}

interface MergeAt {
  readonly round: number;
  readonly onto: string;
}

async function mergeOne(run: Run, at: MergeAt, first: HandedIn, signal: AbortSignal): Promise<MergedOne> {
  const name = first.specialist.stream.specialist;
  let handed = first;
  let open: {readonly submission: string; readonly changed: readonly string[]; readonly conflicted: Conflicted} | undefined;
  for (let attempt = 0; ; attempt += 1) {
    if (handed.commit !== undefined) {
      const merged = await merge(run, {...at, attempt, name, submission: handed.commit}, signal);
      if (merged.state === 'merged') return {commit: merged.commit, changed: handed.changed, findings: handed.findings, byHand: attempt > 0};
      open = {submission: handed.commit, changed: handed.changed, conflicted: merged};
    }
    if (open === undefined) return {commit: at.onto, changed: [], findings: handed.findings, byHand: false};
    const {submission, changed, conflicted} = open;
    // A rework that brings nothing in again resolves nothing.
    if (handed.commit === undefined || attempt === maxReworks) {
      const end = await endConflict(run, {...at, specialist: name, submission, paths: conflicted.paths, why: conflicted.why}, signal);
      if (end.state === 'merged') return {commit: end.commit, changed, findings: handed.findings, byHand: true};
      return {commit: at.onto, changed: [], findings: [...handed.findings, conflict(name, conflicted)], byHand: false};
    }
    const ownDiff = await run.rooms.repository.diffText(await parentOf(run, submission, signal), submission, signal);
    const opening = run.rooms.prompts.conflict({paths: conflicted.paths, why: conflicted.why, ownDiff});
    handed = await workPhase(run, first.specialist, {phase: `conflict-${at.round}-${attempt}`, commit: at.onto, opening}, signal);
  }
}

async function merge(
  run: Run,
  at: MergeAt & {readonly attempt: number; readonly name: string; readonly submission: string},
  signal: AbortSignal,
): Promise<z.infer<typeof Merged>> {
  const ref = refOf(run, `merged/${at.round}`);
  return run.steps.step({
    name: `merge/${at.round}/${at.name}/${at.attempt}`,
    input: {onto: at.onto, submission: at.submission},
    names: {ref},
    schema: Merged,
    run: async () => {
      const message = `Merge the submission of ${at.name}\n\nBulkhead-Run: ${run.id}\nBulkhead-Specialist: ${at.name}`;
      const merged = await run.rooms.repository.merge({onto: at.onto, submission: at.submission, ref, message, date: run.startedAt, signal});
      if (merged.state === 'merged') return {state: 'merged', commit: merged.commit, ...(merged.settled.length === 0 ? {} : {settled: [...merged.settled]})};
      return {state: 'conflicted', paths: [...merged.paths], ...(merged.why === undefined ? {} : {why: merged.why})};
    },
  });
}

async function parentOf(run: Run, commit: string, signal: AbortSignal): Promise<string> {
  return run.rooms.repository.resolve(`${commit}^1`, signal);
}

function conflict(name: string, {paths, why}: Conflicted): Finding {
  return finding({
    code: 'MERGE_CONFLICT',
    check: 'files',
    deliverable: name,
    owners: [name],
    message: why === undefined ? `The submission of ${name} still conflicts in ${paths.join(', ')} and was left out.` : `The submission of ${name} was left out: ${why}`,
    hint: 'Make the change again on top of what the others delivered.',
    evidence: {class: 'file-fact'},
  });
}
