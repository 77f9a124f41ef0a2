import type {Aliases} from './aliases.js';
import {syntaxOf} from '../language.js';
import type {ImportRef} from '../outline-types.js';

/** Whether a path is a file of the tree. */
export type HasPath = (path: string) => boolean;

/** The tree in which imports are looked up. */
export interface ImportScope {
  readonly has: HasPath;
  /** What the tree's own configuration says of names that are not relative. */
  readonly aliases: Aliases;
}

/** What a specifier of JavaScript may stand for on disk, in the order in which bundlers and TypeScript look. */
const scriptEndings = ['', '.ts', '.tsx', '.d.ts', '.js', '.jsx', '.mjs', '.cjs', '.mts', '.cts', '.vue', '.json', '/index.ts', '/index.tsx', '/index.js', '/index.mjs', '/index.cjs'];
/** TypeScript is imported by the name that it will have when it is compiled. */
const compiled: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\.js$/, ['.ts', '.tsx']],
  [/\.jsx$/, ['.tsx']],
  [/\.mjs$/, ['.mts']],
  [/\.cjs$/, ['.cts']],
];
const pythonEndings = ['.py', '/__init__.py', '.pyi'];
/** Where Python modules are found below a folder that is none of a package. */
const pythonRoots = ['', 'src', 'lib'];
/** Names that are looked up as modules of one Python package at most, and folders above a file in which they are looked up. */
const [maxModules, maxRoots] = [10, 8];

/**
 * The files of the tree that an import means: one, of Python also the modules that it takes from a package; none for a
 * package from elsewhere, a built-in, or a name that leaves the tree. Bounded by a fixed number of look-ups.
 */
export function resolveImport(from: string, {specifier, names}: ImportRef, {has, aliases}: ImportScope): readonly string[] {
  if (syntaxOf(from) === 'python') return resolvePython(from, {specifier, names}, has);
  const isRelative = specifier.startsWith('./') || specifier.startsWith('../') || specifier === '.' || specifier === '..';
  // What comes behind is for a bundler; a name that begins so is one of `imports` of package.json.
  const base = specifier.replace(/(?!^)[?#].*$/, '');
  const bases = isRelative ? [joinPath(folderOf(from), base)] : aliases.candidates(from, base);
  for (const each of bases) {
    const found = each === undefined ? undefined : resolveScript(each, has);
    if (found !== undefined) return [found];
  }
  return [];
}

/** The file that a path of JavaScript stands for, with or without its extension. */
function resolveScript(base: string, has: HasPath): string | undefined {
  for (const [ending, sources] of compiled) {
    if (!ending.test(base)) continue;
    const source = sources.map((other) => base.replace(ending, other)).find(has);
    if (source !== undefined) return source;
  }
  return scriptEndings.map((ending) => (base === '' ? ending.replace(/^\//, '') : `${base}${ending}`)).find(has);
}

/** `from a import b`: the module `a`, and `b` where that is a module in it. */
function resolvePython(from: string, {specifier, names}: ImportRef, has: HasPath): readonly string[] {
  const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
  const module = specifier.slice(dots).split('.').filter((part) => part !== '').join('/');
  const above = dots === 0 ? undefined : joinPath(folderOf(from), '../'.repeat(dots - 1));
  for (const root of dots === 0 ? rootsOf(from, has) : above === undefined ? [] : [above]) {
    const inIt = names.slice(0, maxModules).flatMap((name) => pythonModule(root, module === '' ? name : `${module}/${name}`, has) ?? []);
    const own = pythonModule(root, module, has);
    if (own !== undefined || inIt.length > 0) return own === undefined ? inIt : [own, ...inIt];
  }
  return [];
}

function pythonModule(folder: string, module: string, has: HasPath): string | undefined {
  const base = [folder, module].filter((part) => part !== '').join('/');
  return pythonEndings.map((ending) => (base === '' ? ending.replace(/^\//, '') : `${base}${ending}`)).find(has);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Folders in which absolute names are looked up, the nearest first. A package's own folder is none: there, `typing` is not its `typing.py`. */
function rootsOf(path: string, has: HasPath): readonly string[] {
  const above: string[] = [];
  for (let folder = folderOf(path); folder !== '' && above.length < maxRoots; folder = folderOf(folder)) above.push(folder);
  const outside = above.filter((folder) => !has(`${folder}/__init__.py`));
  return [...new Set([...outside, ''].flatMap((folder) => pythonRoots.map((root) => [folder, root].filter((part) => part !== '').join('/'))))];
}

/** A path relative to a folder, with `.` and `..` worked out; undefined when it leaves the tree. */
function joinPath(folder: string, relative: string): string | undefined {
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
