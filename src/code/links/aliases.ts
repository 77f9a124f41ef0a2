import {z} from 'zod';

/** A name, or the beginning of names, that stands for places in the tree. */
interface Alias {
  /** Folder within which it holds; '' for all. */
  readonly within: string;
  /** What the specifier begins with, and ends with behind the part that varies; a whole name has no such part. */
  readonly before: string;
  readonly after: string | undefined;
  /** Paths without extension, where `*` stands for the part that varies. */
  readonly targets: readonly string[];
}

/** What non-relative specifiers of JavaScript may mean by the tree's own configuration: the paths to try, most likely first. */
export interface Aliases {
  candidates(from: string, specifier: string): readonly string[];
}

/** A file of configuration as it is read for aliases. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Largest file that is read for aliases, in characters; most aliases of a tree, targets of one, and paths to try. */
const [maxConfigChars, maxAliases, maxTargets, maxCandidates] = [64 * 1024, 500, 8, 24];
const configName = /(?:^|\/)(?:package\.json|(?:ts|js)config(?:\.[\w-]{1,40})?\.json)$/;
/** Folders of what is built, next to `src`. */
const built = /(^|\/)(?:dist|lib|build|out|es|esm|cjs)\//;

const PackageFile = z.object({name: z.string().max(214), source: z.string(), types: z.string(), module: z.string(), main: z.string(), exports: z.unknown(), imports: z.record(z.string(), z.unknown())}).partial();
const CompilerFile = z.object({compilerOptions: z.object({baseUrl: z.string(), paths: z.record(z.string(), z.array(z.string()))}).partial()});

/** Whether a file may say what a specifier means: package.json, tsconfig.json and jsconfig.json, not those of installed packages. */
export function isAliasFile(path: string): boolean {
  return path.endsWith('.json') && configName.test(path) && !path.includes('node_modules/');
}

/** Reads names of packages with their entries, and `paths` with `baseUrl`. What is not understood gives none. Never throws. */
export function readAliases(files: readonly ConfigFile[]): Aliases {
  const all = files.flatMap(aliasesOf).slice(0, maxAliases);
  // The nearest first, and of those the most exact.
  const sorted = [...all].sort((a, b) => b.within.length - a.within.length || b.before.length - a.before.length);
  return {
    candidates(from, specifier) {
      const found = sorted.filter(({within}) => within === '' || from.startsWith(`${within}/`)).flatMap((alias) => meant(alias, specifier));
      return [...new Set(found)].slice(0, maxCandidates);
    },
  };
}

function meant({before, after, targets}: Alias, specifier: string): readonly string[] {
  if (after === undefined) return specifier === before ? targets : [];
  if (specifier.length < before.length + after.length || !specifier.startsWith(before) || !specifier.endsWith(after)) return [];
  const part = specifier.slice(before.length, specifier.length - after.length);
  return targets.flatMap((target) => insideTree(target.replace('*', () => part)) ?? []);
}

function aliasesOf({path, text}: ConfigFile): readonly Alias[] {
  const json = text.length > maxConfigChars ? undefined : parseLoose(text);
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  return path.endsWith('package.json') ? packageAliases(folder, json) : compilerAliases(folder, json);
}

/** A package of the tree by its name: its entry, what its `exports` name, and otherwise a path below its folder; and its own `imports`. */
function packageAliases(folder: string, json: unknown): readonly Alias[] {
  const read = PackageFile.safeParse(json);
  if (read.data === undefined) return [];
  const {name = '', source, types, module, main, exports, imports = {}} = read.data;
  const own = Object.entries(imports).slice(0, maxAliases).map(([key, value]): Alias => {
    const [before = '', after] = key.split('*');
    return {within: folder, before, after, targets: targetsIn(folder, stringsOf(value))};
  });
  if (name === '') return own;
  const entries = [source, types, module, main].flatMap((target) => (target === undefined ? [] : [target]));
  const isMap = typeof exports === 'object' && exports !== null && Object.keys(exports).some((key) => key.startsWith('.'));
  const subpaths = isMap ? Object.entries(exports) : [['.', exports] as const];
  const exported = subpaths.slice(0, maxAliases).map(([subpath, value]): Alias => {
    const [before = '', after] = `${name}${subpath.replace(/^\.\/?/, (dot) => (dot === './' ? '/' : ''))}`.split('*');
    return {within: '', before, after, targets: targetsIn(folder, [...stringsOf(value), ...(subpath === '.' ? entries : [])])};
  });
  const usual = [join(folder, 'src/index'), join(folder, 'index')];
  return [
    ...own,
    ...exported.map((alias) => (alias.before === name && alias.after === undefined ? {...alias, targets: [...alias.targets, ...usual]} : alias)),
    {within: '', before: name, after: undefined, targets: [...targetsIn(folder, entries), ...usual]},
    {within: '', before: `${name}/`, after: '', targets: [join(folder, '*'), join(folder, 'src/*')]},
  ];
}

function compilerAliases(folder: string, json: unknown): readonly Alias[] {
  const options = CompilerFile.safeParse(json).data?.compilerOptions;
  if (options === undefined) return [];
  const base = insideTree(join(folder, options.baseUrl ?? '.'));
  if (base === undefined) return [];
  const paths = Object.entries(options.paths ?? {}).slice(0, maxAliases).map(([pattern, targets]): Alias => {
    const [before = '', after] = pattern.split('*');
    return {within: folder, before, after, targets: targets.slice(0, maxTargets).flatMap((target) => insideTree(join(base, target)) ?? [])};
  });
  const fromBase = options.baseUrl === undefined ? [] : [{within: folder, before: '', after: '', targets: [join(base, '*')]}];
  return [...paths, ...fromBase];
}

/** Where a built file may come from: the same path, and the one with `src` for the folder of what is built. */
function targetsIn(folder: string, targets: readonly string[]): readonly string[] {
  const inFolder = targets.slice(0, maxTargets).flatMap((target) => insideTree(join(folder, target)) ?? []);
  return [...new Set(inFolder.flatMap((path) => [path.slice(0, folder.length) + path.slice(folder.length).replace(built, '$1src/'), path]))];
}

/** The texts in a value, however it is nested by conditions. */
function stringsOf(value: unknown, depth = 0): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  return Object.values(value).slice(0, maxTargets).flatMap((each) => stringsOf(each, depth + 1));
}

/** What is left of JSON without comments, then without commas before a closing bracket. What is not closed is taken to its end: no place is looked at twice. */
const comments = /("(?:[^"\\\n]|\\.)*"?)|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/g;
const lastCommas = /("(?:[^"\\\n]|\\.)*"?)|,(?=\s*[}\]])/g;

/** JSON, also with comments and commas before a closing bracket; undefined when it is none. */
function parseLoose(text: string): unknown {
  const plain = text.replace(comments, '$1').replace(lastCommas, '$1');
  try {
    return JSON.parse(plain.replace(/^\ufeff/, '')) as unknown;
  } catch {
    return undefined;
  }
}

function join(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}

/** A path with `.` and `..` worked out; undefined when it leaves the tree. */
function insideTree(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
