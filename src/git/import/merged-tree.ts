import {escapeText} from '../../core/escape.js';
import type {TreeFile} from '../../core/tree.js';
import type {GitStore} from '../bare/refs.js';
import {openTreeReader} from '../bare/tree-reader.js';
import {byPath, type Change, type ImportPolicy} from './change.js';
import {importLimits} from './limits.js';
import type {Links} from './links.js';
import {ownProblem} from './policy.js';
import {readLinks} from './read-links.js';
import {treeProblems} from './tree-problems.js';

/** Why a merged tree cannot be taken. */
export interface MergedProblem {
  /** Changed paths that are to blame, sorted; not escaped. */
  readonly paths: readonly string[];
  /** One sentence for a person or a model; escaped. */
  readonly why: string;
}

/** Two trees with what their links say. */
export interface Merging {
  readonly onto: readonly TreeFile[];
  readonly ontoLinks: Links;
  readonly merged: readonly TreeFile[];
  readonly mergedLinks: Links;
}

/** Submissions were checked against scopes one by one; a merge has none of its own. */
const anyScope: ImportPolicy = {mayWrite: () => true, wanted: [], allowIgnored: []};
/** Paths that a sentence names. */
const maxNamed = 10;

/**
 * Judges what a merge made of two trees, each of them safe by itself: parts of one can complete the other to a link that
 * leads out, a git repository in the tree, or names that clash. Undefined: it is as safe as `onto`.
 */
export async function readMergedProblem(store: GitStore, {onto, tree}: {readonly onto: string; readonly tree: string}, signal: AbortSignal): Promise<MergedProblem | undefined> {
  const [before, after] = [await listOf(store, onto, signal), await listOf(store, tree, signal)];
  const [ontoLinks, mergedLinks] = [await readLinks(store, before, signal), await readLinks(store, after, signal)];
  return mergedProblem({onto: before, ontoLinks, merged: after, mergedLinks});
}

/** {@link readMergedProblem}, for trees that were read. Pure. */
export function mergedProblem(merging: Merging): MergedProblem | undefined {
  const changes = changesOf(merging);
  const problems = new Map([...treeProblems(changes, {base: merging.onto, baseLinks: merging.ontoLinks, policy: anyScope})].map(([path, {why}]) => [path, why]));
  for (const change of changes) {
    const own = ownProblem(change, importLimits);
    if (own !== undefined) problems.set(change.path, own);
  }
  if (problems.size === 0) return undefined;
  const sorted = [...problems].map(([path, why]) => ({path, why})).sort(byPath);
  return {paths: sorted.map(({path}) => path), why: sentence(sorted)};
}

function changesOf({onto, merged, mergedLinks}: Merging): readonly Change[] {
  const before = new Map(onto.map((file) => [file.path, file]));
  const after = new Set(merged.map((file) => file.path));
  const gone = onto.filter((file) => !after.has(file.path)).map(({path}): Change => ({kind: 'deleted', path}));
  const changed = merged.filter(({path, mode, oid}) => before.get(path)?.mode !== mode || before.get(path)?.oid !== oid);
  return [
    ...gone,
    ...changed.map(({path, mode, oid, size}): Change => {
      if (mode === 'submodule') return {kind: 'special', path, what: 'submodule'};
      return {kind: mode, path, oid, size, at: undefined, target: mode === 'symlink' ? mergedLinks.get(path) : undefined, problem: undefined};
    }),
  ];
}

function sentence(problems: readonly {readonly path: string; readonly why: string}[]): string {
  const named = problems.slice(0, maxNamed).map(({path, why}) => `\`${escapeText(path)}\` ${why}`);
  const more = problems.length - named.length;
  return `Together with what is merged already, ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`;
}

async function listOf(store: GitStore, treeish: string, signal: AbortSignal): Promise<readonly TreeFile[]> {
  return (await openTreeReader(store, treeish, signal)).list(signal);
}
