import {expect, test} from 'vitest';
import {Report} from '../../src/core/report.js';
import {bulkhead, honestTurns, leftoversOf, runFlags, smallProject, socket, startProject, subtractTraffic} from './fixture.js';

const tight = {...smallProject, 'bulkhead.yml': 'limits: {diskMiB: 96, inodes: 3000}\n', '.gitignore': 'junk*\n'};
const flood = 'tools: [{bash: {command: "echo kept >src/notes.js; i=0; while :; do i=$((i+1)); head -c 4000000 /dev/zero >>junk; sleep 0.02; done"}}]';

test('[C03] a specialist whose box fills the disk is told so, and goes on with what it had in a new one', async () => {
  await using project = await startProject(tight);
  const turns = [flood, 'tools: [{bash: {command: "cat src/notes.js && rm src/notes.js && ls junk 2>/dev/null; true"}}]', ...honestTurns];
  const ended = await bulkhead(project, [...(await runFlags(project, {traffic: subtractTraffic(turns)})), '--json']);
  expect(ended.exitCode, ended.stderr).toBe(0);
  const logs = await bulkhead(project, ['logs', 'latest', 'implementation', '--full']);
  expect(logs.stdout).toContain('had written as much to the disk as a box may');
  expect(logs.stdout).toMatch(/→ kept\n/);
  const report = Report.parse(JSON.parse(ended.stdout));
  expect(report.findings).toEqual([]);
  expect(await leftoversOf(report.runId ?? '', socket)).toEqual([]);
}, 180_000);

test('[C03] one that does it again and again is stopped, and that is a finding', async () => {
  await using project = await startProject(tight);
  const ended = await bulkhead(project, [...(await runFlags(project, {traffic: subtractTraffic([flood, flood, flood, flood, flood])})), '--json', '--repair-rounds', '0']);
  expect(ended.exitCode, ended.stderr).toBe(1);
  const report = Report.parse(JSON.parse(ended.stdout));
  expect(report.findings.filter(({code}) => code === 'OUT_OF_DISK').map(({owners}) => owners)).toEqual([['implementation']]);
  expect(report.specialists[0]?.turns).toBe(3);
  expect(await leftoversOf(report.runId ?? '', socket)).toEqual([]);
}, 180_000);
