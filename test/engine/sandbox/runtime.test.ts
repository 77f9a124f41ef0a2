import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {imageReference} from '../../../src/sandbox/images/catalog.js';
import {requireGvisor} from '../../../src/sandbox/runtime/probe.js';
import {address, calm, changes, file, helperImage, out, sh, text, useEngine} from './engine-fixture.js';

const fixture = useEngine();
const engineOf = (runtime: string) => startDockerEngine({address, helperImage, imageReference, runtime});

describe('gVisor', () => {
  it('gives a box a kernel of its own, in which calls, stop and export work', async () => {
    const engine = engineOf('runsc');
    const names = fixture.names(await fixture.snapshot([file('a', 'A'), file('gone')]));
    await using box = await engine.startBox(fixture.request(names), calm);
    expect(await out(box, '/opt/bulkhead/tools/busybox dmesg | head -n 1')).toContain('Starting gVisor');
    expect(await out(box, 'id -u; cat a; rm gone; echo new >new')).toBe('10001\nA');
    expect((await sh(box, 'sleep 300', {timeoutMs: 1000})).exitCode).toBe(124);
    await box.stop(calm);
    expect(await changes(engine, {names, ownership: fixture.ownership})).toEqual(['deleted gone', 'file new 4 "new\\n"']);
  });

  it('runs the code under test to its end', async () => {
    const chunks: Uint8Array[] = [];
    const request = fixture.process(await fixture.snapshot([file('a', 'content')]), ['/bin/sh', '-c', 'cat a; exit 3'], {onStdout: (chunk) => void chunks.push(Buffer.from(chunk))});
    expect((await engineOf('runsc').runProcess(request, calm)).exitCode).toBe(3);
    expect(text(Buffer.concat(chunks))).toBe('content');
  });

  it('that another runtime only claims to be is refused', async () => {
    const refused: unknown = await requireGvisor({engine: engineOf('runc'), ownership: fixture.ownership}, 'runc', calm).catch((error: unknown) => error);
    expect(isAppError(refused, 'ENGINE_UNFIT') && refused.details['failed']).toEqual(['kernel']);
  });
});

describe('the profile verify', () => {
  it('has another user than that of agents, to whom its own snapshot belongs', async () => {
    const snapshot = await fixture.snapshot([file('a', 'A\n')], {profile: 'verify'});
    await using box = await fixture.engine.startBox(fixture.request(fixture.names(snapshot), {profile: 'verify'}), calm);
    expect(await out(box, 'id -u; id -g; echo more >>a; chmod 600 a; touch -d 2001-01-01 a; mkdir new; cat a')).toBe('10002\n10001\nA\nmore\n');
  });

  it('can read, and not change, what belongs to an agent', async () => {
    const request = fixture.process(await fixture.snapshot([file('a', 'A')]), ['/bin/sh', '-c', 'cat a || exit 9; { echo more >>a; } 2>/dev/null && exit 8; exit 4']);
    expect((await fixture.engine.runProcess(request, calm)).exitCode).toBe(4);
  });
});
