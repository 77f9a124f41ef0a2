import {AppError} from '../../core/errors.js';
import {readGit, runGit} from '../door/command.js';
import type {ObjectPool} from './objects.js';

/** Our bare repository, as the functions of this room take it. */
export interface GitStore {
  /** Absolute path of the bare repository. */
  readonly directory: string;
  /** Who reads objects of it again and again; undefined: each time a git is started. */
  readonly objects?: ObjectPool | undefined;
}

/** Old value that means: the ref must not exist (git-update-ref). */
const absent = '0'.repeat(40);

/** Throws INTERNAL unless this is a full sha1 id: nothing else may reach a command line as an object. */
export function assertId(id: string): void {
  if (!/^[0-9a-f]{40}$/.test(id)) throw new AppError('INTERNAL', `\`${id}\` is not a full object id.`);
}

/** Throws INTERNAL unless this is a ref name of the kind that the host invents. */
export function assertRef(ref: string): void {
  const parts = ref.split('/');
  const fine = parts.length >= 3 && parts[0] === 'refs' && parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part) && !part.includes('..') && !/\.(lock)?$/.test(part));
  if (!fine) throw new AppError('INTERNAL', `\`${ref}\` is not a ref name of ours.`);
}

/** The id a ref points at, or undefined. */
export async function readRef(store: GitStore, ref: string, signal: AbortSignal): Promise<string | undefined> {
  assertRef(ref);
  const found = await runGit({gitDir: store.directory, args: ['rev-parse', '--verify', '--quiet', ref], okExits: [0, 1], signal});
  return found.exitCode === 0 ? found.stdout.toString('latin1').trim() : undefined;
}

/** Compare-and-swap; `from` undefined: the ref must not exist. Throws GIT_FAILED when it points elsewhere. */
export async function updateRef(store: GitStore, move: {readonly ref: string; readonly to: string; readonly from: string | undefined}, signal: AbortSignal): Promise<void> {
  assertRef(move.ref);
  assertId(move.to);
  const stdin = `update ${move.ref}\0${move.to}\0${move.from ?? absent}\0`;
  await runGit({gitDir: store.directory, args: ['update-ref', '-z', '--stdin', '--no-deref'], stdin, signal});
}

/** Lets one of our refs point at a commit, wherever it pointed before: a step that is done again ends alike. */
export async function setRef(store: GitStore, ref: string, to: string, signal: AbortSignal): Promise<void> {
  assertRef(ref);
  assertId(to);
  // Without an old value none is asked for (git-update-ref, `-z`).
  await runGit({gitDir: store.directory, args: ['update-ref', '-z', '--stdin', '--no-deref'], stdin: `update ${ref}\0${to}\0\0`, signal});
}

/** Deletes every ref under a prefix such as `refs/bulkhead/<run>`; objects stay. */
export async function deleteRefs(store: GitStore, prefix: string, signal: AbortSignal): Promise<void> {
  assertRef(prefix);
  const refs = [...(await listRefs(store, prefix, signal)).keys()];
  if (refs.length === 0) return;
  await runGit({gitDir: store.directory, args: ['update-ref', '-z', '--stdin', '--no-deref'], stdin: refs.map((ref) => `delete ${ref}\0\0`).join(''), signal});
}

/** Every ref at or below a prefix such as `refs/bulkhead`, and the id that it points at. */
export async function listRefs(store: GitStore, prefix: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  assertRef(`${prefix}/any`);
  const listed = await readGit({gitDir: store.directory, args: ['for-each-ref', '--format=%(refname) %(objectname)', prefix], signal});
  const lines = listed.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line): [string, string] => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}

/** Renames everything below one prefix to another one, all of it or nothing. GIT_FAILED when a name there is taken. */
export async function moveRefs(store: GitStore, {from, to}: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<void> {
  assertRef(from);
  assertRef(to);
  const refs = [...(await listRefs(store, from, signal))].filter(([ref]) => ref.startsWith(`${from}/`));
  if (refs.length === 0) return;
  const commands = refs.map(([ref, id]) => `create ${to}${ref.slice(from.length)}\0${id}\0delete ${ref}\0${id}\0`);
  await runGit({gitDir: store.directory, args: ['update-ref', '-z', '--stdin', '--no-deref'], stdin: commands.join(''), signal});
}
