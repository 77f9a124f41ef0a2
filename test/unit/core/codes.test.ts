import {readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {expect, test} from 'vitest';
import {codes} from '../../../src/core/codes.js';

const source = resolve(import.meta.dirname, '../../../src');
const commands = readdirSync(join(source, 'cli/commands')).map((name) => name.replace('.ts', ''));

test('every command that an explanation, a message or a hint names exists', () => {
  const texts = readdirSync(source, {recursive: true, encoding: 'utf8'})
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(source, path), 'utf8'));
  const named = [...new Set(texts.flatMap((text) => [...text.matchAll(/`bulkhead ([a-z]+)/g)].map((match) => match[1])))];
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => name !== undefined && !commands.includes(name))).toEqual([]);
});

test('every code has a title and an explanation of its own', () => {
  const entries = Object.entries(codes);
  expect(entries.length).toBeGreaterThan(40);
  expect(new Set(entries.map(([, entry]) => entry.title)).size).toBe(entries.length);
  for (const [code, entry] of entries) expect(entry.explain.length, code).toBeGreaterThan(60);
});
