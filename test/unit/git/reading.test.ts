import {chmod, readdir, readFile, writeFile} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {openHistoryReader} from '../../../src/git/bare/history-reader.js';
import {openReading, type Reading} from '../../../src/git/bare/reading.js';
import {openTreeReader} from '../../../src/git/bare/tree-reader.js';
import type {TreeContent, TreeReader} from '../../../src/core/tree.js';
import {git, never, tempFolder, userRepository} from './fixture.js';

const files = Object.fromEntries(Array.from({length: 40}, (_, index) => [`f${String(index).padStart(2, '0')}.txt`, `${index}\n`.repeat(index * 50)]));

interface Opened extends AsyncDisposable {
  readonly directory: string;
  readonly commit: string;
  readonly reading: Reading;
  /** Gits of this process that read objects: since the start, and now. */
  started(): Promise<number>;
  running(): Promise<number>;
  /** From now on every git ends as by Ctrl-C. */
  dieBySignal(): Promise<void>;
}

/** A reading of a repository of 40 files, through a git that writes down when it is started. */
async function openFixture(): Promise<Opened> {
  const folder = await tempFolder();
  const root = join(folder.path, 'user');
  const commit = (await userRepository(root, files)).trim();
  const real = (process.env['PATH'] ?? '').split(delimiter).map((path) => join(path, 'git'));
  const log = join(folder.path, 'started');
  await writeFile(log, '');
  await writeFile(join(folder.path, 'git'), `#!/bin/sh\ncase "$*" in *--batch-command*) echo x >>'${log}';; esac\nfor git in ${real.map((path) => `'${path}'`).join(' ')}; do [ -x "$git" ] && exec "$git" "$@"; done\n`);
  await chmod(join(folder.path, 'git'), 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder.path}${delimiter}${path ?? ''}`;
  const directory = join(root, '.git');
  return {
    directory,
    commit,
    reading: openReading({directory}),
    started: async () => (await readFile(log, 'utf8')).length / 2,
    running: async () => (await childrenOf(process.pid)).filter((line) => line.includes(directory) && line.includes('--batch-command')).length,
    dieBySignal: () => writeFile(join(folder.path, 'git'), '#!/bin/sh\nkill -INT $$\n'),
    async [Symbol.asyncDispose]() {
      process.env['PATH'] = path;
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function childrenOf(parent: number): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(ids.map(async (id) => {
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
    return stat.split(') ').at(-1)?.split(' ')[1] === String(parent) ? readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '') : '';
  }));
  return found.filter((line) => line !== '');
}

async function contents(reader: TreeReader, paths?: readonly string[]): Promise<readonly TreeContent[]> {
  const all = await reader.list(never);
  const read: TreeContent[] = [];
  for await (const file of reader.files(never, paths === undefined ? undefined : all.filter(({path}) => paths.includes(path)))) read.push(file);
  return read;
}

describe('a reading', () => {
  it('gives what single reads give, from one git', async () => {
    await using at = await openFixture();
    const alone = await contents(await openTreeReader({directory: at.directory}, at.commit, never));
    const before = await at.started();
    const reader = await at.reading.reader(at.commit, never);
    for (const file of alone) expect(await contents(reader, [file.path])).toEqual([file]);
    expect(await contents(reader)).toEqual(alone);
    expect((await at.reading.history().read([at.commit], never))[0]?.paths).toEqual(Object.keys(files));
    expect(await at.started()).toBe(before + 1);
    await at.reading[Symbol.asyncDispose]();
    expect(await at.running()).toBe(0);
  });

  it('serves readers that read at the same time, and one in the middle of another', async () => {
    await using at = await openFixture();
    await using reading = at.reading;
    const reader = await reading.reader(at.commit, never);
    const alone = await contents(reader);
    expect(await Promise.all([contents(reader), contents(reader), contents(reader)])).toEqual([alone, alone, alone]);
    const seen: TreeContent[] = [];
    for await (const file of reader.files(never)) seen.push(file, ...(await contents(reader, [file.path])));
    expect(seen).toEqual(alone.flatMap((file) => [file, file]));
  });

  it('answers rightly after a reader that was left early, or was stopped, or asked for what is not there', async () => {
    await using at = await openFixture();
    await using reading = at.reading;
    const reader = await reading.reader(at.commit, never);
    const alone = await contents(reader);
    for await (const file of reader.files(never)) if (file.path === 'f20.txt') break;
    expect(await contents(reader)).toEqual(alone);

    const stop = new AbortController();
    const reason = new Error('enough');
    const stopped = (async () => {
      for await (const file of reader.files(stop.signal)) if (file.path === 'f20.txt') stop.abort(reason);
    })();
    await expect(stopped).rejects.toBe(reason);
    expect(await contents(reader)).toEqual(alone);

    await expect(reading.reader('0'.repeat(40), never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    const [blob = ''] = (await git(at.directory, 'rev-parse', `${at.commit}:f01.txt`)).split('\n');
    await expect(reading.history().read([blob], never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    expect(await contents(reader)).toEqual(alone);
  });

  it('tells an abort as such when the signal that caused it ends git before it is known', async () => {
    await using at = await openFixture();
    const reason = new Error('Ctrl-C');
    for (const read of [(signal: AbortSignal) => openTreeReader({directory: at.directory}, at.commit, signal), (signal: AbortSignal) => openHistoryReader({directory: at.directory}).ids(at.commit, 1, signal)]) {
      const stop = new AbortController();
      await at.dieBySignal();
      setTimeout(() => { stop.abort(reason); }, 30);
      await expect(read(stop.signal)).rejects.toBe(reason);
      await expect(read(never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    }
  });

  it('leaves no git running when it is disposed in the middle of a read', async () => {
    await using at = await openFixture();
    const reader = await at.reading.reader(at.commit, never);
    const alone = await contents(reader);
    const seen: TreeContent[] = [];
    for await (const file of reader.files(never)) {
      if (seen.length === 0) await at.reading[Symbol.asyncDispose]();
      seen.push(file);
    }
    expect(seen).toEqual(alone);
    await expect.poll(() => at.running()).toBe(0);
  });
});
