import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {calm, file, helperImage, out, sh, startEngine, text, useEngine} from './engine-fixture.js';

const fixture = useEngine();
const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', (error: unknown) => (isAppError(error) ? error.code : error));

/** Counts the processes with such an argument. */
const alive = (argument: string): string => `cat /proc/[0-9]*/cmdline | tr "\\0" "\\n" | grep -c "^${argument}$" || true`;

describe('a command in a box', () => {
  it('gives back utf-8, exit codes and both streams apart', async () => {
    await using box = await fixture.box(await fixture.snapshot([file('a', 'A')]));
    const result = await sh(box, 'printf "gr\\303\\274n \\360\\237\\214\\212"; printf wrong >&2; exit 7');
    expect({...result, stdout: text(result.stdout.head), stderr: text(result.stderr.head)}).toEqual({exitCode: 7, timedOut: false, ranInto: [], stdout: 'grün 🌊', stderr: 'wrong'});
    expect((await sh(box, 'true')).exitCode).toBe(0);
    expect((await sh(box, 'kill -TERM $$')).exitCode).toBe(143);
    expect((await sh(box, 'kill -KILL $$')).exitCode).toBe(137);
    expect((await sh(box, '', {argv: ['no-such-program']})).exitCode).toBe(127);
    const odd = ['printf', '%s|', 'a b', '$HOME', '*', '-n', "it's", 'line\nbreak', ''];
    expect(text((await sh(box, '', {argv: odd})).stdout.head)).toBe('a b|$HOME|*|-n|it\'s|line\nbreak||');
  });

  it('keeps head and tail of a large output, and its true length', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const result = await sh(box, 'printf START; head -c 20000000 /dev/zero | tr "\\0" x; printf END', {maxBytes: 1001});
    expect(result.stdout.totalBytes).toBe(20_000_008);
    expect([result.stdout.head.length, result.stdout.tail.length]).toEqual([501, 500]);
    expect(text(result.stdout.head).startsWith('STARTxx')).toBe(true);
    expect(text(result.stdout.tail).endsWith('xxEND')).toBe(true);
    const exact = await sh(box, 'head -c 1001 /dev/zero', {maxBytes: 1001});
    expect([exact.stdout.head.length, exact.stdout.tail.length, exact.stdout.totalBytes]).toEqual([1001, 0, 1001]);
  });

  it('does not wait for a child that keeps stdout open', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const result = await sh(box, 'sleep 304 & echo started', {timeoutMs: 100_000});
    expect([result.exitCode, text(result.stdout.head)]).toEqual([0, 'started\n']);
    expect(await out(box, alive('304'))).toBe('1\n');
  });

  it('ends the whole process group at the time limit, stubborn children too', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const result = await sh(box, 'trap "" TERM; sh -c \'trap "" TERM; sleep 305\' & echo before; sleep 306', {timeoutMs: 1000});
    expect([result.exitCode, result.timedOut, text(result.stdout.head)]).toEqual([124, true, 'before\n']);
    expect(await out(box, alive('30[56]'))).toBe('0\n');
  });

  it('gets five megabytes of stdin, byte by byte, and none when there is none', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const stdin = Buffer.alloc(5_000_000, 'abcdefg\n');
    expect((await sh(box, 'sha256sum | cut -c1-64', {stdin})).stdout.head).toEqual((await sh(box, 'yes abcdefg | head -c 5000000 | sha256sum | cut -c1-64')).stdout.head);
    expect(text((await sh(box, 'wc -c')).stdout.head).trim()).toBe('0');
  });

  it('runs beside others in one box', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const all = await Promise.all(Array.from({length: 8}, (_, index) => sh(box, `sleep 0.3; echo ${index}`)));
    expect(all.map((result) => text(result.stdout.head))).toEqual(['0\n', '1\n', '2\n', '3\n', '4\n', '5\n', '6\n', '7\n']);
  });

  it('is ended by an abort, with its children, and rejects with the reason', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const stop = new AbortController();
    const running = sh(box, 'sleep 307 & echo here >/tmp/here; sleep 308', {signal: stop.signal});
    while ((await sh(box, 'test -e /tmp/here')).exitCode !== 0);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(await out(box, alive('30[78]'))).toBe('0\n');
  });

  it('can be looked up again, also by another process', async () => {
    const box = await fixture.box(await fixture.snapshot([]));
    const later = await startEngine().findBox(box.name, calm);
    expect(await later?.recall('never', calm)).toEqual({state: 'absent'});
    const running = sh(box, 'while [ ! -e /tmp/go ]; do sleep 0.05; done; echo out; echo err >&2; exit 3', {id: 'slow'});
    while ((await later?.recall('slow', calm))?.state !== 'running');
    await sh(box, ': >/tmp/go');
    const result = await running;
    expect(result.exitCode).toBe(3);
    expect(await later?.recall('slow', calm)).toEqual({state: 'done', result});
    expect((await sh(box, 'echo again', {id: 'slow'})).exitCode).toBe(255);
    await box.stop(calm);
    expect(await startEngine().findBox(box.name, calm)).toBeUndefined();
  });

  it('on a dead box is ENGINE_FAILED, and so is one during which the box dies', async () => {
    const box = await fixture.box(await fixture.snapshot([]));
    const running = code(sh(box, ': >/tmp/here; sleep 300'));
    while ((await sh(box, 'test -e /tmp/here')).exitCode !== 0);
    await box.stop(calm);
    expect(await running).toBe('ENGINE_FAILED');
    expect(await code(sh(box, 'true'))).toBe('ENGINE_FAILED');
    expect(await code(box.recall('x', calm))).toBe('ENGINE_FAILED');
    await box.stop(calm);
  });

  it('that tampers with its own records costs only itself', async () => {
    await using box = await fixture.box(await fixture.snapshot([]));
    const forged = await sh(box, 'd=/run/bulkhead/forged; (while [ ! -e $d.done ]; do :; done; echo "0 0 0 99999999999999999999" >$d.done) & exit 9', {id: 'forged'});
    expect([9, 255]).toContain(forged.exitCode);
    await sh(box, 'sleep 0.2');
    const again = await box.recall('forged', calm);
    expect(again.state === 'done' && again.result.exitCode).toBe(255);
    await sh(box, 'echo 1 >/run/bulkhead/future.started');
    expect((await sh(box, 'true', {id: 'future'})).exitCode).toBe(255);
    expect((await sh(box, 'kill -KILL $PPID', {argv: ['/bin/sh', '-c', 'kill -KILL $PPID; sleep 1']})).exitCode).toBe(255);
    await sh(box, 'ln -s / away; ln -s /proc/self/fd/9 gone');
    expect(text((await sh(box, 'pwd -P', {cwd: 'away'})).stdout.head)).toBe('/\n');
    expect((await sh(box, 'true', {cwd: 'gone'})).exitCode).toBe(126);
    expect(await out(box, 'pwd')).toBe('/box/workspace\n');
  });
});

describe('a box', () => {
  it('is unprivileged, offline, read-only and limited', async () => {
    await using box = await fixture.box(await fixture.snapshot([]), {env: {MINE: 'yes'}, limits: {memoryMiB: 300, cpus: 0.5, pids: 77}});
    expect(await out(box, 'id -u; id -g; id -G')).toBe('10001\n10001\n10001\n');
    expect(await out(box, 'ls /sys/class/net; tail -n +2 /proc/net/route | wc -l')).toBe('lo\n0\n');
    expect(await out(box, 'grep -E "^(Cap(Eff|Prm|Bnd|Inh|Amb)|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\\t"')).toBe(
      'CapInh:0000000000000000\nCapPrm:0000000000000000\nCapEff:0000000000000000\nCapBnd:0000000000000000\nCapAmb:0000000000000000\nNoNewPrivs:1\nSeccomp:2\n',
    );
    expect((await sh(box, ': >/usr/bin/x')).exitCode).not.toBe(0);
    expect(await out(box, 'grep " / " /proc/mounts | grep -c " ro,"')).toBe('1\n');
    expect(await out(box, 'cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes')).toBe(`${300 * 1024 * 1024}\n`);
    expect(await out(box, 'cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max')).toBe('77\n');
    expect(await out(box, 'ulimit -n; ulimit -c; echo "$HOME $LANG $TZ $MINE"')).toBe('4096\n0\n/home/agent C.UTF-8 UTC yes\n');
    expect(await out(box, 'for d in /tmp "$HOME" /box/workspace; do echo "#!/bin/sh\necho runs" >$d/p; chmod +x $d/p; $d/p; done')).toBe('runs\nruns\nruns\n');
    expect(await out(box, 'cat /proc/mounts | grep -c docker.sock || true')).toBe('0\n');
    expect((await sh(box, 'unshare -U true')).exitCode).not.toBe(0);
  });

  it('neither uses nor keeps the volumes, entrypoint and health check of a hostile image', async () => {
    const hostile = await hostileImage();
    try {
      await using box = await fixture.box(await fixture.snapshot([file('a', 'A')]), {image: await fixture.engine.lockImage(hostile.id, calm)});
      expect(await out(box, 'cat a; grep " /data " /proc/mounts | cut -d" " -f3')).toBe('Atmpfs\n');
      expect(await code(fixture.box(await fixture.snapshot([]), {image: await fixture.engine.lockImage(hostile.inside, calm)}))).toBe('CONFIG_INVALID');
    } finally {
      await hostile.remove();
    }
  });

  it('starts over what an earlier one of its name left, and is gone after removal', async () => {
    const snapshot = await fixture.snapshot([file('a', 'A')]);
    const names = fixture.names(snapshot);
    const first = await fixture.engine.startBox(fixture.request(names), calm);
    await sh(first, 'echo changed >a; echo more >b');
    const second = await fixture.engine.startBox(fixture.request(names), calm);
    expect(await out(second, 'cat a; ls')).toBe('Aa\n');
    expect(await fixture.engine.hasWorkspace(names, calm)).toBe(true);
    await second[Symbol.asyncDispose]();
    expect(await fixture.engine.findBox(names.box, calm)).toBeUndefined();
    expect(await fixture.engine.hasWorkspace(names, calm)).toBe(true);
    await fixture.engine.removeWorkspace(names, calm);
    await fixture.engine.removeWorkspace(names, calm);
    expect(await fixture.engine.hasWorkspace(names, calm)).toBe(false);
    await fixture.engine.removeSnapshot(snapshot, calm);
    await fixture.engine.removeSnapshot(snapshot, calm);
    expect((await fixture.engine.leftovers(calm)).filter((item) => item.name.startsWith(names.box) || item.name === snapshot)).toEqual([]);
  });

  it('without a snapshot or image does not start, and leaves nothing', async () => {
    const names = fixture.names('bulkhead-no-such-snapshot');
    expect(await code(fixture.engine.startBox(fixture.request(names), calm))).toBe('ENGINE_FAILED');
    const missing = {...fixture.image(), id: `sha256:${'0'.repeat(64)}`};
    const other = fixture.names(await fixture.snapshot([]));
    expect(await code(fixture.engine.startBox(fixture.request(other, {image: missing}), calm))).toBe('IMAGE_MISSING');
    expect((await fixture.engine.leftovers(calm)).filter((item) => item.name.startsWith(names.box) || item.name.startsWith(other.box))).toEqual([]);
  });
});

describe('an engine', () => {
  it('says what it is', async () => {
    const facts = await fixture.engine.facts(calm);
    expect(facts.runtimes).toContain('runc');
    expect(facts.version).toMatch(/^\d+\./);
  });

  it('locks an image by content and names what is missing', async () => {
    const image = fixture.image();
    expect(image.reference).toBe('node');
    expect(image.id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(image.diffIds.length).toBeGreaterThan(0);
    expect(await code(fixture.engine.lockImage('bulkhead/no-such-image:x', calm))).toBe('IMAGE_MISSING');
    expect(await code(fixture.engine.lockImage('../containers', calm))).toBe('IMAGE_MISSING');
  });

  it('that is not there is ENGINE_UNREACHABLE', async () => {
    const away = startDockerEngine({address: 'unix:///nonexistent/engine.sock', helperImage, imageReference: () => undefined});
    expect(await code(away.facts(calm))).toBe('ENGINE_UNREACHABLE');
    expect(await code(away.leftovers(calm))).toBe('ENGINE_UNREACHABLE');
  });

  it('leaves alone what it did not make, whatever its name', async () => {
    const name = `bulkhead-${fixture.ownership.runId}-foreign`;
    const client = await rawClient();
    await client.createVolume({Name: name, Labels: {'dev.bulkhead.runs': 'x'}});
    try {
      expect((await fixture.engine.leftovers(calm)).map((item) => item.name)).not.toContain(name);
      expect(await code(fixture.engine.removeSnapshot(name, calm))).toBe('ENGINE_FAILED');
      expect(await code(fixture.engine.remove({kind: 'volume', name, ...fixture.ownership}, calm))).toBe('ENGINE_FAILED');
      expect((await client.getVolume(name).inspect()).Name).toBe(name);
    } finally {
      await client.getVolume(name).remove();
    }
  });
});

async function rawClient() {
  const {connectEngine} = await import('../../../src/sandbox/docker/connect.js');
  const {address} = await import('./engine-fixture.js');
  return connectEngine(address);
}

async function hostileImage() {
  const client = await rawClient();
  const container = await client.createContainer({Image: fixture.image().id, Cmd: ['true'], Labels: {'dev.bulkhead.run': fixture.ownership.runId}});
  const commit = async (changes: string) => ((await container.commit({changes, repo: `bulkhead-test/${fixture.ownership.runId}`, tag: changes.length})) as {Id: string}).Id;
  const id = await commit('VOLUME ["/data","/box"]\nENTRYPOINT ["/bin/false"]\nHEALTHCHECK CMD /bin/false');
  const inside = await commit('VOLUME /box/workspace/deep');
  await container.remove();
  return {
    id,
    inside,
    async remove() {
      for (const image of [id, inside]) await client.getImage(image).remove({force: true});
    },
  };
}
