import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {Redactor} from '../../core/redact.js';
import type {Captured, EndedProcess, LayerResult} from '../../core/sandbox.js';

/** What failed. */
export interface FailedLayer {
  readonly kind: 'install' | 'prepare';
  readonly argv: readonly string[];
  readonly redact: Redactor;
}

/**
 * Codes of npm (lib/utils/error-message.js and npm-registry-fetch) by which the manifests or the lock file are at fault,
 * whatever the network does. Any other is taken for a failure of the registry or of this machine, which says nothing about the work.
 */
const inputCodes: ReadonlySet<string> = new Set(['EUSAGE', 'ETARGET', 'E404', 'EINTEGRITY', 'ERESOLVE', 'EBADENGINE', 'EBADPLATFORM', 'ENOVERSIONS', 'EJSONPARSE', 'EINVALIDPACKAGENAME', 'EALLOWGIT', 'EALLOWREMOTE', 'EALLOWFILE', 'EALLOWDIRECTORY']);

const Said = z.object({error: z.object({code: z.string()})});

/** How a layer could not be made, by what the engine saw and by npm's own code. Its words are only shown, escaped. */
export function layerFailure({ended, stdout}: Extract<LayerResult, {state: 'failed'}>, {kind, argv, redact}: FailedLayer): AppError {
  const command = `\`${escapeText(argv.join(' ')).slice(0, 200)}\``;
  const words = lastWords(ended.stderr, redact);
  const limit = limitOf(ended);
  const why = limit?.why ?? (ended.timedOut ? 'did not end in time' : `ended with exit code ${ended.exitCode}`);
  const message = `${command} ${why}.${words === '' ? '' : `\n${words}`}`;
  if (kind === 'prepare') return new AppError('PREPARE_FAILED', message, {hint: limit?.hint ?? 'It ran without a network over the base commit. Correct `prepare:` in the manifest, or the image.'});
  const code = limit !== undefined || ended.timedOut ? undefined : codeOf(stdout);
  if (code === 'ENOSPC') return new AppError('DISK_FULL', `The disk of the container engine is full: ${message}`, {hint: '`bulkhead clean` shows and removes leftovers.'});
  if (limit !== undefined || (code !== undefined && inputCodes.has(code))) {
    return new AppError('INSTALL_FAILED', message, {hint: limit?.hint ?? 'Try the same command on a clean checkout, correct package.json or the lock file, and commit.', details: {code: code ?? null}});
  }
  return new AppError('REGISTRY_FAILED', message, {hint: 'The box that installs has the default network of the container engine. A registry of your own and its token: `registries` in your own configuration.', details: {code: code ?? null}});
}

/** The limit of the box that ended the command. */
function limitOf({outOfMemory, overDisk}: EndedProcess): {readonly why: string; readonly hint: string} | undefined {
  if (outOfMemory) return {why: 'ran out of memory', hint: 'Allow more: `limits.memoryMiB` in your own configuration.'};
  if (overDisk === undefined) return undefined;
  const key = overDisk === 'disk' ? 'limits.diskMiB' : 'limits.inodes';
  return {why: `was ended at the limit of what its box may write (${key})`, hint: `Allow more: \`${key}\` in your own configuration.`};
}

function codeOf({head, tail}: Captured): string | undefined {
  if (tail.length > 0) return undefined;
  try {
    return Said.parse(JSON.parse(new TextDecoder().decode(head))).error.code;
  } catch {
    return undefined;
  }
}

function lastWords({head, tail}: Captured, redact: Redactor): string {
  const text = redact.text(new TextDecoder().decode(tail.length > 0 ? tail : head));
  return escapeText(text.trim().split('\n').slice(-12).join('\n').slice(-1500), {lines: true});
}
