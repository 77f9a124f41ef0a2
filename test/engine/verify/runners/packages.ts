import {existsSync} from 'node:fs';
import {mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import type {SeedFile} from '../../../../src/core/tree.js';

/** Installed packages stay here between runs, outside of the repository. */
const cacheRoot = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'bulkhead-tests', 'packages');

/** The files of `node_modules` with some packages of exact versions (`jest@29.7.0`) in it, from the registry or the cache. Links of `.bin` are left out. */
export async function installedPackages(...packages: readonly string[]): Promise<readonly SeedFile[]> {
  if (packages.length === 0) return [];
  const folder = join(cacheRoot, packages.join('+').replaceAll('/', '_'));
  if (!existsSync(folder)) await install(folder, packages);
  return filesBelow(folder, 'node_modules');
}

async function install(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(dirname(folder), {recursive: true});
  const fresh = await mkdtemp(`${folder}.`);
  try {
    await writeFile(join(fresh, 'package.json'), '{"private":true}\n');
    await execa('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--save-exact', ...packages], {cwd: fresh});
    await rename(fresh, folder);
  } catch (error) {
    await rm(fresh, {recursive: true, force: true});
    // Another process was quicker.
    if (!existsSync(folder)) throw error;
  }
}

async function filesBelow(root: string, folder: string): Promise<readonly SeedFile[]> {
  const found: SeedFile[] = [];
  for (const entry of await readdir(join(root, folder), {withFileTypes: true})) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(root, path)));
    else if (entry.isFile()) {
      const executable = ((await stat(join(root, path))).mode & 0o100) !== 0;
      found.push({path, mode: executable ? 'executable' : 'file', bytes: await readFile(join(root, path))});
    }
  }
  return found;
}
