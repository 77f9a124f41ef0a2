import {createInterface} from 'node:readline/promises';
import {AppError} from '../../core/errors.js';

/** A question and the flag that answers it. */
export interface Question {
  readonly text: string;
  /** With its dashes, for example `--image NAME`. */
  readonly flag: string;
  /** Why it must be asked; reads on after the flag. */
  readonly why: string;
  readonly signal: AbortSignal;
}

/**
 * Asks a person on the terminal; the question goes to stderr. Throws USAGE, which names the flag, where there is no
 * terminal or the answer is empty.
 */
export async function ask({text, flag, why, signal}: Question): Promise<string> {
  const missing = new AppError('USAGE', `Give ${flag}: ${why}.`);
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw missing;
  const lines = createInterface({input: process.stdin, output: process.stderr});
  try {
    const answer = (await lines.question(`${text} `, {signal})).trim();
    if (answer === '') throw missing;
    return answer;
  } catch (error) {
    // A question that is interrupted ends with an error of its own.
    signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}
