import {sha256} from '../../../src/core/canonical.js';
import {holdFiles, type FileMode, type SeedFile, type TreeContent, type TreeFile, type TreeReader} from '../../../src/core/tree.js';

/** A file's text, or a text with a mode. */
export type Content = string | {readonly mode: FileMode; readonly text: string};

/** A commit that was never written: a reader over files in memory, with ids made from the content. */
export function memoryTree(files: Readonly<Record<string, Content>>): TreeReader {
  const seeds = Object.entries(files)
    .map(([path, content]): SeedFile => (typeof content === 'string' ? {path, mode: 'file', bytes: Buffer.from(content)} : {path, mode: content.mode, bytes: Buffer.from(content.text)}))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const listed = seeds.map(({path, mode, bytes}): TreeFile => ({path, mode, oid: sha256(bytes).slice(0, 40), size: bytes.length}));
  const tree = sha256(listed.map((file) => `${file.mode} ${file.oid} ${file.path}`).join('\n')).slice(0, 40);
  return {
    commit: sha256(tree).slice(0, 40),
    tree,
    list: () => Promise.resolve(listed),
    read: (path) => Promise.resolve(seeds.find((file) => file.path === path && file.mode !== 'submodule')?.bytes),
    // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, the memory is not
    files: async function* (_signal, only) {
      yield* only === undefined ? seeds : seeds.filter((seed) => only.some((file) => file.path === seed.path));
    },
  };
}

/** All files of a seed stream as text, by path. */
export async function collect(files: AsyncIterable<TreeContent>): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const file of holdFiles(files)) found[file.path] = Buffer.from(file.bytes).toString();
  return found;
}

/** A signal that never fires. */
export const never = new AbortController().signal;
