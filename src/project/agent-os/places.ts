import {basename, dirname, join} from 'node:path/posix';
import {keyOf} from './read/labels.js';

/** A task of a file: what a run was started from. Paths are relative to the root, with `/`. */
export interface TaskAt {
  /** A tasks file, or a task's detail file. */
  readonly path: string;
  readonly id: string;
}

/** Folder of the spec that a file belongs to: the one below `specs/`, else the folder of the file, or above its `tasks/`. */
export function specFolder(path: string): string {
  const parts = path.split('/');
  const specs = parts.slice(0, -2).lastIndexOf('specs');
  if (specs !== -1) return parts.slice(0, specs + 2).join('/');
  const folder = dirname(path);
  return basename(folder) === 'tasks' && basename(path) !== 'tasks.md' ? dirname(folder) : folder;
}

/** Where the list stands that a detail file belongs to. */
export function tasksFileOf(detailPath: string): string {
  return join(dirname(dirname(detailPath)), 'tasks.md');
}

/**
 * The files that may be a task's detail file, the likeliest first. A link in the list is followed only to one of these:
 * what Bulkhead writes must be known before a run, to be closed to its specialists.
 */
export function detailPaths({path, id}: TaskAt): readonly string[] {
  const folder = join(dirname(path), 'tasks');
  const names = [id, id.toLowerCase(), keyOf(id)].filter((name) => /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,120}$/u.test(name));
  return [...new Set(names.flatMap((name) => [`task-${name}.md`, `${name}.md`]))].map((name) => join(folder, name));
}

/** Folders in which a spec may keep its reports, the usual one first. Only a folder below `specs/` has the rarer ones. */
function reportFolders(path: string): readonly string[] {
  const spec = specFolder(path);
  const names = isSpec(path) ? ['verifications', 'verification', 'reports'] : ['verifications'];
  return names.map((name) => join(spec, name));
}

function isSpec(path: string): boolean {
  const parts = path.split('/');
  return parts.slice(0, -2).lastIndexOf('specs') !== -1;
}

/** Where the report of a task goes: the spec's folder of reports that is there already (`has`), else `verifications`. */
export function reportFolderOf(path: string, has: (folder: string) => boolean): string {
  const folders = reportFolders(path);
  return folders.find(has) ?? folders[0] ?? 'verifications';
}

/** Every path that Bulkhead may write when the task is verified, folders included; no specialist may write there. */
export function keptPaths(at: TaskAt): readonly string[] {
  return [...new Set([at.path, ...reportFolders(at.path), ...detailPaths(at), ...(basename(dirname(at.path)) === 'tasks' ? [tasksFileOf(at.path)] : [])])];
}
