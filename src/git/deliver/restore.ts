import {lstat, mkdir, rename, rm, rmdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {foldersOf} from '../../core/path.js';
import {onDisk} from '../door/disk.js';
import {readUserGit, writeUserGit} from '../door/user-git.js';

/** Most bytes of a listing: about 2 million paths. */
const maxListBytes = 256 * 1024 * 1024;

interface Side {
  readonly mode: string;
  readonly oid: string;
}

/** A file that a delivery changes, before and after; undefined where it is not there. */
interface Changed {
  readonly path: string;
  readonly before: Side | undefined;
  readonly after: Side | undefined;
}

/**
 * Gives the files that differ between two commits the content of the first one again. A file that has neither the one
 * content nor the other (half written, or changed by the user since) is moved below `kept` of the folder. Follows no link.
 */
export async function restoreFiles(root: string, {from, to, folder}: {readonly from: string; readonly to: string; readonly folder: string}, signal: AbortSignal): Promise<void> {
  const outside = await readOutside(root, join(folder, 'index'), signal);
  const changes = (await readChanges(root, {from, to}, signal)).filter(({path}) => !outside.has(path));
  const [wrong, other] = [await differing(root, {changes, side: 'before', indexFile: join(folder, 'before')}, signal), await differing(root, {changes, side: 'after', indexFile: join(folder, 'after')}, signal)];
  // A name of its own for each attempt: what one kept, the next one must not overwrite.
  const kept = join(folder, 'kept', String(Date.now()));
  for (const {path, before, after} of changes) {
    const place = await placeOf(root, path);
    const isThere = place !== undefined && (await lstat(place).then((stats) => !stats.isDirectory(), () => false));
    if (!isThere || (before !== undefined && !wrong.has(path))) continue;
    await onDisk(root, async () => {
      if (after === undefined || other.has(path)) {
        await mkdir(dirname(join(kept, path)), {recursive: true, mode: 0o700});
        await rename(place, join(kept, path));
      } else await rm(place);
      if (before === undefined) await removeEmpty(root, path);
    });
  }
  const missing = changes.filter(({path, before}) => before !== undefined && wrong.has(path)).map(({path}) => `${path}\0`);
  if (missing.length > 0) await writeUserGit({dir: root, args: ['checkout-index', '-f', '-q', '-z', '--stdin'], stdin: missing.join(''), apart: {indexFile: join(folder, 'before')}, signal});
}

async function readChanges(root: string, {from, to}: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<readonly Changed[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--no-ext-diff', '--no-textconv', from, to];
  const fields = (await readUserGit({dir: root, args, signal})).stdout.toString('utf8').split('\0');
  const changes: Changed[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, oldMode = '', newMode = '', oldOid = '', newOid = ''] = /^:(\d{6}) (\d{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) /.exec(fields[index] ?? '') ?? [];
    changes.push({path: fields[index + 1] ?? '', before: sideOf(oldMode, oldOid), after: sideOf(newMode, newOid)});
  }
  return changes;
}

/** The files that a sparse checkout leaves out, by the index as it was: they are not on disk, and must not come there. */
async function readOutside(root: string, indexFile: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const {stdout} = await readUserGit({dir: root, args: ['ls-files', '-z', '-t'], apart: {indexFile}, maxBytes: maxListBytes, signal});
  return new Set(stdout.toString('utf8').split('\0').filter((line) => line.startsWith('S ')).map((line) => line.slice(2)));
}

/** A submodule is a folder of its own, which a delivery does not touch. */
function sideOf(mode: string, oid: string): Side | undefined {
  return mode === '000000' || mode === '160000' ? undefined : {mode, oid};
}

/** The paths of one side whose file in the checkout has other content; through an index of ours that has nothing else. */
async function differing(root: string, {changes, side, indexFile}: {readonly changes: readonly Changed[]; readonly side: 'before' | 'after'; readonly indexFile: string}, signal: AbortSignal): Promise<ReadonlySet<string>> {
  await onDisk(root, () => rm(indexFile, {force: true}));
  const lines = changes.flatMap((change) => (change[side] === undefined ? [] : [`${change[side].mode} ${change[side].oid}\t${change.path}\0`]));
  if (lines.length === 0) return new Set();
  await writeUserGit({dir: root, args: ['update-index', '-z', '--index-info'], stdin: lines.join(''), apart: {indexFile}, signal});
  // Only that compares contents: `diff-files` takes what it has no times of for changed.
  await writeUserGit({dir: root, args: ['update-index', '-q', '--refresh'], okExits: [0, 1], apart: {indexFile}, signal});
  const {stdout} = await writeUserGit({dir: root, args: ['diff-files', '-z', '--name-only', '--no-ext-diff', '--no-textconv'], apart: {indexFile}, signal});
  return new Set(stdout.toString('utf8').split('\0').filter((path) => path !== ''));
}

/** Where a path of the tree is on disk, unless a folder above it is a link or a file: then git put nothing there. */
async function placeOf(root: string, path: string): Promise<string | undefined> {
  for (const folder of foldersOf(path)) {
    const isFolder = await lstat(join(root, folder)).then((stats) => stats.isDirectory(), () => false);
    if (!isFolder) return undefined;
  }
  return join(root, path);
}

async function removeEmpty(root: string, path: string): Promise<void> {
  for (const folder of foldersOf(path).toReversed()) {
    const removed = await rmdir(join(root, folder)).then(() => true, () => false);
    if (!removed) return;
  }
}
