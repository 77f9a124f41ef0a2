import {manifestOwners, ownerOf, type Manifest} from '../core/manifest.js';
import {isTestPath} from '../core/test-path.js';
import type {TreeFile} from '../core/tree.js';
import {isProse} from './patterns.js';

/** Who must act on a finding. No answer is ever empty for a manifest that promises something. */
export interface Actors {
  /** For a path: who is known to have touched it, else its owner by the manifest, else everybody. */
  forPath(path: string): readonly string[];
  /** For a promised test file that fails: its owner and the owners of the sources that it covers. */
  forPromisedTest(path: string): readonly string[];
  /** For something that the change as a whole broke: who touched the product (prose only when there is nothing else), else its owners, else everybody. */
  forChange(): readonly string[];
  /** Everybody who owns something. */
  everybody(): readonly string[];
}

/** What {@link actorsOf} needs to know. */
export interface ActorsInput {
  readonly manifest: Manifest;
  /** Paths that differ between base and merged commit. */
  readonly changed: readonly string[];
  /** Which specialists' submissions touched a path, where somebody knows. */
  readonly authors?: ((path: string) => readonly string[]) | undefined;
}

/** Answers the question of ownership for one verification. */
export function actorsOf({manifest, changed, authors}: ActorsInput): Actors {
  const everybody = manifestOwners(manifest);
  const tests = manifest.tests?.files ?? [];
  const forPath = (path: string): readonly string[] => {
    const known = authors?.(path) ?? [];
    if (known.length > 0) return unique(known);
    const owner = ownerOf(manifest, path);
    return owner === undefined ? everybody : [owner];
  };
  return {
    forPath,
    forPromisedTest: (path) => {
      const covered = tests.find((test) => test.path === path)?.covers ?? [];
      const owners = [path, ...covered].map((each) => ownerOf(manifest, each)).filter((owner) => owner !== undefined);
      return owners.length > 0 ? unique(owners) : everybody;
    },
    forChange: () => {
      const others = changed.filter((path) => !isTestPath(path) && !tests.some((test) => test.path === path));
      const code = others.filter((path) => !isProse(path));
      const product = code.length > 0 ? code : others;
      const known = product.flatMap((path) => authors?.(path) ?? []);
      const owners = product.map((path) => ownerOf(manifest, path)).filter((owner) => owner !== undefined);
      return known.length > 0 ? unique(known) : owners.length > 0 ? unique(owners) : everybody;
    },
    everybody: () => everybody,
  };
}

/** Paths that two trees do not hold alike: bytes, mode, or there at all. In order of path. */
export function changedPaths(base: readonly TreeFile[], commit: readonly TreeFile[]): readonly string[] {
  const state = (file: TreeFile): string => `${file.mode} ${file.oid}`;
  const before = new Map(base.map((file) => [file.path, state(file)]));
  const after = new Map(commit.map((file) => [file.path, state(file)]));
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort();
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
