import {AppError, translateSystemError} from '../core/errors.js';
import {renderError, renderErrorJson} from './render/error.js';

/** Prints an error as one paragraph on stderr, or as JSON on stdout, and sets the exit code that belongs to it. */
export function exitWith(error: unknown, {json}: {readonly json: boolean}): void {
  const known = toAppError(error);
  if (known === undefined) return;
  process.exitCode = known.exitCode;
  if (json) process.stdout.write(`${renderErrorJson(known)}\n`);
  else process.stderr.write(`${renderError(known)}\n`);
}

/** What the command frame throws, as one of ours; undefined for an orderly exit such as after `--help`. */
function toAppError(error: unknown): AppError | undefined {
  const ours = error instanceof AppError ? error : translateSystemError(error);
  if (ours !== undefined) return ours;
  if (isOrderlyExit(error)) return undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (isUsageError(error)) return new AppError('USAGE', sentence(message), {hint: '`bulkhead --help` lists the commands, `bulkhead COMMAND --help` their flags.'});
  return new AppError('INTERNAL', sentence(message), {
    hint: 'Please report it, with what you typed and the output under --json.',
    details: {stack: error instanceof Error ? error.stack : undefined},
    cause: error,
  });
}

interface FrameError {
  readonly code?: unknown;
  readonly oclif?: {readonly exit?: unknown};
}

function isOrderlyExit(error: unknown): boolean {
  return error instanceof Error && (error as FrameError).code === 'EEXIT' && (error as FrameError).oclif?.exit === 0;
}

function isUsageError(error: unknown): boolean {
  return error instanceof Error && (error as FrameError).oclif !== undefined;
}

/** The frame's own messages are several lines and end in a pointer to --help, which the hint gives already. */
function sentence(message: string): string {
  const text = message.replace(/\nSee more help with --help$/, '').replace(/\s+/g, ' ').trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
