import type {Checkout} from './checkout.js';
import {filesAt, readFileAt} from './base-files.js';
import {requireObjects} from './missing.js';

/**
 * What a person should know of a commit before a run starts from it: in what a box will have less than the checkout.
 * Throws REPOSITORY_UNSUPPORTED when it cannot be frozen, because a partial clone lacks a part of it.
 */
export async function baseNotes(checkout: Pick<Checkout, 'root' | 'history'>, commit: string, signal: AbortSignal): Promise<readonly string[]> {
  if (checkout.history === 'partial') await requireObjects(checkout, commit, signal);
  const notes: string[] = [];
  if (checkout.history === 'shallow') notes.push('This is a shallow clone: the boxes have its files and as much of its history as there is.');
  if (checkout.history === 'partial') notes.push('This is a partial clone: the boxes have its files, and of its history the one commit.');
  const there = await filesAt(checkout, commit, ['.gitmodules', '.gitattributes'], signal);
  if (there.has('.gitmodules')) notes.push('The submodules are empty folders in the boxes: of each, only its commit is a part of the repository.');
  const attributes = there.has('.gitattributes') ? await readFileAt(checkout, commit, '.gitattributes', signal) : undefined;
  if (attributes !== undefined && /\bfilter=lfs\b/.test(Buffer.from(attributes).toString('latin1'))) notes.push('The files of Git LFS are pointer texts in the boxes, as they are in git.');
  return notes;
}
