import {readFile} from 'node:fs/promises';
import {rm} from 'node:fs/promises';
import {expect, test} from 'vitest';
import type {Report} from '../../src/core/report.js';
import {bulkhead, engineLeftovers, startProject} from './fixture.js';

test('the demo is blocked with exactly the two findings of its story, repaired, and verified', async () => {
  await using home = await startProject();
  const ended = await bulkhead(home, ['demo', '--json']);
  const result = JSON.parse(ended.stdout) as Report & {readonly project: string; readonly reportPath: string};
  try {
    expect([ended.exitCode, result.verdict, result.findings]).toEqual([0, 'verified', []]);
    expect(result.traffic).toBe('replayed');
    const [first, second] = result.rounds;
    expect(first?.findings.map(({code, owners, path}) => ({code, owners, path: path?.split(' > ')[0]}))).toEqual([
      {code: 'FILE_MISSING', owners: ['documentation'], path: 'docs/limits.md'},
      {code: 'REGRESSION', owners: ['implementation'], path: 'test/router.test.js'},
    ]);
    expect([first?.verdict, second?.verdict, result.rounds.length]).toEqual(['blocked', 'verified', 2]);
    expect(result.specialists.map((one) => one.specialist)).toEqual(['implementation', 'test', 'documentation']);
    expect(await readFile(result.reportPath, 'utf8')).toContain('replayed');
    expect(await readFile(`${result.project}/.agent-os/specs/2026-11-10-rate-limit/tasks.md`, 'utf8')).toContain('- [ ] 1.');
    expect(await engineLeftovers()).toEqual([]);
  } finally {
    await rm(result.project, {recursive: true, force: true});
  }
});
