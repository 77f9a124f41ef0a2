import {cp, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pack} from 'tar-fs';
import type {ExtraCertificate} from './certificates.js';

/** A temporary folder that goes away with its scope. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a private temporary folder (mode 0700). */
export async function startTemporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'bulkhead-image-'));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, {recursive: true, force: true});
    },
  };
}

/** The folders of a build context besides the recipe's own files; they always exist, empty or not. */
export const contextFolders = {certificates: 'certificates', provided: 'provided'} as const;

/** Copies a recipe's files into a folder and adds the certificates, one file each. */
export async function layContext(into: string, recipeFolder: string, certificates: readonly ExtraCertificate[]): Promise<void> {
  await cp(recipeFolder, into, {recursive: true});
  await mkdir(join(into, contextFolders.provided), {recursive: true});
  await mkdir(join(into, contextFolders.certificates), {recursive: true});
  for (const {fingerprint, pem} of certificates) {
    await writeFile(join(into, contextFolders.certificates, `${fingerprint}.crt`), pem, {mode: 0o644});
  }
}

/** A context as a tar stream, without this host's owners, times and umask in it. */
export function packContext(folder: string): Readable {
  const packed = pack(folder, {
    map: (header) => ({...header, uid: 0, gid: 0, mtime: new Date(0), mode: header.type === 'directory' || (header.mode & 0o111) !== 0 ? 0o755 : 0o644}),
  });
  // The packer has its own kind of stream.
  return Readable.from(packed, {objectMode: false});
}

/**
 * The proxy variables of this host as build arguments, which the builder knows and keeps out of the image, and the
 * network that the build needs to use them: a proxy on the host's loopback is reachable only from the host's network.
 */
export function planProxy(env: Readonly<Record<string, string | undefined>>): {readonly buildArgs: Readonly<Record<string, string>>; readonly network: 'host' | undefined} {
  const set = Object.entries(env).flatMap(([name, value]) => (value !== undefined && value !== '' && /^(https?|ftp|no)_proxy$/i.test(name) ? [[name, value] as const] : []));
  const local = set.some(([name, value]) => !/^no_proxy$/i.test(name) && isLoopback(value));
  return {buildArgs: Object.fromEntries(set), network: local ? 'host' : undefined};
}

function isLoopback(proxy: string): boolean {
  const text = proxy.includes('://') ? proxy : `http://${proxy}`;
  if (!URL.canParse(text)) return false;
  return /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(new URL(text).hostname);
}
