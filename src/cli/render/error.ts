import {styleText} from 'node:util';
import type {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';

/** One paragraph: code, what happened, what to do. */
export function renderError(error: AppError): string {
  const hint = error.hint === undefined ? '' : ` ${escapeText(error.hint, {lines: true})}`;
  return `${paint(['red', 'bold'], error.code)}: ${escapeText(error.message, {lines: true})}${hint} (\`bulkhead explain ${error.code}\` says more.)`;
}

/** The same as one line of JSON. */
export function renderErrorJson(error: AppError): string {
  const {code, message, hint, details} = error;
  return JSON.stringify({error: {code, message, hint, details, exitCode: error.exitCode}}, null, 2);
}

/** Colour where both outputs are a terminal that wants it: NO_COLOR and pipes are respected. */
export function paint(format: Parameters<typeof styleText>[0], text: string): string {
  const plain = process.env['NO_COLOR'] !== undefined || process.env['TERM'] === 'dumb' || !(process.stderr.isTTY && process.stdout.isTTY);
  return plain ? text : styleText(format, text);
}
