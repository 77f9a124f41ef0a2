import {opendir, realpath} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {systemCode} from '../../core/errors.js';
import {repoPathProblem} from '../../core/path.js';
import {readTextFile} from '../text-file.js';
import {maxEntries, type FileLookup, type FolderEntry, type LookedUp} from './lookup.js';

/**
 * Looks at a checkout as it stands on disk. No part of a path may be a symbolic link, wherever it leads; `.git` is not
 * looked into. Throws what the signal was aborted with.
 */
export function checkoutLookup(root: string, signal: AbortSignal): FileLookup {
  return {
    async list(folder) {
      signal.throwIfAborted();
      if (folder !== '' && repoPathProblem(folder) !== undefined) return [];
      const place = await placeOf(root, folder);
      return place === undefined ? [] : listFolder(place, signal);
    },
    async read(path): Promise<LookedUp> {
      if (repoPathProblem(path) !== undefined) return {absent: true, problem: 'is not a path inside the repository'};
      const slash = path.lastIndexOf('/');
      const place = await placeOf(root, slash === -1 ? '' : path.slice(0, slash));
      if (place === undefined) return {absent: true, problem: 'is not there, or lies behind a symbolic link'};
      return readTextFile({path: join(place, path.slice(slash + 1)), followLink: false, signal});
    },
  };
}

/** The folder on disk, or undefined when it is none or any part of its path below the root is a link. */
async function placeOf(root: string, folder: string): Promise<string | undefined> {
  try {
    const realRoot = await realpath(root);
    const place = resolve(realRoot, folder);
    return (await realpath(place)) === place ? place : undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

async function listFolder(place: string, signal: AbortSignal): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = [];
  try {
    // Iterating closes the folder, also when it ends early.
    for await (const entry of await opendir(place)) {
      signal.throwIfAborted();
      entries.push({name: entry.name, kind: entry.isFile() ? 'file' : entry.isDirectory() && entry.name !== '.git' ? 'folder' : 'other'});
      if (entries.length === maxEntries) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (systemCode(error) === undefined) throw error;
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
