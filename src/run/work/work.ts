import {z} from 'zod';
import type {Conversation} from '../../agents/conversation.js';
import type {SpecialistRequest} from '../../agents/loop.js';
import {finding, type Finding} from '../../core/finding.js';
import {ownerOf} from '../../core/manifest.js';
import {addUsage, mayWrite, noUsage, type SpecialistOutcome, type Stream, type Usage} from '../../core/specialist.js';
import type {ExportEntry} from '../../core/sandbox.js';
import type {PhaseName} from './bring-home.js';
import {startPhaseBox} from './phase-box.js';
import {refOf, type Run} from '../rooms.js';
import {submissionCaps} from './submission-caps.js';

/** One specialist over the whole run: its conversation goes on from box to box. */
export interface Specialist {
  readonly stream: Stream;
  conversation: Conversation;
  nextTurn: number;
  usage: Usage;
  /** Commits that it handed in, in order. */
  readonly submissions: string[];
  /** Paths that its submissions changed. */
  readonly changed: string[];
  /** What it said last; reported, never verified. */
  summary: string;
}

/** What came out of one phase. */
export interface HandedIn {
  readonly specialist: Specialist;
  /** The submission, or undefined when nothing was changed. */
  readonly commit: string | undefined;
  readonly changed: readonly string[];
  readonly findings: readonly Finding[];
}

/** How a phase begins. */
export interface PhaseStart extends Pick<SpecialistRequest, 'opening' | 'shorterOpening'> {
  readonly phase: string;
  readonly commit: string;
}

const Submitted = z.strictObject({commit: z.string(), empty: z.boolean(), changed: z.array(z.string()), outside: z.array(z.string())});

/** A specialist before its first phase. */
export function newSpecialist(stream: Stream): Specialist {
  return {stream, conversation: [], nextTurn: 1, usage: noUsage, submissions: [], changed: [], summary: ''};
}

/**
 * One phase of one specialist: box, loop, export, submission. The submission's parent is the commit that the phase
 * began with, however many boxes it took, and it holds what the specialist may write and nothing else.
 */
export async function workPhase(run: Run, specialist: Specialist, at: PhaseStart, signal: AbortSignal): Promise<HandedIn> {
  const name: PhaseName = {specialist: specialist.stream.specialist, phase: at.phase, commit: at.commit};
  await using box = startPhaseBox(run, name, signal);
  const {model, runSpecialist, prompts, redact} = run.rooms;
  const worked = await runSpecialist({
    specialist: name.specialist,
    phase: name.phase,
    system: prompts.role(name.specialist),
    earlier: specialist.conversation,
    opening: at.opening,
    shorterOpening: at.shorterOpening,
    firstTurn: specialist.nextTurn,
    box,
    model,
    steps: run.steps,
    redact,
    maxTokens: run.options.model.maxTokens,
    maxTurns: run.options.maxTurns,
    signal,
  });
  specialist.conversation = worked.conversation;
  specialist.nextTurn = worked.nextTurn;
  specialist.usage = addUsage(specialist.usage, worked.usage);
  specialist.summary = worked.outcome.summary;
  const exported = await box.finish();
  const submitted = await submit(run, name, {stream: specialist.stream, worked: exported.commit, signal});
  if (!submitted.empty) specialist.submissions.push(submitted.commit);
  specialist.changed.push(...submitted.changed);
  return {
    specialist,
    commit: submitted.empty ? undefined : submitted.commit,
    changed: submitted.changed,
    findings: [
      ...exported.refused.map((item) => refusal(name.specialist, item)),
      ...submitted.outside.map((path) => refusal(name.specialist, {path, code: 'SCOPE_VIOLATION', why: outsideBecause(run, path)})),
      ...endFindings(name.specialist, worked.outcome),
    ],
  };
}

async function submit(run: Run, name: PhaseName, work: {readonly stream: Stream; readonly worked: string; readonly signal: AbortSignal}): Promise<z.infer<typeof Submitted>> {
  const ref = refOf(run, `submission/${name.specialist}/${name.phase}`);
  return run.steps.step({
    name: `submission/${name.specialist}/${name.phase}`,
    input: {from: name.commit, worked: work.worked},
    names: {ref},
    schema: Submitted,
    run: async () => {
      const submission = await run.rooms.repository.importSubmission({
        parent: name.commit,
        entries: changesBetween(run, name.commit, work.worked, work.signal),
        limits: submissionCaps(run.options),
        policy: {mayWrite: (path) => mayWrite(work.stream, path), wanted: work.stream.owns, allowIgnored: [...work.stream.owns, ...run.options.manifest.allow.ignoredFiles]},
        ref,
        message: `Submission of ${name.specialist} (${name.phase})\n\nBulkhead-Run: ${run.id}\nBulkhead-Specialist: ${name.specialist}`,
        date: run.startedAt,
        signal: work.signal,
      });
      const outside = submission.refused.filter((item) => item.code === 'SCOPE_VIOLATION').map((item) => item.path);
      return {commit: submission.commit, empty: submission.empty, changed: [...submission.changed], outside};
    },
  });
}

/** The difference of two commits in the form in which a box would export it. */
async function* changesBetween(run: Run, from: string, to: string, signal: AbortSignal): AsyncIterable<ExportEntry> {
  if (from === to) return;
  const {repository} = run.rooms;
  const reader = await repository.reader(to, signal);
  const modes = new Map((await reader.list(signal)).map((file) => [file.path, file.mode]));
  for (const path of await repository.changedPaths(from, to, signal)) {
    const mode = modes.get(path);
    const bytes = mode === undefined ? undefined : await reader.read(path, signal);
    const name = Buffer.from(path);
    if (bytes === undefined) yield {kind: 'deleted', path: name};
    else if (mode === 'symlink') yield {kind: 'symlink', path: name, target: bytes};
    else yield {kind: 'file', path: name, executable: mode === 'executable', size: bytes.length, bytes};
  }
}

/** Whose it is, where the manifest says so. */
function outsideBecause(run: Run, path: string): string {
  const owner = ownerOf(run.options.manifest, path);
  return owner === undefined ? 'is outside its write scope' : `belongs to ${owner}`;
}

function refusal(specialist: string, item: {readonly path: string; readonly code: 'UNSAFE_NAME' | 'SCOPE_VIOLATION' | 'FILE_IGNORED'; readonly why: string}): Finding {
  return finding({
    code: item.code,
    check: 'files',
    owners: [specialist],
    path: item.path,
    message: `${specialist} wrote ${item.path}, which ${item.why}; it was left out.`,
    hint: item.code === 'SCOPE_VIOLATION' ? 'Leave it as it is on the base, or ask its owner.' : 'Deliver it under a plain name, as a regular file that is not ignored.',
    evidence: {class: 'file-fact'},
  });
}

function endFindings(specialist: string, outcome: SpecialistOutcome): readonly Finding[] {
  if (outcome.ended === 'submitted') return [];
  if (outcome.ended === 'failed' && outcome.fullBoxes !== undefined) return [outOfDisk(specialist, outcome.fullBoxes)];
  const spent = outcome.ended === 'turns-spent';
  return [
    finding({
      code: spent ? 'BUDGET_SPENT' : 'NO_SUBMISSION',
      check: 'files',
      deliverable: specialist,
      owners: [specialist],
      message: spent ? `${specialist} used all its turns without handing in.` : `${specialist} ended without handing in (${outcome.ended}).`,
      hint: 'What its box held was taken as it was. Hand in with the submit tool.',
      evidence: {class: 'file-fact'},
    }),
  ];
}

function outOfDisk(specialist: string, boxes: number): Finding {
  return finding({
    code: 'OUT_OF_DISK',
    check: 'files',
    deliverable: specialist,
    owners: [specialist],
    message: `${specialist} wrote more to the disk than a box may: ${boxes === 1 ? 'a box' : `${boxes} boxes`} of it had to be ended, and it handed nothing in.`,
    hint: 'What its boxes held was taken as far as a submission may hold it. Write less: delete what is not needed, keep output short.',
    evidence: {class: 'file-fact'},
  });
}
