import {constants} from 'node:fs';
import {open} from 'node:fs/promises';
import {join} from 'node:path';
import type {Redactor} from '../../../core/redact.js';
import type {PathProblem} from './plan.js';

/** Names that are given to files which hold secrets; the examples of such files are meant to be shared. */
const names: readonly RegExp[] = [
  /^\.env(\..+)?$/i,
  /\.env$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/i,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|ovpn|asc)$/i,
  /^\.(npmrc|netrc|pgpass|pypirc|htpasswd|git-credentials|dockercfg|vault-token)$/i,
  /^_netrc$|^(kubeconfig|credentials|secrets?)(\.(json|ya?ml|toml|ini|txt))?$/i,
  /^(service-account|client_secret|terraform\.tfstate).*$/i,
];
const examples = /(^|[.\-_])(example|sample|template|dist|defaults?|schema)([.\-_]|$)/i;

/** Bytes of one file, and of all of them together, that are looked at. */
const [maxFileBytes, maxAllBytes] = [1024 * 1024, 64 * 1024 * 1024];
/** A file with a NUL in its first bytes is no text (git: `buffer_is_binary`, 8000 bytes). */
const binaryBytes = 8000;

/**
 * Which of some files of a checkout look like secrets, by their names or by what is in them: a value that this process
 * knows, or the shape of a token. A warning, no promise: only so many bytes are read. Links are not followed.
 */
export async function findLikelySecrets(root: string, paths: readonly string[], redact: Pick<Redactor, 'find' | 'text'>, signal: AbortSignal): Promise<readonly PathProblem[]> {
  const found: PathProblem[] = [];
  let left = maxAllBytes;
  for (const path of paths) {
    signal.throwIfAborted();
    const bytes = left > 0 ? await readBeginning(join(root, path), Math.min(left, maxFileBytes)) : undefined;
    left -= bytes?.length ?? 0;
    const why = secretName(path) ?? (bytes === undefined ? undefined : secretContent(bytes, redact));
    if (why !== undefined) found.push({path, why});
  }
  return found;
}

function secretName(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !examples.test(name) && names.some((pattern) => pattern.test(name)) ? 'has the name of a file that holds secrets' : undefined;
}

function secretContent(bytes: Buffer, redact: Pick<Redactor, 'find' | 'text'>): string | undefined {
  if (bytes.subarray(0, binaryBytes).includes(0)) return undefined;
  const text = bytes.toString('utf8');
  const known = redact.find(text);
  if (known !== undefined) return `holds the value of ${known}`;
  return redact.text(text) === text ? undefined : 'holds something of the shape of a key or token';
}

async function readBeginning(file: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const {size} = await handle.stat();
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(Math.min(size, maxBytes)), 0, Math.min(size, maxBytes), 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    // Gone by now, a link, or not readable: nothing to warn of.
    return undefined;
  }
}
