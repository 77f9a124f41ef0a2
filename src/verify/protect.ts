import {basename} from 'node:path/posix';
import type {Manifest} from '../core/manifest.js';
import type {TreeFile, TreeReader} from '../core/tree.js';
import {restorePackageFields, sameTestTables} from './package-fields.js';
import {isSteeringPath, isTestPath} from './patterns.js';

/** One file that was changed without permission, and what the verify tree does about it. */
export interface ProtectedChange {
  readonly path: string;
  /** `restored`: the base's version, `removed`: left out, `fields`: the base's version of {@link fields} only. */
  readonly action: 'restored' | 'removed' | 'fields';
  /** Members of package.json, or why the file counts. */
  readonly fields: readonly string[];
}

/** How the verify tree differs from the merged commit. */
export interface Protection {
  readonly changes: readonly ProtectedChange[];
  /** Paths taken from the base. */
  readonly restore: ReadonlySet<string>;
  /** Paths left out: protected additions, and what stands in the way of a restored path. */
  readonly remove: ReadonlySet<string>;
  /** Paths with bytes of our own making. */
  readonly replace: ReadonlyMap<string, Uint8Array>;
}

/** Whether the manifest allows a path to differ from the base although it is a test or steers tests. */
export function isPermitted(manifest: Manifest, path: string): boolean {
  return [manifest.tests?.files ?? [], manifest.files].some((list) => list.some((entry) => entry.path === path)) || manifest.allow.testConfig.includes(path);
}

/**
 * The protected paths that a commit changes: existing tests and steering files that differ or are gone are restored,
 * new steering files are removed. New test files stay. Pure; package.json and pyproject.toml are judged by content
 * elsewhere ({@link planProtection}).
 */
export function protectedChanges(manifest: Manifest, base: readonly TreeFile[], commit: readonly TreeFile[]): readonly ProtectedChange[] {
  const before = new Map(base.map((file) => [file.path, file]));
  const after = new Map(commit.map((file) => [file.path, file]));
  const restored = base
    .filter((file) => file.mode !== 'submodule' && (isTestPath(file.path) || isSteeringPath(file.path)))
    .filter(({path, oid, mode}) => after.get(path)?.oid !== oid || after.get(path)?.mode !== mode)
    .map(({path}): ProtectedChange => ({path, action: 'restored', fields: []}));
  const removed = commit
    .filter((file) => !before.has(file.path) && isSteeringPath(file.path))
    .map(({path}): ProtectedChange => ({path, action: 'removed', fields: []}));
  return [...restored, ...removed].filter(({path}) => !isPermitted(manifest, path));
}

/**
 * Plans the tree in which the merged commit is graded. `scripts` are names of package.json scripts that the test
 * command runs besides the usual ones.
 */
export async function planProtection(
  {manifest, base, commit, scripts}: {readonly manifest: Manifest; readonly base: TreeReader; readonly commit: TreeReader; readonly scripts: readonly string[]},
  signal: AbortSignal,
): Promise<Protection> {
  const [before, after] = [await base.list(signal), await commit.list(signal)];
  const changes = [...protectedChanges(manifest, before, after)];
  const replace = new Map<string, Uint8Array>();
  for (const path of mixedFiles(before, after, manifest)) {
    if (changes.some((change) => change.path === path)) continue;
    const mixed = judgeMixed(path, text(await base.read(path, signal)), text(await commit.read(path, signal)), scripts);
    if (mixed === undefined) continue;
    changes.push(mixed.change);
    if (mixed.bytes !== undefined) replace.set(path, mixed.bytes);
  }
  const restore = new Set(changes.filter((change) => change.action === 'restored').map((change) => change.path));
  const removed = changes.filter((change) => change.action === 'removed').map((change) => change.path);
  return {changes: changes.sort((a, b) => (a.path < b.path ? -1 : 1)), restore, remove: new Set([...removed, ...inTheWay(restore, after)]), replace};
}

/** Files of which only a part steers tests, where they changed and may not. */
function mixedFiles(base: readonly TreeFile[], commit: readonly TreeFile[], manifest: Manifest): readonly string[] {
  const before = new Map(base.map((file) => [file.path, file]));
  const after = new Map(commit.map((file) => [file.path, file]));
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => ['package.json', 'pyproject.toml'].includes(basename(path)) && before.get(path)?.oid !== after.get(path)?.oid && !isPermitted(manifest, path),
  );
}

type Mixed = {readonly change: ProtectedChange; readonly bytes?: Uint8Array} | undefined;

function judgeMixed(path: string, base: string | undefined, commit: string | undefined, scripts: readonly string[]): Mixed {
  if (commit === undefined) return {change: {path, action: 'restored', fields: []}};
  if (basename(path) === 'pyproject.toml') {
    if (sameTestTables(base ?? '', commit)) return undefined;
    return {change: {path, action: base === undefined ? 'removed' : 'restored', fields: ['what names pytest or coverage']}};
  }
  const restored = restorePackageFields(base, commit, scripts);
  return restored === undefined ? undefined : {change: {path, action: 'fields', fields: restored.fields}, bytes: Buffer.from(restored.text)};
}

/** A link or file where a restored path needs a folder, and a folder where it needs a file. */
function inTheWay(restore: ReadonlySet<string>, commit: readonly TreeFile[]): readonly string[] {
  const parents = new Set<string>();
  for (const path of restore) for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) parents.add(path.slice(0, at));
  return commit.map((file) => file.path).filter((path) => parents.has(path) || isUnder(path, restore));
}

function isUnder(path: string, folders: ReadonlySet<string>): boolean {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) if (folders.has(path.slice(0, at))) return true;
  return false;
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
