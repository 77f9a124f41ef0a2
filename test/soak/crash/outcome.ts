import {readFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import type {JournalEvent} from '../../../src/core/journal.js';
import {Report} from '../../../src/core/report.js';
import {readEvents} from '../../../src/record/journal/journal.js';
import {journals} from '../../e2e/fixture.js';
import {git} from './machine/tool.js';
import type {Site} from './site.js';

/** What must be the same however often a run was disturbed. */
export interface Outcome {
  readonly verdict: string;
  /** Verdicts of all verifications, in order. */
  readonly rounds: readonly string[];
  /** Tree of V. */
  readonly tree: string;
  /** Names, modes and contents of the result branch, but for the content of the report, which tells of the run. */
  readonly result: readonly string[];
  /** `ref tree` of each submission. */
  readonly submissions: readonly string[];
  /** Steps with an outcome, in order of name, but for those of boxes: a box that was lost is another box. */
  readonly steps: readonly string[];
}

/** A run that has ended. */
export interface EndedRun extends Outcome {
  readonly runId: string;
  readonly directory: string;
  readonly events: readonly JournalEvent[];
  readonly report: Report;
  /** Branches of the checkout that Bulkhead made. */
  readonly branches: readonly string[];
  /** Our own bare repository. */
  readonly repository: string;
}

/** A run whose journal has begun. */
export interface BegunRun {
  readonly runId: string;
  readonly directory: string;
  readonly events: readonly JournalEvent[];
}

/** The runs of a site that have begun, by their journals; the hash chain is checked. Throws JOURNAL_DAMAGED. */
export async function begunRuns(site: Site): Promise<readonly BegunRun[]> {
  const files = await journals(site.project);
  for (const file of files) site.runIds.add(basename(dirname(file)));
  const found = await Promise.all(files.map(async (file) => ({directory: dirname(file), events: await readEvents(file)})));
  return found.flatMap(({directory, events}) => (events[0]?.type === 'run.opened' ? [{runId: events[0].runId, directory, events}] : []));
}

/** Reads what the one run of a site ended with: from its report, its journal, and both repositories. */
export async function readEnded(site: Site): Promise<EndedRun> {
  const runs = await begunRuns(site);
  const [run] = runs;
  if (run === undefined || runs.length > 1) throw new Error(`there are ${runs.length} runs, not one`);
  const report = Report.parse(JSON.parse(await readFile(join(run.directory, 'report.json'), 'utf8')));
  const repository = join(dirname(dirname(run.directory)), 'repository.git');
  const checkout = site.project.directory;
  const branches = lines(await git(checkout, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/bulkhead', 'refs/heads/bulkhead-*'));
  const listed = report.branch === undefined ? [] : lines(await git(checkout, 'ls-tree', '-r', report.branch));
  const reportFile = `verifications/bulkhead-${run.runId}.md`;
  const submissions = lines(await git(repository, 'for-each-ref', '--format=%(refname) %(tree)', `refs/bulkhead/${run.runId}/submission`));
  const outcomes = run.events.flatMap((event) => (event.type === 'step.finished' ? [event.step] : []));
  return {
    ...run,
    report,
    branches,
    repository,
    verdict: report.verdict,
    rounds: report.rounds.map((round) => round.verdict),
    tree: (await git(repository, 'rev-parse', `${report.commit}^{tree}`)).trim(),
    result: listed.map((line) => (line.endsWith(`\t${reportFile}`) ? 'the report' : line)),
    submissions: submissions.map((line) => line.replace(`refs/bulkhead/${run.runId}/submission/`, '')),
    steps: outcomes.filter((step) => !/^(box|export)\//.test(step)).sort(),
  };
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
