import {readFileSync} from 'node:fs';

/** Reads one of our scripts; they are handed to a shell or perl as an argument, so no image has to hold them. */
export function harnessScript(name: 'call.sh' | 'history.sh' | 'export.pl'): string {
  return readFileSync(new URL(`../../images/harness/${name}`, import.meta.url), 'utf8');
}

/** One call of a command in a box, as `call.sh` takes it. */
export interface CallArguments {
  readonly id: string;
  /** Tells this attempt from an earlier one of the same id, so that a late cancel hits only its own. */
  readonly nonce: string;
  readonly argv: readonly string[];
  /** Relative to `/workspace`; empty for the workspace itself. */
  readonly cwd: string;
  readonly seconds: number;
  readonly maxBytes: number;
  readonly stdinBytes: number;
}

const shell = (verb: string, id: string, rest: readonly string[]): readonly string[] => ['/bin/sh', '-c', harnessScript('call.sh'), 'sh', verb, id, ...rest];

/** The command line that runs one call and prints its frame. */
export function execArgv(call: CallArguments): readonly string[] {
  return shell('exec', call.id, [call.nonce, String(call.seconds), String(call.maxBytes), call.cwd, String(call.stdinBytes), ...call.argv]);
}

/** The command line that prints the frame of an earlier call. */
export function recallArgv(id: string): readonly string[] {
  return shell('recall', id, []);
}

/** The command line that ends a call's processes, or keeps it from starting. */
export function cancelArgv(id: string, nonce: string): readonly string[] {
  return shell('cancel', id, [nonce]);
}

/**
 * Whole seconds, rounded up and at least one: a fraction is not understood by every `sleep`, and one that fails at once
 * would end the command at once.
 */
export function limitSeconds(timeoutMs: number): number {
  return Math.max(1, Math.ceil(timeoutMs / 1000));
}
