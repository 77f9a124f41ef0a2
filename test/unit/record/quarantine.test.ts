import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import {listQuarantine, makeRunEntry, quarantineFolder, quarantineWork} from '../../../src/record/kept/quarantine.js';
import {measureState, measureTotal} from '../../../src/record/kept/usage.js';

const execute = promisify(execFile);
const calm = new AbortController().signal;
const born = {boot: '0937e466', uptimeS: 12, at: new Date('2026-11-24T06:00:00.000Z')};
const about = {kind: 'workspace' as const, runId: '20261124-060000-abcd', box: 'bulkhead-box-0', why: 'x', born};
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'quarantine-'));
});
afterEach(async () => {
  await rm(home, {recursive: true, force: true});
});

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const file = (path: string, content = path, executable = false): ExportEntry => ({kind: 'file', path: bytes(path), executable, size: content.length, bytes: bytes(content)});
const link = (path: string, target: string): ExportEntry => ({kind: 'symlink', path: bytes(path), target: bytes(target)});

// eslint-disable-next-line @typescript-eslint/require-await -- the port gives an async source
async function* stream(entries: readonly (ExportEntry | Error)[]): AsyncGenerator<ExportEntry> {
  for (const entry of entries) {
    if (entry instanceof Error) throw entry;
    yield entry;
  }
}

async function unpack(entries: readonly ExportEntry[]): Promise<{readonly folder: string; readonly names: readonly string[]; readonly manifest: Record<string, unknown>}> {
  const entry = await quarantineWork(home, about, stream(entries), calm);
  const folder = join(home, 'unpacked');
  await mkdir(folder);
  await execute('tar', ['-xf', entry?.content ?? '', '-C', folder]);
  const {stdout} = await execute('tar', ['-tf', entry?.content ?? '']);
  return {folder, names: stdout.trimEnd().split('\n'), manifest: JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Record<string, unknown>};
}

describe('a workspace in quarantine', () => {
  test('comes back with tar as it was, and says what it took away and what is not in it', async () => {
    const long = `${'deep/'.repeat(60)}file.txt`;
    const {folder, manifest} = await unpack([{kind: 'deleted', path: bytes('old.txt')}, file('src/a.js', 'a\n', true), file(long), file('empty', ''), {kind: 'special', path: bytes('pipe'), what: 'fifo'}, {kind: 'file', path: bytes('huge'), executable: false, size: 9e9, bytes: bytes('')}, link('src/b.js', '../empty')]);
    expect(await readFile(join(folder, 'files/src/a.js'), 'utf8')).toBe('a\n');
    expect((await stat(join(folder, 'files/src/a.js'))).mode & 0o111).not.toBe(0);
    expect(await readFile(join(folder, 'files', long), 'utf8')).toBe(long);
    expect(await readFile(join(folder, 'files/src/b.js'), 'utf8')).toBe('');
    expect(manifest).toMatchObject({runId: about.runId, deleted: ['old.txt'], files: 3, refused: [{path: 'pipe'}, {path: 'huge'}]});
  });

  test.each(['../evil', '/etc/evil', 'a/../../evil', '.git/hooks/post-checkout', 'sub/.GIT/config', 'a/.git. /x', 'git~1/x', 'a\\b', 'new\nline', '\xff\xfe', 'a//b', ''])('a name that leads elsewhere or means something to git is kept under a number: %j', async (path) => {
    const {names, folder} = await unpack([file(path, 'content')]);
    expect(names).toEqual(['unsafe/1', 'manifest.json']);
    expect(await readFile(join(folder, 'unsafe/1'), 'utf8')).toBe('content');
  });

  test.each([['l', '/etc/passwd'], ['l', '../x'], ['a/l', '../../x'], ['a/l', 'b/../../../x'], ['l', 'b/..'], ['l', '.git/hooks'], ['../l', 'x'], ['l', '']])('a link that could lead out is only listed: %s -> %s', async (path, target) => {
    const {names, manifest} = await unpack([link(path, target)]);
    expect([names, manifest['links']]).toEqual([['manifest.json'], [{path, target, member: false}]]);
  });

  test('is there whole or not at all: nothing after an export that failed, and nothing for an empty one', async () => {
    await expect(quarantineWork(home, about, stream([file('a'), new Error('lost')]), calm)).rejects.toThrow('lost');
    expect(await quarantineWork(home, about, stream([]), calm)).toBeUndefined();
    expect(await readdir(quarantineFolder(home))).toEqual([]);
  });

  test('is listed with what is known of it; a draft and a record that cannot be read are told apart', async () => {
    await quarantineWork(home, about, stream([file('a')]), calm);
    await makeRunEntry(home, {kind: 'run', runId: 'r1', repository: 'x-12345678', why: 'y', born});
    await mkdir(join(quarantineFolder(home), 'x.draft'));
    await mkdir(join(quarantineFolder(home), 'broken'));
    const {entries, drafts, unreadable} = await listQuarantine(home);
    expect(entries.map((entry) => [entry.about.kind, entry.about.runId, entry.whole, entry.about.born])).toEqual([['workspace', about.runId, true, born], ['run', 'r1', false, born]]);
    expect([drafts.length, unreadable]).toEqual([1, [join(quarantineFolder(home), 'broken')]]);
  });
});

describe('the usage of the state folder', () => {
  test('counts each part of each repository, and quarantine apart', async () => {
    for (const path of ['x-12345678/repository.git/a', 'x-12345678/runs/r/b', 'x-12345678/base-results/c', 'x-12345678/index/d', 'quarantine/q/e']) {
      await mkdir(join(home, path, '..'), {recursive: true});
      await writeFile(join(home, path), Buffer.alloc(100_000, 1));
    }
    const {stores, quarantine, total} = await measureState(home);
    expect(stores).toHaveLength(1);
    for (const part of [stores[0]?.objects, stores[0]?.runs, stores[0]?.baseResults, stores[0]?.other, quarantine]) expect(part?.bytes).toBeGreaterThanOrEqual(100_000);
    expect(total).toMatchObject({complete: true});
    expect(total.bytes).toBeGreaterThanOrEqual(500_000);
  });

  test('of nothing is nothing', async () => {
    expect((await measureState(join(home, 'nowhere'))).total).toEqual({bytes: 0, complete: true});
  });

  test('is remembered for a minute, but never to refuse, and not from the future', async () => {
    const now = new Date();
    const total = (at: Date, limitBytes: number): Promise<number> => measureTotal(home, {now: at, limitBytes}).then((size) => size.bytes);
    const before = await total(now, 1e9);
    await mkdir(join(home, 'x-12345678'));
    await writeFile(join(home, 'x-12345678', 'big'), Buffer.alloc(1_000_000, 1));
    expect(await total(new Date(now.getTime() + 1000), 1e9)).toBe(before);
    expect(await total(new Date(now.getTime() - 1000), 1e9)).toBeGreaterThan(1_000_000);
    await rm(join(home, 'x-12345678'), {recursive: true});
    await utimes(home, now, now);
    expect(await total(now, 1e5)).toBeLessThan(1_000_000);
  });
});
