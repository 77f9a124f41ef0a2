import {createHash} from 'node:crypto';
import {existsSync, lstatSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {mkdir, mkdtemp, realpath, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import {holdFiles} from '../../../src/core/tree.js';
import {openRepository, type Repository} from '../../../src/git/repository.js';

// The tests' user has a git configuration of their own: none.
process.env['GIT_CONFIG_GLOBAL'] = '/dev/null';
process.env['GIT_CONFIG_NOSYSTEM'] = '1';

export const never = new AbortController().signal;
export const date = new Date('2026-01-02T03:04:05Z');
export const open = {mayWrite: () => true, wanted: [], allowIgnored: []};

/** A temporary folder that is removed at the end of its block. */
export async function tempFolder(): Promise<AsyncDisposable & {readonly path: string}> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-git-')));
  return {path, [Symbol.asyncDispose]: () => rm(path, {recursive: true, force: true})};
}

/** The user's git, as a person would call it. */
export async function git(dir: string, ...args: readonly string[]): Promise<string> {
  return gitIn(dir, args, '');
}

export async function gitIn(dir: string, args: readonly string[], input: string | Uint8Array): Promise<string> {
  const who = {GIT_AUTHOR_NAME: 'U', GIT_AUTHOR_EMAIL: 'u@localhost', GIT_COMMITTER_NAME: 'U', GIT_COMMITTER_EMAIL: 'u@localhost'};
  const {stdout} = await execa('git', ['-C', dir, '-c', 'init.defaultBranch=main', ...args], {env: {...who, GIT_AUTHOR_DATE: '1700000000 +0000', GIT_COMMITTER_DATE: '1700000000 +0000'}, input});
  return stdout;
}

export async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), {recursive: true});
    await writeFile(join(root, path), text);
  }
}

/** A user's repository with one commit of the given files. */
export async function userRepository(root: string, files: Readonly<Record<string, string>> = {'a.txt': 'a\n'}): Promise<string> {
  await mkdir(root, {recursive: true});
  await git(root, 'init', '-q');
  await write(root, files);
  await git(root, 'add', '-A', '-f');
  await git(root, 'commit', '-q', '-m', 'first');
  return git(root, 'rev-parse', 'HEAD');
}

/** Our bare repository with the given files as its base commit. */
export async function ownRepository(root: string, files: Readonly<Record<string, string>> = {'a.txt': 'a\n'}): Promise<{readonly repository: Repository; readonly base: string; readonly user: string}> {
  const user = join(root, 'user');
  const base = await userRepository(user, files);
  const repository = await openRepository(join(root, 'own'), never);
  await repository.freeze({checkout: {commonDir: join(user, '.git')}, commit: base, ref: 'refs/bulkhead/r1/base', signal: never});
  return {repository, base, user};
}

/** Everything in a folder: path, kind, mode and content of each entry. */
export function fingerprint(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (path: string): void => {
    const stats = lstatSync(path);
    const content = stats.isSymbolicLink() ? readlinkSync(path) : stats.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
    found.set(path, `${stats.mode.toString(8)} ${content}`);
    if (stats.isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name));
  };
  if (existsSync(folder)) walk(folder);
  return found;
}

export async function* stream(entries: Iterable<ExportEntry>): AsyncGenerator<ExportEntry> {
  for (const entry of entries) yield await Promise.resolve(entry);
}

export function file(path: string | Uint8Array, text = 'x\n', executable = false): ExportEntry {
  const bytes = Buffer.from(text);
  return {kind: 'file', path: Buffer.from(path), executable, size: bytes.length, bytes};
}

export function link(path: string, target: string): ExportEntry {
  return {kind: 'symlink', path: Buffer.from(path), target: Buffer.from(target)};
}

export function deleted(path: string): ExportEntry {
  return {kind: 'deleted', path: Buffer.from(path)};
}

export function special(path: string, what = 'fifo'): ExportEntry {
  return {kind: 'special', path: Buffer.from(path), what};
}

/** A commit's tree as path → `mode text`. */
export async function treeOf(repository: Repository, commit: string): Promise<Readonly<Record<string, string>>> {
  const reader = await repository.reader(commit, never);
  const tree: Record<string, string> = {};
  for await (const {path, mode, bytes} of holdFiles(reader.files(never))) tree[path] = `${mode} ${Buffer.from(bytes).toString('utf8')}`;
  return tree;
}
