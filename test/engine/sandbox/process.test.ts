import {mkdtempSync, rmSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {address, calm, file, helperImage, text, useEngine} from './engine-fixture.js';

const fixture = useEngine();
const node = (script: string): readonly string[] => ['node', '-e', script];
const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];

describe('a process', () => {
  it('runs in the workspace as the unprivileged user, and its exit code is the engine’s word', async () => {
    const chunks: Uint8Array[] = [];
    const request = fixture.process(await fixture.snapshot([file('a', 'content')]), shell('id -u; pwd; cat a; echo wrong >&2; exit 3'), {onStdout: (chunk) => chunks.push(Buffer.from(chunk))});
    const ended = await fixture.engine.runProcess(request, calm);
    expect({exitCode: ended.exitCode, timedOut: ended.timedOut, outOfMemory: ended.outOfMemory}).toEqual({exitCode: 3, timedOut: false, outOfMemory: false});
    expect(text(Buffer.concat(chunks))).toBe('10002\n/box/workspace\ncontent');
    expect(text(ended.stderr.head)).toBe('wrong\n');
    expect(await left(request.names.box)).toEqual([]);
  });

  it('delivers five megabytes of output completely and in order', async () => {
    const snapshot = await fixture.snapshot([]);
    const chunks: Buffer[] = [];
    const script = 'let n=0;const next=()=>{if(n<50000){const t=(""+n++).padStart(99,"0")+"\\n";process.stdout.write(t)?setImmediate(next):process.stdout.once("drain",next)}};next()';
    const ended = await fixture.engine.runProcess(fixture.process(snapshot, node(script), {onStdout: (chunk) => chunks.push(Buffer.from(chunk))}), calm);
    expect(ended.exitCode).toBe(0);
    const all = Buffer.concat(chunks);
    expect(all.length).toBe(5_000_000);
    expect(text(all).trim().split('\n').every((line, index) => Number(line) === index)).toBe(true);
  });

  it('keeps head and tail of stderr', async () => {
    const snapshot = await fixture.snapshot([]);
    const ended = await fixture.engine.runProcess(fixture.process(snapshot, shell('(printf FIRST; head -c 3000000 /dev/zero; printf LAST) >&2'), {maxStderrBytes: 100}), calm);
    expect([text(ended.stderr.head.subarray(0, 5)), text(ended.stderr.tail.subarray(-4)), ended.stderr.totalBytes]).toEqual(['FIRST', 'LAST', 3_000_009]);
    expect(ended.stderr.head.length + ended.stderr.tail.length).toBe(100);
  });

  it('that uses too much memory is seen as that, one that kills itself is not', async () => {
    const snapshot = await fixture.snapshot([]);
    const limits = {memoryMiB: 128, cpus: 1, pids: 128};
    const hungry = await fixture.engine.runProcess(fixture.process(snapshot, node('const a=[];for(;;)a.push(Buffer.alloc(4e6,1))'), {limits}), calm);
    expect([hungry.outOfMemory, hungry.exitCode]).toEqual([true, 137]);
    const suicide = await fixture.engine.runProcess(fixture.process(snapshot, node('process.kill(process.pid,"SIGKILL")'), {limits}), calm);
    expect([suicide.outOfMemory, suicide.exitCode]).toEqual([false, 137]);
  });

  it('is killed at its time limit, children and all', async () => {
    const request = fixture.process(await fixture.snapshot([]), shell('trap "" TERM; echo before; sleep 300 & sleep 300'), {timeoutMs: 1500, onStdout: () => undefined});
    const ended = await fixture.engine.runProcess(request, calm);
    expect([ended.timedOut, ended.exitCode]).toEqual([true, 137]);
    expect(await left(request.names.box)).toEqual([]);
  });

  it('is over when its main process is, whatever holds its output, and not before', async () => {
    const snapshot = await fixture.snapshot([]);
    expect((await fixture.engine.runProcess(fixture.process(snapshot, shell('sleep 300 & exit 4')), calm)).exitCode).toBe(4);
    expect((await fixture.engine.runProcess(fixture.process(snapshot, shell('exec >&- 2>&-; sleep 1; exit 5')), calm)).exitCode).toBe(5);
    expect((await fixture.engine.runProcess(fixture.process(snapshot, ['no-such-program']), calm)).exitCode).toBe(127);
  });

  it('that is aborted rejects with the reason and leaves nothing', async () => {
    const stop = new AbortController();
    const request = fixture.process(await fixture.snapshot([]), shell('echo here; sleep 300'), {onStdout: () => { stop.abort(new Error('enough')); }});
    await expect(fixture.engine.runProcess(request, stop.signal)).rejects.toThrow('enough');
    expect(await left(request.names.box)).toEqual([]);
  });

  it('during which the engine is lost is an error, never an exit code', async () => {
    await using proxy = await startProxy();
    const engine = startDockerEngine({address: proxy.address, helperImage, imageReference: () => undefined});
    const request = fixture.process(await fixture.snapshot([]), shell('echo here; sleep 300'), {
      onStdout: () => {
        proxy.cut();
      },
    });
    const error: unknown = await engine.runProcess(request, calm).catch((reason: unknown) => reason);
    expect(isAppError(error, 'ENGINE_UNREACHABLE', 'ENGINE_FAILED')).toBe(true);
    await fixture.engine.removeWorkspace(request.names, calm);
    expect(await left(request.names.box)).toEqual([]);
  });

  it('during which the engine is lost and comes back is an error or its true end', async () => {
    await using proxy = await startProxy();
    const engine = startDockerEngine({address: proxy.address, helperImage, imageReference: () => undefined});
    const request = fixture.process(await fixture.snapshot([]), shell('echo here; sleep 1; exit 6'), {
      onStdout: () => {
        proxy.blink();
      },
    });
    const ended = await engine.runProcess(request, calm).then((value) => value.exitCode, (error: unknown) => (isAppError(error) ? error.code : error));
    expect([6, 'ENGINE_UNREACHABLE', 'ENGINE_FAILED']).toContain(ended);
    await fixture.engine.removeWorkspace(request.names, calm);
  });
});

async function left(box: string): Promise<readonly string[]> {
  return (await fixture.engine.leftovers(calm)).map((item) => item.name).filter((name) => name.startsWith(box));
}

/** An engine that can be lost: a socket in front of the real one. */
async function startProxy() {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-test-'));
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(address.replace('unix://', ''));
    for (const [one, other] of [[near, far], [far, near]] as const) {
      open.add(one);
      one.on('error', () => undefined).on('close', () => { other.destroy(); });
      one.pipe(other);
    }
  });
  const path = join(directory, 'engine.sock');
  await new Promise<void>((resolve) => { server.listen(path, resolve); });
  const blink = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    address: `unix://${path}`,
    blink,
    cut: () => {
      server.close();
      blink();
    },
    async [Symbol.asyncDispose]() {
      blink();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, {recursive: true, force: true});
    },
  };
}
