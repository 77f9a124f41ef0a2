import {mkdtempSync, rmSync} from 'node:fs';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {address, calm, helperImage, useEngine} from './engine-fixture.js';

const fixture = useEngine();
const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];

describe('a process', () => {
  it('is over when its main process is, whatever holds its output, and not before', async () => {
    const snapshot = await fixture.snapshot([]);
    expect((await fixture.engine.runProcess(fixture.process(snapshot, shell('sleep 300 & exit 4')), calm)).exitCode).toBe(4);
    expect((await fixture.engine.runProcess(fixture.process(snapshot, shell('exec >&- 2>&-; sleep 1; exit 5')), calm)).exitCode).toBe(5);
    expect((await fixture.engine.runProcess(fixture.process(snapshot, ['no-such-program']), calm)).exitCode).toBe(127);
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
