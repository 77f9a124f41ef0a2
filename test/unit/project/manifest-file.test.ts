import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {manifestSha256, type Manifest} from '../../../src/core/manifest.js';
import {readManifest} from '../../../src/project/manifest-file.js';

const signal = AbortSignal.timeout(60_000);
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-manifest-'));
});
afterEach(async () => {
  await rm(directory, {recursive: true, force: true});
});

const read = (path: string, within: AbortSignal, image?: string): Promise<Manifest> => readManifest({path, image, signal: within});

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return join(directory, name);
}

const yaml = `schemaVersion: 1
task: Say "hello" 😀
files:
  - {path: src/a.js, action: create, owner: implementation, must: [{contains: 'a/b'}]}
withoutTests: there is nothing to run
`;

test('the same manifest in YAML and in any layout of JSON has the same hash', async () => {
  const manifest = await read(await file('m.yml', yaml), signal);
  expect(manifest.files[0]?.path).toBe('src/a.js');
  for (const indent of [0, 2, '\t']) {
    const text = JSON.stringify(manifest, null, indent).replace('a/b', String.raw`a\/b`).replace('😀', String.raw`\ud83d\ude00`);
    expect(manifestSha256(await read(await file('m.json', text), signal))).toBe(manifestSha256(manifest));
  }
});

test('broken syntax names file, line and column', async () => {
  const path = await file('m.yml', 'schemaVersion: 1\ntask: "no end\n');
  await expect(read(path, signal)).rejects.toMatchObject({code: 'MANIFEST_INVALID', message: expect.stringMatching(/m\.yml:\d+:\d+:/) as string});
});

test('a wrong key names the file and the key', async () => {
  const path = await file('m.yml', yaml.replace('owner:', 'owners:'));
  await expect(read(path, signal)).rejects.toMatchObject({code: 'MANIFEST_INVALID', message: expect.stringMatching(/m\.yml.*files\[0\]/) as string});
});

test.each([
  ['a key that is there twice', `${yaml}task: another\n`],
  ['a key that is there twice in JSON', '{"schemaVersion": 1, "task": "a", "task": "b"}'],
  ['an empty file', ''],
  ['a number', '5'],
  ['aliases that multiply', `a0: &a0 [1]\n${Array.from({length: 40}, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join('\n')}\n`],
])('%s is refused', async (_name, text) => {
  await expect(read(await file('m.yml', text), signal)).rejects.toMatchObject({code: 'MANIFEST_INVALID'});
});

test('a check that does not exist yet is refused with its own code', async () => {
  await expect(read(await file('m.yml', `${yaml}gates: []\n`), signal)).rejects.toMatchObject({code: 'MANIFEST_KEY_UNSERVED'});
});

test('a file that is not there, or is a folder, is an error that names it', async () => {
  await expect(read(join(directory, 'gone.yml'), signal)).rejects.toMatchObject({code: 'MANIFEST_INVALID', message: expect.stringContaining('gone.yml') as string});
  await expect(read(directory, signal)).rejects.toMatchObject({code: 'MANIFEST_INVALID'});
});

test('the configured image holds for a manifest that names none, and only for that', async () => {
  expect((await read(await file('m.yml', yaml), signal, 'python')).image).toBe('python');
  expect((await read(await file('m.yml', `${yaml}image: node\n`), signal, 'python')).image).toBe('node');
  expect((await read(await file('m.yml', yaml), signal)).image).toBe('node');
});
