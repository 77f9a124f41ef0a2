import {execFile} from 'node:child_process';
import {promisify} from 'node:util';

const execute = promisify(execFile);
/** What makes or mounts a small disk, or copies one. */
const limitMs = 60_000;

/** Runs a tool of this machine to its end and gives its output; an exit code other than 0 rejects with what it printed. */
export async function tool(program: string, ...args: readonly string[]): Promise<string> {
  return (await execute(program, args, {timeout: limitMs, maxBuffer: 64 * 1024 * 1024})).stdout;
}

/** Asks git in a folder, a checkout or a bare repository. */
export async function git(directory: string, ...args: readonly string[]): Promise<string> {
  return tool('git', '-C', directory, ...args);
}
