import {canonicalJson, sha256} from '../../core/canonical.js';
import {AppError} from '../../core/errors.js';
import type {SeedFile, TreeReader} from '../../core/tree.js';
import {installCommand} from './command.js';
import {readNpmLock} from './npm-lock.js';
import {readPackageJson, short, type Problems} from './npm-manifest.js';
import type {Registries} from './registries.js';

/** What is installed for one commit, and from what. */
export interface InstallPlan {
  readonly argv: readonly string[];
  /** Manifests and lock file, written anew from what was checked in them. */
  readonly files: readonly SeedFile[];
  /** Folders of the workspace that the dependencies fill. */
  readonly folders: readonly string[];
  /** Packages in the lock file. */
  readonly packages: number;
  /** The files of the commit that it was made of. */
  readonly inputs: readonly string[];
  /** Stands for all of it. */
  readonly sha256: string;
}

/** The lock files of npm; the first one wins, as with npm. */
const lockFiles = ['npm-shrinkwrap.json', 'package-lock.json'] as const;
/** Most bytes of one of these files; lock files of 10 MB are seen in large monorepos. */
const maxBytes = 32 * 1024 * 1024;
/** Problems that a message names. */
const maxTold = 5;

/**
 * Plans the dependencies of a commit by its manifests and lock file alone. A repository's .npmrc is not read: where packages come
 * from is the user's to say. Throws INSTALL_UNSUPPORTED for a command, and INSTALL_REFUSED for a lock file or manifest that
 * is missing, cannot be read, or asks for anything that does not come from an allowed registry with a hash.
 */
export async function planInstall(command: readonly string[], {tree, registries}: {readonly tree: Pick<TreeReader, 'list' | 'read'>; readonly registries: Pick<Registries, 'addresses'>}, signal: AbortSignal): Promise<InstallPlan> {
  const argv = installCommand(command);
  const problems: Problems = [];
  const list = await tree.list(signal);
  const regular = new Map(list.flatMap((file) => (file.mode === 'file' || file.mode === 'executable' ? [[file.path, file.size] as const] : [])));
  const read = async (path: string): Promise<string | undefined> => {
    if ((regular.get(path) ?? maxBytes + 1) > maxBytes) return undefined;
    const bytes = await tree.read(path, signal);
    return bytes && new TextDecoder().decode(bytes);
  };
  const lockFile = lockFiles.find((path) => regular.has(path));
  const lockText = lockFile === undefined ? undefined : await read(lockFile);
  if (lockFile === undefined || lockText === undefined) throw refused(['there is no package-lock.json that can be read at the root']);
  const lock = readNpmLock(lockText, {file: lockFile, registries: registries.addresses, problems});
  const manifests = ['package.json', ...(lock?.workspaces ?? []).map((path) => `${path}/package.json`)];
  const files: SeedFile[] = [];
  for (const path of manifests) {
    const text = await read(path);
    const manifest = text === undefined ? undefined : readPackageJson(text, {file: path, problems});
    if (text === undefined) problems.push(`there is no ${short(path)} that can be read`);
    else if (manifest !== undefined) files.push(seed(path, path === 'package.json' ? {...manifest, workspaces: lock?.workspaces} : manifest));
  }
  const folders = ['node_modules', ...(lock?.workspaces ?? []).map((path) => `${path}/node_modules`)];
  const tracked = list.find(({path}) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`)));
  if (tracked !== undefined) problems.push(`the repository has files where dependencies are installed: ${short(tracked.path)}`);
  if (lock === undefined || problems.length > 0) throw refused(problems);
  files.push({path: lockFile, mode: 'file', bytes: Buffer.from(lock.text)});
  const content = files.map((file) => [file.path, sha256(file.bytes)]);
  return {argv, files, folders, packages: lock.packages, inputs: [...manifests, lockFile], sha256: sha256(canonicalJson({form: 1, argv, folders, content, registries: registries.addresses}))};
}

function seed(path: string, value: unknown): SeedFile {
  return {path, mode: 'file', bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`)};
}

function refused(problems: readonly string[]): AppError {
  const more = problems.length > maxTold ? `; and ${problems.length - maxTold} more` : '';
  return new AppError('INSTALL_REFUSED', `The dependencies cannot be installed safely: ${problems.slice(0, maxTold).join('; ')}${more}.`, {
    hint: 'Everything must come from a registry, by name and version, with a hash in the lock file. A registry of your own is allowed under `registries` in your own configuration; what is in a git repository can be published there, or be a part of the image.',
    details: {problems: problems.slice(0, 50)},
  });
}
