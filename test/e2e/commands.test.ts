import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import {bulkhead, engineLeftovers, honestTurns, runFlags, startBulkhead, startProject, subtractTraffic, untilJournal, type Project} from './fixture.js';

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

async function killedRun(project: Project): Promise<void> {
  const traffic = subtractTraffic([honestTurns[1] ?? '', 'tools: [{bash: {command: "sleep 60"}}]', honestTurns[3] ?? '']);
  const child = startBulkhead(project, await runFlags(project, {traffic}));
  await untilJournal(project, (text) => text.includes('"step":"tool/implementation/2/0"'));
  child.kill('SIGKILL');
  await child.ended;
}

describe('clean', () => {
  test('keeps what an interrupted run still needs, and says how to go on; discard drops it', async () => {
    await using project = await startProject();
    await killedRun(project);
    const before = await engineLeftovers();
    expect(before.length).toBeGreaterThan(2);
    const cleaned = await bulkhead(project, ['clean']);
    expect([cleaned.exitCode, await engineLeftovers()]).toEqual([0, before]);
    expect(cleaned.stdout).toMatch(/kept container .*bulkhead resume/);
    expect((await bulkhead(project, ['discard', 'latest'])).exitCode).toBe(0);
  });

  test('keeps what no journal knows until that is asked for, and a dry run removes nothing', async () => {
    await using project = await startProject();
    await killedRun(project);
    await rm(join(project.home, 'state'), {recursive: true});
    const before = await engineLeftovers();
    expect((await bulkhead(project, ['clean'])).stdout).toContain('no journal here knows its run');
    expect((await bulkhead(project, ['clean', '--unknown', '--dry-run'])).stdout).toContain('would remove container');
    expect(await engineLeftovers()).toEqual(before);
    expect((await bulkhead(project, ['clean', '--unknown'])).exitCode).toBe(0);
  });
});
