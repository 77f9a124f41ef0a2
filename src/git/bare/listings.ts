import type {TreeFile} from '../../core/tree.js';

/** Entries of all kept listings together: about 100 MB. */
const maxEntries = 400_000;

/** The last used one comes last. */
const kept = new Map<string, readonly TreeFile[]>();

/**
 * The listing of a tree, read once as long as it is used: a run asks for that of its base again and again, and what an id
 * stands for never changes. The same array is given for the same tree. `key`: the repository and the id of the tree.
 */
export async function keepListing(key: string, read: () => Promise<readonly TreeFile[]>): Promise<readonly TreeFile[]> {
  const listing = kept.get(key) ?? (await read());
  kept.delete(key);
  kept.set(key, listing);
  let entries = [...kept.values()].reduce((sum, each) => sum + each.length, 0);
  for (const [oldest, each] of kept) {
    if (entries <= maxEntries) break;
    kept.delete(oldest);
    entries -= each.length;
  }
  return listing;
}
