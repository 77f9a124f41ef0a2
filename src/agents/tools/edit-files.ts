import {posix} from 'node:path';
import type {Redactor} from '../../core/redact.js';
import {workspacePath, type ExecResult} from '../../core/sandbox.js';
import type {ToolOutcome} from '../conversation.js';
import {capturedText, cutOutput, maxOutputBytes} from './output.js';
import {failed, said, type Bench} from './tool.js';

/** Why a file could not be read or written, for the model. */
export interface FileProblem {
  readonly kind: 'problem';
  readonly text: string;
}

/** Largest file that the editor takes: it is read to the host as a whole. */
const maxFileBytes = 4 * 1024 * 1024;
const timeoutMs = 30_000;

/** Exit codes by which the scripts below tell what they saw; above those of common programs, below those of signals. */
const exits = {directory: 81, absent: 82, special: 83, short: 84} as const;

const readScript = `
[ -d "$1" ] && exit ${exits.directory}
[ -f "$1" ] || { [ -e "$1" ] && exit ${exits.special}; exit ${exits.absent}; }
exec cat "$1"`;

/**
 * The content arrives whole before the file is touched, and its size is compared: a write whose input was cut off must
 * not leave half a file. Writing into the existing file keeps its mode and follows a link, inside the box. The
 * temporary file is outside the workspace, so that an interrupted write leaves nothing that could be handed in.
 */
const writeScript = `
[ -d "$1" ] && exit ${exits.directory}
[ ! -e "$1" ] || [ -f "$1" ] || exit ${exits.special}
case "$1" in */*) mkdir -p "\${1%/*}" || exit 1 ;; esac
temporary=$(mktemp) || exit 1
trap 'rm -f "$temporary"' EXIT
cat > "$temporary" || exit 1
[ "$(wc -c < "$temporary")" -eq "$2" ] || exit ${exits.short}
cat "$temporary" > "$1"`;

/** Two levels, without hidden entries and node_modules; a directory ends with a slash. */
const listScript = `
cd "$1" || exit 1
find . -mindepth 1 -maxdepth 2 \\( -name '.*' -o -name node_modules \\) -prune -o -type d -exec printf '%s/\\n' {} + -o -print`;

/**
 * A path as an agent writes it, made relative to the workspace in the form `./a/b`; undefined when it leads elsewhere.
 * This only tells an honest agent that it is lost: what a path really leads to is decided in the box, which is all it
 * can reach.
 */
export function pathInWorkspace(path: string): string | undefined {
  if (path.includes('\0')) return undefined;
  const absolute = posix.resolve(workspacePath, path);
  if (absolute === workspacePath) return '.';
  return absolute.startsWith(`${workspacePath}/`) ? `./${absolute.slice(workspacePath.length + 1)}` : undefined;
}

/** The bytes of a file in the box, up to 4 MiB. */
export async function readFile({exec, redact}: Bench, path: string): Promise<{readonly kind: 'file'; readonly bytes: Buffer} | {readonly kind: 'directory'} | FileProblem> {
  const result = await exec({argv: ['/bin/sh', '-c', readScript, 'bulkhead', path], timeoutMs, maxBytes: maxFileBytes});
  if (result.exitCode === exits.directory) return {kind: 'directory'};
  const problem = problemOf(result, path, redact);
  if (problem !== undefined) return problem;
  const {head, tail, totalBytes} = result.stdout;
  if (tail.length > 0 || totalBytes > head.length) return {kind: 'problem', text: `${path} has ${totalBytes} bytes; this tool takes at most ${maxFileBytes}. Use bash.`};
  return {kind: 'file', bytes: Buffer.from(head)};
}

/** Writes a whole file in one command, with the directories above it. */
export async function writeFile({exec, redact}: Bench, path: string, bytes: Uint8Array): Promise<FileProblem | undefined> {
  if (bytes.length > maxFileBytes) return {kind: 'problem', text: `The content has ${bytes.length} bytes; this tool takes at most ${maxFileBytes}.`};
  const argv = ['/bin/sh', '-c', writeScript, 'bulkhead', path, String(bytes.length)];
  const result = await exec({argv, stdin: bytes, timeoutMs, maxBytes: maxOutputBytes});
  if (result.exitCode === exits.directory) return {kind: 'problem', text: `${path} is a directory.`};
  return problemOf(result, path, redact);
}

/** What a directory holds, as an answer to `view`. */
export async function listDirectory({exec, redact}: Bench, path: string): Promise<ToolOutcome> {
  const result = await exec({argv: ['/bin/sh', '-c', listScript, 'bulkhead', path], timeoutMs, maxBytes: maxOutputBytes});
  const problem = problemOf(result, path, redact);
  if (problem !== undefined) return failed(problem.text);
  const lines = capturedText(result.stdout, redact).split('\n').filter((line) => line !== '').sort();
  return said(lines.length === 0 ? `[${path} is empty]` : cutOutput(lines.join('\n'), result.stdout.totalBytes));
}

function problemOf(result: ExecResult, path: string, redact: Redactor): FileProblem | undefined {
  if (result.timedOut) return {kind: 'problem', text: `${path}: the box did not answer within ${timeoutMs / 1000} s.`};
  switch (result.exitCode) {
    case 0:
      return undefined;
    case exits.absent:
      return {kind: 'problem', text: `${path} does not exist.`};
    case exits.special:
      return {kind: 'problem', text: `${path} is not a regular file.`};
    case exits.short:
      return {kind: 'problem', text: `${path} was not written: its content did not arrive whole. Try again.`};
    default:
      return {kind: 'problem', text: `${path}: ${cutOutput(capturedText(result.stderr, redact)).trim() || `failed with exit code ${result.exitCode}`}`};
  }
}
