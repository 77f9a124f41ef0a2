import {join, normalize} from 'node:path/posix';
import type {Manifest} from '../core/manifest.js';
import {foldersOf} from '../core/path.js';
import {workspacePath} from '../core/sandbox.js';
import type {TreeReader} from '../core/tree.js';
import {reachedScripts, scriptsOf, wordsOf} from './runners/scripts.js';

/** What a test command names on the base, before any test says anything. */
export interface Reach {
  /** The command and the values of its environment, each as one line. */
  readonly lines: readonly string[];
  /** Paths that the command names, and those at which an interpreter would look first; not all of them are there. */
  readonly paths: ReadonlySet<string>;
}

/** Files at the root whose lines can name plugins of pytest (`addopts = -p NAME`). */
const iniFiles = ['pytest.ini', '.pytest.ini', 'pyproject.toml', 'tox.ini', 'setup.cfg'];

/**
 * What the test command names: its words, those of the package.json scripts that it starts, of its environment, and of
 * pytest's configured options, where they are files of the base. A word counts from the root and from each folder that
 * is a word too (`make -C sub`, `PYTHONPATH=src`). What these files load or start in turn is not followed.
 */
export async function readReach(tests: NonNullable<Manifest['tests']>, base: TreeReader, signal: AbortSignal): Promise<Reach> {
  const files = new Set((await base.list(signal)).filter((file) => file.mode !== 'submodule').map((file) => file.path));
  const folders = new Set([...files].flatMap(foldersOf));
  const read = async (path: string): Promise<string | undefined> => {
    const bytes = await base.read(path, signal);
    return bytes && new TextDecoder().decode(bytes);
  };
  const environment = Object.values(tests.env);
  const lines = [tests.command.join(' '), ...environment];
  const texts = [...lines];
  for (const root of rootsOf(lines, folders)) {
    const scripts = scriptsOf(await read(join(root, 'package.json')));
    texts.push(...[...reachedScripts(scripts, lines)].map((name) => scripts.get(name) ?? ''));
  }
  for (const path of iniFiles) texts.push(...((await read(path)) ?? '').split('\n').filter((line) => /(?:^|[\s"'=])-p/.test(line)));
  const whole = tests.command.map((word) => [word]);
  const roots = rootsOf(texts, folders);
  const groups = [...texts.map(wordsOf), ...whole].flatMap((words) => words.flatMap((word, index) => roots.map((root) => candidates(root, word, words[index - 1]))));
  const modules = environment.flatMap(wordsOf).flatMap((word) => roots.map((root) => modulePaths(root, word)));
  // A path that is not there counts only beside one that is: it would be found in its place.
  const named = [...groups, ...modules].filter((paths) => paths.some((path) => files.has(path)));
  return {lines, paths: new Set(named.flat())};
}

function rootsOf(lines: readonly string[], folders: ReadonlySet<string>): readonly string[] {
  const named = lines.flatMap(wordsOf).flatMap((word) => word.split(':')).map(repositoryPath).filter((path) => path !== undefined && folders.has(path));
  return [...new Set(['', ...named.filter((path) => path !== undefined)])];
}

/** Options whose value is a module of Python: `pytest -p`, `python -m`. */
const moduleOptions: readonly string[] = ['-p', '-m'];

/** Where one word of a command can be found from one folder, in no order. */
function candidates(root: string, word: string, previous = ''): readonly string[] {
  const attached = /^-[A-Za-z](.+)$/.exec(word)?.[1];
  const modules = moduleOptions.includes(previous) ? modulePaths(root, word) : word.startsWith('-p') && attached !== undefined ? modulePaths(root, attached) : [];
  const path = repositoryPath(join(root, repositoryPath(attached ?? word) ?? '..'));
  if (path === undefined) return modules;
  const asModule = ['node', '-r', '--require'].includes(previous) || /^(?:-r)?\.\//.test(word) ? nodePaths(path) : [];
  return [path, ...asModule, ...modules];
}

/** What Node.js tries for a path without an extension, and `package.json` of a folder, which can say something else. */
function nodePaths(path: string): readonly string[] {
  return [...['js', 'cjs', 'mjs', 'json', 'ts'].map((extension) => `${path}.${extension}`), `${path}/index.js`, `${path}/package.json`];
}

/** Where Python looks for a module, with the packages around it, which run first. */
function modulePaths(root: string, module: string): readonly string[] {
  if (!/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(module)) return [];
  const path = join(root, ...module.split('.'));
  return [`${path}.py`, `${path}/__init__.py`, `${path}/__main__.py`, ...foldersOf(path).map((folder) => `${folder}/__init__.py`)];
}

function repositoryPath(word: string): string | undefined {
  const plain = word.replace(/^file:\/\//, '');
  const path = normalize(plain.startsWith(`${workspacePath}/`) ? plain.slice(workspacePath.length + 1) : plain).replace(/\/$/, '');
  return path === '.' || path.startsWith('..') || path.startsWith('/') ? undefined : path;
}
