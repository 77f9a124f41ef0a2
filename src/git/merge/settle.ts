import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {readGit, runGit} from '../door/command.js';
import {decodeStrictly} from '../door/decode.js';
import type {GitStore} from '../bare/refs.js';
import type {Staging} from '../bare/staging.js';
import {isMergedAsJson, mergeJson} from './json/merge-json.js';
import type {Conflict, Stage, TreeMerge} from './merge-tree.js';
import {readRegions, type Versions} from './union/regions.js';
import {unionOf, unionRulesFor} from './union/union.js';

/** A file that git could not merge and that was merged all the same, and by which rule. */
export interface Settled {
  /** Not escaped. */
  readonly path: string;
  /** `union`: both sides only added lines of a form of which order means nothing; `json`: other keys of the same objects. */
  readonly by: 'union' | 'json';
}

/** A tree without conflicts. */
export interface SettledTree {
  readonly tree: string;
  readonly settled: readonly Settled[];
}

/** Largest version that is looked at, in bytes: what people and tools write by hand is far smaller. */
const maxBytes = 1024 * 1024;

/**
 * The rungs between git and the owners: files to which lines are only ever added, then JSON objects. All conflicts of a
 * merge or none, in staging: undefined when one of them stays. Only a conflict in the content of a regular file that all three sides have counts.
 */
export async function settleConflicts(staging: Staging, {tree, conflicts}: TreeMerge, signal: AbortSignal): Promise<SettledTree | undefined> {
  const {store} = staging;
  const files: {path: string; mode: string; text: string}[] = [];
  const settled: Settled[] = [];
  for (const conflict of conflicts) {
    const sides = sidesOf(conflict);
    const versions = sides === undefined ? undefined : await readVersions(store, sides, signal);
    const merged = versions === undefined ? undefined : await mergeFile(store, staging, {path: conflict.path, versions}, signal);
    if (sides === undefined || merged === undefined) return undefined;
    files.push({path: conflict.path, mode: sides.ours.mode, text: merged.text});
    settled.push({path: conflict.path, by: merged.by});
  }
  return {tree: await putFiles(store, staging, {tree, files}, signal), settled};
}

interface Sides {
  readonly base: Stage;
  readonly ours: Stage;
  readonly theirs: Stage;
}

function sidesOf({path, kinds, base, ours, theirs}: Conflict): Sides | undefined {
  if (unionRulesFor(path).length === 0 && !isMergedAsJson(path)) return undefined;
  if (base === undefined || ours === undefined || theirs === undefined || kinds.some((kind) => kind !== 'CONFLICT (contents)')) return undefined;
  const isRegular = /^100(?:644|755)$/.test(base.mode) && base.mode === ours.mode && base.mode === theirs.mode;
  return isRegular ? {base, ours, theirs} : undefined;
}

async function readVersions(store: GitStore, sides: Sides, signal: AbortSignal): Promise<Versions | undefined> {
  const [base, ours, theirs] = [await readText(store, sides.base, signal), await readText(store, sides.ours, signal), await readText(store, sides.theirs, signal)];
  return base === undefined || ours === undefined || theirs === undefined ? undefined : {base, ours, theirs};
}

async function readText(store: GitStore, {oid}: Stage, signal: AbortSignal): Promise<string | undefined> {
  const size = Number(await readGit({gitDir: store.directory, args: ['cat-file', '-s', oid], signal}));
  if (!(size <= maxBytes)) return undefined;
  const text = decodeStrictly((await runGit({gitDir: store.directory, args: ['cat-file', 'blob', oid], signal})).stdout);
  return text?.includes('\0') === true ? undefined : text;
}

async function mergeFile(
  store: GitStore,
  {folder}: Pick<Staging, 'folder'>,
  {path, versions}: {readonly path: string; readonly versions: Versions},
  signal: AbortSignal,
): Promise<{readonly by: Settled['by']; readonly text: string} | undefined> {
  const rules = unionRulesFor(path);
  const regions = rules.length === 0 ? undefined : await readRegions(store, {versions, folder}, signal);
  for (const rule of regions === undefined ? [] : rules) {
    const text = unionOf(regions ?? [], rule);
    if (text !== undefined) return {by: 'union', text};
  }
  const text = isMergedAsJson(path) ? mergeJson(path, versions) : undefined;
  return text === undefined ? undefined : {by: 'json', text};
}

/** A tree with other bytes at some paths that it has; through an index of its own in the throw-away folder. */
async function putFiles(store: GitStore, {folder}: Pick<Staging, 'folder'>, {tree, files}: {readonly tree: string; readonly files: readonly {readonly path: string; readonly mode: string; readonly text: string}[]}, signal: AbortSignal): Promise<string> {
  const call = {gitDir: store.directory, env: {GIT_INDEX_FILE: `${folder}/index`}, signal};
  await runGit({...call, args: ['read-tree', tree]});
  const lines: string[] = [];
  for (const {path, mode, text} of files) {
    const oid = await readGit({...call, args: ['hash-object', '-w', '--stdin', '--no-filters'], stdin: text});
    lines.push(`${mode} ${oid}\t${path}\0`);
  }
  await runGit({...call, args: ['update-index', '-z', '--index-info'], stdin: lines.join('')});
  const made = await readGit({...call, args: ['write-tree']});
  if (!/^[0-9a-f]{40}$/.test(made)) throw new AppError('GIT_FAILED', `\`git write-tree\` gave no tree for ${escapeText(files.map(({path}) => path).join(', '))}.`);
  return made;
}
