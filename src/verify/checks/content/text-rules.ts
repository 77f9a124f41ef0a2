import {runInNewContext} from 'node:vm';
import {systemCode} from '../../../core/errors.js';

/** Largest file that a pattern is tried on, and longest time for one: the pattern is the user's, the text an agent's. */
const maxPatternBytes = 2 * 1024 * 1024;
const patternTimeoutMs = 2_000;

/** Why bytes do not contain a text, or undefined when they do. */
export function containsProblem(wanted: string, bytes: Uint8Array): string | undefined {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(wanted) ? undefined : 'does not contain it';
}

/** Why nothing in bytes matches a pattern (flags `u` and `m`), or undefined when something does. */
export function matchesProblem(source: string, bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > maxPatternBytes) return `is larger than ${maxPatternBytes / 1024 / 1024} MiB, so the pattern was not tried`;
  const found = matchesInTime(source, new TextDecoder().decode(bytes));
  return found === undefined ? `kept the pattern busy for more than ${patternTimeoutMs / 1000} s` : found ? undefined : 'has nothing that matches';
}

/** Undefined when the time is up: a pattern that backtracks can run for years, and only the VM can stop it. */
function matchesInTime(source: string, text: string): boolean | undefined {
  try {
    return runInNewContext("new RegExp(source, 'um').test(text)", {source, text}, {timeout: patternTimeoutMs}) === true;
  } catch (error) {
    if (systemCode(error) === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}
