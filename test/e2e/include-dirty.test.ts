import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import type {Report} from '../../src/core/report.js';
import {bulkhead, fingerprint, isDelivery, journals, leftoversOf, runFlags, socket, startProject, subtractManifest, subtractTraffic, untilJournal} from './fixture.js';

describe('a run that takes the checkout along', () => {
  test('starts from it as it stands, says what is taken, and its branch is on top of the user’s own commit', async () => {
    await using project = await startProject();
    const head = (await project.git('rev-parse', 'HEAD')).trim();
    await project.put('src/add.js', 'export const add = (a, b) => b + a;\n');
    await project.put('src/notes.js', '// not committed yet\n');
    await project.put('.env', 'TOKEN=1\n');
    await project.git('add', 'src/add.js');
    const manifest = subtractManifest.replace('tests:\n', '  - {path: src/notes.js, action: modify, owner: implementation}\ntests:\n');
    const before = await fingerprint(project.directory, isDelivery);
    const traffic = subtractTraffic([
      'tools: [{edit: {command: create, path: src/subtract.js, file_text: "export const subtract = (a, b) => a - b;\\n"}}, {bash: {command: "cat src/notes.js && echo seen >>src/notes.js"}}]',
      'tools: [{submit: {summary: done}}]',
    ]);
    const ended = await bulkhead(project, [...(await runFlags(project, {manifest, traffic})), '--include-dirty', '--json']);
    expect(ended.stderr).toMatch(/untracked, taken along: src\/notes\.js/);
    expect(ended.stderr).toMatch(/secret.*\.env/);
    const report = JSON.parse(ended.stdout) as Report;
    expect([ended.exitCode, report.verdict, report.findings]).toEqual([0, 'verified', []]);
    expect(await fingerprint(project.directory, isDelivery)).toBe(before);
    const line = (await project.git('log', '--first-parent', '--format=%H', report.branch ?? '')).trim().split('\n');
    expect(line.slice(-2)).toEqual([report.base, head]);
    expect(await project.git('show', `${report.branch ?? ''}:src/notes.js`)).toBe('// not committed yet\nseen\n');
    expect(await leftoversOf(report.runId ?? '', socket)).toEqual([]);
    expect((await project.git('diff', '--name-only', head, report.base)).trim().split('\n')).toEqual(['.env', 'src/add.js', 'src/notes.js']);
  });

  test('in a process of its own starts from what was frozen when it was asked for', async () => {
    await using project = await startProject();
    const head = (await project.git('rev-parse', 'HEAD')).trim();
    await project.put('src/notes.js', '// first\n');
    const ended = await bulkhead(project, [...(await runFlags(project)), '--include-dirty', '--detach', '--json']);
    await project.put('src/notes.js', '// changed since\n');
    expect(ended.exitCode).toBe(0);
    const {runId} = JSON.parse(ended.stdout) as {runId: string};
    await untilJournal(project, (text) => text.includes('"run.closed"'));
    const [journal = ''] = await journals(project);
    const opened = JSON.parse((await readFile(journal, 'utf8')).split('\n')[0] ?? '') as {runId: string; options: {dirty: {onto: string}; manifest: {base: string}}};
    expect([opened.runId, opened.options.dirty.onto]).toEqual([runId, head]);
    expect(await project.git('show', `${opened.options.manifest.base}:src/notes.js`)).toBe('// first\n');
    // It cleans up behind the last event.
    await expect.poll(() => leftoversOf(runId, socket), {timeout: 60_000, interval: 200}).toEqual([]);
  });

  test('that cannot be frozen is exit 2, and leaves no run and no ref', async () => {
    await using project = await startProject({'a.txt': 'a\n', '.gitattributes': '*.txt filter=mine\n', 'src/x.js': 'x\n'});
    await project.git('config', 'filter.mine.clean', 'sed s/b/a/');
    await project.put('a.txt', 'changed\n');
    const ended = await bulkhead(project, [...(await runFlags(project)), '--include-dirty', '--json']);
    expect([ended.exitCode, (JSON.parse(ended.stdout) as {error: {code: string}}).error.code]).toEqual([2, 'CHECKOUT_NOT_FREEZABLE']);
    expect(await journals(project)).toEqual([]);
    const [store = ''] = await readdir(join(project.home, 'state/bulkhead'));
    expect(await project.git('--git-dir', join(project.home, 'state/bulkhead', store, 'repository.git'), 'for-each-ref')).toBe('');
  });
});
