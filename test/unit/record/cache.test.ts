import {mkdir, readdir, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {sha256} from '../../../src/core/canonical.js';
import {boundedCache} from '../../../src/record/cache.js';
import {tempFolder} from '../git/fixture.js';

const fileOf = (folder: string, key: string): string => join(folder, `${sha256(key)}.json`);

describe('a cache with limits', () => {
  it('gives back what was kept, until it is too old', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'kept');
    let now = Date.now();
    const cache = boundedCache(path, {maxEntries: 3, maxAgeMs: 5000}, () => now);
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', {one: [1, 'two']});
    await utimes(fileOf(path, 'a'), new Date(now), new Date(now));
    expect(await boundedCache(path, {maxEntries: 3, maxAgeMs: 5000}, () => now).get('a')).toEqual({one: [1, 'two']});
    now += 4000;
    expect(await cache.get('a')).toBeDefined();
    now += 2000;
    expect(await cache.get('a')).toBeUndefined();
    // A clock that was set back says nothing of an age.
    now -= 60_000;
    expect(await cache.get('a')).toBeUndefined();
  });

  it('keeps no more than its number, and drops the oldest', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'kept');
    const cache = boundedCache(path, {maxEntries: 2, maxAgeMs: 1e9});
    for (const [index, key] of ['a', 'b', 'c'].entries()) {
      await cache.set(key, key);
      await utimes(fileOf(path, key), index + 1, index + 1);
    }
    await cache.set('d', 'd');
    expect((await readdir(path)).sort()).toEqual([`${sha256('c')}.json`, `${sha256('d')}.json`].sort());
    await boundedCache(path, {maxEntries: 0, maxAgeMs: 1e9}).set('e', 'e');
    expect(await readdir(path)).toEqual([]);
    expect(await boundedCache(path, {maxEntries: 0, maxAgeMs: 1e9}).get('d')).toBeUndefined();
  });

  it('is as good as empty where the disk gives nothing, or nonsense', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'kept');
    const cache = boundedCache(path, {maxEntries: 2, maxAgeMs: 1e9});
    await mkdir(path);
    await writeFile(fileOf(path, 'a'), '{"half": ');
    expect(await cache.get('a')).toBeUndefined();
    await writeFile(join(folder.path, 'file'), '');
    const below = boundedCache(join(folder.path, 'file', 'kept'), {maxEntries: 2, maxAgeMs: 1e9});
    await below.set('a', 1);
    expect(await below.get('a')).toBeUndefined();
  });
});
