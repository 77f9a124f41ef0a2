import {readFile} from 'node:fs/promises';
import {AppError} from '../core/errors.js';
import {Report} from '../core/report.js';
import {readEvents} from '../record/journal/journal.js';
import type {RunFiles} from '../record/store.js';
import {commitBlocker} from '../run/close/blocker.js';
import {openedWith, readState} from '../run/open.js';
import type {ProjectContext} from './project-context.js';
import {applyToCheckout, deliverBranch, openStoreRepository} from './wire.js';

/** What `deliver --blocked` takes, and how. */
export interface BlockerDelivery {
  readonly project: ProjectContext;
  readonly files: RunFiles;
  /** Undefined: a name of its own, which a checkout that takes it needs. */
  readonly branch: string | undefined;
  readonly apply: boolean;
}

/** A branch with what blocks a task in its own files, and what could not be written there. */
export interface DeliveredBlocker {
  readonly commit: string;
  readonly branch: string;
  readonly paths: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Brings what blocks a task into its files, as a branch of the user's and with `apply` into the checkout. Throws RUN_STATE
 * for a run that did not end blocked or did not begin with a task file, and what delivering a result throws.
 */
export async function deliverBlocker({project: {checkout, store}, files, branch, apply}: BlockerDelivery, signal: AbortSignal): Promise<DeliveredBlocker> {
  const state = await readState(files);
  if (state.status !== 'blocked') throw new AppError('RUN_STATE', `The run ${state.runId} is not blocked: ${state.status}.`, {hint: '`--blocked` writes into a task file what blocks its task.'});
  const {options, startedAt} = openedWith(await readEvents(files.journal));
  const {from} = options;
  if (from === undefined) throw new AppError('RUN_STATE', `The run ${state.runId} was not started with --from, so there is no task file to write into.`, {hint: `Its findings are in ${files.reportMarkdown}.`});
  const repository = await openStoreRepository(store, signal);
  const report = await readReport(files);
  const {commit, paths, notes} = await commitBlocker({repository, report, from, startedAt}, signal);
  const name = branch ?? `bulkhead-blocked-${state.runId.slice(-4)}`;
  await deliverBranch({checkout, repositoryDir: store.repository, commit, branch: name, signal});
  if (apply) await applyToCheckout({checkout, repositoryDir: store.repository, ref: `refs/bulkhead/${files.runId}/checkout`, commit, base: report.base, signal});
  return {commit, branch: name, paths, notes};
}

/** The report is written before the run is closed, so a blocked run has one. */
async function readReport(files: RunFiles): Promise<Report> {
  const read = Report.safeParse(JSON.parse(await readFile(files.reportJson, 'utf8')));
  if (read.success) return read.data;
  throw new AppError('RUN_STATE', `The report of the run ${files.runId} is of another version.`, {hint: 'Read it as it is, or run the task again.'});
}
