import {syntaxOf} from './language.js';

/** Whether a path is a file of the tree. */
export type HasPath = (path: string) => boolean;

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
/** Folders from which Python modules are found besides the importing file's own ancestors. */
const pythonRoots = ['', 'src/', 'lib/'];

/**
 * The file of the tree that an import means, or undefined: a package, a built-in, a path alias, or nothing. Names that
 * leave the tree mean nothing. Bounded by a fixed number of look-ups.
 */
export function resolveImport(from: string, specifier: string, has: HasPath): string | undefined {
  if (syntaxOf(from) === 'python') return resolvePython(from, specifier, has);
  if (specifier.startsWith('./') || specifier.startsWith('../') || specifier === '.' || specifier === '..') return resolveRelative(from, specifier, has);
  return undefined;
}

function resolveRelative(from: string, specifier: string, has: HasPath): string | undefined {
  const base = joinPath(folderOf(from), specifier.replace(/[?#].*$/, ''));
  if (base === undefined) return undefined;
  for (const [ending, sources] of compiled) {
    if (!ending.test(base)) continue;
    const source = sources.map((other) => base.replace(ending, other)).find(has);
    if (source !== undefined) return source;
  }
  return scriptEndings.map((ending) => (base === '' ? ending.replace(/^\//, '') : `${base}${ending}`)).find(has);
}

function resolvePython(from: string, specifier: string, has: HasPath): string | undefined {
  const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
  const module = specifier.slice(dots).split('.').filter((part) => part !== '').join('/');
  if (dots > 0) {
    const folder = joinPath(folderOf(from), '../'.repeat(dots - 1));
    return folder === undefined ? undefined : pythonModule(folder, module, has);
  }
  const roots = new Set([...pythonRoots, ...ancestorsOf(from)]);
  for (const root of roots) {
    const found = pythonModule(root.replace(/\/$/, ''), module, has);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pythonModule(folder: string, module: string, has: HasPath): string | undefined {
  const base = [folder, module].filter((part) => part !== '').join('/');
  return pythonEndings.map((ending) => (base === '' ? ending.replace(/^\//, '') : `${base}${ending}`)).find(has);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** At most eight folders above a file, the nearest first. */
function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/')).slice(0, 8);
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
