import {workspacePath} from '../../core/sandbox.js';

/** Most parts of a name that are tried: `a.b.c` has three. */
const maxParts = 16;

/** Gives the promised test file that a name without a path can only mean, or undefined. */
export type FileOfName = (name: string) => string | undefined;

/** A path that a report names, relative to the workspace. */
export function reportedPath(path: string): string {
  return (path.startsWith(`${workspacePath}/`) ? path.slice(workspacePath.length + 1) : path).replace(/^(?:\.\/)+/, '');
}

/**
 * Finds promised test files by name: `com.example.SumTest` and `sum-test` mean a file whose path without extensions ends
 * so, `tests.test_sum.TestSum` the file above a class. A name that several files could have means none.
 */
export function startFileOfName(promised: readonly string[]): FileOfName {
  const ends = endsOf(promised);
  return (name) => {
    const plain = name.split('$', 1)[0] ?? name;
    const parts = plain.split(plain.includes('/') ? '/' : '.', maxParts);
    for (let count = parts.length; count > 0; count -= 1) {
      const meant = ends.get(parts.slice(0, count).join('/'));
      if (meant !== undefined) return meant.size === 1 ? [...meant][0] : undefined;
    }
    return undefined;
  };
}

/** Every end of every path, with and without extensions, that begins at a folder or at the file's own name. */
function endsOf(promised: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const ends = new Map<string, Set<string>>();
  for (const path of promised) {
    for (const whole of [path, ...stems(path)]) {
      const parts = whole.split('/');
      for (const index of parts.keys()) {
        const end = parts.slice(index).join('/');
        ends.set(end, (ends.get(end) ?? new Set()).add(path));
      }
    }
  }
  return ends;
}

/** A path without its last extension, and without all of them. */
function stems(path: string): readonly string[] {
  const at = path.lastIndexOf('/') + 1;
  const [folder, base] = [path.slice(0, at), path.slice(at)];
  const [first = base] = base.split('.');
  return [`${folder}${base.replace(/\.[^.]*$/, '')}`, `${folder}${first}`].filter((stem) => stem !== folder);
}
