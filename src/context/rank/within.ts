import type {TreeFile} from '../../core/tree.js';

/** Files that are stepped over at most because they are too large. */
const maxSteppedOver = 1000;

/** The first files that stay within a number and a sum of bytes; one that is too large is stepped over. */
export function within(files: Iterable<TreeFile>, most: {readonly files: number; readonly bytes: number}): readonly TreeFile[] {
  const taken: TreeFile[] = [];
  let bytes = 0;
  let over = 0;
  for (const file of files) {
    if (taken.length === most.files || over === maxSteppedOver) break;
    if (bytes + file.size > most.bytes) {
      over += 1;
      continue;
    }
    bytes += file.size;
    taken.push(file);
  }
  return taken;
}
