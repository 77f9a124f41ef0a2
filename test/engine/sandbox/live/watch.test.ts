import {describe, expect, it} from 'vitest';
import type {AppError} from '../../../../src/core/errors.js';
import type {Sandbox, WorkspaceNames} from '../../../../src/core/sandbox.js';
import {killContainer} from '../../../../src/sandbox/docker/attach.js';
import {startEngineCalls} from '../../../../src/sandbox/docker/engine-call.js';
import {startBox} from '../../../../src/sandbox/docker/box.js';
import {endedError, startDiskWatch, watchOf} from '../../../../src/sandbox/docker/watch/disk-watch.js';
import {address, calm, changes, file, helperImage, out, sh, startEngine, text, useEngine} from '../engine-fixture.js';

const fixture = useEngine();
const small = {memoryMiB: 512, cpus: 1, pids: 128, diskMiB: 96, inodes: 3000};

type Box = Sandbox & {readonly names: WorkspaceNames};
const boxOf = async (limits: object = small): Promise<Box> => fixture.box(await fixture.snapshot([file('kept', 'K')]), {limits: {...small, ...limits}});

/** Runs a script that is to be the end of its box; gives the error that its caller gets. */
async function fatal(box: Sandbox, script: string): Promise<AppError> {
  const end = await sh(box, script, {timeoutMs: 60_000}).then((result) => result, (error: unknown) => error as AppError);
  expect(end).toMatchObject({code: 'ENGINE_FAILED'});
  return end as AppError;
}

/** Goes on writing without an end, as far as it comes. */
const flood = 'i=0; while :; do i=$((i + 1)); head -c 4000000 /dev/zero >>one; sleep 0.02; done';
/** The same in files that have no name any more. */
const floodDeleted = 'perl -e \'my @held; for (1..200) { open my $f, ">", "f$_" or die; unlink "f$_"; print $f "x" x 4_000_000; $f->flush; push @held, $f; select undef, undef, undef, 0.05 } sleep 60\'';

describe('[C03] a box that fills the disk', () => {
  it('is ended at its cap by one big file, says so, and keeps its work', async () => {
    await using box = await boxOf();
    await out(box, 'echo mine >work');
    expect((await fatal(box, flood)).details).toMatchObject({ranInto: 'disk'});
    // Nothing goes on in it, and whoever asks later hears the same.
    expect((await fatal(box, 'true')).details).toMatchObject({ranInto: 'disk'});
    await expect(box.recall('none', calm)).rejects.toMatchObject({code: 'ENGINE_FAILED', details: {ranInto: 'disk'}});
    const lines = await changes(fixture.engine, {names: box.names, ownership: fixture.ownership, maxFileBytes: 1000});
    expect(lines.filter((line) => line.startsWith('file work'))).toEqual(['file work 5 "mine\\n"']);
  });

  it('is ended at its cap by files without an end', async () => {
    await using box = await boxOf();
    const files = 'perl -e \'for my $d (1..1000) { mkdir "d$d"; for (1..200) { open my $f, ">", "d$d/$_" or die "$!" } select undef, undef, undef, 0.05 }\'';
    expect((await fatal(box, files)).details).toMatchObject({ranInto: 'inodes'});
  });

  it.each([
    ['deleted files that are still open', floodDeleted],
    ['files that nobody else may read, deep down', 'for i in 1 2 3 4 5 6 7 8; do mkdir d$i; cd d$i; done; i=0; while :; do head -c 4000000 /dev/zero >>one; chmod 0 one; sleep 0.02; chmod 600 one; done'],
    ['a process that hides what it holds', 'perl -e \'syscall(157, 4, 0, 0, 0, 0); my @held; for (1..200) { open my $f, ">", "f$_" or die; unlink "f$_"; print $f "x" x 4_000_000; $f->flush; push @held, $f; select undef, undef, undef, 0.05 } sleep 60\''],
    ['a box that kills what it can and stops its own', 'for i in 1 2 3; do (trap "" TERM HUP; while :; do head -c 4000000 /dev/zero >>x$i; sleep 0.05; done) & done; while :; do kill -STOP $PPID; sleep 0.1; done'],
  ])('is ended when it writes by %s', async (_, script) => {
    await using box = await boxOf();
    expect((await fatal(box, script)).details).toMatchObject({ranInto: 'disk'});
  });

  it('is ended also when no command runs in it', async () => {
    await using box = await boxOf();
    await using beside = await boxOf();
    await out(beside, 'head -c 30000000 /dev/zero >mine');
    await out(box, `(${flood}) >/dev/null 2>&1 &`);
    let error: AppError | undefined;
    for (let at = 0; at < 60 && error === undefined; at += 1) error = await sh(box, 'sleep 0.5').then(() => undefined, (reason: unknown) => reason as AppError);
    expect(error?.details).toMatchObject({ranInto: 'disk'});
    // Both share the disk on which space vanished; only the one that took it is ended.
    expect(await out(beside, 'wc -c <mine')).toBe('30000000\n');
  });

  it('is ended also when another process found it after a crash of the first', async () => {
    const first = startEngineCalls(address, helperImage);
    const names = fixture.names(await fixture.snapshot([]));
    await using box = await startBox(first, fixture.request(names, {limits: small}), calm);
    await watchOf(first).letGo(box.name);
    await using found = await startEngine().findBox(box.name, calm);
    expect((await fatal(found!, flood)).details).toMatchObject({ranInto: 'disk'});
  });

  it('its honest twin is left alone: much written and deleted, sparse files and hard links, and never over the cap', async () => {
    await using box = await boxOf({inodes: 1500});
    const script = `i=0; while [ $i -lt 12 ]; do i=$((i + 1)); head -c 40000000 /dev/zero >one; rm one; sleep 0.1; done
      truncate -s 1900M sparse; head -c 20000000 /dev/zero >big; for i in 1 2 3 4 5 6 7 8 9; do ln big l$i; done
      mkdir d; cd d; j=0; while [ $j -lt 10 ]; do j=$((j + 1)); for k in 1 2 3 4 5 6 7 8 9 10; do mkdir $k; : >$k/a; done; seq 1 500 | xargs touch; sleep 0.1; rm -rf *; done; sleep 2; echo done`;
    expect(text((await sh(box, script, {timeoutMs: 110_000})).stdout.head)).toBe('done\n');
    expect((await box.stats(calm)).disk.bytes).toBeLessThan(96 * 1024 * 1024);
  });

  it('is ended as the process of a verification too, and the result says why', async () => {
    // By what its own user, who is not that of agents, holds open and has deleted.
    const process = fixture.process(await fixture.snapshot([], {profile: 'verify'}), ['/bin/sh', '-c', floodDeleted], {limits: small});
    expect(await fixture.engine.runProcess(process, calm)).toMatchObject({overDisk: 'disk', exitCode: 137, outOfMemory: false});
    const honest = fixture.process(await fixture.snapshot([], {profile: 'verify'}), ['/bin/sh', '-c', 'head -c 20000000 /dev/zero >x; sleep 3; exit 4'], {limits: small});
    expect(await fixture.engine.runProcess(honest, calm)).toMatchObject({overDisk: undefined, exitCode: 4});
  });
});

describe('the disk of the engine', () => {
  it('is kept free whatever the caps are: every box is ended, and what is told is a full disk', async () => {
    const engine = startEngineCalls(address, helperImage);
    await using box = await boxOf();
    const everything = startDiskWatch(engine, {bytes: Number.MAX_SAFE_INTEGER, inodes: 0, part: 1});
    everything.watch({box: box.name, ownership: fixture.ownership, limits: small});
    for (let at = 0; at < 600 && everything.endOf(box.name) === undefined; at += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(everything.endOf(box.name)).toEqual({limit: 'host'});
    await killContainer(engine, box.name, calm);
    await expect(sh(box, 'true')).rejects.toMatchObject({code: 'ENGINE_FAILED'});
    await everything.letGo(box.name);
    expect(endedError(engine, box.name)).toBeUndefined();
  });
});
