import {spawn, type ChildProcess} from 'node:child_process';
import {writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {basename, dirname, join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {describe, expect, test} from 'vitest';
import type {Report} from '../../src/core/report.js';
import {bulkhead, honestTurns, journals, leftoversOf, main, runFlags, socket, startProject, subtractTraffic, untilJournal, type Project} from './fixture.js';

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{readonly exitCode: number | null; readonly stderr: string}>;
}

/** The leader of a process group of its own, as a shell or a service manager starts it. */
function start(project: Project, args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [main, ...args], {cwd: project.directory, env: {...project.env, ...env}, stdio: ['ignore', 'ignore', 'pipe'], detached: true});
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{exitCode: number | null; stderr: string}>((done) => {
    child.on('close', (exitCode) => {
      done({exitCode, stderr});
    });
  });
  return {child, ended};
}

async function runIdOf(project: Project): Promise<string> {
  return basename(dirname((await journals(project))[0] ?? ''));
}

async function statusOf(project: Project): Promise<string> {
  const rows = JSON.parse((await bulkhead(project, ['status', '--json'])).stdout) as readonly {readonly status: string}[];
  return rows.map((row) => row.status).join(' ');
}

/** Resumes to the end: the work of before is in the result, and nothing is left on the engine. */
async function expectResumed(project: Project): Promise<void> {
  const resumed = await bulkhead(project, ['resume', 'latest', '--json']);
  expect(resumed.exitCode, resumed.stderr).toBe(0);
  const report = JSON.parse(resumed.stdout) as Report;
  expect(report.verdict).toBe('verified');
  expect(await project.git('show', `${report.branch ?? ''}:src/subtract.js`)).toContain('a - b');
  expect(await project.git('show', `${report.branch ?? ''}:test/subtract.test.js`)).toContain('subtract(5, 3)');
  expect(await leftoversOf(report.runId ?? '', socket)).toEqual([]);
}

const places: Readonly<Record<string, (text: string) => boolean>> = {
  'a box starts': (text) => text.includes('"step":"box/implementation/first/0"'),
  'a command runs in a box': (text) => text.includes('"step":"tool/implementation/2/0"'),
  'the merge is verified': (text) => text.includes('"step":"verify/0"'),
};

const ways: Readonly<Record<string, (pid: number) => void>> = {
  SIGTERM: (pid) => process.kill(pid, 'SIGTERM'),
  SIGHUP: (pid) => process.kill(pid, 'SIGHUP'),
  'SIGINT to the process group': (pid) => process.kill(-pid, 'SIGINT'),
  'SIGTERM to the process group': (pid) => process.kill(-pid, 'SIGTERM'),
};

const table = Object.keys(places).flatMap((place) => Object.keys(ways).map((way) => [way, place] as const));
/** All of them with BULKHEAD_EVERY_SIGNAL=1; else each place and each way once. */
const sample = process.env['BULKHEAD_EVERY_SIGNAL'] === '1' ? table : table.filter((_row, index) => [0, 5, 10, 7].includes(index));

async function startWork(project: Project, place: string): Promise<Started> {
  const command = place === 'a command runs in a box' ? 'sleep 20' : 'true';
  const traffic = subtractTraffic([honestTurns[1] ?? '', `tools: [{bash: {command: "${command}"}}]`, honestTurns[3] ?? '']);
  // One at a time: a call of the other one that is interrupted may or may not have taken effect.
  const started = start(project, [...(await runFlags(project, {traffic})), '--max-parallel', '1']);
  await untilJournal(project, places[place] ?? (() => false));
  return started;
}

describe('a run that is told to stop', () => {
  test.each(sample)('by %s while %s parks with its work at home, and resume goes on', async (way, place) => {
    await using project = await startProject();
    const {child, ended} = await startWork(project, place);
    ways[way]?.(child.pid ?? 0);
    expect(await ended).toEqual({exitCode: 130, stderr: expect.stringMatching(/INTERRUPTED: .*parked/) as string});
    expect([await statusOf(project), await leftoversOf(await runIdOf(project), socket)]).toEqual(['parked', []]);
    await expectResumed(project);
  });

  test.each(['a command runs in a box'])('twice while %s leaves at once, and resume goes on all the same', async (place) => {
    await using project = await startProject();
    const {child, ended} = await startWork(project, place);
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect((await ended).exitCode).toBe(130);
    await expectResumed(project);
  });

  test('before it began ends with 130 and leaves nothing', async () => {
    await using project = await startProject();
    const silent = createServer();
    const asked = new Promise<void>((done) => silent.once('connection', () => {
      done();
    }));
    await new Promise<void>((done) => silent.listen(join(project.home, 'silent.sock'), done));
    const {child, ended} = start(project, [...(await runFlags(project)), '--engine', `unix://${join(project.home, 'silent.sock')}`]);
    await asked;
    child.kill('SIGINT');
    expect((await ended).exitCode).toBe(130);
    silent.close();
    expect([await journals(project), (await project.git('for-each-ref', '--format=%(refname)')).trim()]).toEqual([[], 'refs/heads/main']);
  });
});

test('a bug that nobody caught ends with 70 and one paragraph, and the run is parked with its work at home', async () => {
  await using project = await startProject();
  const plant = join(project.home, 'plant.mjs');
  await writeFile(plant, `import {existsSync} from 'node:fs';\nif (process.argv[2] === 'run') { const timer = setInterval(() => { if (existsSync('${project.home}/now')) { clearInterval(timer); void Promise.reject(new Error('planted')); } }, 20); timer.unref(); }\n`);
  const traffic = subtractTraffic([honestTurns[1] ?? '', 'tools: [{bash: {command: "sleep 20"}}]', honestTurns[3] ?? '']);
  const {ended} = start(project, [...(await runFlags(project, {traffic})), '--max-parallel', '1'], {NODE_OPTIONS: `--import=${pathToFileURL(plant).href}`});
  await untilJournal(project, places['a command runs in a box'] ?? (() => false));
  await writeFile(join(project.home, 'now'), '');
  const {exitCode, stderr} = await ended;
  expect([exitCode, stderr.match(/^[A-Z_]+: .*$/gm)]).toEqual([70, [expect.stringMatching(/^INTERNAL: planted/)]]);
  expect([await statusOf(project), await leftoversOf(await runIdOf(project), socket)]).toEqual(['parked', []]);
  await expectResumed(project);
});
