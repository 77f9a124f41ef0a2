import {readFile, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {renderReportMarkdown} from '../../src/record/report-markdown.js';
import {Report} from '../../src/core/report.js';
import {readEvents} from '../../src/record/journal/journal.js';
import {bulkhead, honestTurns, journals, leftoversOf, runFlags, socket, startBulkhead, startProject, subtractTraffic, type Project} from './fixture.js';
import {startInTerminal} from './pty.js';

/** Works until a person lets it go on: what it waits for is made in its box, and nowhere else. */
const waiting = ['tools: [{bash: {command: "until [ -e /tmp/go ]; do sleep 0.1; done; echo went on"}}]', ...honestTurns];

async function startWaiting(project: Project): Promise<ReturnType<typeof startBulkhead>> {
  const run = startBulkhead(project, [...(await runFlags(project, {traffic: subtractTraffic(waiting)})), '--json']);
  for (let waited = 0; waited < 60_000; waited += 100) {
    const [journal] = await journals(project);
    const events = journal === undefined ? [] : await readEvents(journal).catch(() => []);
    if (events.some((event) => event.type === 'step.started' && event.step === 'tool/implementation/1/0')) return run;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the specialist does not begin');
}

async function entriesOf(project: Project): Promise<readonly unknown[]> {
  const events = await readEvents((await journals(project))[0] ?? '');
  return events.filter((event) => event.type === 'box.entered').map((event) => event.specialist);
}

const shell = (project: Project, ...args: readonly string[]): ReturnType<typeof bulkhead> => bulkhead(project, ['shell', 'latest', ...args]);
const codeOf = (stdout: string): unknown => (JSON.parse(stdout) as {readonly error?: {readonly code?: unknown}; readonly code?: unknown}).error?.code ?? (JSON.parse(stdout) as {readonly code?: unknown}).code;

test('a person works in the box of a specialist beside it, by command and by terminal, and the report says so', async () => {
  await using project = await startProject();
  const run = await startWaiting(project);
  const plain = await shell(project, 'implementation', '--', 'sh', '-c', 'pwd; printf "\\033]0;evil\\007\\n"; echo wrong >&2; cat; exit 7');
  expect(plain).toEqual({exitCode: 7, stdout: '/box/workspace\n\\x1b]0;evil\\x07\n', stderr: 'wrong\n'});
  const asJson = await shell(project, 'implementation', '--json', '--', 'id', '-u');
  expect(JSON.parse(asJson.stdout)).toMatchObject({specialist: 'implementation', exitCode: 0, stdout: '10001\n'});

  const nobody = await shell(project, 'nobody', '--json', '--', 'true');
  expect([nobody.exitCode, codeOf(nobody.stdout)]).toEqual([2, 'BOX_NOT_FOUND']);
  expect(nobody.stdout).toContain('implementation');
  expect((await shell(project, 'implementation')).exitCode).toBe(2);
  expect((await shell(project, 'implementation', '--')).exitCode).toBe(2);

  const terminal = startInTerminal(project, ['shell', 'latest', 'implementation']);
  await terminal.shows('Trust nothing');
  terminal.type('export PS1=; stty size; echo size-$((6 * 7))\r');
  await terminal.shows('size-42');
  expect(terminal.printed()).toContain('33 111');
  terminal.resize(21, 77);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  terminal.type('stty size; printf "raw\\033]0;title\\007-%s\\n" $((7 * 7)); echo $TERM\r');
  await terminal.shows('raw\u001b]0;title\u0007-49');
  await terminal.shows('xterm-256color');
  expect(terminal.printed()).toContain('21 77');
  terminal.type('echo before-$((1 + 1)); sleep 1000; echo after-$?\r');
  await terminal.shows('before-2');
  await new Promise((resolve) => setTimeout(resolve, 300));
  terminal.type('\u0003');
  terminal.type('\recho status-$?; touch /tmp/go; exit 9\r');
  expect(await terminal.exitCode).toBe(9);
  expect(terminal.printed()).toContain('status-130');

  const ended = await run.ended;
  expect(ended.exitCode, ended.stderr).toBe(0);
  const report = Report.parse(JSON.parse(ended.stdout));
  expect(report.specialists.map(({specialist, entered}) => [specialist, entered])).toEqual([['implementation', 3], ['test', undefined]]);
  expect(report.notes.some((note) => note.includes('implementation'))).toBe(true);
  expect(renderReportMarkdown(report)).toContain('A person was in the box of implementation');
  expect(await entriesOf(project)).toEqual(['implementation', 'implementation', 'implementation']);
  const late = await shell(project, 'implementation', '--json', '--', 'true');
  expect([late.exitCode, codeOf(late.stdout)]).toEqual([2, 'BOX_NOT_FOUND']);
  expect((await entriesOf(project)).length).toBe(3);
  expect(await leftoversOf(report.runId ?? '', socket)).toEqual([]);
}, 180_000);

test('what a person started ends when they go, and a box whose driver was killed can be entered too', async () => {
  await using project = await startProject();
  const run = await startWaiting(project);
  run.kill('SIGKILL');
  await run.ended;
  const gone = startBulkhead(project, ['shell', 'latest', 'implementation', '--', 'sh', '-c', 'trap "" TERM HUP INT; sleep 4321 & sleep 4321']);
  const counting = ['implementation', '--', 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n" | grep -c "^4321$"'] as const;
  for (let at = 0; at < 40 && (await shell(project, ...counting)).stdout !== '2\n'; at += 1);
  gone.kill('SIGTERM');
  expect((await gone.ended).exitCode).toBe(130);
  expect((await shell(project, ...counting)).stdout).toBe('0\n');

  const terminal = startInTerminal(project, ['shell', 'latest', 'implementation']);
  await terminal.shows('Trust nothing');
  terminal.type('export PS1=; trap "" INT; echo set-$((2 + 3))\r');
  await terminal.shows('set-5');
  terminal.type('\u001d\u001d\u001d');
  expect(await terminal.exitCode).toBe(129);
  expect((await shell(project, 'implementation', '--', 'touch', '/tmp/go')).exitCode).toBe(0);

  const resumed = await bulkhead(project, ['resume', '--json']);
  expect(resumed.exitCode, resumed.stderr).toBe(0);
  const report = Report.parse(JSON.parse(resumed.stdout));
  expect(report.specialists[0]?.entered).toBeGreaterThan(3);
  expect(await leftoversOf(report.runId ?? '', socket)).toEqual([]);
}, 180_000);

test('where there is no run there is no box, and nothing is made', async () => {
  await using project = await startProject();
  expect((await shell(project, 'implementation', '--', 'true')).exitCode).toBe(2);
  const state = join(project.home, 'state');
  expect(await readdir(state).catch(() => [])).toEqual([]);
  expect(await readFile(join(project.directory, 'src/add.js'), 'utf8')).toContain('add');
});
