import type {Setting} from '../../door/user-git.js';
import type {DirtyState} from './status.js';

/** A path that is not taken, and why. */
export interface PathProblem {
  /** Not escaped. */
  readonly path: string;
  /** Goes on the sentence "`path` …". */
  readonly why: string;
}

/** How each path that differs from the index gets into the frozen one. */
export interface DirtyPlan {
  /** git reads the file, and converts line ends and encoding as attributes and settings ask. */
  readonly hash: readonly string[];
  /** Kept outside of git; a pointer text stands for the file. */
  readonly pointers: readonly string[];
  readonly remove: readonly string[];
  /** What cannot be frozen truthfully. */
  readonly problems: readonly PathProblem[];
}

/** The filter of Git LFS, whose pointers can be made without it (git-lfs, "specification"). */
const lfs = 'lfs';
const link = '120000';

/**
 * Decides what becomes of a checkout's files. Pure. `filters`: the filter that the attributes of a path name. A filter is
 * never run: where one is configured, only it could say what the file is in git, so the file is a problem; where none is,
 * git takes the bytes as they are, and so do we. Files of Git LFS become pointers whether it is installed or not.
 */
export function planDirty(state: DirtyState, filters: ReadonlyMap<string, string>, config: readonly Setting[]): DirtyPlan {
  const changed = state.changed.filter((file) => file.checkout === 'changed');
  const links = new Set(changed.filter((file) => file.mode === link).map((file) => file.path));
  const files = [...changed.map((file) => file.path), ...state.untracked];
  const problems: PathProblem[] = state.conflicted.map((path) => ({path, why: 'has a conflict that is not resolved'}));
  const [hash, pointers]: [string[], string[]] = [[], []];
  const [programs, extended] = [filtersWithProgram(config), config.some(([key]) => key.startsWith('lfs.extension.'))];
  for (const path of files) {
    const filter = links.has(path) ? undefined : filters.get(path);
    if (filter === lfs && !extended) pointers.push(path);
    else if (filter !== undefined && programs.has(filter)) problems.push({path, why: `goes through the filter \`${filter}\`, which Bulkhead does not run`});
    else hash.push(path);
  }
  return {hash, pointers, remove: state.changed.filter((file) => file.checkout === 'deleted').map((file) => file.path), problems};
}

/** Names of the filters that would run a program when a file is added. */
function filtersWithProgram(config: readonly Setting[]): ReadonlySet<string> {
  const names = new Set<string>();
  // The last value of a key counts; an empty one takes the program away.
  for (const [key, command] of new Map(config)) {
    const name = /^filter\.(.*)\.(?:clean|process)$/s.exec(key)?.[1];
    if (name !== undefined && command !== '') names.add(name);
  }
  return names;
}
