import type {TreeFile, TreeReader} from '../../core/tree.js';
import {maxTextBytes} from '../text-file.js';
import {maxEntries, type FileLookup, type FolderEntry, type LookedUp} from './lookup.js';

/** Looks at a commit. Links and submodules are entries that are never read. */
export function treeLookup(tree: Pick<TreeReader, 'list' | 'read'>, signal: AbortSignal): FileLookup {
  let folders: Promise<ReadonlyMap<string, ReadonlyMap<string, FolderEntry>>> | undefined;
  return {
    async list(folder) {
      folders ??= tree.list(signal).then(byFolder);
      return [...((await folders).get(folder)?.values() ?? [])].slice(0, maxEntries);
    },
    async read(path): Promise<LookedUp> {
      const file = (await tree.list(signal)).find((entry) => entry.path === path);
      if (file === undefined) return {absent: true, problem: 'does not exist'};
      if (file.mode === 'symlink' || file.mode === 'submodule') return {absent: false, problem: `is a ${file.mode}`};
      if (file.size > maxTextBytes) return {absent: false, problem: `is larger than ${maxTextBytes} bytes`};
      return decode(await tree.read(path, signal));
    },
  };
}

function byFolder(files: readonly TreeFile[]): ReadonlyMap<string, ReadonlyMap<string, FolderEntry>> {
  const folders = new Map<string, Map<string, FolderEntry>>();
  const add = (folder: string, entry: FolderEntry): boolean => {
    const entries = folders.get(folder) ?? new Map<string, FolderEntry>();
    folders.set(folder, entries);
    const isNew = !entries.has(entry.name);
    if (isNew) entries.set(entry.name, entry);
    return isNew;
  };
  for (const {path, mode} of files) {
    const kind = mode === 'file' || mode === 'executable' ? 'file' : 'other';
    let slash = path.lastIndexOf('/');
    add(slash === -1 ? '' : path.slice(0, slash), {name: path.slice(slash + 1), kind});
    // Up until a folder that is known already: each folder is made once.
    for (let child = path.slice(0, Math.max(0, slash)); child !== ''; child = child.slice(0, Math.max(0, slash))) {
      slash = child.lastIndexOf('/');
      if (!add(slash === -1 ? '' : child.slice(0, slash), {name: child.slice(slash + 1), kind: 'folder'})) break;
    }
  }
  return folders;
}

function decode(bytes: Uint8Array | undefined): LookedUp {
  if (bytes === undefined) return {absent: true, problem: 'does not exist'};
  try {
    return {text: new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)};
  } catch {
    return {absent: false, problem: 'is not UTF-8 text'};
  }
}
