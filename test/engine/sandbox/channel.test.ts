import {describe, expect, it} from 'vitest';
import {busyboxPath} from '../../../src/sandbox/box-script.js';
import {connectEngine} from '../../../src/sandbox/docker/connect.js';
import {startCalls} from '../../../src/sandbox/docker/calls.js';
import {startEngineCalls} from '../../../src/sandbox/docker/engine-call.js';
import {startSink} from '../../../src/sandbox/network-proof.js';
import {address, calm, file, helperImage, out, sh, startEngine, text, useEngine} from './engine-fixture.js';

const fixture = useEngine();

/** Counts the processes with such an argument. */
const alive = (argument: string): string => `cat /proc/[0-9]*/cmdline | tr "\\0" "\\n" | grep -c "^${argument}$" || true`;

describe('the channel of a box', () => {
  it('runs the image’s own programs, not those that it brings along, also when they are shadowed', async () => {
    await using box = await fixture.box(await fixture.snapshot([]), {env: {PATH: '/tmp/bin:/usr/local/bin:/usr/bin:/bin'}});
    expect(text((await sh(box, '', {argv: ['ls', '--version']})).stdout.head)).toContain('coreutils');
    await out(box, 'mkdir /tmp/bin; for name in sh cat head stat setsid git; do printf "#!/bin/bash\\necho forged\\n" >/tmp/bin/$name; chmod +x /tmp/bin/$name; done');
    expect(text((await sh(box, '', {argv: ['cat', '/dev/null']})).stdout.head)).toBe('forged\n');
    const exact = await sh(box, 'printf "a\\000b"; exit 3');
    expect([exact.exitCode, text(exact.stdout.head)]).toEqual([3, 'a\0b']);
  });

  it('ends also the children that left the group of a command, and none of an earlier one', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    await out(box, 'setsid sleep 411 >/dev/null 2>&1 & echo started >/dev/null');
    const late = await sh(box, '(setsid sh -c "trap \\"\\" TERM; sleep 412" &) ; sleep 413', {timeoutMs: 1000});
    expect(late.timedOut).toBe(true);
    expect(await out(box, alive('41[23]'))).toBe('0\n');
    expect(await out(box, alive('411'))).toBe('1\n');
  });

  it('starts a command with no signal ignored, and tells which one ended it', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    for (const [name, code] of [['INT', 130], ['QUIT', 131], ['TERM', 143], ['HUP', 129], ['KILL', 137]] as const) expect((await sh(box, `kill -${name} $$; sleep 5`)).exitCode, name).toBe(code);
    expect(await out(box, 'grep SigIgn /proc/self/status')).toBe('SigIgn:\t0000000000000000\n');
    expect((await sh(box, 'trap "exit 7" INT; kill -INT $$; sleep 5')).exitCode).toBe(7);
  });

  it('opens again when its session was killed from inside', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    await out(box, 'true');
    const killed = await sh(box, 'kill -KILL $PPID; sleep 3');
    expect(killed.exitCode).toBe(255);
    expect(await out(box, 'echo again')).toBe('again\n');
  });

  it('outlives a fork bomb, or its box is ended and says so', async () => {
    await using box = await fixture.box(await fixture.snapshot([]), {limits: {memoryMiB: 256, cpus: 1, pids: 64}});
    const bomb = await sh(box, 'b() { b | b & }; b; sleep 2; exit 0', {timeoutMs: 4000}).then((result) => result.exitCode, (error: unknown) => (error as {readonly code: string}).code);
    expect(typeof bomb === 'number' || bomb === 'ENGINE_FAILED').toBe(true);
    const after = await sh(box, 'echo alive').then((result) => text(result.stdout.head), (error: unknown) => (error as {readonly code: string}).code);
    expect(['alive\n', '', 'ENGINE_FAILED']).toContain(after);
  });

  it('holds a connection, so that the process goes on, until its engine is disposed; the box lives on', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const connections = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap' || kind === 'TCPSocketWrap').length;
    const engine = startEngine();
    const again = await engine.findBox(box.name, calm);
    const before = connections();
    expect(again && (await out(again, 'echo here'))).toBe('here\n');
    expect(connections()).toBe(before + 1);
    await engine[Symbol.asyncDispose]();
    await expect.poll(connections).toBeLessThanOrEqual(before);
    expect(await out(box, 'echo alive')).toBe('alive\n');
  });

  it('leaves nothing but its boxes on the engine when it is disposed, the lookout over their disk included', async () => {
    const engine = startEngine();
    const box = await engine.startBox(fixture.request(fixture.names(await fixture.snapshot([]))), calm);
    const ofBox = async (): Promise<readonly string[]> => (await fixture.engine.leftovers(calm)).filter((item) => item.kind === 'container' && item.name.startsWith(box.name)).map((item) => item.name).sort();
    await expect.poll(ofBox, {timeout: 10_000}).toEqual([box.name, `${box.name}-lookout`]);
    await engine[Symbol.asyncDispose]();
    expect(await ofBox()).toEqual([box.name]);
  });

  it('is watched by two handles that do not take away each other’s lookout, and leave none', async () => {
    const box = await fixture.box(await fixture.snapshot([]));
    const ofBox = async (): Promise<readonly string[]> => (await fixture.engine.leftovers(calm)).filter((item) => item.kind === 'container' && item.name.startsWith(box.name)).map((item) => item.name).sort();
    await expect.poll(ofBox, {timeout: 10_000}).toContain(`${box.name}-lookout`);
    const engine = startEngine();
    await engine.findBox(box.name, calm);
    await expect.poll(ofBox, {timeout: 10_000}).toEqual([box.name, `${box.name}-lookout`, `${box.name}-lookout-2`]);
    await engine[Symbol.asyncDispose]();
    expect(await ofBox()).toEqual([box.name, `${box.name}-lookout`]);
    await box[Symbol.asyncDispose]();
    expect((await fixture.engine.leftovers(calm)).filter((item) => item.name.startsWith(box.name) && item.name.includes('lookout'))).toEqual([]);
  });

  it('takes a command of many lines, quotes and bytes as it is', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const odd = ["it's", 'line\nbreak\n', '$(id) `id` \\', '\u00fc\u{1f30a}', '*', ''];
    const said = await sh(box, '', {argv: ['printf', '%s|', ...odd]});
    expect(text(said.stdout.head)).toBe(odd.map((word) => `${word}|`).join(''));
    const stdin = Buffer.from([0, 10, 13, 255, 39, 92]);
    expect([...(await sh(box, 'cat', {stdin})).stdout.head]).toEqual([...stdin]);
  });
});

describe('the network of a box', () => {
  it('[N01] [N04] reaches no live listener of this machine; the same box on a bridge does', async () => {
    const snapshot = await fixture.snapshot([file('a', 'A')]);
    await using sink = await startSink();
    const attempts = `for a in ${sink.addresses.map((one) => one.replace(':', ' ')).join(', ').replaceAll(', ', '" "').replace(/^/, '"').replace(/$/, '"')}; do ${busyboxPath} nc -w 1 $a </dev/null && echo "reached $a"; done; true`;
    await using box = await fixture.box(snapshot);
    expect(await sh(box, attempts).then((result) => text(result.stdout.head))).toBe('');
    expect(sink.came()).toBe(0);
    const client = connectEngine(address);
    const name = `bulkhead-${fixture.ownership.runId}-bridged`;
    const container = await client.createContainer({
      name, Image: helperImage, Entrypoint: ['sleep'], Cmd: ['60'], User: '10001:10001', Labels: {'dev.bulkhead.run': fixture.ownership.runId}, Env: ['HOME=/home/agent'],
      HostConfig: {NetworkMode: 'bridge', Binds: [`${snapshot}:/opt/bulkhead:ro`], Tmpfs: {'/run': 'rw,uid=10001', '/home/agent': 'rw,uid=10001', '/box/workspace': 'rw,uid=10001'}},
    });
    await container.start();
    await using calls = startCalls(startEngineCalls(address, helperImage), name);
    const twin = await calls.exec({id: 'twin', argv: ['/bin/sh', '-c', attempts], timeoutMs: 30_000, maxBytes: 4096, signal: calm});
    expect(text(twin.stdout.head)).toContain('reached');
    expect(sink.came()).toBeGreaterThan(0);
    expect(await calls.prove(calm)).toMatch(/network device|route|reached/);
  });
});
