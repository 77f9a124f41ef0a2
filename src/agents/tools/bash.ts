import {z} from 'zod';
import type {Redactor} from '../../core/redact.js';
import type {ExecResult} from '../../core/sandbox.js';
import type {ToolOutcome} from '../conversation.js';
import {capturedText, cutOutput, maxOutputBytes} from './output.js';
import {defineTool, failed, said} from './tool.js';

/** Time limit of one command. */
const timeoutMs = 120_000;
/** Linux takes at most 128 KiB for one argument (`MAX_ARG_STRLEN`). */
const maxCommandBytes = 120_000;

const Bash = z.object({
  command: z.string().optional(),
  restart: z.boolean().optional(),
});

/** In bash where the image has one, else in sh. The command is an argument, so its stdin stays its own. */
const script = 'if command -v bash >/dev/null 2>&1; then exec bash -c "$1"; else exec /bin/sh -c "$1"; fi';

/** Runs a shell command in the workspace. Each call is a new shell: directory and variables do not carry over. */
export const bashTool = defineTool({
  definition: {type: 'bash_20250124', name: 'bash'},
  inBox: true,
  input: Bash,
  run: async ({command, restart}, {exec, redact}): Promise<ToolOutcome> => {
    if (command === undefined) {
      return restart === true ? said('Every command runs in a new shell; there was nothing to restart.') : failed('`command` is missing.');
    }
    if (command.includes('\0')) return failed('The command has a NUL character; nothing was run.');
    if (Buffer.byteLength(command) > maxCommandBytes) {
      return failed(`The command is longer than ${maxCommandBytes} bytes; nothing was run. Write a script with str_replace_based_edit_tool and run that.`);
    }
    return told(await exec({argv: ['/bin/sh', '-c', script, 'bulkhead', command], timeoutMs, maxBytes: maxOutputBytes}), redact);
  },
});

/** A failing command is an answer, not an error: only a time-out is. */
function told(result: ExecResult, redact: Redactor): ToolOutcome {
  const stderr = capturedText(result.stderr, redact);
  const parts = [capturedText(result.stdout, redact), stderr === '' ? '' : `[stderr]\n${stderr}`, ending(result)];
  const text = parts.filter((part) => part !== '').map((part) => part.replace(/\n$/, '')).join('\n');
  const cut = cutOutput(text, result.stdout.totalBytes + result.stderr.totalBytes);
  return result.timedOut ? failed(cut) : said(cut === '' ? '[no output]' : cut);
}

function ending(result: ExecResult): string {
  if (result.timedOut) return `[ended at the time limit of ${timeoutMs / 1000} s; the command and its children were killed]`;
  const limits = result.ranInto.map((limit) => `; something ran into the limit of ${limit} of this box`).join('');
  return result.exitCode === 0 ? '' : `[exit code ${result.exitCode}${limits}]`;
}
