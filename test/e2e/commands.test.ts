import {afterEach, describe, expect, test} from 'vitest';
import {bulkhead, engineLeftovers, startProject} from './fixture.js';

afterEach(async () => {
  expect(await engineLeftovers()).toEqual([]);
});

interface Probe {
  readonly name: string;
  readonly outcome: string;
  readonly fix?: string;
}

describe('setup and doctor', () => {
  test('setup on a machine that is ready installs and builds nothing', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, ['setup', '--json']);
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
    expect(JSON.parse(ended.stdout)).toMatchObject({engine: {outcome: 'answered'}});
  });

  test('doctor tries what a run needs, and leaves nothing', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, ['doctor', '--json']);
    expect(ended.exitCode).toBe(0);
    const probes = JSON.parse(ended.stdout) as readonly Probe[];
    for (const name of ['git', 'engine', 'network', 'overlay', 'limit of memory', 'limit of processes']) expect(probes).toContainEqual(expect.objectContaining({name, outcome: 'ok'}));
    expect(probes).toContainEqual(expect.objectContaining({name: 'model key', outcome: 'warn'}));
  });

  test('doctor without an engine fails with the way out', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, ['doctor', '--engine', 'unix:///nowhere.sock', '--json']);
    expect(ended.exitCode).toBe(3);
    expect(JSON.parse(ended.stdout)).toContainEqual(expect.objectContaining({name: 'engine', outcome: 'fail'}));
  });
});

describe('schema', () => {
  test.each(['manifest', 'config', 'user-config', 'report', 'events', 'traffic'])('%s is a JSON Schema', async (name) => {
    await using project = await startProject();
    const ended = await bulkhead(project, ['schema', name]);
    const schema = JSON.parse(ended.stdout) as Readonly<Record<string, unknown>>;
    expect([ended.exitCode, typeof schema['$schema']]).toEqual([0, 'string']);
    expect(Object.keys(schema).some((key) => ['properties', 'oneOf', 'anyOf'].includes(key))).toBe(true);
  });

  test('a name that is none is USAGE, also one that every object has', async () => {
    await using project = await startProject();
    for (const name of ['nothing', 'constructor', '__proto__']) expect((await bulkhead(project, ['schema', name])).stderr).toMatch(/^USAGE/);
  });
});
