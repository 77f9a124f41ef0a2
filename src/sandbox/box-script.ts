import {readFileSync} from 'node:fs';
import {toolsPath} from '../core/sandbox.js';

/** Reads one of our scripts; they are handed to a shell or perl as an argument, so no image has to hold them. */
export function harnessScript(name: 'box.sh' | 'history.sh' | 'next-history.sh' | 'remove.sh' | 'export.pl' | 'count.pl' | 'hidden.pl' | 'trim.pl'): string {
  return readFileSync(new URL(`../../images/harness/${name}`, import.meta.url), 'utf8');
}

/** The busybox that each box gets from its snapshot: one static program, so that nothing of the image is needed. */
export const busyboxPath = `${toolsPath}/tools/busybox`;

/** One call of a command in a box, as `box.sh` takes it. */
export interface CallArguments {
  readonly id: string;
  /** Tells this attempt from an earlier one of the same id, so that a late cancel hits only its own. */
  readonly nonce: string;
  readonly argv: readonly string[];
  /** Relative to the workspace; empty for the workspace itself. */
  readonly cwd: string;
  readonly seconds: number;
  readonly maxBytes: number;
  readonly stdinBytes: number;
}

const boxScript = (verb: string, ...rest: readonly string[]): readonly string[] => [busyboxPath, 'sh', '-c', harnessScript('box.sh'), 'sh', verb, ...rest];

/** The command line of a session: requests on its stdin, answers on its stdout. */
export function sessionArgv(): readonly string[] {
  return boxScript('session');
}

/** The command line that prints the whole answer to an earlier call, with at most so many bytes of each stream. */
export function recallArgv(id: string, maxBytes: number): readonly string[] {
  return boxScript('recall', id, String(maxBytes));
}

/** The command line that ends a call's processes, or keeps it from starting. */
export function cancelArgv(id: string, nonce: string): readonly string[] {
  return boxScript('cancel', id, nonce);
}

/** The request of a call, for a session; the bytes of its stdin come right behind it. */
export function callRequest(call: CallArguments): string {
  return requestOf(['call', call.id, call.nonce, String(call.seconds), String(call.maxBytes), call.cwd, String(call.stdinBytes), ...call.argv]);
}

/** The request for the whole answer to a call of this session whose streams are longer than was asked for. */
export function wholeRequest(id: string, maxBytes: number): string {
  return requestOf(['whole', id, String(maxBytes)]);
}

/** The request for what a box can reach. `addresses` in the form `host:port`. */
export function proveRequest(addresses: readonly string[]): string {
  return requestOf(['prove', ...addresses]);
}

/** Words that a shell takes literally, whatever is in them, after the number of lines that they fill. */
function requestOf(words: readonly string[]): string {
  const text = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return `${text.split('\n').length}\n${text}\n`;
}

/**
 * Whole seconds, rounded up and at least one: a fraction is not understood by every `sleep`, and one that fails at once
 * would end the command at once.
 */
export function limitSeconds(timeoutMs: number): number {
  return Math.max(1, Math.ceil(timeoutMs / 1000));
}
