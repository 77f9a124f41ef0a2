import {mkdir, readdir, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {sha256} from '../core/canonical.js';
import {systemCode} from '../core/errors.js';

/** Values by key, one file each. What cannot be read is as good as absent: it is computed again. */
export interface FileCache {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** A cache in a folder of the state directory; only Bulkhead writes there. */
export function fileCache(folder: string): FileCache {
  const fileOf = (key: string): string => join(folder, `${sha256(key)}.json`);
  return {
    async get(key) {
      try {
        return JSON.parse(await readFile(fileOf(key), 'utf8')) as unknown;
      } catch (error) {
        if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    async set(key, value) {
      await mkdir(folder, {recursive: true, mode: 0o700});
      const draft = `${fileOf(key)}.${process.pid}`;
      try {
        await writeFile(draft, JSON.stringify(value), {mode: 0o600});
        await rename(draft, fileOf(key));
      } finally {
        await rm(draft, {force: true});
      }
    },
  };
}

/** How much a cache keeps. */
export interface CacheLimits {
  /** Values; none: nothing is kept. */
  readonly maxEntries: number;
  /** Age in milliseconds above which a value counts as absent. */
  readonly maxAgeMs: number;
}

/**
 * A cache that never grows beyond its limits: the oldest values go first. For what may be absent at any time: a disk that
 * cannot be read or written is no error of it.
 */
export function boundedCache(folder: string, {maxEntries, maxAgeMs}: CacheLimits, now: () => number = Date.now): FileCache {
  const cache = fileCache(folder);
  return {
    async get(key) {
      if (maxEntries === 0) return undefined;
      return unlessDiskFails(async () => {
        const age = now() - (await stat(join(folder, `${sha256(key)}.json`))).mtimeMs;
        return age >= 0 && age <= maxAgeMs ? cache.get(key) : undefined;
      });
    },
    async set(key, value) {
      await unlessDiskFails(async () => {
        if (maxEntries > 0) await cache.set(key, value);
        await dropOldest(folder, maxEntries);
      });
    },
  };
}

async function unlessDiskFails<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

async function dropOldest(folder: string, maxEntries: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  if (names.length <= maxEntries) return;
  const aged = await Promise.all(names.map(async (name) => ({name, at: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0})));
  const oldest = aged.sort((a, b) => a.at - b.at).slice(0, names.length - maxEntries);
  for (const {name} of oldest) await rm(join(folder, name), {force: true});
}
