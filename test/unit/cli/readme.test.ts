import {readFileSync, readdirSync} from 'node:fs';
import {resolve} from 'node:path';
import {expect, test} from 'vitest';
import {parse} from 'yaml';
import {manifestOwners, parseManifest} from '../../../src/core/manifest.js';

const root = resolve(import.meta.dirname, '../../..');
const readme = readFileSync(resolve(root, 'README.md'), 'utf8');

test('the manifest in the README is one', () => {
  const block = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(manifestOwners(parseManifest(parse(block), 'README.md'))).toEqual(['implementation', 'documentation', 'test']);
});

test('every command and every npm script that the README names exists', () => {
  const commands = readdirSync(resolve(root, 'src/cli/commands')).map((name) => name.replace('.ts', ''));
  const named = [...readme.matchAll(/\bbulkhead ([a-z]+)\b/g)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((name) => !commands.includes(name))).toEqual([]);
  const {scripts} = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {scripts: Record<string, string>};
  const run = [...readme.matchAll(/\bnpm (?:run )?(test(?::[a-z0-9]+)?|demo|check|build)\b/g)].map((match) => match[1] ?? '');
  expect(run.length).toBeGreaterThan(3);
  expect(run.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});
