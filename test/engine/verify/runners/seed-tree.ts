import {sha256} from '../../../../src/core/canonical.js';
import type {SeedFile, TreeFile, TreeReader} from '../../../../src/core/tree.js';

/** Ids of contents that many trees share: the packages are hashed once. */
const oids = new WeakMap<Uint8Array, string>();

function oidOf(bytes: Uint8Array): string {
  const known = oids.get(bytes) ?? sha256(bytes).slice(0, 40);
  oids.set(bytes, known);
  return known;
}

/** A commit that was never written, of any bytes. A later file of the same path takes the place of an earlier one. */
export function seedTree(files: readonly SeedFile[]): TreeReader {
  const seeds = new Map([...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map((file) => [file.path, file]));
  const listed = [...seeds.values()].map(({path, mode, bytes}): TreeFile => ({path, mode, oid: oidOf(bytes), size: bytes.length}));
  const tree = sha256(listed.map((file) => `${file.mode} ${file.oid} ${file.path}`).join('\n')).slice(0, 40);
  return {
    commit: sha256(tree).slice(0, 40),
    tree,
    list: () => Promise.resolve(listed),
    read: (path) => Promise.resolve(seeds.get(path)?.bytes),
    // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, the memory is not
    files: async function* (_signal, only) {
      for (const seed of seeds.values()) if (only === undefined || only.some((file) => file.path === seed.path)) yield seed;
    },
  };
}
