import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
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
