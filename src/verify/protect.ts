import {basename} from 'node:path/posix';
import type {Manifest} from '../core/manifest.js';
import {foldersOf} from '../core/path.js';
import {isTestPath} from '../core/test-path.js';
import type {TreeFile, TreeReader} from '../core/tree.js';
import {restorePackageFields, sameTestTables} from './package-fields.js';
import {isSteeringPath} from './patterns.js';
import type {Reach} from './reach.js';

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
  /** Whether a path is a test on this base, only used by tests, or decides what they say. */
  readonly isTestSide: (path: string) => boolean;
}

/** Whether the manifest allows a path to differ from the base although it is a test or steers tests. */
export function isPermitted(manifest: Manifest, path: string): boolean {
  return [manifest.tests?.files ?? [], manifest.files].some((list) => list.some((entry) => entry.path === path)) || manifest.allow.testConfig.includes(path);
}

/** What is known of the base besides its files. */
export interface BaseFacts {
  readonly reach: Reach;
  /** Files that gave a result when the test command ran on the base: tests, whatever they are called. */
  readonly testFiles: readonly string[];
}

/** Decides for one base what is a test or steers tests: by name, by what ran there, and by what the command names. */
function testSideOf({reach, testFiles}: BaseFacts): {readonly isTestSide: (path: string) => boolean; readonly steers: (path: string) => boolean} {
  const ran = new Set(testFiles);
  // A folder called `tests` in which tests ran holds their helpers too, also below `src`.
  const folders = new Set(testFiles.flatMap(foldersOf).filter((folder) => /^(?:__)?tests?(?:__)?$/i.test(basename(folder))));
  const steers = (path: string): boolean => isSteeringPath(path) || reach.paths.has(path);
  return {steers, isTestSide: (path) => isTestPath(path) || ran.has(path) || steers(path) || foldersOf(path).some((folder) => folders.has(folder))};
}

/**
 * Plans the tree in which the merged commit is graded. Existing tests and what steers them are restored where they
 * differ or are gone, new steering files are left out; new test files stay. package.json and pyproject.toml are judged
 * by content.
 */
export async function planProtection(
  {manifest, base, commit, ...facts}: {readonly manifest: Manifest; readonly base: TreeReader; readonly commit: TreeReader} & BaseFacts,
  signal: AbortSignal,
): Promise<Protection> {
  const [before, after] = [await base.list(signal), await commit.list(signal)];
  const {isTestSide, steers} = testSideOf(facts);
  const kept = {isTestSide: (path: string) => isTestSide(path) && !isMixed(path), steers: (path: string) => steers(path) && !isMixed(path)};
  const changes = [...protectedChanges(before, after, kept)].filter(({path}) => !isPermitted(manifest, path));
  const replace = new Map<string, Uint8Array>();
  for (const path of mixedFiles(before, after, manifest)) {
    const mixed = judgeMixed(path, text(await base.read(path, signal)), text(await commit.read(path, signal)), facts.reach.lines);
    if (mixed === undefined) continue;
    changes.push(mixed.change);
    if (mixed.bytes !== undefined) replace.set(path, mixed.bytes);
  }
  const restore = new Set(changes.filter((change) => change.action === 'restored').map((change) => change.path));
  const removed = changes.filter((change) => change.action === 'removed').map((change) => change.path);
  return {changes: changes.sort((a, b) => (a.path < b.path ? -1 : 1)), restore, remove: new Set([...removed, ...inTheWay(restore, after)]), replace, isTestSide};
}

function protectedChanges(base: readonly TreeFile[], commit: readonly TreeFile[], {isTestSide, steers}: {readonly isTestSide: (path: string) => boolean; readonly steers: (path: string) => boolean}): readonly ProtectedChange[] {
  const before = new Set(base.map((file) => file.path));
  const after = new Map(commit.map((file) => [file.path, file]));
  const restored = base
    .filter((file) => file.mode !== 'submodule' && isTestSide(file.path))
    .filter(({path, oid, mode}) => after.get(path)?.oid !== oid || after.get(path)?.mode !== mode)
    .map(({path}): ProtectedChange => ({path, action: 'restored', fields: []}));
  const removed = commit.filter((file) => !before.has(file.path) && steers(file.path)).map(({path}): ProtectedChange => ({path, action: 'removed', fields: []}));
  return [...restored, ...removed];
}

/** Whether only a part of a file steers tests, so that it is judged by content. Not so in a place where all of it does. */
function isMixed(path: string): boolean {
  return ['package.json', 'pyproject.toml'].includes(basename(path)) && !isTestPath(path) && !isSteeringPath(path);
}

/** Files of which only a part steers tests, where they changed and may not. */
function mixedFiles(base: readonly TreeFile[], commit: readonly TreeFile[], manifest: Manifest): readonly string[] {
  const before = new Map(base.map((file) => [file.path, file]));
  const after = new Map(commit.map((file) => [file.path, file]));
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => isMixed(path) && before.get(path)?.oid !== after.get(path)?.oid && !isPermitted(manifest, path),
  );
}

type Mixed = {readonly change: ProtectedChange; readonly bytes?: Uint8Array} | undefined;

function judgeMixed(path: string, base: string | undefined, commit: string | undefined, lines: readonly string[]): Mixed {
  if (commit === undefined) return {change: {path, action: 'restored', fields: []}};
  if (basename(path) === 'pyproject.toml') {
    if (sameTestTables(base ?? '', commit)) return undefined;
    return {change: {path, action: base === undefined ? 'removed' : 'restored', fields: ['what names pytest or coverage']}};
  }
  const restored = restorePackageFields(base, commit, lines);
  return restored === undefined ? undefined : {change: {path, action: 'fields', fields: restored.fields}, bytes: Buffer.from(restored.text)};
}

/** A link or file where a restored path needs a folder, and a folder where it needs a file. */
function inTheWay(restore: ReadonlySet<string>, commit: readonly TreeFile[]): readonly string[] {
  const parents = new Set([...restore].flatMap(foldersOf));
  return commit.map((file) => file.path).filter((path) => parents.has(path) || foldersOf(path).some((folder) => restore.has(folder)));
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
