import {lstatSync, realpathSync} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {foldersOf} from '../../core/path.js';
import {isInside, readUserConfig, readUserGit, type Setting} from '../door/user-git.js';

/** What is in a checkout, as far as a command could mean it. */
export interface FilterScene {
  /** Whether an absolute path is in the checkout. */
  readonly isInside: (path: string) => boolean;
  /** Whether the checkout, or the commit that goes there, has a file or folder at a path relative to the top. */
  readonly isThere: (path: string) => boolean;
}

/** A filter that is not run, and why. */
export interface FilterProblem {
  readonly key: string;
  /** Goes on the sentence "its command …". */
  readonly why: string;
}

/** Keys whose values are run while files are written: by git, and by git-lfs (git-lfs-config). */
const runs = /^(filter\..*\.(clean|smudge|process)|lfs\.extension\..*\.(clean|smudge)|lfs\.customtransfer\..*\.path)$/s;
/** Programs that read nothing but their input, with words that a repository may use as names (git-lfs-install, git-crypt). */
const known = /^(git-lfs (clean|smudge|filter-process)( --skip)?( -- %f)?|"?git-crypt"? (clean|smudge))$/;
/** What a shell expands or splits by; which program that gives cannot be told from here. */
const expanded = /[$`\\{}~*?[\]\n]/;

/**
 * The first filter of a configuration whose command could be, or read as its program, a file of the tree, where agents
 * write. A filter with a program elsewhere (`git-lfs filter-process`) is fine. Fails closed: a command with a word that
 * only a shell can expand is a problem. Does not promise to see what a program outside of the tree loads from there by
 * itself, for example from a configuration file.
 */
export function filterProblem(config: readonly Setting[], scene: FilterScene): FilterProblem | undefined {
  // The last value of a key is the one that counts.
  for (const [key, command] of new Map(config)) {
    if (!runs.test(key)) continue;
    const why = commandProblem(command, scene);
    if (why !== undefined) return {key, why};
  }
  return undefined;
}

/**
 * Throws REPOSITORY_UNSUPPORTED when git, on its way to a commit, could run a file of the tree as a filter: which filter
 * a file goes through is said by `.gitattributes`, which an agent may have written, so every configured one counts.
 */
export async function refuseFilters(root: string, wanted: string, signal: AbortSignal): Promise<void> {
  const config = await readUserConfig({dir: root, signal});
  const {stdout} = await readUserGit({dir: root, args: ['ls-tree', '-r', '-z', '--full-tree', '--name-only', wanted], maxBytes: maxListBytes, signal});
  const delivered = new Set(stdout.toString('utf8').split('\0').flatMap((path) => [path, ...foldersOf(path)]));
  const isThere = (path: string) => delivered.has(path) || isOnDisk(join(root, path));
  const problem = filterProblem(config, {isThere, isInside: (path) => isInside(root, path) || isInside(root, realOf(path))});
  if (problem === undefined) return;
  throw new AppError('REPOSITORY_UNSUPPORTED', `The checkout was left as it is: git would run the filter \`${escapeText(problem.key)}\`, and its command ${problem.why}, where agents write.`, {
    hint: 'Look at the result branch first, then merge it yourself.',
    details: {filter: escapeText(problem.key)},
  });
}

/** Most bytes of a listing: about 2 million paths. */
const maxListBytes = 256 * 1024 * 1024;

function isOnDisk(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    // Also a word that is no path at all: too long, or below a file.
    return false;
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Nothing to run there.
    return path;
  }
}

function commandProblem(command: string, scene: FilterScene): string | undefined {
  if (known.test(command)) return undefined;
  const text = command.replace(/(^|[\s"'=])(?:~|\$HOME|\$\{HOME\})\//g, (_, before: string) => `${before}${homedir()}/`);
  // Single quotes keep the shell from expanding what is in them; the words in them are looked at all the same.
  const open = text.includes('"') ? text : text.replace(/'[^']*'/g, '');
  if (expanded.test(open)) return 'has words that only a shell can expand';
  const words = text.split(/[\s'"=;|&<>(),]+/).filter((word) => word !== '');
  for (const [index, word] of words.entries()) {
    if (word.startsWith('/')) {
      if (scene.isInside(word)) return 'names something in the checkout';
    } else if (/^\.\.?\//.test(word) || (index === 0 && word.includes('/'))) return 'is a path that starts in the checkout';
    // The program itself is looked up in PATH, which has no folder of the checkout.
    else if (index > 0 && filesFor(word, words[index - 1]).some((path) => scene.isThere(path))) return 'names something in the checkout';
  }
  return undefined;
}

/** Files that a word can mean, as a path or, after `-m`, as a Python module, which is looked for in the working folder first. */
function filesFor(word: string, before: string | undefined): readonly string[] {
  // An option with its value in one word: `-Ilib`.
  if (before !== '-m') return [word, word.replace(/^-[A-Za-z]/, '')].filter((path) => path !== '');
  const module = word.replaceAll('.', '/');
  return [word, `${module}.py`, join(module, '__init__.py'), join(module, '__main__.py')];
}
