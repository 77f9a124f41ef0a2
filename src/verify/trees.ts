import type {Manifest} from '../core/manifest.js';
import {foldersOf} from '../core/path.js';
import type {TreeContent, TreeReader} from '../core/tree.js';
import type {Protection} from './protect.js';

/** The base commit as it is put into a box. Submodules are left out: their content is not part of the commit. */
export async function* baseTree(base: TreeReader, signal: AbortSignal): AsyncIterable<TreeContent> {
  for await (const file of base.files(signal)) if (file.mode !== 'submodule') yield file;
}

/** What {@link mergedTree} and {@link beforeTree} read from. */
export interface TreeParts {
  readonly base: TreeReader;
  readonly commit: TreeReader;
  readonly protection: Protection;
}

/** The merged commit with its protected files as the base has them: the tree that is graded. */
export async function* mergedTree({base, commit, protection}: TreeParts, signal: AbortSignal): AsyncIterable<TreeContent> {
  for await (const file of commit.files(signal)) {
    if (file.mode === 'submodule' || protection.remove.has(file.path) || protection.restore.has(file.path)) continue;
    const bytes = protection.replace.get(file.path);
    // Bytes of ours stand for a regular file, even where the commit made a link of it.
    yield bytes === undefined ? file : {path: file.path, mode: 'file', bytes};
  }
  const restored = (await base.list(signal)).filter(({path, mode}) => protection.restore.has(path) && mode !== 'submodule');
  if (restored.length > 0) yield* base.files(signal, restored);
}

/**
 * The base commit with the tests of the merged one: what fails here and passes there shows that something was built.
 * Test files, what only tests use and what steers them come from the graded tree; promised product files from the base.
 */
export async function* beforeTree(parts: TreeParts, manifest: Manifest, signal: AbortSignal): AsyncIterable<TreeContent> {
  const isTestSide = testSideOf(manifest, parts.protection);
  const folders = new Set((await parts.commit.list(signal)).flatMap(({path}) => (isTestSide(path) ? foldersOf(path) : [])));
  for await (const file of baseTree(parts.base, signal)) if (!isTestSide(file.path) && !folders.has(file.path)) yield file;
  for await (const file of mergedTree(parts, signal)) if (isTestSide(file.path)) yield file;
}

/**
 * Whether a path belongs to the tests rather than to the product that they show. What a test file covers, and a
 * promised file of someone who delivers no tests, is product whatever its name.
 */
function testSideOf({files, tests}: Manifest, {isTestSide}: Protection): (path: string) => boolean {
  const promised = new Set(tests?.files.map((file) => file.path));
  const testers = new Set(tests?.files.map((file) => file.owner));
  const covered = tests?.files.flatMap((file) => file.covers) ?? [];
  const product = new Set([...covered, ...files.filter((file) => !testers.has(file.owner)).map((file) => file.path)]);
  return (path) => promised.has(path) || (!product.has(path) && isTestSide(path));
}
