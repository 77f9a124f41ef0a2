import {expect, it} from 'vitest';
import {out, sh, text, useEngine} from './engine-fixture.js';

const fixture = useEngine();

it.each([
  ['has ended', 'yes word; exit 5'],
  ['left a child that goes on writing', '(while :; do echo more; sleep 0.01; done) & yes word; exit 5'],
])('a command whose output filled all room, and that %s, is answered, and the box goes on', async (_, script) => {
  await using box = await fixture.box(await fixture.snapshot([]), {limits: {memoryMiB: 128, cpus: 1, pids: 64}});
  const {exitCode, timedOut, stdout} = await sh(box, script, {maxBytes: 10_000});
  expect({exitCode, timedOut, kept: stdout.head.length + stdout.tail.length}).toEqual({exitCode: 5, timedOut: false, kept: 10_000});
  expect(stdout.totalBytes).toBeGreaterThan(20_000_000);
  expect(text(stdout.tail)).toContain('word\nword\n');
  expect(await out(box, 'echo on')).toBe('on\n');
});
