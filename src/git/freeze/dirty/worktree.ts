import {open} from 'node:fs/promises';
import {join} from 'node:path';
import {systemCode} from '../../../core/errors.js';
import {onDisk} from '../../door/disk.js';
import type {GitResult} from '../../door/process.js';
import {readUserGit, type Setting} from '../../door/user-git.js';
import type {Staging} from '../../bare/staging.js';
import type {Checkout} from '../checkout.js';
import {parseStatus, statusArgs, type DirtyState} from './status.js';

/**
 * The user's checkout as it is frozen: with a copy of its index, so that what is staged is taken at one moment, and
 * nothing is written on the other side. git reads files, attributes, ignore files and settings as the user's own git does,
 * and runs nothing that they name.
 */
export interface Worktree {
  readonly root: string;
  /** The user's configuration, as it was read. */
  readonly config: readonly Setting[];
  readDirty(signal: AbortSignal): Promise<DirtyState>;
  /** A call that reads the copy of the user's index. */
  read(args: readonly string[], stdin: string, signal: AbortSignal): Promise<GitResult>;
  /** A call that works on an index of ours in the staging folder, and writes its objects into the staging repository. */
  write(call: {readonly args: readonly string[]; readonly stdin: string; readonly index: string}, signal: AbortSignal): Promise<GitResult>;
}

/** Opens a checkout for freezing. Throws DISK_FULL, ENVIRONMENT. */
export async function openWorktree({root, gitDir}: Pick<Checkout, 'root' | 'gitDir'>, {staging, config}: {readonly staging: Staging; readonly config: readonly Setting[]}): Promise<Worktree> {
  const indexFile = join(staging.folder, 'index');
  await onDisk(staging.folder, () => copyOf(join(gitDir, 'index'), indexFile));
  const objectDirectory = join(staging.store.directory, 'objects');
  const read = (args: readonly string[], stdin: string, within: AbortSignal) => readUserGit({dir: root, args, stdin, known: config, apart: {indexFile}, signal: within});
  return {
    root,
    config,
    read,
    readDirty: async (within) => parseStatus((await read(statusArgs, '', within)).stdout),
    write: ({args, stdin, index}, within) => readUserGit({dir: root, args, stdin, known: config, apart: {indexFile: join(staging.folder, index), objectDirectory}, signal: within}),
  };
}

/**
 * Copies an index with its time, rounded down: git looks into a file that may have changed in the moment in which the index
 * was written, and knows such a file by that time alone (git: Documentation/technical/racy-git). A checkout in which
 * nothing was ever added has no index.
 */
async function copyOf(from: string, to: string): Promise<void> {
  try {
    await using source = await open(from, 'r');
    const seconds = Math.floor((await source.stat()).mtimeMs / 1000);
    await using target = await open(to, 'w', 0o600);
    await target.writeFile(await source.readFile());
    await target.utimes(seconds, seconds);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
