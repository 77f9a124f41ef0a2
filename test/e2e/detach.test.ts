import {readdir, readFile, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {bulkhead, honestTurns, journals, leftoversOf, runFlags, socket, startProject, subtractTraffic, untilJournal, type Project} from './fixture.js';

interface Detached {
  readonly runId: string;
  readonly pid: number;
  readonly log: string;
}

function slowTraffic(): string {
  return subtractTraffic([honestTurns[1] ?? '', 'tools: [{bash: {command: "sleep 60"}}]', honestTurns[3] ?? '']);
}

async function statusOf(project: Project): Promise<string> {
  const [row] = JSON.parse((await bulkhead(project, ['status', 'latest', '--json'])).stdout) as readonly {readonly status: string}[];
  return row?.status ?? 'none';
}

describe('--detach', () => {
  test('returns when the run has begun, and the run comes to its verdict without a terminal, whatever hangs up', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, [...(await runFlags(project)), '--detach', '--json']);
    expect([ended.exitCode, ended.stderr]).toEqual([0, expect.not.stringContaining('verified')]);
    const {runId, pid, log} = JSON.parse(ended.stdout) as Detached;
    expect(await readFile((await journals(project))[0] ?? '', 'utf8')).toContain('"type":"run.driven"');
    // A session of its own: field 6 of proc(5) is the session, which a process leads when it is its own number.
    expect((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[3]).toBe(String(pid));
    process.kill(pid, 'SIGHUP');
    process.kill(pid, 'SIGHUP');
    const followed = await bulkhead(project, ['logs', runId, '-f']);
    expect([followed.exitCode, await statusOf(project), await leftoversOf(runId, socket)]).toEqual([0, 'verified', []]);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
    expect(await readFile(log, 'utf8')).toMatch(/verification 1 +verified[^]*"verdict": "verified"/);
  });

  test('goes on after SIGTERM by a detached resume', async () => {
    await using project = await startProject();
    const {runId, pid} = JSON.parse((await bulkhead(project, [...(await runFlags(project, {traffic: slowTraffic()})), '--max-parallel', '1', '--detach', '--json'])).stdout) as Detached;
    await untilJournal(project, (text) => text.includes('"step":"tool/implementation/2/0"'));
    process.kill(pid, 'SIGTERM');
    await bulkhead(project, ['logs', runId, '-f']);
    expect([await statusOf(project), await leftoversOf(runId, socket)]).toEqual(['parked', []]);
    const resumed = await bulkhead(project, ['resume', '--detach']);
    expect([resumed.exitCode, resumed.stdout]).toEqual([0, expect.stringMatching(new RegExp(`${runId}.*process \\d+[^]*bulkhead logs ${runId} -f`))]);
    await bulkhead(project, ['logs', runId, '-f']);
    expect(await statusOf(project)).toBe('verified');
    expect(await bulkhead(project, ['resume', runId, '--detach'])).toEqual(await bulkhead(project, ['resume', runId]));
  });

  test('fails on wrong input as without it, and leaves no run', async () => {
    await using project = await startProject();
    const good = await runFlags(project);
    const bad: readonly (readonly string[])[] = [
      ['run', '--json'],
      ['run', '--no-such-flag'],
      [...good, '--engine', 'unix:///nowhere.sock', '--json'],
      // Found by the process that would drive the run, when its folder is there already.
      [...good, '--events', 'no/such/folder'],
      ['resume', 'nothing', '--json'],
    ];
    for (const args of bad) {
      const plain = await bulkhead(project, args);
      expect(plain.exitCode, args.join(' ')).not.toBe(0);
      expect(await bulkhead(project, [...args, '--detach']), args.join(' ')).toEqual(plain);
    }
    expect((await bulkhead(project, ['run', '--detach', '--events', '-'])).stderr).toMatch(/^USAGE/);
    const state = join(project.home, 'state', 'bulkhead');
    const runs = await Promise.all((await readdir(state)).map((repository) => readdir(join(state, repository, 'runs')).catch(() => [])));
    expect([runs.flat(), dirname(state)]).toEqual([[], join(project.home, 'state')]);
  });
});
