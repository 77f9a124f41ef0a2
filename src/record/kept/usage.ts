import {lstat, opendir, readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {systemCode, translateSystemError} from '../../core/errors.js';
import {quarantineFolder} from './quarantine.js';

/** What a folder takes on its disk. */
export interface Size {
  readonly bytes: number;
  /** False: there was more than is looked at, so it is at least that. */
  readonly complete: boolean;
}

/** What the state of one repository takes. */
export interface StoreUsage {
  /** Name of its folder. */
  readonly repository: string;
  readonly objects: Size;
  readonly runs: Size;
  readonly baseResults: Size;
  /** Everything else in its folder, such as caches. */
  readonly other: Size;
}

/** What the state of all repositories takes. */
export interface StateUsage {
  readonly stores: readonly StoreUsage[];
  readonly quarantine: Size;
  readonly total: Size;
}

/** Entries of one folder that are looked at: half a second of a cold disk. Objects come in packs, so that there are few files. */
const maxEntries = 20_000;

/** Measures `<state home>/bulkhead` by what its files take on the disk; follows no link. Throws ENVIRONMENT. */
export async function measureState(home: string): Promise<StateUsage> {
  try {
    const names = await foldersIn(home);
    const stores = await Promise.all(names.filter((name) => /-[0-9a-f]{8}$/.test(name)).map((name) => measureStore(home, name)));
    const quarantine = await measureFolder(quarantineFolder(home));
    const total = add([quarantine, ...stores.flatMap(({objects, runs, baseResults, other}) => [objects, runs, baseResults, other])]);
    return {stores, quarantine, total};
  } catch (error) {
    throw translateSystemError(error) ?? error;
  }
}

const Cached = z.strictObject({at: z.number(), bytes: z.number(), complete: z.boolean()});
/** How long a measurement is good enough for a decision about a budget: runs of a CI start at the same moment. */
const cacheMs = 60_000;

/** The total of {@link measureState}, at most a minute old when it is below a limit, which decides nothing then. */
export async function measureTotal(home: string, {now, limitBytes}: {readonly now: Date; readonly limitBytes: number}): Promise<Size> {
  const file = join(home, 'usage.json');
  const kept = await readFile(file, 'utf8').then((text) => Cached.safeParse(JSON.parse(text)).data, () => undefined);
  const age = kept === undefined ? Number.NaN : now.getTime() - kept.at;
  if (kept !== undefined && age >= 0 && age < cacheMs && kept.bytes < limitBytes) return {bytes: kept.bytes, complete: kept.complete};
  const {total} = await measureState(home);
  // Only a cache: half of one is none, and a disk that is full is told by whoever needs the space.
  await writeFile(file, `${JSON.stringify({at: now.getTime(), ...total})}\n`, {mode: 0o600}).catch(() => undefined);
  return total;
}

async function measureStore(home: string, repository: string): Promise<StoreUsage> {
  const directory = join(home, repository);
  const parts = {objects: 'repository.git', runs: 'runs', baseResults: 'base-results'} as const;
  const others = (await readdir(directory)).filter((name) => !Object.values<string>(parts).includes(name));
  return {
    repository,
    objects: await measureFolder(join(directory, parts.objects)),
    runs: await measureFolder(join(directory, parts.runs)),
    baseResults: await measureFolder(join(directory, parts.baseResults)),
    other: add(await Promise.all(others.map((name) => measureFolder(join(directory, name))))),
  };
}

/** A folder and everything in it, or one file. Nothing there takes nothing. */
async function measureFolder(root: string): Promise<Size> {
  let bytes = 0;
  let left = maxEntries;
  const waiting = [root];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if ((left -= 1) < 0) return {bytes, complete: false};
    const stats = await unlessGone(lstat(path));
    if (stats === undefined) continue;
    // Blocks of 512 bytes, whatever the file system has (stat(2)).
    bytes += stats.blocks * 512;
    if (!stats.isDirectory()) continue;
    const folder = await unlessGone(opendir(path));
    if (folder === undefined) continue;
    for await (const entry of folder) {
      if (waiting.length > left) break;
      waiting.push(join(path, entry.name));
    }
  }
  return {bytes, complete: true};
}

async function foldersIn(home: string): Promise<readonly string[]> {
  const entries = await unlessGone(readdir(home, {withFileTypes: true}));
  return (entries ?? []).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}

/** Another process may remove what is just being looked at. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function add(sizes: readonly Size[]): Size {
  return {bytes: sizes.reduce((sum, size) => sum + size.bytes, 0), complete: sizes.every((size) => size.complete)};
}
