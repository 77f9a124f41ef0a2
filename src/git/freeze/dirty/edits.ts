import {lstat} from 'node:fs/promises';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {AppError} from '../../../core/errors.js';
import {spawnGit} from '../../door/command.js';
import {feed} from '../../door/process.js';
import type {Edit} from '../../bare/commit.js';
import {packedObjects} from '../../bare/history.js';
import type {GitStore} from '../../bare/refs.js';
import type {Staging} from '../../bare/staging.js';
import {hashFiles} from './hashed.js';
import {keepLfsFile} from './lfs.js';
import {notFreezable} from './not-freezable.js';
import type {DirtyPlan} from './plan.js';
import type {ChangedFile} from './status.js';
import type {Worktree} from './worktree.js';

/** What is to be frozen on top of HEAD. */
export interface DirtyWork {
  readonly worktree: Worktree;
  readonly plan: DirtyPlan;
  readonly changed: readonly ChangedFile[];
}

const [absent, gitlink] = ['000000', '160000'];

/**
 * What makes HEAD's tree that of the checkout, deletions first. Its objects are in our repository or in the staging one.
 * `objects`: where the user's are; they are read, and never written, not even their times.
 */
export async function readEdits(store: GitStore, staging: Staging, work: DirtyWork & {readonly objects: string}, signal: AbortSignal): Promise<readonly Edit[]> {
  const {worktree, plan, changed} = work;
  await borrow(staging, work, signal);
  const hashed = await hashFiles(worktree, {paths: plan.hash, changed}, signal);
  const taken = new Set([...plan.hash, ...plan.pointers]);
  const staged = changed.filter((file) => file.checkout === 'same');
  const gone = [...plan.remove, ...staged.filter((file) => file.staged.mode === absent).map((file) => file.path), ...plan.hash.filter((path) => !hashed.has(path))];
  const pointers = await readPointers(store, work, signal);
  return [
    ...gone.map((path): Edit => ({kind: 'delete', path})),
    ...staged.filter((file) => file.staged.mode !== absent && !taken.has(file.path)).map(({path, staged: {mode, oid}}): Edit => ({kind: 'place', path, mode, oid})),
    ...[...hashed].map(([path, {mode, oid}]): Edit => ({kind: 'place', path, mode, oid})),
    ...pointers,
  ];
}

/** Brings what is staged, and may be nowhere else, into the staging repository. */
async function borrow(staging: Staging, {changed, objects}: Pick<DirtyWork, 'changed'> & {readonly objects: string}, signal: AbortSignal): Promise<void> {
  const oids = changed.filter(({isStaged, staged}) => isStaged && staged.mode !== absent && staged.mode !== gitlink && !/^0+$/.test(staged.oid)).map(({staged}) => staged.oid);
  if (oids.length === 0) return;
  const process = await spawnGit({gitDir: staging.store.directory, args: ['index-pack', '--stdin'], config: ['core.fsync=none'], signal});
  process.stdout.resume();
  await feed(process, Readable.from(packedObjects(staging.store, {oids, borrow: objects}, signal), {objectMode: false}));
}

async function readPointers(store: GitStore, {worktree, plan, changed}: DirtyWork, signal: AbortSignal): Promise<readonly Edit[]> {
  const modes = new Map(changed.map((file) => [file.path, file.mode]));
  const withoutModes = worktree.config.findLast(([key]) => key === 'core.filemode')?.[1] === 'false';
  const edits: Edit[] = [];
  for (const path of plan.pointers) {
    const file = join(worktree.root, path);
    const stats = await lstat(file).catch(() => undefined);
    // A link goes through no filter.
    if (stats?.isFile() !== true) throw notFreezable([{path, why: stats?.isSymbolicLink() === true ? 'is a link that is to be kept by Git LFS' : 'has changed while it was read'}]);
    const bytes = Buffer.from((await keepReadable(store, {path, file}, signal)).text);
    const isTool = modes.has(path) ? modes.get(path) === '100755' : !withoutModes && (stats.mode & 0o100) !== 0;
    edits.push({kind: 'put', path, mode: isTool ? '100755' : '100644', read: () => Promise.resolve(bytes)});
  }
  return edits;
}

async function keepReadable(store: GitStore, {path, file}: {readonly path: string; readonly file: string}, signal: AbortSignal) {
  try {
    return await keepLfsFile(store, file, signal);
  } catch (error) {
    if (error instanceof AppError || signal.aborted) throw error;
    throw notFreezable([{path, why: 'cannot be read'}], error);
  }
}
