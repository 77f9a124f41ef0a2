import {isDotGit} from '../../core/path.js';

/** Links of a tree: path to target; undefined for a target that is not followed. */
export type Links = ReadonlyMap<string, string | undefined>;

/** Links that Linux follows in one path before it gives up (path_resolution(7)). */
const maxHops = 40;
/** Parts that are walked; no honest link needs as many, and 19,000 hostile ones then take seconds, not minutes. */
const maxSteps = 128;

/**
 * Whether a link of a tree leads out of it, into a `.git`, or in circles: followed part by part through the other links
 * of the same tree, as a kernel would. A link to something that is not there is fine.
 */
export function leavesTree(path: string, links: Links): boolean {
  const target = links.get(path);
  if (target === undefined || target.startsWith('/')) return true;
  const parents = path.split('/').slice(0, -1);
  const at = parents.map((_, index) => parents.slice(0, index + 1).join('/'));
  const todo = target.split('/').reverse();
  let hops = 0;
  for (let steps = 0; todo.length > 0; steps += 1) {
    const part = todo.pop() ?? '';
    if (steps > maxSteps || isDotGit(part)) return true;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (at.pop() === undefined) return true;
      continue;
    }
    const here = at.length === 0 ? part : `${at.at(-1) ?? ''}/${part}`;
    if (!links.has(here)) {
      at.push(here);
      continue;
    }
    const next = links.get(here);
    hops += 1;
    if (next === undefined || next.startsWith('/') || hops > maxHops) return true;
    todo.push(...next.split('/').reverse());
  }
  return false;
}
