import {AppError, translateSystemError} from '../core/errors.js';
import {renderError, renderErrorJson} from './render/error.js';
import {currentRedactor} from './secrets.js';

let bugTold = false;

/**
 * Prints an error as one paragraph on stderr, or as JSON on stdout, and sets the exit code that belongs to it. `bug` is
 * for what nobody caught: it is INTERNAL, and what other errors come of it is not told any more.
 */
export function exitWith(error: unknown, {json, bug = false}: {readonly json: boolean; readonly bug?: boolean}): void {
  const found = bug ? internal(error) : toAppError(error);
  if (found === undefined || bugTold) return;
  const known = withoutSecrets(found);
  bugTold = bug;
  process.exitCode = known.exitCode;
  if (json) process.stdout.write(`${renderErrorJson(known)}\n`);
  else process.stderr.write(`${renderError(known)}\n`);
}

/** What the command frame throws, as one of ours; undefined for an orderly exit such as after `--help`. */
export function toAppError(error: unknown): AppError | undefined {
  const ours = error instanceof AppError ? error : translateSystemError(error);
  if (ours !== undefined) return ours;
  if (isOrderlyExit(error)) return undefined;
  if (!isUsageError(error)) return internal(error);
  return new AppError('USAGE', sentence(messageOf(error)), {hint: '`bulkhead --help` lists the commands, `bulkhead COMMAND --help` their flags.'});
}

function withoutSecrets({code, message, hint, details}: AppError): AppError {
  const redactor = currentRedactor();
  return new AppError(code, redactor.text(message), {...(hint === undefined ? {} : {hint: redactor.text(hint)}), details: redactor.value(details, 'text')});
}

function internal(error: unknown): AppError {
  return new AppError('INTERNAL', sentence(messageOf(error)), {
    hint: 'Please report it, with what you typed and the output under --json.',
    details: {stack: error instanceof Error ? error.stack : undefined},
    cause: error,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
