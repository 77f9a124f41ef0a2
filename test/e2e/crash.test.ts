import {readFile} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {afterEach, beforeAll, describe, expect, test} from 'vitest';
import {JournalEvent} from '../../src/core/journal.js';
import type {Report} from '../../src/core/report.js';
import {bulkhead, engineLeftovers, fingerprint, honestTurns, isDelivery, journals, pruneRun, runFlags, startBulkhead, startProject, subtractTraffic, untilJournal, type Project} from './fixture.js';

afterEach(async () => {
  expect(await engineLeftovers()).toEqual([]);
});

/** Where the process is killed: as soon as the journal says this. */
const places: readonly (readonly [string, (text: string) => boolean])[] = [
  ['right after the base was frozen', (text) => finished(text, 'freeze')],
  ['while a box starts', (text) => text.includes('"step":"box/implementation/first/0"')],
  ['while a command runs in a box', (text) => text.includes('"step":"tool/implementation/3/0"')],
  ['after one specialist has handed in', (text) => finished(text, 'submission/test/first')],
  ['between two merges', (text) => finished(text, 'merge/0/implementation/0')],
  ['while the merge is verified', (text) => text.includes('"step":"verify/0"')],
  ['after the verdict, before delivery', (text) => finished(text, 'bookkeeping')],
];

function finished(text: string, step: string): boolean {
  return text.includes(`"type":"step.finished","step":"${step}"`);
}

async function readReport(project: Project, stdout: string): Promise<{readonly report: Report; readonly resultTree: string}> {
  const report = JSON.parse(stdout) as Report;
  return {report, resultTree: (await project.git('rev-parse', `${report.branch ?? ''}^{tree}`)).trim()};
}

test('work whose workspace is gone from the engine is never given up without a word', async () => {
  await using project = await startProject();
  const traffic = subtractTraffic([...honestTurns.slice(1, 2), 'tools: [{bash: {command: "sleep 60"}}]', ...honestTurns.slice(3)]);
  const child = startBulkhead(project, [...(await runFlags(project, {traffic})), '--repair-rounds', '0']);
  await untilJournal(project, (text) => text.includes('"step":"tool/implementation/2/0"') && finished(text, 'submission/test/first'));
  child.kill('SIGKILL');
  await child.ended;
  const [journal = ''] = await journals(project);
  await pruneRun(basename(dirname(journal)));
  const refused = await bulkhead(project, ['resume', 'latest']);
  expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching(/^WORKSPACE_LOST: .*implementation.*--accept-loss/m)]);
  const accepted = await bulkhead(project, ['resume', 'latest', '--accept-loss', '--json']);
  expect(accepted.exitCode).toBe(1);
  expect((JSON.parse(accepted.stdout) as Report).findings).toContainEqual(expect.objectContaining({code: 'FILE_MISSING', path: 'src/subtract.js'}));
});

describe('kill -9, then resume', () => {
  let undisturbed: Awaited<ReturnType<typeof readReport>>;
  beforeAll(async () => {
    await using project = await startProject();
    undisturbed = await readReport(project, (await bulkhead(project, [...(await runFlags(project)), '--json'])).stdout);
    expect(undisturbed.report.verdict).toBe('verified');
  });

  test.each(places)('%s: the same verdict and the same tree, no completed turn twice, nothing left', async (_place, holds) => {
    await using project = await startProject();
    const before = await fingerprint(project.directory, isDelivery);
    const child = startBulkhead(project, await runFlags(project));
    await untilJournal(project, holds);
    child.kill('SIGKILL');
    expect((await child.ended).exitCode).toBeNull();
    expect((await bulkhead(project, ['status'])).stdout).toContain('interrupted');

    const resumed = await bulkhead(project, ['resume', 'latest', '--json']);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    const {report, resultTree} = await readReport(project, resumed.stdout);
    expect([report.verdict, report.tree, resultTree]).toEqual([undisturbed.report.verdict, undisturbed.report.tree, undisturbed.resultTree]);
    expect(await fingerprint(project.directory, isDelivery)).toBe(before);
    const [journal = ''] = await journals(project);
    const events = (await readFile(journal, 'utf8')).trimEnd().split('\n').map((line) => JournalEvent.parse(JSON.parse(line)));
    const outcomes = events.flatMap((event) => (event.type === 'step.finished' ? [event.step] : []));
    expect(new Set(outcomes).size).toBe(outcomes.length);
    expect(outcomes.filter((step) => step.startsWith('turn/'))).toHaveLength(6);
  });
});
