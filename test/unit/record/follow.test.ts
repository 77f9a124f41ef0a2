import {appendFile, mkdtemp, readFile, rm, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {sha256} from '../../../src/core/canonical.js';
import {followEvents, startTail, type JournalTail} from '../../../src/record/journal/follow.js';
import {chainStart} from '../../../src/record/journal/journal-lines.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'follow-'));
  file = join(folder, 'journal.ndjson');
});
afterEach(async () => {
  await rm(folder, {recursive: true, force: true});
});

/** Lines as a journal has them; the texts make them differ. */
function chain(texts: readonly string[]): readonly string[] {
  let prev = chainStart.head;
  return texts.map((text, seq) => {
    const line = JSON.stringify({schemaVersion: 1, seq, at: '2026-11-24T06:00:00.000Z', prev, type: 'specialist.said', specialist: 'test', text});
    prev = sha256(line);
    return line;
  });
}

async function texts(tail: JournalTail): Promise<readonly string[]> {
  return (await tail.next()).map(({event}) => (event.type === 'specialist.said' ? event.text : event.type));
}

describe('the tail of a journal', () => {
  test('gives each whole line once, and a torn one only when it is whole', async () => {
    const [a = '', b = '', c = ''] = chain(['a', 'b', 'ö'.repeat(50)]);
    const tail = startTail(file);
    expect(await texts(tail)).toEqual([]);
    await writeFile(file, `${a}\n${b.slice(0, 40)}`);
    expect(await texts(tail)).toEqual(['a']);
    expect(await texts(tail)).toEqual([]);
    await appendFile(file, `${b.slice(40)}\n${c}\n`);
    expect(await texts(tail)).toEqual(['b', 'ö'.repeat(50)]);
    expect(await texts(tail)).toEqual([]);
  });

  test('gives lines as the file has them, byte for byte', async () => {
    const lines = chain(['a', '\u2028 \ud800 "quoted"', 'c']);
    await writeFile(file, `${lines.join('\n')}\n`);
    expect((await startTail(file).next()).map(({line}) => `${line}\n`).join('')).toBe(await readFile(file, 'utf8'));
  });

  test.each([
    ['a changed line', (lines: readonly string[]) => [lines[0], lines[1]?.replace('"b"', '"x"'), lines[2]]],
    ['a line left out', (lines: readonly string[]) => [lines[0], lines[2]]],
    ['a line twice', (lines: readonly string[]) => [lines[0], lines[0], lines[1]]],
    ['a line that is no event', (lines: readonly string[]) => [lines[0], '{}']],
  ] as const)('%s is JOURNAL_DAMAGED, after what came before it', async (_name, attack) => {
    await writeFile(file, `${attack(chain(['a', 'b', 'c'])).join('\n')}\n`);
    const tail = startTail(file);
    const seen: string[] = [];
    const all = (async () => {
      for (let look = 0; look < 5; look += 1) seen.push(...(await texts(tail)));
    })();
    await expect(all).rejects.toMatchObject({code: 'JOURNAL_DAMAGED'});
    expect(seen[0]).toBe('a');
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('a last line that was taken back is no damage; one before it is', async () => {
    const [a = '', b = ''] = chain(['a', 'b']);
    const [, other = ''] = chain(['a', 'a longer one than before']);
    await writeFile(file, `${a}\n${b}\n`);
    const tail = startTail(file);
    expect(await texts(tail)).toEqual(['a', 'b']);
    await truncate(file, a.length + 1);
    expect(await texts(tail)).toEqual([]);
    await appendFile(file, `${other}\n`);
    expect(await texts(tail)).toEqual(['a longer one than before']);
    await writeFile(file, `${a}\n${b}\n`);
    expect(await texts(tail)).toEqual(['b']);
    await truncate(file, 0);
    await expect(tail.next()).rejects.toMatchObject({code: 'JOURNAL_DAMAGED'});
  });

  test('a line without an end is not read into memory for ever', async () => {
    await writeFile(file, 'x'.repeat(3 * 1024 * 1024));
    await expect(startTail(file).next()).rejects.toMatchObject({code: 'JOURNAL_DAMAGED'});
  });
});

describe('following', () => {
  test('gives what is there, then what comes, and ends with the reason of its signal', async () => {
    const lines = chain(['a', 'b', 'c']);
    await writeFile(file, `${lines[0] ?? ''}\n`);
    const stop = new AbortController();
    const seen: string[] = [];
    const followed = (async () => {
      for await (const lot of followEvents(file, stop.signal)) {
        seen.push(...lot.map(({line}) => line));
        if (lot.length > 0 && seen.length < 3) await appendFile(file, `${lines[seen.length] ?? ''}\n`);
        if (seen.length === 3 && lot.length === 0) stop.abort(new Error('enough'));
      }
    })();
    await expect(followed).rejects.toThrow('enough');
    expect(seen).toEqual(lines);
  });
});
