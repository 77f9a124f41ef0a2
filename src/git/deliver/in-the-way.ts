import {lstat} from 'node:fs/promises';
import {join} from 'node:path';
import {systemCode} from '../../core/errors.js';
import type {Checkout} from '../freeze/checkout.js';
import {onDisk} from '../door/disk.js';
import {readUserGit} from '../door/user-git.js';

/**
 * Files on disk that git does not track, ignored or not, where a commit has a new file or folder: what going there would
 * overwrite. Sorted, not escaped. Throws GIT_FAILED, ENVIRONMENT.
 */
export async function filesInTheWay({root, head}: Pick<Checkout, 'root' | 'head'>, wanted: string, signal: AbortSignal): Promise<readonly string[]> {
  const {added, deleted} = await differences(root, {from: head, to: wanted}, signal);
  const found = new Set<string>();
  const seen = new Map<string, Promise<'none' | 'folder' | 'file'>>();
  const kindAt = (path: string) => seen.get(path) ?? remember(seen, path, kindOf(join(root, path)));
  for (const path of added) {
    const parts = path.split('/');
    for (const [index] of parts.entries()) {
      const part = parts.slice(0, index + 1).join('/');
      const kind = await kindAt(part);
      if (kind === 'none') break;
      if (kind === 'file' && !deleted.has(part)) found.add(part);
      else if (kind === 'folder' && part === path) for (const below of await untrackedBelow(root, path, signal)) found.add(below);
    }
  }
  return [...found].sort();
}

function remember<T>(seen: Map<string, Promise<T>>, path: string, kind: Promise<T>): Promise<T> {
  seen.set(path, kind);
  return kind;
}

async function kindOf(path: string): Promise<'none' | 'folder' | 'file'> {
  const stats = await onDisk(path, () => lstat(path).catch(absent));
  return stats === undefined ? 'none' : stats.isDirectory() ? 'folder' : 'file';
}

function absent(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw error;
}

async function untrackedBelow(root: string, path: string, signal: AbortSignal): Promise<readonly string[]> {
  const {stdout} = await readUserGit({dir: root, args: ['ls-files', '--others', '-z', '--full-name', '--', path], signal});
  return stdout.toString('utf8').split('\0').filter((name) => name !== '');
}

async function differences(root: string, span: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<{readonly added: readonly string[]; readonly deleted: ReadonlySet<string>}> {
  const args = (filter: string) => ['diff-tree', '-r', '-z', '--no-renames', '--name-only', `--diff-filter=${filter}`, '--no-ext-diff', '--no-textconv', span.from, span.to];
  const paths = async (filter: string) => (await readUserGit({dir: root, args: args(filter), signal})).stdout.toString('utf8').split('\0').filter((path) => path !== '');
  return {added: await paths('A'), deleted: new Set(await paths('D'))};
}
