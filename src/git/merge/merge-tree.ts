import {AppError} from '../../core/errors.js';
import {runGit} from '../door/command.js';
import {assertId, type GitStore} from '../bare/refs.js';

/** One side of a conflicted path, as git stores it. */
export interface Stage {
  readonly mode: string;
  readonly oid: string;
}

/** A path that git could not merge. */
export interface Conflict {
  /** As git stores it: not escaped. */
  readonly path: string;
  /** The kinds of conflict that git names for it, such as `CONFLICT (contents)`; a stable text (git-merge-tree, OUTPUT). */
  readonly kinds: readonly string[];
  /** Undefined where that side has no file at this path. */
  readonly base: Stage | undefined;
  readonly ours: Stage | undefined;
  readonly theirs: Stage | undefined;
}

/** What git makes of two commits. A conflicted path has git's markers in `tree`. */
export interface TreeMerge {
  readonly tree: string;
  /** None: git could merge. */
  readonly conflicts: readonly Conflict[];
}

/** Two commits; git finds their merge base. */
export interface Pair {
  readonly ours: string;
  readonly theirs: string;
}

/** Merges two commits with `git merge-tree`: no checkout, no index, no driver. Writes the objects of the merged tree; `showBase` puts the base into its markers. */
export async function mergeTrees(store: GitStore, {ours, theirs, showBase = false}: Pair & {readonly showBase?: boolean}, signal: AbortSignal): Promise<TreeMerge> {
  assertId(ours);
  assertId(theirs);
  const {exitCode, stdout} = await runGit({gitDir: store.directory, args: ['merge-tree', '--write-tree', '-z', ours, theirs], config: showBase ? ['merge.conflictStyle=diff3'] : [], okExits: [0, 1], signal});
  const fields = stdout.toString('utf8').split('\0');
  const tree = fields[0] ?? '';
  assertId(tree);
  return {tree, conflicts: exitCode === 0 ? [] : parseConflicts(fields.slice(1))};
}

/** The paths in which two commits conflict, sorted; none when git can merge them. */
export async function conflictingPaths(store: GitStore, {ours, theirs}: Pair, signal: AbortSignal): Promise<readonly string[]> {
  return (await mergeTrees(store, {ours, theirs}, signal)).conflicts.map(({path}) => path);
}

/** `MODE ID STAGE<tab>PATH` for each side, an empty field, then for each message a count, so many paths, its kind and its text. */
function parseConflicts(fields: readonly string[]): readonly Conflict[] {
  const end = fields.indexOf('');
  const found = new Map<string, {kinds: string[]; stages: Map<string, Stage>}>();
  const at = (path: string) => {
    const known = found.get(path) ?? {kinds: [], stages: new Map<string, Stage>()};
    found.set(path, known);
    return known;
  };
  for (const field of fields.slice(0, end)) {
    const [, mode, oid, stage, path] = /^(\d+) ([0-9a-f]+) ([123])\t(.*)$/s.exec(field) ?? [];
    if (mode === undefined || oid === undefined || stage === undefined || path === undefined) throw new AppError('GIT_FAILED', '`git merge-tree` printed a line of an unknown form.');
    at(path).stages.set(stage, {mode, oid});
  }
  for (let next = end + 1; next < fields.length - 1; ) {
    const count = Number(fields[next]);
    const kind = fields[next + 1 + count];
    if (!Number.isSafeInteger(count) || count < 1 || kind === undefined) throw new AppError('GIT_FAILED', '`git merge-tree` printed a message of an unknown form.');
    if (kind.startsWith('CONFLICT')) for (const path of fields.slice(next + 1, next + 1 + count)) at(path).kinds.push(kind);
    next += count + 3;
  }
  if (found.size === 0) throw new AppError('GIT_FAILED', '`git merge-tree` told of a conflict and named no path.');
  const stage = (stages: ReadonlyMap<string, Stage>) => ({base: stages.get('1'), ours: stages.get('2'), theirs: stages.get('3')});
  return [...found].map(([path, {kinds, stages}]) => ({path, kinds, ...stage(stages)})).sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}
