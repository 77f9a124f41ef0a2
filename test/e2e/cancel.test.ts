import {afterEach, expect, test} from 'vitest';
import {bulkhead, engineLeftovers, honestTurns, runFlags, startBulkhead, startProject, subtractTraffic, untilJournal, type Project} from './fixture.js';

afterEach(async () => {
  expect(await engineLeftovers()).toEqual([]);
});

/** The function is written, and then a command takes its time. */
const slow = subtractTraffic([...honestTurns.slice(1, 2), 'tools: [{bash: {command: "echo more > notes.txt; sleep 20"}}]', ...honestTurns.slice(3)]);

/** Starts a run and waits until that command is under way. */
async function startSlow(project: Project): Promise<ReturnType<typeof startBulkhead>> {
  const child = startBulkhead(project, await runFlags(project, {traffic: slow}));
  await untilJournal(project, (text) => text.includes('"step":"tool/implementation/2/0"') && text.includes('"type":"step.finished","step":"submission/test/first"'));
  return child;
}

async function statusOf(project: Project): Promise<string> {
  const [row] = JSON.parse((await bulkhead(project, ['status', 'latest', '--json'])).stdout) as {readonly status: string}[];
  return row?.status ?? '';
}

test('cancel ends a run that another process drives and keeps its work, also what was not handed in', async () => {
  await using project = await startProject();
  const child = await startSlow(project);
  const cancelled = await bulkhead(project, ['cancel', '--json']);
  expect(cancelled.exitCode, cancelled.stderr).toBe(0);
  expect(Object.keys((JSON.parse(cancelled.stdout) as {work: object}).work).sort()).toEqual(['implementation', 'test']);
  expect([(await child.ended).exitCode, await statusOf(project)]).toEqual([130, 'cancelled']);
  const {diff} = JSON.parse((await bulkhead(project, ['diff', 'latest', 'implementation', '--json'])).stdout) as {diff: string};
  expect(diff).toContain('export const subtract');
  expect(diff).toContain('notes.txt');
  expect((await bulkhead(project, ['resume', 'latest'])).stderr).toMatch(/^RUN_STATE/);
  expect((await bulkhead(project, ['cancel', 'latest'])).exitCode).toBe(2);
  expect((await project.git('branch', '--list', 'bulkhead/*')).trim()).toBe('');
});

test('cancel of a killed run brings home what its living box still holds', async () => {
  await using project = await startProject();
  const child = await startSlow(project);
  child.kill('SIGKILL');
  await child.ended;
  const cancelled = await bulkhead(project, ['cancel', '--json']);
  expect(cancelled.exitCode, cancelled.stderr).toBe(0);
  expect(await statusOf(project)).toBe('cancelled');
  expect((await bulkhead(project, ['diff', 'latest', 'implementation'])).stdout).toContain('notes.txt');
});

test('park stops a run that another process drives; resume goes on to the same verdict', async () => {
  await using project = await startProject();
  const child = await startSlow(project);
  const parked = await bulkhead(project, ['park', '--json']);
  expect(parked.exitCode, parked.stderr).toBe(0);
  expect([(await child.ended).exitCode, await statusOf(project)]).toEqual([130, 'parked']);
  expect((await bulkhead(project, ['park'])).stderr).toMatch(/^RUN_STATE/);
  const resumed = await bulkhead(project, ['resume', 'latest', '--json']);
  // The command that was cut off told the model so; the scripted model hands in anyhow, without its last file.
  expect(resumed.exitCode, resumed.stderr).toBe(0);
  const {specialists} = JSON.parse(resumed.stdout) as {specialists: {specialist: string; turns: number}[]};
  expect(specialists.find((one) => one.specialist === 'implementation')?.turns).toBe(3);
});
