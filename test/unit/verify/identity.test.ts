import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {identify, maskId, maskNoise, pairRuns} from '../../../src/verify/tests/identity.js';
import type {SeenTest} from '../../../src/verify/tests/results.js';

const seen = (file: string, ...path: readonly string[]): SeenTest => ({kind: 'test', file, path: [...path], status: 'passed'});

describe('test identity', () => {
  it.each([
    ['writes /tmp/run-a1b2/out.json', 'writes /tmp/run-zz/out.json'],
    ['at 2024-01-02T03:04:05.678Z', 'at 2025-11-12T13:14:15Z'],
    ['took 12.5 ms', 'took 3 ms'],
    ['object at 0x7f00aa10', 'object at 0xdeadbeef'],
    ['id 123e4567-e89b-12d3-a456-426614174000', 'id 00000000-0000-4000-8000-000000000000'],
    ['GET http://localhost:34567/x', 'GET http://localhost:8123/x'],
    ['since 1700000000123', 'since 1800000000456'],
    ['at 13:14:15', 'at 01:02:03'],
  ])('sees %j and %j as the same test', (one, other) => {
    expect(maskNoise(one)).toBe(maskNoise(other));
    expect(maskNoise(one)).not.toBe(one);
  });

  it.each(['adds 1 and 2', 'allows 3 requests', 'status 429', 'waits 30 s', 'path /var/lib/x', 'version 1.2.3', 'a::b[c-1]'])('leaves %j alone', (name) => {
    expect(maskNoise(name)).toBe(name);
  });

  it('masks nothing more the second time', () => {
    const noise = fc.constantFrom('2024-01-02', '10:11:12', '0xdeadbeef', '/tmp/a/b', '5ms', 'localhost:8080', '1700000000', ' ', '>', 'x', '#2', '123e4567-e89b-12d3-a456-426614174000');
    fc.assert(
      fc.property(fc.array(fc.oneof(noise, fc.string({maxLength: 5}))), (parts) => {
        const once = maskNoise(parts.join(''));
        expect(maskNoise(once)).toBe(once);
      }),
    );
  });

  it('gives every result an id of its own, also when names are equal or end like a counter', () => {
    const part = fc.constantFrom('a', 'b', 'a > b', 'a #2', 'a #3', '5ms', '6ms');
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part)), (names) => {
        expect(identify(names.map(([file, name]) => seen(file, name))).size).toBe(names.length);
      }),
    );
  });

  const ids = (...names: readonly string[]) => identify(names.map((name) => seen('a', name)));

  it('counts the second and third of the same name', () => {
    expect([...ids('x', 'x', 'y', 'x #2').keys()]).toEqual(['a > x', 'a > x #2', 'a > y', 'a > x #2 #2']);
  });

  it('pairs what has the same name first, and by masked names only what stays alone', () => {
    expect([...pairRuns(ids('waits 10 ms'), ids('waits 5 ms', 'waits 10 ms'))]).toEqual([['a > waits 10 ms', 'a > waits 10 ms']]);
    expect([...pairRuns(ids('took 5 ms', 'took 6 ms'), ids('took 6 ms', 'took 7 ms'))]).toEqual([['a > took 6 ms', 'a > took 6 ms'], ['a > took 7 ms', 'a > took 5 ms']]);
    expect([...pairRuns(ids('took 5 ms'), ids('takes 5 ms'))]).toEqual([]);
  });

  it('never pairs one test twice', () => {
    const names = fc.array(fc.constantFrom('a', '1 ms', '2 ms', '3 ms', '10:11:12'), {maxLength: 8});
    fc.assert(
      fc.property(names, names, (before, after) => {
        const [earlier, later] = [ids(...before), ids(...after)];
        const pairs = [...pairRuns(earlier, later)];
        expect(new Set(pairs.map(([, id]) => id)).size).toBe(pairs.length);
        for (const [id, other] of pairs) expect([later.has(id), earlier.has(other)]).toEqual([true, true]);
      }),
    );
  });

  it('never masks a file', () => {
    expect(maskId('test/2024-01-02.test.js > at 2024-01-02')).toBe('test/2024-01-02.test.js > at <date>');
  });
});
