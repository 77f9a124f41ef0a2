import {execFile} from 'node:child_process';
import {createReadStream} from 'node:fs';
import {appendFile, mkdir, mkdtemp, open, readFile, realpath, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {openEventsTarget, streamEvents, type EventsStream} from '../../../src/cli/drive/events-file.js';
import {sha256} from '../../../src/core/canonical.js';

let folder: string;
let journal: string;
let text: string;
let said: string[];
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'events-')));
  journal = join(folder, 'journal.ndjson');
  await mkdir(join(folder, 'repository'));
  text = lines(3);
  await writeFile(journal, text);
  said = [];
});
afterEach(async () => {
  await rm(folder, {recursive: true, force: true});
});

function lines(count: number, filling = ''): string {
  let prev = '0'.repeat(64);
  let all = '';
  for (let seq = 0; seq < count; seq += 1) {
    const line = JSON.stringify({schemaVersion: 1, seq, at: '2026-11-24T06:00:00.000Z', prev, type: 'specialist.said', specialist: 'test', text: `${seq}${filling}`});
    prev = sha256(line);
    all += `${line}\n`;
  }
  return all;
}

async function start(name: string): Promise<EventsStream> {
  const target = await openEventsTarget(name, {directory: folder, root: join(folder, 'repository')});
  return streamEvents({target, journal, say: (line) => said.push(line)});
}

async function pipe(name: string): Promise<string> {
  await promisify(execFile)('mkfifo', [join(folder, name)]);
  return join(folder, name);
}

async function readAll(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('a file of events', () => {
  test('gets every line from the first one on, byte for byte, behind what it has, and is its user’s alone', async () => {
    {
      await using stream = await start('events.ndjson');
      stream.wake();
    }
    expect(await readFile(join(folder, 'events.ndjson'), 'utf8')).toBe(text);
    expect((await stat(join(folder, 'events.ndjson'))).mode & 0o777).toBe(0o600);
    {
      await using stream = await start('events.ndjson');
      stream.wake();
      await appendFile(journal, '{"torn":');
      stream.wake();
    }
    expect([await readFile(join(folder, 'events.ndjson'), 'utf8'), said]).toEqual([`${text}${text}`, []]);
  });

  test('gets nothing when nothing was told', async () => {
    {
      await using _stream = await start('events.ndjson');
    }
    expect(await readFile(join(folder, 'events.ndjson'), 'utf8')).toBe('');
  });

  test('that is full ends the stream and not the run, which is said once', async () => {
    {
      await using stream = await start('/dev/full');
      for (let index = 0; index < 5; index += 1) {
        stream.wake();
        await new Promise((done) => setTimeout(done, 20));
      }
    }
    expect(said).toEqual([expect.stringMatching(/\/dev\/full.*ENOSPC.*run goes on/)]);
  });
});

describe('a pipe', () => {
  test('may get its reader late, and then has all of it, however large', async () => {
    text = lines(200, 'x'.repeat(5000));
    await writeFile(journal, text);
    const path = await pipe('pipe');
    const stream = await start('pipe');
    stream.wake();
    await new Promise((done) => setTimeout(done, 200));
    const got = readAll(path);
    await stream[Symbol.asyncDispose]();
    expect([await got, said]).toEqual([text, []]);
  });

  test('whose reader goes away ends the stream, which is said once', async () => {
    text = lines(200, 'x'.repeat(5000));
    await writeFile(journal, text);
    const path = await pipe('pipe');
    const stream = await start('pipe');
    stream.wake();
    const handle = await open(path, 'r');
    await handle.read(Buffer.alloc(100), 0, 100);
    await handle.close();
    stream.wake();
    await stream[Symbol.asyncDispose]();
    expect(said).toEqual([expect.stringMatching(/EPIPE/)]);
  });

  test('that nobody reads does not hold the process for ever', async () => {
    await pipe('pipe');
    const stream = await start('pipe');
    stream.wake();
    await stream[Symbol.asyncDispose]();
    expect(said).toEqual([expect.stringMatching(/nobody reads it/)]);
  });
});

describe('a path that a repository prepared is refused', () => {
  test.each([
    ['a link for the file', 'repository/events', async () => symlink('../victim', join(folder, 'repository/events'))],
    ['a link to nothing', 'repository/events', async () => symlink('../made', join(folder, 'repository/events'))],
    ['a link for a folder', 'repository/out/victim', async () => symlink('..', join(folder, 'repository/out'))],
    ['a folder', 'repository', () => Promise.resolve()],
    ['a folder that is not there', 'nowhere/events', () => Promise.resolve()],
  ])('%s', async (_name, path, prepare) => {
    await writeFile(join(folder, 'victim'), 'mine\n');
    await prepare();
    for (const name of [path, join(folder, path)]) await expect(start(name)).rejects.toMatchObject({code: 'USAGE'});
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('mine\n');
    await expect(stat(join(folder, 'made'))).rejects.toMatchObject({code: 'ENOENT'});
  });
});
