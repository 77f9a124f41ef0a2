import {readFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import {sha256} from '../../src/core/canonical.js';
import type {Report} from '../../src/core/report.js';
import {conflictManifest, conflictTraffic} from './conflict.js';
import {bulkhead, engineLeftovers, fingerprint, honestTurns, isDelivery, journals, runFlags, smallProject, startBulkhead, startProject, subtractTraffic, untilJournal, type Ended} from './fixture.js';

afterEach(async () => {
  expect(await engineLeftovers()).toEqual([]);
});

function reportOf(ended: Ended): Report {
  return JSON.parse(ended.stdout) as Report;
}

describe('a run', () => {
  test('that delivers what it promised is verified, ticked on its branch, and leaves the checkout as it was', async () => {
    const criteria = (first: string): string => `  - **Acceptance Criteria**:\n    - [${first}] \`subtracts\`\n    - [ ] It is fast\n`;
    await using project = await startProject({...smallProject, 'tasks.md': (smallProject['tasks.md'] ?? '').replace('\n\n- [ ] 2.', `\n${criteria(' ')}\n- [ ] 2.`)});
    const before = await fingerprint(project.directory, isDelivery);
    const ended = await bulkhead(project, [...(await runFlags(project)), '--from', 'tasks.md#1', '--json']);
    expect(ended.stderr).toMatch(/replayed/);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict, report.findings]).toEqual([0, 'verified', []]);
    expect(report.tests).toMatchObject({total: 2, passed: 2, failed: 0, failToPass: {wanted: 1, met: 1}});
    expect(await fingerprint(project.directory, isDelivery)).toBe(before);
    const [journal = ''] = await journals(project);
    expect(sha256((await readFile(join(dirname(journal), 'manifest.json'), 'utf8')).trimEnd())).toBe(report.manifestSha256);
    const branch = report.branch ?? '';
    expect((await project.git('for-each-ref', '--format=%(refname)')).trim().split('\n').sort()).toEqual([`refs/heads/${branch}`, 'refs/heads/main'].sort());
    const parents = (await project.git('log', '--first-parent', '--format=%H', branch)).trim().split('\n');
    expect([parents[0], parents[1], parents.at(-1)]).toEqual([report.bookkeeping, report.commit, report.base]);
    const changed = (await project.git('diff', '--name-only', report.commit, branch)).trim().split('\n');
    expect(changed.filter((path) => path !== 'tasks.md')).toEqual([`verifications/bulkhead-${report.runId ?? ''}.md`]);
    const committed = await project.git('show', `${branch}:verifications/bulkhead-${report.runId ?? ''}.md`);
    expect([committed.startsWith('# Subtract\n'), committed.includes(project.home)]).toEqual([true, false]);
    expect(await project.git('show', `${branch}:tasks.md`)).toBe('# Spec Tasks\n\n- [x] 1. Subtract\n  - [x] 1.1 Write tests\n  - [x] 1.2 Write the function\n' + criteria('x') + '\n- [ ] 2. Divide\n');
    expect(report.notes.join()).toMatch(/1 of 2 criteria/);
  });

  test('whose specialist never delivers a promised file is blocked, names file and owner, and ticks nothing', async () => {
    await using project = await startProject();
    const before = await fingerprint(project.directory);
    const traffic = subtractTraffic(['tools: [{submit: {summary: "src/subtract.js is done and tested"}}]']);
    const ended = await bulkhead(project, [...(await runFlags(project, {traffic})), '--from', 'tasks.md#1', '--repair-rounds', '0', '--json']);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict]).toEqual([1, 'blocked']);
    expect(report.findings).toContainEqual(expect.objectContaining({code: 'FILE_MISSING', path: 'src/subtract.js', owners: ['implementation']}));
    expect([report.branch, report.bookkeeping]).toEqual([undefined, undefined]);
    expect(await fingerprint(project.directory)).toBe(before);
    const id = report.runId ?? '';
    expect(report.notes.join()).toContain(`deliver ${id} --blocked`);

    const marked = await bulkhead(project, ['deliver', id, '--blocked', '--branch', 'blocked', '--json']);
    expect([marked.exitCode, marked.stderr]).toEqual([0, '']);
    expect((await project.git('log', '--format=%H', 'blocked~1', '-1')).trim()).toBe(report.base);
    expect((await project.git('diff', '--name-only', report.base, 'blocked')).trim().split('\n')).toEqual(['tasks.md', `verifications/bulkhead-${id}.md`]);
    const tasks = await project.git('show', 'blocked:tasks.md');
    expect(tasks.split('\n').filter((line) => !line.includes('⚠️ Blocking issue: FILE_MISSING')).join('\n')).toBe(smallProject['tasks.md']);
    expect(await project.git('show', `blocked:verifications/bulkhead-${id}.md`)).toContain('**blocked**');
    expect(await project.git('status', '--porcelain')).toBe('');
    expect((await bulkhead(project, ['deliver', id, '--blocked', '--apply'])).exitCode).toBe(0);
    expect(await readFile(join(project.directory, 'tasks.md'), 'utf8')).toBe(tasks);
  });

  test('gives findings back to their owner, who repairs them from the merge', async () => {
    await using project = await startProject();
    const traffic = subtractTraffic(['tools: [{submit: {summary: done}}]']).replace(
      '  test:\n',
      '    repair:\n      - tools: [{edit: {command: create, path: src/subtract.js, file_text: "export const subtract = (a, b) => a - b;\\n"}}]\n      - tools: [{submit: {summary: really done}}]\n  test:\n    repair:\n      - tools: [{submit: {summary: "the test is right, the function was missing"}}]\n',
    );
    const ended = await bulkhead(project, [...(await runFlags(project, {traffic})), '--json']);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict]).toEqual([0, 'verified']);
    expect(report.rounds.map((round) => round.verdict)).toEqual(['blocked', 'verified']);
    expect(report.specialists.find((one) => one.specialist === 'implementation')?.submissions).toHaveLength(1);
  });

  test('with a conflict goes back to the owner whose submission came later', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, [...(await runFlags(project, {manifest: conflictManifest, traffic: conflictTraffic({owner: 'again'})})), '--json']);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict, report.findings]).toEqual([0, 'verified', []]);
    expect(await project.git('show', `${report.branch ?? ''}:shared.js`)).toBe('export const a = 1;\nexport const b = 1;\n');
  });

  test('with a conflict that its owner could not resolve goes to a resolver, who may write that file alone and is accounted for', async () => {
    await using project = await startProject();
    const resolved = "printf 'export const a = 1;\\\\nexport const b = 1;\\\\n' > shared.js";
    const turns = ['tools: [{bash: {command: "grep -c ^======= shared.js && echo stray >> src/add.js"}}]', `tools: [{bash: {command: "${resolved}"}}, {submit: {summary: both}}]`];
    const ended = await bulkhead(project, [...(await runFlags(project, {manifest: conflictManifest, traffic: conflictTraffic({owner: 'gives up', resolver: turns})})), '--json']);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict, report.findings]).toEqual([0, 'verified', []]);
    expect(await project.git('show', `${report.branch ?? ''}:shared.js`)).toBe('export const a = 1;\nexport const b = 1;\n');
    expect(await project.git('show', `${report.branch ?? ''}:src/add.js`)).not.toContain('stray');
    expect(report.specialists.map(({specialist, turns}) => [specialist, turns])).toContainEqual(['resolver', 2]);
  });

  test('in which one of two broke an old test gives the finding to that one alone', async () => {
    await using project = await startProject({
      'package.json': '{"type": "module"}\n',
      'src/one.js': 'export const one = () => 1;\n',
      'src/two.js': 'export const two = () => 2;\n',
      'test/both.test.js': "import {test} from 'node:test';\nimport assert from 'node:assert';\nimport {one} from '../src/one.js';\nimport {two} from '../src/two.js';\ntest('both', () => assert.equal(one() + two(), 3));\n",
    });
    const manifest = 'schemaVersion: 1\ntask: Name both\nimage: node\nfiles:\n  - {path: src/one.js, action: modify, owner: implementation}\n  - {path: src/two.js, action: modify, owner: quality}\ntests: {command: [node, --test], failToPass: none}\n';
    const write = (name: string, value: number): string => `{edit: {command: create, path: src/${name}.js, file_text: "// named\\nexport const ${name} = () => ${value};\\n"}}, {submit: {summary: ok}}`;
    // Whoever is asked to repair without a script for it would stop the run.
    const traffic = `schemaVersion: 1\nspecialists:\n  implementation:\n    turns:\n      - tools: [${write('one', 1)}]\n  quality:\n    turns:\n      - tools: [${write('two', 3)}]\n    repair:\n      - tools: [${write('two', 2)}]\n`;
    const ended = await bulkhead(project, [...(await runFlags(project, {manifest, traffic})), '--json']);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict]).toEqual([0, 'verified']);
    expect(report.rounds[0]?.findings.map(({code, owners}) => [code, owners])).toEqual([['REGRESSION', ['quality']]]);
  });

  test('leaves out what a specialist wrote outside its scope, and says so', async () => {
    await using project = await startProject();
    const traffic = subtractTraffic([`tools: [{bash: {command: "echo '// weaker' > test/add.test.js; mkdir -p .github; echo x > .github/ci.yml"}}]`, ...honestTurns.slice(1)]);
    const ended = await bulkhead(project, [...(await runFlags(project, {traffic})), '--repair-rounds', '0', '--json']);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict]).toEqual([1, 'blocked']);
    expect(report.findings.map((item) => [item.code, item.path]).sort()).toEqual([
      ['SCOPE_VIOLATION', '.github/ci.yml'],
      ['SCOPE_VIOLATION', 'test/add.test.js'],
    ]);
  });

  test('in which an agent kills its own box loses that box alone', async () => {
    await using project = await startProject();
    const traffic = subtractTraffic([honestTurns[1] ?? '', 'tools: [{bash: {command: "kill -9 -1"}}]', 'tools: [{bash: {command: "cat src/subtract.js"}}]', honestTurns[3] ?? '']);
    const ended = await bulkhead(project, [...(await runFlags(project, {traffic})), '--json']);
    const report = reportOf(ended);
    expect([ended.exitCode, report.verdict, report.findings]).toEqual([0, 'verified', []]);
    expect(ended.stderr).toContain('new box');
  });

  test('whose output goes nowhere any more is driven to its end all the same', async () => {
    await using project = await startProject();
    const child = startBulkhead(project, await runFlags(project));
    await untilJournal(project, (text) => text.includes('"step":"freeze"'));
    child.hangUp();
    await child.ended;
    expect((await bulkhead(project, ['status', 'latest'])).stdout).toContain('verified');
  });

  test('finds another name for its branch where the user has one named bulkhead', async () => {
    await using project = await startProject();
    await project.git('branch', 'bulkhead');
    const ended = await bulkhead(project, [...(await runFlags(project)), '--json']);
    expect([ended.exitCode, reportOf(ended).branch]).toEqual([0, expect.stringMatching(/^bulkhead-subtract/)]);
  });

  test('lets no specialist write the task file that it will tick', async () => {
    await using project = await startProject();
    const traffic = subtractTraffic(['tools: [{bash: {command: "echo gone > tasks.md; mkdir verifications; echo x > verifications/x"}}]', ...honestTurns.slice(1)]);
    const ended = await bulkhead(project, [...(await runFlags(project, {traffic})), '--from', 'tasks.md#1', '--repair-rounds', '0', '--json']);
    const report = reportOf(ended);
    expect(report.findings.map((item) => [item.code, item.path]).sort()).toEqual([
      ['SCOPE_VIOLATION', 'tasks.md'],
      ['SCOPE_VIOLATION', 'verifications/x'],
    ]);
  });

  test('that was interrupted is judged by what its specialist handed in, not by what lay about meanwhile', async () => {
    await using project = await startProject();
    const traffic = subtractTraffic(['tools: [{bash: {command: "mkfifo src/pipe"}}]', 'tools: [{bash: {command: "sleep 60"}}]', 'tools: [{bash: {command: "rm -f src/pipe"}}]', honestTurns[1] ?? '', honestTurns[3] ?? '']);
    const child = startBulkhead(project, [...(await runFlags(project, {traffic})), '--repair-rounds', '0']);
    await untilJournal(project, (text) => text.includes('"step":"tool/implementation/2/0"'));
    child.kill('SIGINT');
    await child.ended;
    const resumed = await bulkhead(project, ['resume', 'latest', '--json']);
    expect([resumed.exitCode, reportOf(resumed).findings]).toEqual([0, []]);
  });

  test('that is interrupted parks with its work at home, and resume goes on', async () => {
    await using project = await startProject();
    const traffic = subtractTraffic([honestTurns[1] ?? '', 'tools: [{bash: {command: "sleep 60"}}]', honestTurns[3] ?? '']);
    const child = startBulkhead(project, await runFlags(project, {traffic}));
    await untilJournal(project, (text) => text.includes('"step":"tool/implementation/2/0"'));
    child.kill('SIGINT');
    expect((await child.ended).exitCode).toBe(130);
    expect(await engineLeftovers()).toEqual([]);
    const resumed = await bulkhead(project, ['resume', 'latest', '--json']);
    expect([resumed.exitCode, reportOf(resumed).verdict]).toEqual([0, 'verified']);
  });
});

describe('after a run', () => {
  test('status, diff, deliver and discard do what they say, and refuse what they must', async () => {
    await using project = await startProject();
    const report = reportOf(await bulkhead(project, [...(await runFlags(project)), '--json']));
    const id = report.runId ?? '';
    expect((await bulkhead(project, ['status', id])).stdout).toContain('verified');
    const diff = await bulkhead(project, ['diff', id.slice(0, 12)]);
    expect(diff.stdout).toContain('+export const subtract');
    expect((await bulkhead(project, ['diff', id, 'test'])).stdout).not.toContain('+export const subtract');
    expect((await bulkhead(project, ['resume', id])).stderr).toMatch(/^RUN_STATE/);
    expect((await bulkhead(project, ['deliver', id, '--blocked', '--apply'])).stderr).toMatch(/^RUN_STATE: .*not blocked/);
    expect((await bulkhead(project, ['deliver', id, '--branch', 'main'])).stderr).toMatch(/^RESULT_EXISTS/);
    expect((await bulkhead(project, ['deliver', id, '--branch', 'taken'])).exitCode).toBe(0);
    expect((await project.git('rev-parse', 'taken')).trim()).toBe(report.bookkeeping);
    await project.put('src/add.js', '// edited meanwhile\n');
    expect((await bulkhead(project, ['deliver', id, '--apply'])).stderr).toMatch(/^CHECKOUT_CHANGED/);
    await project.git('checkout', '-q', 'src/add.js');
    expect((await bulkhead(project, ['deliver', id, '--apply'])).exitCode).toBe(0);
    expect((await project.git('rev-parse', 'HEAD')).trim()).toBe(report.bookkeeping);
    expect(await readFile(`${project.directory}/src/subtract.js`, 'utf8')).toContain('subtract');
    expect((await bulkhead(project, ['discard', id])).exitCode).toBe(0);
    expect((await bulkhead(project, ['status'])).stdout).toContain('No runs');
    expect((await project.git('rev-parse', 'taken')).trim()).toBe(report.bookkeeping);
  });
});
