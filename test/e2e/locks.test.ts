import {execFile} from 'node:child_process';
import {readFile, writeFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {expect, test} from 'vitest';
import {JournalEvent} from '../../src/core/journal.js';
import {bulkhead, honestTurns, journals, leftoversOf, runFlags, socket, startBulkhead, startProject, subtractTraffic, untilJournal, type Project} from './fixture.js';

/** Nothing of the run is on the engine; other tests may work there. */
async function expectNoLeftovers(journal: string): Promise<void> {
  expect(await leftoversOf(basename(dirname(journal)), socket)).toEqual([]);
}

/** A run that was killed while a specialist worked; what it does from there takes some seconds. */
async function startInterrupted(project: Project): Promise<string> {
  const slowTurns = [...honestTurns.slice(0, 1), 'tools: [{bash: {command: "sleep 3"}}]', ...honestTurns.slice(1)];
  const child = startBulkhead(project, await runFlags(project, {traffic: subtractTraffic(slowTurns)}));
  await untilJournal(project, (text) => text.includes('"step":"tool/implementation/1/0"'));
  child.kill('SIGKILL');
  await child.ended;
  const [journal = ''] = await journals(project);
  return journal;
}

test('two resumes at once: one wins, the other says so and exits', async () => {
  await using project = await startProject();
  const journal = await startInterrupted(project);
  const ended = await Promise.all([1, 2].map(() => bulkhead(project, ['resume', 'latest', '--json'])));
  const [won, lost] = [...ended].sort((a, b) => Number(a.exitCode) - Number(b.exitCode));
  expect([won?.exitCode, lost?.exitCode], `${won?.stderr ?? ''}${lost?.stderr ?? ''}`).toEqual([0, 3]);
  expect(JSON.parse(won?.stdout ?? '')).toMatchObject({verdict: 'verified'});
  expect(JSON.parse(lost?.stdout ?? '')).toMatchObject({error: {code: 'RUN_LOCKED'}});
  const events = (await readFile(journal, 'utf8')).trimEnd().split('\n').map((line) => JournalEvent.parse(JSON.parse(line)));
  expect(events.filter((event) => event.type === 'run.driven')).toHaveLength(2);
  await expectNoLeftovers(journal);
});

test('a lock that nobody can judge stops resume and discard, until a person says --take-over', async () => {
  await using project = await startProject();
  const journal = await startInterrupted(project);
  const lock = join(dirname(journal), 'lock');
  await promisify(execFile)('rm', ['-r', lock]);
  await writeFile(lock, 'from somewhere else\n');
  expect((await bulkhead(project, ['status'])).stdout).toContain('running');
  for (const command of ['resume', 'discard']) {
    const refused = await bulkhead(project, [command, 'latest']);
    expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching(/^RUN_LOCKED: [^]*resume \S+ --take-over/m)]);
  }
  expect((await bulkhead(project, ['resume', 'latest', '--take-over'])).exitCode).toBe(0);
  await expectNoLeftovers(journal);
});
