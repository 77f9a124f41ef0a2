import {writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path/posix';
import {z} from 'zod';
import {AppError} from '../core/errors.js';
import {manifestSha256} from '../core/manifest.js';
import type {Report} from '../core/report.js';
import type {LockedImage} from '../core/sandbox.js';
import type {Verification} from '../core/verification.js';
import {tickTask} from '../project/tasks.js';
import {renderReportMarkdown} from '../record/report-markdown.js';
import {refOf, type Run} from './rooms.js';
import type {Specialist} from './work.js';

interface Ending {
  readonly image: LockedImage;
  readonly specialists: readonly Specialist[];
  readonly verifications: readonly Verification[];
}

/**
 * Ends a run. Verified: the bookkeeping commit T on top of V, and the result branch in the user's repository. Not
 * verified: neither, and nothing is ticked. The report is written in both cases.
 */
export async function closeRun(run: Run, ending: Ending, signal: AbortSignal): Promise<Report> {
  const last = ending.verifications.at(-1);
  if (last === undefined) throw new TypeError('a run was closed before any verification');
  const draft = await draftReport(run, ending, last, signal);
  const report = last.verdict === 'verified' ? await deliverResult(run, draft, signal) : draft;
  await writeFile(run.files.reportJson, `${JSON.stringify(report, null, 2)}\n`, {mode: 0o600});
  await writeFile(run.files.reportMarkdown, renderReportMarkdown(report), {mode: 0o600});
  const {verdict, commit, branch} = report;
  await run.journal.append({type: 'run.closed', verdict, commit, ...(branch === undefined ? {} : {branch})});
  return report;
}

async function deliverResult(run: Run, report: Report, signal: AbortSignal): Promise<Report> {
  const bookkeeping = await commitBookkeeping(run, report, signal);
  const branch = `bulkhead/${slug(run.task)}-${run.id.slice(-4)}`;
  await run.steps.step({
    name: 'deliver',
    input: {commit: bookkeeping, branch},
    names: {branch},
    schema: z.strictObject({}),
    run: async () => {
      await run.rooms.deliverBranch({checkout: run.checkout, repositoryDir: run.rooms.repository.directory, commit: bookkeeping, branch, signal});
      return {};
    },
  });
  return {...report, bookkeeping, branch};
}

/** T: the ticked task file and the report beside it, on top of V; without a task file, V's own tree with the verdict in its message. */
async function commitBookkeeping(run: Run, report: Report, signal: AbortSignal): Promise<string> {
  const {repository} = run.rooms;
  const {from, manifest} = run.options;
  const made = await run.steps.step({
    name: 'bookkeeping',
    input: {verified: report.commit},
    names: {ref: refOf(run, 'result')},
    schema: z.strictObject({commit: z.string()}),
    run: async () => {
      const files = from === undefined ? [] : await taskFiles(run, from, report, signal);
      const message = `Verified: ${run.task.split('\n')[0] ?? ''}\n\nBulkhead-Run: ${run.id}\nBulkhead-Verified-Commit: ${report.commit}\nBulkhead-Manifest: sha256:${manifestSha256(manifest)}`;
      const commit = await repository.commitFiles({parent: report.commit, files, ref: refOf(run, 'result'), message, date: run.startedAt, signal});
      const touched = await repository.changedPaths(report.commit, commit, signal);
      const stray = touched.filter((path) => !files.some((file) => file.path === path));
      if (stray.length > 0) throw new AppError('INTERNAL', `The bookkeeping commit touches ${stray.join(', ')}.`);
      return {commit};
    },
  });
  return made.commit;
}

async function taskFiles(run: Run, from: {readonly path: string; readonly id: string}, report: Report, signal: AbortSignal): Promise<readonly {readonly path: string; readonly bytes: Uint8Array}[]> {
  const reader = await run.rooms.repository.reader(report.commit, signal);
  const tasks = await reader.read(from.path, signal);
  if (tasks === undefined) throw new AppError('TASK_NOT_FOUND', `${from.path} is not in the verified commit.`, {hint: 'Commit the task file before the run.'});
  return [
    {path: from.path, bytes: Buffer.from(tickTask(decode(from.path, tasks), from.id))},
    {path: join(dirname(from.path), `verifications/bulkhead-${run.id}.md`), bytes: Buffer.from(renderReportMarkdown(report))},
  ];
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch (error) {
    throw new AppError('TASK_NOT_FOUND', `${path} is not UTF-8 in the verified commit, so no box in it can be ticked.`, {cause: error});
  }
}

async function draftReport(run: Run, ending: Ending, last: Verification, signal: AbortSignal): Promise<Report> {
  const {manifest, manifestSource, traffic} = run.options;
  const facts = await run.rooms.engine.facts(signal);
  const {reference, id, digest, diffIds} = ending.image;
  return {
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
    checks: last.checks,
    findings: last.findings,
    ...(last.tests === undefined ? {} : {tests: last.tests}),
    restored: last.restored,
    rounds: ending.verifications.map(({verdict, commit, findings}) => ({verdict, commit, findings})),
    specialists: ending.specialists.map((one) => ({
      specialist: one.stream.specialist,
      turns: one.nextTurn - 1,
      submissions: [...one.submissions],
      usage: one.usage,
      summary: one.summary,
    })),
    timings: {total: Date.now() - run.startedAt.getTime(), verification: ending.verifications.reduce((sum, one) => sum + one.durationMs, 0)},
  };
}

/** The first words of a task as part of a branch name: at most 40 of `a-z0-9-`. */
function slug(task: string): string {
  const words = task.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').slice(0, 40).replace(/^-+|-+$/g, '');
  return words === '' ? 'task' : words;
}
