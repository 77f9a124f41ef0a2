import {AppError, isAppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {Redactor} from '../../core/redact.js';
import type {applyToCheckout} from '../../git/deliver/apply.js';
import type {deliverBranch} from '../../git/deliver/deliver.js';
import type {LookFirst} from '../../git/deliver/look-first.js';
import type {openPullRequest} from '../../git/deliver/pull-request.js';
import type {signCommit} from '../../git/deliver/sign.js';
import type {Checkout} from '../../git/freeze/checkout.js';
import type {Repository} from '../../git/repository.js';
import {lockRun} from '../../record/driver/lock.js';
import {openJournal, readEvents} from '../../record/journal/journal.js';
import type {RunFiles} from '../../record/store.js';
import {openedWith} from '../open.js';
import {mergeWithHead} from './merge-with-head.js';
import {recordOverride} from './override.js';
import {pullRequestText} from './pull-request-text.js';
import {takeResult, type Taken} from './take.js';

/** The rooms as a delivery sees them. */
export interface DeliverRooms {
  readonly repository: Repository;
  readonly deliverBranch: typeof deliverBranch;
  readonly applyToCheckout: typeof applyToCheckout;
  readonly signCommit: typeof signCommit;
  readonly openPullRequest: typeof openPullRequest;
  readonly redact: Redactor;
}

/** What a person wants of a run that has ended. */
export interface DeliverRequest {
  readonly files: RunFiles;
  readonly checkout: Checkout;
  readonly rooms: DeliverRooms;
  /** Undefined: the result branch that the run made, or one of its own. */
  readonly branch: string | undefined;
  readonly how: 'branch' | 'apply' | 'pull-request';
  /** Merge with the commit that is checked out, when that has moved on. */
  readonly withHead: boolean;
  /** Why what is not verified is taken all the same. */
  readonly override: string | undefined;
  readonly now: () => Date;
}

/** What a person got. */
export interface Delivered {
  readonly runId: string;
  readonly commit: string;
  readonly branch: string;
  readonly applied: boolean;
  readonly pullRequest?: string;
  /** Whether exactly this was verified, but for the bookkeeping on top of it. */
  readonly verified: boolean;
  readonly lookFirst: readonly LookFirst[];
  readonly notes: readonly string[];
}

/**
 * Brings the result of an ended run to the user: as a branch, and from there into the checkout or as a pull request. What
 * was not verified needs a reason, which the journal, the report and the commit keep for ever. Each act can be repeated,
 * and says by which command. Throws RUN_STATE, RUN_LOCKED, and what git throws.
 */
export async function deliverRun(request: DeliverRequest, signal: AbortSignal): Promise<Delivered> {
  const {files} = request;
  try {
    await using _held = await lockRun(files.directory, {takeOver: false});
    return await deliver(request, signal);
  } catch (error) {
    if (!isAppError(error, 'INTERRUPTED')) throw error;
    throw new AppError('INTERRUPTED', `The delivery of ${files.runId} was interrupted; your checkout is as it was.`, {hint: `Again: \`${commandOf(request)}\`.`, cause: error});
  }
}

async function deliver(request: DeliverRequest, signal: AbortSignal): Promise<Delivered> {
  const {files, checkout, rooms, how} = request;
  const taken = await takeResult(request, signal);
  const {base} = openedWith(await readEvents(files.journal)).options.manifest;
  if (request.override !== undefined) await recordOverride(request, {commit: taken.commit, reason: request.override});
  const {commit, verified, notes} = request.withHead ? await mergeWithHead(request, taken, signal) : taken;
  const branch = request.branch ?? taken.branch;
  await rooms.deliverBranch({checkout, repositoryDir: rooms.repository.directory, commit, branch, signal});
  if (how === 'apply') await apply(request, {commit, base}, signal);
  const opened = how === 'pull-request' ? await rooms.openPullRequest({checkout, branch, ...(await pullRequestText(files, {verified})), signal}) : undefined;
  await using journal = await openJournal(files.journal, {now: request.now, redact: rooms.redact});
  const pullRequest = opened?.url === undefined ? {} : {pullRequest: opened.url};
  await journal.append({type: 'run.delivered', commit, branch, applied: how === 'apply', ...pullRequest, verified});
  return {runId: files.runId, commit, branch, applied: how === 'apply', ...pullRequest, verified, lookFirst: await lookFirst(request, {base, taken}, signal), notes};
}

async function apply(request: DeliverRequest, {commit, base}: {readonly commit: string; readonly base: string}, signal: AbortSignal): Promise<void> {
  const {files, checkout, rooms} = request;
  try {
    await rooms.applyToCheckout({checkout, repositoryDir: rooms.repository.directory, ref: `refs/bulkhead/${files.runId}/checkout`, commit, base, signal});
  } catch (error) {
    if (!isAppError(error, 'CHECKOUT_CHANGED')) throw error;
    throw new AppError('CHECKOUT_CHANGED', error.message, {
      hint: `Put your changes aside, then \`${commandOf(request)}\`. Or, if your branch has moved on: \`bulkhead deliver ${files.runId} --branch NAME --with-head\` merges both into a branch, which has to be verified again.`,
      details: error.details,
      cause: error,
    });
  }
}

/** Of the whole change, whatever the user's own branch has of it. */
async function lookFirst({rooms}: DeliverRequest, {base, taken}: {readonly base: string; readonly taken: Taken}, signal: AbortSignal): Promise<Delivered['lookFirst']> {
  return [...(await rooms.repository.lookFirst({from: base, to: taken.commit}, signal)), ...taken.settled];
}

/** The same again, as a person would type it. */
function commandOf({files, branch, how, withHead, override}: DeliverRequest): string {
  const flags = [...(branch === undefined ? [] : [`--branch ${escapeText(branch)}`]), ...(how === 'apply' ? ['--apply'] : how === 'pull-request' ? ['--pr'] : []), ...(withHead ? ['--with-head'] : []), ...(override === undefined ? [] : ['--override --reason TEXT'])];
  return `bulkhead deliver ${files.runId} ${flags.join(' ')}`;
}
