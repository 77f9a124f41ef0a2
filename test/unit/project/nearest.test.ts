import {expect, test} from 'vitest';
import {nearestWord} from '../../../src/project/nearest.js';

test('a misspelt word finds the one that was meant', () => {
  const keys = ['image', 'limits', 'specialists', 'schemaVersion'];
  expect(nearestWord('imgae', keys)).toBe('image');
  expect(nearestWord('limit', keys)).toBe('limits');
  expect(nearestWord('schemaversion', keys)).toBe('schemaVersion');
});

test('what is far from everything finds nothing', () => {
  expect(nearestWord('zzzzz', ['image', 'limits'])).toBeUndefined();
  expect(nearestWord('x'.repeat(100_000), ['image'])).toBeUndefined();
  expect(nearestWord('a', [])).toBeUndefined();
});
