import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {calm, file, helperImage, out, sh, text, useEngine} from './engine-fixture.js';

const fixture = useEngine();
const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', (error: unknown) => (isAppError(error) ? error.code : error));

describe('a command in a box', () => {
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
