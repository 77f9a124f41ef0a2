import {mkdir, rm, writeFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import Docker from 'dockerode';
import {afterEach, describe, expect, test} from 'vitest';
import {bulkhead, honestTurns, journals, leftoversOf, pruneRun, runFlags, socket, startBulkhead, startProject, subtractTraffic, untilJournal, type Project} from './fixture.js';

const docker = new Docker({socketPath: socket});

/** Runs that a test here has made; other suites may have theirs on the same engine. */
const mine: string[] = [];
afterEach(async () => {
  for (const runId of mine.splice(0)) expect(await leftoversOf(runId, socket)).toEqual([]);
});

async function runIdOf(project: Project): Promise<string> {
  const [journal = ''] = await journals(project);
  const runId = basename(dirname(journal));
  mine.push(runId);
  return runId;
}

async function killedRun(project: Project): Promise<string> {
  const traffic = subtractTraffic([honestTurns[1] ?? '', 'tools: [{bash: {command: "sleep 60"}}]', honestTurns[3] ?? '']);
  const child = startBulkhead(project, await runFlags(project, {traffic}));
  await untilJournal(project, (text) => text.includes('"step":"tool/implementation/2/0"'));
  child.kill('SIGKILL');
  await child.ended;
  return runIdOf(project);
}

describe('clean', () => {
  test('keeps what an interrupted run still needs, whatever is asked, and says how to go on; discard drops it', async () => {
    await using project = await startProject();
    const runId = await killedRun(project);
    const before = await leftoversOf(runId, socket);
    expect(before.length).toBeGreaterThan(2);
    const cleaned = await bulkhead(project, ['clean', '--older-than', '0h']);
    expect([cleaned.exitCode, await leftoversOf(runId, socket)]).toEqual([0, before]);
    expect(cleaned.stdout).toMatch(/kept +container .*bulkhead resume/);
    expect((await bulkhead(project, ['discard', 'latest'])).exitCode).toBe(0);
  });

  test('keeps what no journal knows until that is asked for and it is old, and a dry run removes nothing', async () => {
    await using project = await startProject();
    const runId = await killedRun(project);
    await rm(join(project.home, 'state'), {recursive: true});
    const before = await leftoversOf(runId, socket);
    expect((await bulkhead(project, ['clean'])).stdout).toContain('no journal here knows its run');
    expect((await bulkhead(project, ['clean', '--unknown'])).stdout).toMatch(/kept .*only 0 h old/);
    // Without --dry-run this would take what other suites have on the same engine.
    expect((await bulkhead(project, ['clean', '--unknown', '--older-than', '0h', '--dry-run'])).stdout).toMatch(/would quarantine +volume .*-test-first-0-upper/);
    expect(await leftoversOf(runId, socket)).toEqual(before);
    await pruneRun(runId);
  });

  test('puts a delivered run into quarantine when an age is given, and brings it back', async () => {
    await using project = await startProject();
    await bulkhead(project, await runFlags(project));
    const runId = await runIdOf(project);
    expect((await bulkhead(project, ['clean'])).stdout).toMatch(new RegExp(`kept +run +${runId}`));
    expect((await bulkhead(project, ['clean', '--older-than', '0h'])).stdout).toContain(`bulkhead clean --restore ${runId}`);
    expect((await bulkhead(project, ['status', runId])).stderr).toMatch(/^RUN_NOT_FOUND/);
    expect((await bulkhead(project, ['clean', '--restore', runId])).exitCode).toBe(0);
    expect((await bulkhead(project, ['status', runId])).stdout).toContain('verified');
    expect((await bulkhead(project, ['clean', '--restore', runId])).stderr).toMatch(/^RUN_NOT_FOUND/);
  });

  test('without an engine removes nothing and says so; its usage is told all the same', async () => {
    await using project = await startProject();
    const away = ['--engine', 'unix:///nowhere.sock'];
    const cleaned = await bulkhead(project, ['clean', ...away]);
    expect([cleaned.exitCode, cleaned.stderr]).toEqual([3, expect.stringMatching(/^ENGINE_UNREACHABLE/)]);
    const usage = await bulkhead(project, ['clean', '--usage', '--json', ...away]);
    expect(usage.exitCode).toBe(0);
    expect(JSON.parse(usage.stdout)).toMatchObject({rows: [], usage: {state: {stores: []}}});
  });

  test('an age that is none is USAGE', async () => {
    await using project = await startProject();
    for (const age of ['5m', '-1d', '', '99999d']) expect((await bulkhead(project, ['clean', '--older-than', age])).stderr, age).toMatch(/^USAGE/);
  });
});

describe('a new run', () => {
  test('first removes what ended runs left on the engine', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    await bulkhead(project, flags);
    const runId = await runIdOf(project);
    await docker.createVolume({Name: `bulkhead-${runId}-left`, Labels: {'dev.bulkhead.run': runId, 'dev.bulkhead.owner': 'x'}});
    const again = await bulkhead(project, flags);
    expect([again.exitCode, await leftoversOf(runId, socket)]).toEqual([0, []]);
  });

  test('is refused while the state folder is over its budget, before anything is made; a repository may not set it', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    const big = join(project.home, 'state/bulkhead/other-12345678/base-results');
    await mkdir(big, {recursive: true});
    await writeFile(join(big, 'big'), Buffer.alloc(3_000_000, 1));
    await mkdir(join(project.home, 'config/bulkhead'), {recursive: true});
    await writeFile(join(project.home, 'config/bulkhead/config.yml'), 'disk: {budgetGiB: 0.001}\n');
    const refused = await bulkhead(project, flags);
    expect([refused.exitCode, refused.stderr, await journals(project)]).toEqual([3, expect.stringMatching(/^DISK_BUDGET/m), []]);
    await writeFile(join(project.home, 'config/bulkhead/config.yml'), 'disk: {budgetGiB: 0.0035}\n');
    const warned = await bulkhead(project, flags);
    expect([warned.exitCode, warned.stderr]).toEqual([0, expect.stringContaining('bulkhead clean --usage')]);
    await project.put('bulkhead.yml', 'disk: {budgetGiB: 1000}\n');
    expect((await bulkhead(project, flags)).stderr).toMatch(/^CONFIG_KEY_NOT_ALLOWED/m);
  });
});
