import {foldPath} from '../../core/path.js';
import type {TreeFile} from '../../core/tree.js';

/** The files of a commit, found by path, by folder and by fold: what a change is judged by then costs the change, not the tree. */
export interface BaseTree {
  readonly files: readonly TreeFile[];
  get(path: string): TreeFile | undefined;
  /** Whether files are below a path. */
  isFolder(path: string): boolean;
  /** Paths of all files below a folder; none when it is no folder. */
  below(folder: string): Iterable<string>;
  /** Names directly in a folder, of files and folders; `''` is the root. */
  namesIn(folder: string): Iterable<string>;
  /** Every path of a file or folder that has this fold (`foldPath`). */
  folded(fold: string): readonly string[];
  readonly links: readonly TreeFile[];
}

interface Node {
  file: TreeFile | undefined;
  readonly children: Map<string, Node>;
}

const made = new WeakMap<readonly TreeFile[], BaseTree>();

/** The tree of a listing; made once for each listing, and kept as long as that is. */
export function baseTreeOf(files: readonly TreeFile[]): BaseTree {
  const known = made.get(files) ?? makeTree(files);
  made.set(files, known);
  return known;
}

function makeTree(files: readonly TreeFile[]): BaseTree {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const root: Node = {file: undefined, children: new Map()};
  for (const file of files) place(root, file);
  const nodeAt = (path: string): Node | undefined => (path === '' ? root : path.split('/').reduce<Node | undefined>((node, name) => node?.children.get(name), root));
  let folds: ReadonlyMap<string, readonly string[]> | undefined;
  return {
    files,
    get: (path) => byPath.get(path),
    isFolder: (path) => (nodeAt(path)?.children.size ?? 0) > 0,
    below: (folder) => filesBelow(nodeAt(folder)),
    namesIn: (folder) => nodeAt(folder)?.children.keys() ?? [],
    folded: (fold) => (folds ??= foldsOf(root)).get(fold) ?? [],
    links: files.filter((file) => file.mode === 'symlink'),
  };
}

function place(root: Node, file: TreeFile): void {
  let node = root;
  for (const name of file.path.split('/')) {
    const child = node.children.get(name) ?? {file: undefined, children: new Map<string, Node>()};
    node.children.set(name, child);
    node = child;
  }
  node.file = file;
}

function* filesBelow(from: Node | undefined): Generator<string> {
  // Without recursion: a path of the base may have any depth.
  const waiting = [...(from?.children.values() ?? [])];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.file !== undefined) yield node.file.path;
    waiting.push(...node.children.values());
  }
}

function foldsOf(root: Node): ReadonlyMap<string, readonly string[]> {
  const folds = new Map<string, string[]>();
  const waiting: (readonly [string, Node])[] = [['', root]];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const [path, node] = at;
    for (const [name, child] of node.children) {
      const below = path === '' ? name : `${path}/${name}`;
      const fold = foldPath(below);
      const same = folds.get(fold);
      if (same === undefined) folds.set(fold, [below]);
      else same.push(below);
      waiting.push([below, child]);
    }
  }
  return folds;
}
