import type {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';

/** Most characters that a message takes over. */
const maxPrinted = 500;

/** What a program printed on stderr that failed with GIT_FAILED, as one escaped line for a person; never to decide by. */
export function printedBy(error: AppError): string {
  const {stderr} = error.details;
  return typeof stderr === 'string' ? escapeText(stderr.replace(/\s+/g, ' ').trim()).slice(0, maxPrinted) : '';
}
