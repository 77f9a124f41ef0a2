import {z} from 'zod';
import type {Conversation} from '../../agents/conversation.js';
import {isAppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {manifestSha256} from '../../core/manifest.js';
import type {Report} from '../../core/report.js';
import type {Verification} from '../../core/verification.js';
import {writeDurably} from '../../record/durable.js';
import {renderReportMarkdown} from '../../record/report-markdown.js';
import {commitBookkeeping} from './bookkeeping.js';
import {enteredNotes, entriesOf} from '../work/enter-box.js';
import {interruptedTurns, settledNotes} from '../results.js';
import {installedFor} from '../layers/usable.js';
import type {Run} from '../rooms.js';
import {measureTold, type ToldContext} from '../work/tell-context.js';
import type {Specialist} from '../work/work.js';

interface Ending {
  readonly specialists: readonly Specialist[];
  readonly verifications: readonly Verification[];
  readonly told: readonly ToldContext[];
}

/**
 * Ends a run. Verified: the bookkeeping commit T on top of V, and the result branch in the user's repository. Not
 * verified: neither, and nothing is ticked. The report is written in both cases, and before anything is delivered.
 */
export async function closeRun(run: Run, ending: Ending, signal: AbortSignal): Promise<Report> {
  const last = ending.verifications.at(-1);
  if (last === undefined) throw new TypeError('a run was closed before any verification');
  let report = await draftReport(run, ending, last, signal);
  await writeReport(run, report);
  if (report.verdict === 'verified') {
    report = await deliverResult(run, report, signal);
    await writeReport(run, report);
  }
  const {verdict, commit, branch} = report;
  await run.journal.append({type: 'run.closed', verdict, commit, ...(branch === undefined ? {} : {branch})});
  return report;
}

async function writeReport(run: Run, report: Report): Promise<void> {
  await writeDurably(run.files.reportJson, `${JSON.stringify(report, null, 2)}\n`);
  await writeDurably(run.files.reportMarkdown, renderReportMarkdown(report));
}

const Delivered = z.strictObject({branch: z.string().optional()});

async function deliverResult(run: Run, report: Report, signal: AbortSignal): Promise<Report> {
  const bookkeeping = await commitBookkeeping(run, report, signal);
  const name = `${slug(run.task)}-${run.id.slice(-4)}`;
  const delivered = await run.steps.step({
    name: 'deliver',
    input: {commit: bookkeeping.commit, name},
    names: {branch: `bulkhead/${name}`, otherwise: `bulkhead-${name}`},
    schema: Delivered,
    run: async () => ({branch: await makeBranch(run, {commit: bookkeeping.commit, name}, signal)}),
  });
  const notes = [...report.notes, ...bookkeeping.notes, ...(delivered.branch === undefined ? [`No result branch could be made: bulkhead deliver ${run.id} --branch NAME makes one.`] : [])];
  return {...report, bookkeeping: bookkeeping.commit, ...(delivered.branch === undefined ? {} : {branch: delivered.branch}), notes};
}

/** The branch that could be made: a branch of the user's that is named `bulkhead` leaves no room below it. */
async function makeBranch(run: Run, {commit, name}: {readonly commit: string; readonly name: string}, signal: AbortSignal): Promise<string | undefined> {
  for (const branch of [`bulkhead/${name}`, `bulkhead-${name}`]) {
    try {
      await run.rooms.deliverBranch({checkout: run.checkout, repositoryDir: run.rooms.repository.directory, commit, branch, signal});
      return branch;
    } catch (error) {
      if (!isAppError(error, 'RESULT_EXISTS')) throw error;
    }
  }
  return undefined;
}

async function draftReport(run: Run, ending: Ending, last: Verification, signal: AbortSignal): Promise<Report> {
  const {manifest, manifestSource, traffic} = run.options;
  const facts = await run.rooms.engine.facts(signal);
  const {reference, id, digest, diffIds} = run.image;
  const before = new Set((await (await run.rooms.repository.reader(last.base, signal)).list(signal)).map(({path}) => path));
  const dependencies = await installedFor(run, last, signal);
  // What a model asked for is recorded as it was; a report shows none of it that looks like a secret.
  return run.rooms.redact.value({
    schemaVersion: 1,
    runId: run.id,
    task: run.task,
    verdict: last.verdict,
    base: last.base,
    commit: last.commit,
    tree: last.tree,
    manifestSha256: manifestSha256(manifest),
    manifestSource,
    traffic,
    image: {reference, id, ...(digest === undefined ? {} : {digest}), diffIds: [...diffIds]},
    engine: {name: facts.name, version: facts.version, apiVersion: facts.apiVersion},
    ...(dependencies === undefined ? {} : {dependencies}),
    checks: last.checks,
    findings: last.findings,
    ...(last.tests === undefined ? {} : {tests: last.tests}),
    restored: last.restored,
    notes: [...enteredNotes(run.journal.events), ...blockerNote(run, last)],
    lookFirst: await lookFirstOf(run, last, signal),
    rounds: ending.verifications.map(({verdict, commit, findings}) => ({verdict, commit, findings})),
    specialists: ending.specialists.map((one) => accountOf(run, {...ending, before}, one)),
    timings: {
      total: Date.now() - run.startedAt.getTime(),
      verification: ending.verifications.reduce((sum, one) => sum + one.durationMs, 0),
      journalSync: Math.round(run.journal.syncMs),
    },
  }, 'text');
}

/** A blocked run writes nothing; a person may want its task file to say what blocks the task. */
function blockerNote({id, options: {from}}: Run, {verdict}: Verification): readonly string[] {
  if (verdict !== 'blocked' || from === undefined) return [];
  return [`\`bulkhead deliver ${id} --blocked --apply\` (or --branch NAME) writes into ${escapeText(from.path)} what blocks the task, and nothing else.`];
}

async function lookFirstOf(run: Run, {base, commit}: Verification, signal: AbortSignal): Promise<NonNullable<Report['lookFirst']>> {
  return [...(await run.rooms.repository.lookFirst({from: base, to: commit}, signal)), ...settledNotes(run.journal.events)];
}

function accountOf(run: Run, {told, before}: Ending & {readonly before: ReadonlySet<string>}, one: Specialist): Report['specialists'][number] {
  const {specialist} = one.stream;
  const own = told.find((each) => each.specialist === specialist);
  const interrupted = interruptedTurns(run.journal.events, specialist);
  const entered = entriesOf(run.journal.events).get(specialist) ?? 0;
  return {
    specialist,
    turns: one.nextTurn - 1,
    submissions: [...one.submissions],
    usage: one.usage,
    ...(interrupted === undefined ? {} : {interrupted}),
    ...(entered === 0 ? {} : {entered}),
    ...(own === undefined ? {} : {context: contextOf(own, one.conversation, one.changed.filter((path) => before.has(path)))}),
    summary: one.summary,
  };
}

function contextOf({hash, ...told}: ToldContext, conversation: Conversation, changed: readonly string[]): NonNullable<Report['specialists'][number]['context']> {
  return {sha256: hash, budget: told.budget, tokens: told.tokens, ...measureTold({hash, ...told}, {conversation, changed})};
}

/** The first words of a task as part of a branch name: at most 40 of `a-z0-9-`. */
function slug(task: string): string {
  const words = (task.split('\n')[0] ?? '').toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').slice(0, 40).replace(/^-+|-+$/g, '');
  return words === '' ? 'task' : words;
}
