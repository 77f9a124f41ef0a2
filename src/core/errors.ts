import type {ExitCode} from './code-entry.js';
import {codes, type ErrorCode} from './codes.js';

/** What an {@link AppError} carries besides its code and message. */
export interface AppErrorOptions {
  /** What the user can do about it, one or two sentences. */
  readonly hint?: string;
  /** Facts for `--json`; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error type that Bulkhead shows to a user: a code from the closed table, what happened to which object,
 * and what to do. Expected outcomes (a finding, a conflict, a failed command) are values, never an AppError.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** The process exit code that belongs to this error. */
  get exitCode(): ExitCode {
    return codes[this.code].exit;
  }
}

/** Narrows to an {@link AppError} with one of the given codes (any code when none is given). */
export function isAppError(error: unknown, ...wanted: readonly ErrorCode[]): error is AppError {
  return error instanceof AppError && (wanted.length === 0 || wanted.includes(error.code));
}

/** A system error that a user can mend, as one of ours: a full disk, or a place that may not be written. Undefined for others. */
export function translateSystemError(error: unknown): AppError | undefined {
  const code = systemCode(error);
  const path = typeof error === 'object' && error !== null && 'path' in error && typeof error.path === 'string' ? error.path : 'a file of Bulkhead';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL', `There is no space left to write ${path}.`, {hint: 'Free some space, then `bulkhead resume`; `bulkhead clean` removes leftovers.', cause: error});
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR') {
    return new AppError('ENVIRONMENT', `${path} may not be used (${code}).`, {hint: 'Check its owner and mode, or set XDG_STATE_HOME to a folder of yours.', cause: error});
  }
  return undefined;
}

/** The `code` of a Node.js system error such as `ENOENT`, or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
