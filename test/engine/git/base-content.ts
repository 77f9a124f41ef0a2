import {createCipheriv, createHash} from 'node:crypto';
import {createWriteStream} from 'node:fs';
import {chmod, mkdir, symlink, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import type {Sandbox} from '../../../src/core/sandbox.js';
import {git} from '../../unit/git/fixture.js';
import {calm, text} from '../sandbox/engine-fixture.js';

/** What a place of a tree is expected to be: `f` or `d` or `l`, mode, and a hash of the bytes or the target of a link. */
export type Content = ReadonlyMap<string, string>;

/** How much random content there is besides the odd things, in bytes. */
export interface Amount {
  /** One file. */
  readonly largest: number;
  /** This many files of so many bytes. */
  readonly many: {readonly count: number; readonly bytes: number};
}

const lfsPointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';
const emptySubmodule = '0123456789012345678901234567890123456789';

/** Commits content of every kind in a repository of a user; gives what a box must show of it, without directories. */
export async function commitEverything(root: string, {largest, many}: Amount): Promise<Content> {
  const content = new Map<string, string>();
  await mkdir(root, {recursive: true});
  await git(root, 'init', '-q', '-b', 'main');
  // Packed as it is: what is random cannot be made smaller.
  for (const [key, value] of [['core.compression', '0'], ['core.bigFileThreshold', '1m'], ['user.name', 'u'], ['user.email', 'u@example.invalid']] as const) await git(root, 'config', key, value);
  const put = async (path: string, bytes: string | Uint8Array, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(root, path)), {recursive: true});
    await writeFile(join(root, path), bytes);
    await chmod(join(root, path), mode);
    content.set(path, `f ${mode.toString(8)} ${sha256(bytes)}`);
  };
  const link = async (path: string, target: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), {recursive: true});
    await symlink(target, join(root, path));
    content.set(path, `l ${target}`);
  };
  const odd = ['line\nbreak', 'tab\tand\r', ' leading and trailing ', "quote'\"`$(id)", '-n', '--', 'ünïcødé', 'u\u0308 decomposed', '\u{1f30a}\u200d\u202eevil', '*?[a]', 'back\\slash', 'n'.repeat(255), 'con.txt', '.hidden', '~', '\u001b[31m'];
  for (const name of odd) await put(`odd/${name}`, `of ${name}\n`);
  await put(`${'deep/'.repeat(120)}file`, 'deep\n');
  await put('empty', '');
  await put('binary', Uint8Array.from({length: 512}, (_, index) => index & 255));
  await put('ends.txt', 'crlf\r\nlf\ncr\r');
  await put('.gitattributes', '*.txt text eol=crlf\n*.id ident\n*.big filter=lfs diff=lfs merge=lfs -text\n');
  await put('key.id', '$Id$\n');
  await put('bin/run', '#!/bin/sh\n', 0o755);
  await put('asset.big', lfsPointer);
  await link('links/file', '../empty');
  await link('links/folder', '../odd');
  await link('links/nowhere', 'gone/for ever');
  for (let index = 0; index < many.count; index += 1) await put(`many/${index % 16}/${index}`, random(index, many.bytes));
  const hash = createHash('sha256');
  await pipeline(Readable.from(randomChunks(largest)), async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  }, createWriteStream(join(root, 'largest')));
  content.set('largest', `f 644 ${hash.digest('hex')}`);
  // Filters of attributes are not what is tested here: git stores the bytes as they are.
  await git(root, '-c', 'filter.lfs.clean=', '-c', 'filter.lfs.required=false', '-c', 'core.attributesFile=/dev/null', '-c', 'core.autocrlf=false', 'add', '-A', '--', ':!ends.txt', ':!key.id');
  for (const path of ['ends.txt', 'key.id']) await git(root, 'update-index', '--add', '--cacheinfo', `100644,${await git(root, 'hash-object', '-w', '--no-filters', path)},${path}`);
  await git(root, 'update-index', '--add', '--cacheinfo', `160000,${emptySubmodule},vendor/module`);
  await git(root, 'commit', '-q', '-m', 'everything');
  return content;
}

/** What is in the workspace of a box, without directories and without `.git`. */
export async function contentOf(box: Sandbox): Promise<Content> {
  const content = new Map<string, string>();
  const found = await list(box, "find . -path ./.git -prune -o ! -type d -printf '%y %m %l\\0%P\\0'");
  for (let index = 0; index + 1 < found.length; index += 2) {
    const [kind = '', mode = '', ...target] = (found[index] ?? '').split(' ');
    content.set(found[index + 1] ?? '', kind === 'l' ? `l ${target.join(' ')}` : `${kind} ${mode}`);
  }
  for (const line of await list(box, 'find . -path ./.git -prune -o -type f -print0 | xargs -0 sha256sum -z')) {
    const path = line.slice(66).replace(/^\.\//, '');
    content.set(path, `${content.get(path) ?? ''} ${line.slice(0, 64)}`);
  }
  return content;
}

async function list(box: Sandbox, script: string): Promise<readonly string[]> {
  const result = await box.exec({id: `list-${Math.random().toString(36).slice(2, 10)}`, argv: ['/bin/sh', '-c', script], timeoutMs: 600_000, maxBytes: 16 * 1024 * 1024, signal: calm});
  if (result.exitCode !== 0 || result.stdout.tail.length > 0) throw new Error(`${script}: ${result.exitCode} ${text(result.stderr.head)}`);
  return text(result.stdout.head).split('\0').filter((each) => each !== '');
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes that no compression makes smaller, the same for the same number. */
function random(seed: number, bytes: number): Buffer {
  const key = createHash('sha256').update(`seed ${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

function* randomChunks(bytes: number): Generator<Buffer> {
  const size = 4 * 1024 * 1024;
  for (let index = 0; index * size < bytes; index += 1) yield random(-1 - index, Math.min(size, bytes - index * size));
}
