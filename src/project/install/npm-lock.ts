import {z} from 'zod';
import {escapeText} from '../../core/escape.js';
import {addSpecProblems, packageFields, parseJson, short, type Problems} from './npm-manifest.js';
import {isWorkspacePath, PackageName} from './npm-names.js';

/** One entry of `packages`; what is not here does not decide what is installed and stays behind. */
const Entry = z.object({
  ...packageFields,
  resolved: z.string().max(4096).optional(),
  integrity: z.string().max(4096).optional(),
  link: z.boolean().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  peer: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  bundleDependencies: z.union([z.array(z.string()), z.boolean()]).optional(),
  hasInstallScript: z.boolean().optional(),
  hasShrinkwrap: z.boolean().optional(),
  libc: z.union([z.string(), z.array(z.string())]).optional(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
});
type Entry = z.infer<typeof Entry>;
const Lock = z.object({lockfileVersion: z.union([z.literal(2), z.literal(3)]), packages: z.record(z.string(), Entry)});

/** Most entries that are looked at: ten times the largest trees that are seen in practice. */
const maxEntries = 50_000;

/** A lock file whose every package comes from an allowed registry with a hash of its content. */
export interface NpmLock {
  /** Ours to write: version 3, only what decides what is installed. */
  readonly text: string;
  /** Folders of workspaces, relative to the root. */
  readonly workspaces: readonly string[];
  readonly packages: number;
}

/** Reads a lock file of npm, versions 2 and 3. `registries`: the addresses under which packages may lie, each ending with `/`. */
export function readNpmLock(text: string, {file, registries, problems}: {readonly file: string; readonly registries: readonly string[]; readonly problems: Problems}): NpmLock | undefined {
  const parsed = Lock.safeParse(parseJson(text));
  if (!parsed.success) {
    problems.push(`${escapeText(file)} is not a lock file of version 2 or 3 (\`npm install --package-lock-only\` with npm 7 or newer writes one)`);
    return undefined;
  }
  const entries = Object.entries(parsed.data.packages);
  if (entries.length > maxEntries) problems.push(`${escapeText(file)} has more than ${maxEntries} packages`);
  const workspaces = entries.flatMap(([path]) => (path !== '' && isWorkspacePath(path) ? [path] : []));
  const known: ReadonlySet<string> = new Set(workspaces);
  const all = new Map(entries);
  for (const [path, entry] of entries.slice(0, maxEntries)) {
    addSpecProblems(entry, {where: `${file}: ${path}`, problems});
    const problem = path === '' || known.has(path) ? undefined : installedProblem(path, entry, {known, all, registries});
    if (problem !== undefined) problems.push(`${escapeText(file)}: ${short(path)} ${problem}`);
  }
  const root = all.get('');
  if (root === undefined) problems.push(`${escapeText(file)} says nothing of the root`);
  const packages = Object.fromEntries(entries.map(([path, entry]) => [path, path === '' ? {...entry, workspaces} : entry]));
  return {text: `${JSON.stringify({name: root?.name, version: root?.version, lockfileVersion: 3, requires: true, packages}, null, 2)}\n`, workspaces, packages: entries.length - 1 - workspaces.length};
}

interface Around {
  readonly known: ReadonlySet<string>;
  readonly all: ReadonlyMap<string, Entry>;
  readonly registries: readonly string[];
}

function installedProblem(path: string, entry: Entry, {known, all, registries}: Around): string | undefined {
  if (!isInstalledPath(path, known)) return 'is no place for a package';
  if (entry.name !== undefined && !PackageName.safeParse(entry.name).success) return 'has a name that is no package';
  if (entry.link === true) return entry.resolved !== undefined && known.has(entry.resolved) ? undefined : `is a link to something that is no workspace: ${short(entry.resolved)}`;
  if (entry.inBundle === true && entry.resolved === undefined) return isBundled(path, all) ? undefined : 'says that it comes inside of another package, which has none in it';
  if (entry.resolved !== undefined && !isAllowedAddress(entry.resolved, registries)) return `comes from somewhere that is no allowed registry: ${short(entry.resolved)}`;
  if (entry.version === undefined) return 'has no version';
  // Sha-1 is no proof of content any more.
  return /(?:^|\s)sha(?:256|384|512)-[A-Za-z0-9+/]{40,}={0,2}/.test(entry.integrity ?? '') ? undefined : 'has no hash of its content (sha256 or longer)';
}

/** `node_modules/a`, `node_modules/@s/a/node_modules/b`, and the same below a workspace. */
function isInstalledPath(path: string, known: ReadonlySet<string>): boolean {
  const [first = '', ...names] = path.split(/(?:^|\/)node_modules\//);
  return names.length > 0 && (first === '' || known.has(first)) && names.every((name) => PackageName.safeParse(name).success);
}

function isBundled(path: string, all: ReadonlyMap<string, Entry>): boolean {
  for (let end = path.lastIndexOf('/node_modules/'); end > 0; end = path.lastIndexOf('/node_modules/', end - 1)) {
    const {inBundle, bundleDependencies} = all.get(path.slice(0, end)) ?? {};
    if (inBundle !== true) return bundleDependencies !== undefined && bundleDependencies !== false;
  }
  return false;
}

/** Whether an address lies under one of these, with nothing in it that two readers could take for different places. */
export function isAllowedAddress(address: string, registries: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return url.href === address && url.username === '' && url.password === '' && url.search === '' && url.hash === '' && !/%2f|%5c|%2e|\\/i.test(address) && registries.some((registry) => address.startsWith(registry));
}
