import {access, chmod, mkdir, readFile, symlink, writeFile} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {Report} from '../../src/core/report.js';
import {conflictManifest, conflictTraffic} from './conflict.js';
import {bulkhead, engineLeftovers, runFlags, startProject, type Ended, type Project} from './fixture.js';

afterAll(async () => {
  expect(await engineLeftovers()).toEqual([]);
});

const json = (ended: Ended): Record<string, unknown> => JSON.parse(ended.stdout) as Record<string, unknown>;
const reportOf = (ended: Ended): Report => Report.loose().parse(JSON.parse(ended.stdout));

/** A run that waits for a person: its id, and what it told them. */
async function parked(project: Project): Promise<{readonly id: string; readonly onto: string; readonly submission: string}> {
  const ended = await bulkhead(project, [...(await runFlags(project, {manifest: conflictManifest, traffic: conflictTraffic({owner: 'gives up', resolver: ['tools: [{submit: {summary: "they contradict each other"}}]']})})), '--repair-rounds', '0', '--json']);
  expect(ended.exitCode, ended.stderr).toBe(6);
  const {error} = json(ended) as {error: {code: string; details: {file: string; onto: string; submission: string; paths: readonly string[]}}};
  expect(error).toMatchObject({code: 'CONFLICT_OPEN', details: {paths: ['shared.js']}});
  const {file, onto, submission} = error.details;
  expect(await readFile(file, 'utf8')).toContain('git worktree add');
  const [row] = JSON.parse((await bulkhead(project, ['status', '--json'])).stdout) as readonly {runId: string; status: string}[];
  expect(row?.status).toBe('parked');
  return {id: row?.runId ?? '', onto, submission};
}

describe('a conflict that nobody could resolve', () => {
  test('parks the run; a commit of the user resolves it, and that is verified', async () => {
    await using project = await startProject();
    const {id, onto, submission} = await parked(project);
    const state = (await bulkhead(project, ['resume', id])).stderr;
    expect(state).toMatch(/^CONFLICT_OPEN/m);
    const repository = join(project.home, 'state', 'bulkhead', (/bulkhead\/([^/]+)\/runs/.exec(state) ?? [])[1] ?? '', 'repository.git');
    await project.git('fetch', '-q', repository, onto, submission);
    await project.git('worktree', 'add', '-q', '--detach', join(project.home, 'there'), onto);
    const there = (...args: readonly string[]) => project.git('-C', join(project.home, 'there'), ...args);
    await there('merge', '-q', '--no-commit', submission).catch(() => undefined);
    await writeFile(join(project.home, 'there/shared.js'), 'export const a = 1;\nexport const b = 1;\n');
    await there('add', '-A');
    await there('commit', '-qm', 'Both');
    const resolved = (await there('rev-parse', 'HEAD')).trim();
    const report = reportOf(await bulkhead(project, ['resume', id, '--resolution', resolved, '--json']));
    expect(report.verdict).toBe('verified');
    expect(await project.git('show', `${report.branch ?? ''}:shared.js`)).toBe('export const a = 1;\nexport const b = 1;\n');
  });

  test('can be left out: then it is blocked, and is taken only with a reason, which is seen from then on', async () => {
    await using project = await startProject();
    const {id} = await parked(project);
    const ended = await bulkhead(project, ['resume', id, '--leave-out', 'quality', '--json']);
    expect([ended.exitCode, reportOf(ended).findings.map(({code}) => code)]).toEqual([1, expect.arrayContaining(['MERGE_CONFLICT', 'FILE_MISSING'])]);
    expect((await bulkhead(project, ['deliver', id, '--apply'])).stderr).toMatch(/^RUN_STATE/);
    expect((await bulkhead(project, ['deliver', id, '--apply', '--override'])).exitCode).toBe(2);
    expect((await bulkhead(project, ['deliver', id, '--apply', '--override', '--reason', ' '])).exitCode).toBe(2);
    const taken = await bulkhead(project, ['deliver', id, '--apply', '--override', '--reason', 'the rest comes tomorrow', '--json']);
    expect([taken.exitCode, json(taken)]).toMatchObject([0, {applied: true, verified: false}]);
    expect(await project.git('log', '-1', '--format=%B')).toContain('Bulkhead-Override: the rest comes tomorrow');
    expect((await bulkhead(project, ['status', id])).stdout).toContain('the rest comes tomorrow');
    expect((await bulkhead(project, ['logs', id])).stdout).toContain('the rest comes tomorrow');
  });
});

/** A PATH in which there is git and nothing else: this machine may have a `gh` of its own. */
async function gitAlone(project: Project): Promise<string> {
  const folder = join(project.home, 'git-alone');
  await mkdir(folder);
  for (const one of (project.env['PATH'] ?? '').split(delimiter)) {
    const there = await access(join(one, 'git')).then(() => true, () => false);
    if (there) await symlink(join(one, 'git'), join(folder, 'git')).catch(() => undefined);
  }
  return folder;
}

test('a run that began with changes of the checkout brings its result on top of them', async () => {
  await using project = await startProject();
  await project.put('notes.txt', 'mine\n');
  await project.put('README.md', 'changed\n');
  const report = reportOf(await bulkhead(project, [...(await runFlags(project)), '--include-dirty', '--json']));
  expect(report.verdict).toBe('verified');
  await project.put('README.md', 'changed again\n');
  const refused = await bulkhead(project, ['deliver', 'latest', '--apply']);
  expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringMatching(/^CHECKOUT_CHANGED[^]*--with-head/)]);
  await project.put('README.md', 'changed\n');
  const [programs, argv] = [join(project.home, 'programs'), join(project.home, 'argv')];
  await project.put('../programs/gh', `#!/bin/sh\nprintf '%s\\n' "$@" > ${argv}\necho https://example.test/pull/1\n`);
  await project.git('init', '-q', '--bare', join(project.home, 'remote.git'));
  await project.git('remote', 'add', 'origin', join(project.home, 'remote.git'));
  const absent = await bulkhead(project, ['deliver', 'latest', '--pr'], {env: {PATH: await gitAlone(project)}});
  expect([absent.exitCode, absent.stderr]).toEqual([3, expect.stringMatching(/^PULL_REQUEST_FAILED[^]*git push origin/)]);
  await chmod(join(programs, 'gh'), 0o755);
  const opened = await bulkhead(project, ['deliver', 'latest', '--pr', '--json'], {env: {PATH: `${programs}:${project.env['PATH'] ?? ''}`}});
  expect([opened.exitCode, json(opened)]).toMatchObject([0, {pullRequest: 'https://example.test/pull/1', verified: true}]);
  expect(await readFile(argv, 'utf8')).toContain(`--head=${report.branch ?? ''}\n`);
  expect((await bulkhead(project, ['deliver', 'latest', '--apply'])).exitCode).toBe(0);
  expect([(await project.git('rev-parse', 'HEAD')).trim(), await project.git('status', '--porcelain'), await project.git('show', 'HEAD:notes.txt')]).toEqual([report.bookkeeping, '', 'mine\n']);
});
