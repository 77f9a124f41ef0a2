import {AppError} from '../core/errors.js';
import type {Manifest} from '../core/manifest.js';
import type {Checkout} from '../git/checkout.js';
import {filesAt} from './wire.js';

/** Throws MANIFEST_INVALID when the manifest promises to create what its base has, or to change or delete what it has not. */
export async function checkAgainstBase(checkout: Checkout, manifest: Manifest, source: string, signal: AbortSignal): Promise<void> {
  const there = await filesAt(checkout, manifest.base, manifest.files.map((file) => file.path), signal);
  const wrong = manifest.files.filter((file) => there.has(file.path) === (file.action === 'create'));
  if (wrong.length === 0) return;
  const problems = wrong.map((file) => `\`${file.path}\` cannot be ${file.action === 'create' ? 'created: it is there' : `${file.action === 'delete' ? 'deleted' : 'modified'}: it is not there`}`);
  throw new AppError('MANIFEST_INVALID', `${source}: on the base ${manifest.base.slice(0, 12)}, ${problems.join('; ')}.`, {
    hint: 'Correct the path or the action. Only committed files count as being there.',
    details: {problems},
  });
}
