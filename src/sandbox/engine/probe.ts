import {isAppError} from '../../core/errors.js';

/** One line of `doctor`. */
export interface ProbeResult {
  readonly name: string;
  readonly outcome: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to type. */
  readonly fix?: string | undefined;
}

/** A failed probe from an error; one that is no AppError is a bug and goes on as such. */
export function failure(name: string, error: unknown): ProbeResult {
  if (!isAppError(error)) throw error;
  return {name, outcome: 'fail', message: `${error.code}: ${error.message}`, fix: error.hint};
}
