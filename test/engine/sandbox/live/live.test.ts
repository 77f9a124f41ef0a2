import {describe, expect, it} from 'vitest';
import type {ExportEntry, PreviewEntry, Sandbox, WorkspaceNames} from '../../../../src/core/sandbox.js';
import {connectEngine} from '../../../../src/sandbox/docker/connect.js';
import {address, calm, changes, file, out, sh, startEngine, text, useEngine} from '../engine-fixture.js';

const fixture = useEngine();

async function preview(names: WorkspaceNames, maxFileBytes = 1_000_000, signal = calm): Promise<PreviewEntry[]> {
  const entries: PreviewEntry[] = [];
  for await (const entry of fixture.engine.previewWorkspace({names, ownership: fixture.ownership, maxFileBytes}, signal)) entries.push(entry);
  return entries.sort((a, b) => Buffer.compare(a.path, b.path));
}

/** Writes a number into a file, over and over, in the background. */
async function startCounter(box: Sandbox): Promise<void> {
  await out(box, 'i=0; (while :; do i=$((i + 1)); echo $i >tick; sleep 0.02; done) >/dev/null 2>&1 &');
}

const ticks = async (box: Sandbox): Promise<number> => Number(await out(box, 'sleep 0.2; until cat tick 2>/dev/null | grep .; do :; done'));

/** Whether the box runs on: a counter in it goes up. */
async function expectRunning(box: Sandbox): Promise<void> {
  const before = await ticks(box);
  expect(await ticks(box)).toBeGreaterThan(before);
}

const isPaused = async (name: string): Promise<boolean> => (await connectEngine(address).getContainer(name).inspect()).State.Paused;

describe('a box that is paused', () => {
  it('stands still, holds its commands up, and goes on', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    await startCounter(box);
    await expectRunning(box);
    await box.pause(calm);
    await box.pause(calm);
    expect(await isPaused(box.name)).toBe(true);
    let answered = false;
    const waiting = sh(box, 'echo late').then((result) => { answered = true; return text(result.stdout.head); });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(answered).toBe(false);
    await box.resume(calm);
    await box.resume(calm);
    expect(await waiting).toBe('late\n');
    await expectRunning(box);
  });

  it('is ended like any other, and found by another process it goes on', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    await startCounter(box);
    await box.pause(calm);
    await using found = await startEngine().findBox(box.name, calm);
    expect(await isPaused(box.name)).toBe(false);
    await expectRunning(found!);
    await box.resume(calm);
    await box.pause(calm);
    await box.stop(calm);
    await expect(box.pause(calm)).rejects.toMatchObject({code: 'ENGINE_FAILED'});
    await box.resume(calm);
  });
});

describe('the stats of a box', () => {
  it('say what it uses, blocks and not sizes, deleted but open files too, and each file once', async () => {
    await using box = await fixture.box(await fixture.snapshot([file('a', 'A')]));
    const before = await box.stats(calm);
    await out(box, 'head -c 3000000 /dev/urandom >x && ln x y && mkdir -p d/e && truncate -s 1500M sparse && for i in 1 2 3 4 5; do echo $i >d/$i; done && chmod 000 d');
    const after = await box.stats(calm);
    expect(after.disk.complete).toBe(true);
    expect(after.disk.inodes - before.disk.inodes).toBe(10);
    expect(after.disk.bytes - before.disk.bytes).toBeGreaterThan(2_900_000);
    expect(after.disk.bytes - before.disk.bytes).toBeLessThan(3_300_000);
    await out(box, 'chmod 700 d; (exec 7>gone; rm gone; head -c 4000000 /dev/urandom >&7; exec sleep 60) >/dev/null 2>&1 & sleep 1');
    const hidden = await box.stats(calm);
    expect(hidden.disk.bytes - after.disk.bytes).toBeGreaterThan(3_900_000);
    expect(hidden.cpuMs).toBeGreaterThan(0);
    expect(hidden.memoryBytes).toBeGreaterThan(0);
    expect(hidden.pids).toBeGreaterThan(2);
    expect(await out(box, 'echo on')).toBe('on\n');
    await box.stop(calm);
    await expect(box.stats(calm)).rejects.toMatchObject({code: 'ENGINE_FAILED'});
  });

  it('count a tree that is deeper than any path', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const before = await box.stats(calm);
    await out(box, 'perl -e \'my $n = "d" x 200; for (1..300) { mkdir $n or die; chdir $n or die } open my $f, ">", "end" or die\'');
    expect((await box.stats(calm)).disk.inodes - before.disk.inodes).toBe(302);
  });
});

describe('a preview', () => {
  it('tells what a living box has changed so far, of one moment, and the box goes on', async () => {
    await using box = await fixture.box(await fixture.snapshot([file('kept', 'K'), file('old', 'O'), file('gone', 'G')]));
    await startCounter(box);
    await out(box, 'echo new >old; rm gone; printf x >run.sh; chmod 755 run.sh; ln -s old link; mkfifo pipe; head -c 2000000 /dev/zero >big');
    const seen = (await preview(box.names)).filter((entry) => text(entry.path) !== 'tick');
    expect(seen.map(({preview: what, path, size, content}) => [what, text(path), size, content && text(content)])).toEqual([
      ['file', 'big', 2_000_000, undefined],
      ['deleted', 'gone', 0, undefined],
      ['symlink', 'link', 0, 'old'],
      ['file', 'old', 4, 'new\n'],
      ['special', 'pipe', 0, undefined],
      ['executable', 'run.sh', 1, 'x'],
    ]);
    await expectRunning(box);
  });

  it('lets the box go on also when it is aborted, cut short, or cannot be read', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    await startCounter(box);
    await out(box, 'for i in 1 2 3 4 5 6 7 8; do head -c 300000 /dev/urandom >f$i; done');
    const stop = new AbortController();
    await expect((async () => {
      for await (const _ of fixture.engine.previewWorkspace({names: box.names, ownership: fixture.ownership, maxFileBytes: 1_000_000}, stop.signal)) {
        expect(await isPaused(box.name)).toBe(true);
        stop.abort(new Error('enough'));
      }
    })()).rejects.toThrow('enough');
    expect(await isPaused(box.name)).toBe(false);
    for await (const _ of fixture.engine.previewWorkspace({names: box.names, ownership: fixture.ownership, maxFileBytes: 1_000_000}, calm)) break;
    expect(await isPaused(box.name)).toBe(false);
    await expect(preview({...box.names, snapshot: `${box.names.snapshot}-none`})).rejects.toMatchObject({code: 'ENGINE_FAILED'});
    expect(await isPaused(box.name)).toBe(false);
    await expectRunning(box);
  });

  it('is refused when somebody let the box go on while it was read', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    await out(box, 'echo 1 >a; echo 2 >b');
    const reading = (async () => {
      for await (const _ of fixture.engine.previewWorkspace({names: box.names, ownership: fixture.ownership, maxFileBytes: 1000}, calm)) if (await isPaused(box.name)) await connectEngine(address).getContainer(box.name).unpause();
    })();
    await expect(reading).rejects.toMatchObject({code: 'ENGINE_FAILED'});
  });

  it('is no export: a box that is paused has none, a box that has stopped has no preview, and the work stays whole', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    await out(box, 'echo 1 >a');
    await box.pause(calm);
    await expect(changes(fixture.engine, {names: box.names, ownership: fixture.ownership})).rejects.toMatchObject({code: 'ENGINE_FAILED'});
    expect((await preview(box.names)).length).toBe(1);
    await box.resume(calm);
    // @ts-expect-error a preview is no export
    const entries: AsyncIterable<ExportEntry> = fixture.engine.previewWorkspace({names: box.names, ownership: fixture.ownership, maxFileBytes: 1000}, calm);
    for await (const entry of entries) expect('kind' in entry).toBe(false);
    await box.stop(calm);
    await expect(preview(box.names)).rejects.toMatchObject({code: 'ENGINE_FAILED'});
    expect(await changes(fixture.engine, {names: box.names, ownership: fixture.ownership})).toEqual(['file a 2 "1\\n"']);
  });
});
