import {readFile, stat} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import type {JournalEvent} from '../../src/core/journal.js';
import {bulkhead, journals, leftoversOf, runFlags, socket, startBulkhead, startProject, untilJournal, type Project} from './fixture.js';

async function read(project: Project, ...args: readonly string[]): Promise<string> {
  const ended = await bulkhead(project, ['logs', ...args]);
  expect(ended.exitCode, ended.stderr).toBe(0);
  return ended.stdout;
}

test('a run can be read while it goes on and afterwards, as a transcript and as its own lines, and is not disturbed by it', async () => {
  await using project = await startProject();
  const events = join(project.home, 'events.ndjson');
  const run = startBulkhead(project, [...(await runFlags(project)), '--events', events]);
  await untilJournal(project, (text) => text.includes('"type":"step.finished","step":"freeze"'));
  const following = startBulkhead(project, ['logs', 'latest', '-f', '--json']);
  const left = startBulkhead(project, ['logs', 'latest', '-f']);
  await untilJournal(project, (text) => text.includes('"step":"verify/0"'));
  left.kill('SIGINT');
  const interrupted = await left.ended;
  expect([interrupted.exitCode, interrupted.stderr, interrupted.stdout.includes('ended: verified')]).toEqual([130, '', false]);
  expect((await run.ended).exitCode).toBe(0);

  const [file = ''] = await journals(project);
  const journal = await readFile(file, 'utf8');
  expect([await readFile(events, 'utf8'), (await stat(events)).mode & 0o777]).toEqual([journal, 0o600]);
  const followed = await following.ended;
  expect([followed.exitCode, followed.stdout, followed.stderr]).toEqual([0, journal, expect.stringMatching(/ended: verified/)]);

  const text = await read(project);
  for (const seen of [/implementation +\$ ls src$/m, /implementation +→ add\.js$/m, /edit: create src\/subtract\.js\n {4}\+ export const subtract/, /hands in: wrote the test/, /verification 1 +verified/, /ended: verified/]) expect(text).toMatch(seen);
  const mine = await read(project, 'latest', 'test');
  expect(mine).toMatch(/ test +turn 2 /);
  expect(mine).not.toMatch(/^\S+ implementation /m);
  const all = JSON.parse(await read(project, '--json')) as readonly JournalEvent[];
  expect(all.map((event) => `${JSON.stringify(event)}\n`).join('')).toBe(journal);
  expect((await bulkhead(project, ['logs', 'latest', 'nobody'])).stderr).toMatch(/^USAGE: .*nobody.*implementation/);
  expect(await read(project, 'latest', '-f')).toBe(text);
  expect(await leftoversOf(basename(dirname(file)), socket)).toEqual([]);
});

test('`--events -` has stdout for itself, and a full disk for events is said once and ends no run', async () => {
  await using project = await startProject();
  const flags = await runFlags(project);
  const ended = await bulkhead(project, [...flags, '--events', '-']);
  const [file = ''] = await journals(project);
  expect([ended.exitCode, ended.stdout]).toEqual([0, await readFile(file, 'utf8')]);
  expect(ended.stderr).toMatch(/^verified: Subtract/m);
  expect((await bulkhead(project, [...flags, '--events', '-', '--json'])).exitCode).toBe(2);
  const full = await bulkhead(project, [...flags, '--events', '/dev/full']);
  expect([full.exitCode, full.stderr.match(/ENOSPC/g)?.length, /^verified/m.test(full.stdout)]).toEqual([0, 1, true]);
});
