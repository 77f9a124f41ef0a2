import {AppError} from '../../../core/errors.js';
import {escapeText} from '../../../core/escape.js';
import type {PathProblem} from './plan.js';

/** Paths that a message names. */
const maxNamed = 10;

/** What is told of files that cannot be frozen as they are: all of them in the details, some in the message. */
export function notFreezable(problems: readonly PathProblem[], cause?: unknown): AppError {
  const named = problems.slice(0, maxNamed).map(({path, why}) => `\`${escapeText(path)}\` ${escapeText(why)}`);
  const more = problems.length - named.length;
  return new AppError('CHECKOUT_NOT_FREEZABLE', `The checkout cannot be taken along as it stands: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`, {
    hint: 'Commit these files yourself, put them aside or ignore them, or leave out --include-dirty.',
    details: {problems: problems.map(({path, why}) => ({path: escapeText(path), why: escapeText(why)}))},
    cause,
  });
}
