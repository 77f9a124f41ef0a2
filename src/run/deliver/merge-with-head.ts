import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {refOf} from '../rooms.js';
import type {DeliverRequest} from './deliver.js';
import type {Taken} from './take.js';

/**
 * A result, merged with the commit that is checked out: both sides are in it, in our repository, and nobody's files are
 * touched. Where the user's branch has not moved on it is the result itself. Throws CHECKOUT_CHANGED for a conflict.
 */
export async function mergeWithHead({files, checkout, rooms, now}: Pick<DeliverRequest, 'files' | 'checkout' | 'rooms' | 'now'>, taken: Taken, signal: AbortSignal): Promise<Taken> {
  const {repository} = rooms;
  const {head} = checkout;
  const [run, date] = [{id: files.runId}, now()];
  await repository.freeze({checkout, commit: head, ref: refOf(run, 'head'), signal});
  if (await repository.isAncestor(head, taken.commit, signal)) return {...taken, notes: [...taken.notes, 'Your branch has not moved on: nothing had to be merged.']};
  const trailers = [`Bulkhead-Run: ${files.runId}`, `Bulkhead-${taken.verified ? 'Verified' : 'Unverified'}-Parent: ${taken.commit}`, 'Bulkhead-Verdict: not verified, merged afterwards'];
  const message = `Merge the result of ${files.runId}\n\n${trailers.join('\n')}`;
  const ref = refOf(run, 'with-head');
  const merged = await repository.merge({onto: head, submission: taken.commit, ref, message, date, signal});
  if (merged.state === 'conflicted') {
    throw new AppError('CHECKOUT_CHANGED', `Nothing was changed: the result and what you have committed since conflict in ${merged.paths.slice(0, 10).map((path) => `\`${escapeText(path)}\``).join(', ')}.`, {
      hint: `\`bulkhead deliver ${files.runId} --branch NAME\` gives the result as a branch of its own; then \`git merge NAME\`, and resolve them there.`,
      details: {paths: merged.paths.map((path) => escapeText(path))},
    });
  }
  const {commit, why} = await rooms.signCommit({root: checkout.root, repositoryDir: repository.directory, commit: merged.commit, ref, date, signal});
  const notes = [...taken.notes, `What was verified is ${taken.commit}. Merged with your ${head.slice(0, 12)} it was not: it has to be verified again before anybody relies on it.`, ...(why === undefined ? [] : [why])];
  return {...taken, commit, verified: false, notes};
}
