import {isAliasFile, readAliases, type Aliases} from '../../code/links/aliases.js';
import type {ImportRef} from '../../code/outline-types.js';
import {resolveImport, type ImportScope} from '../../code/links/resolve-import.js';
import type {Contents} from '../read/contents.js';
import type {ListedFile} from '../read/survey.js';
import {within} from './within.js';

/** Imports of a file that are followed. */
const maxImports = 200;
/** Files of configuration that are read for aliases, and bytes of them. */
const maxConfigs = {files: 200, bytes: 512 * 1024};

/** A file that was parsed, with what it imports. */
export interface Importer {
  readonly path: string;
  readonly imports: readonly ImportRef[];
}

/** What the best files import, and what imports them: a share from 0 to 1 by path. `seeds` are the best, each with its share. */
export function importShares(importers: readonly Importer[], seeds: ReadonlyMap<string, number>, scope: ImportScope): ReadonlyMap<string, number> {
  const given = new Map<string, number>();
  const give = (path: string, share: number): void => {
    if (share > 0) given.set(path, Math.max(given.get(path) ?? 0, share));
  };
  for (const {path, imports} of importers) {
    const targets = new Set(imports.slice(0, maxImports).flatMap((one) => resolveImport(path, one, scope)));
    for (const target of targets) {
      give(target, (seeds.get(path) ?? 0) / Math.sqrt(targets.size));
      give(path, (seeds.get(target) ?? 0) / 2);
    }
  }
  return given;
}

/** What the tree's own configuration says of names, by the files of it that are nearest to the root. */
export async function readTreeAliases(files: readonly ListedFile[], contents: Contents, signal: AbortSignal): Promise<Aliases> {
  const depthOf = (path: string): number => path.split('/').length;
  const named = files.filter(({path}) => isAliasFile(path)).map(({file}) => file).sort((a, b) => depthOf(a.path) - depthOf(b.path));
  const chosen = within(named, maxConfigs);
  const read = await contents.readContents(chosen, signal);
  return readAliases(chosen.flatMap(({path}) => {
    const content = read.get(path);
    return content === undefined ? [] : [{path, text: content.text}];
  }));
}
