import {existsSync} from 'node:fs';
import {mkdir, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {runGit} from '../../../src/git/command.js';
import {openRepository} from '../../../src/git/repository.js';
import {isRecentEnough} from '../../../src/git/version.js';
import {git, never, tempFolder, userRepository} from './fixture.js';

const kept = {PATH: process.env['PATH'], GIT_DIR: process.env['GIT_DIR']};
afterEach(() => {
  process.env['PATH'] = kept.PATH;
  if (kept.GIT_DIR === undefined) delete process.env['GIT_DIR'];
});

describe('door one', () => {
  it('tells an exit code that is no answer as GIT_FAILED with subcommand, code and escaped stderr', async () => {
    await using folder = await tempFolder();
    const {directory} = await openRepository(join(folder.path, 'own'), never);
    const failed = await runGit({gitDir: directory, args: ['cat-file', 'blob', 'no\u001bsuch'], signal: never}).catch((error: unknown) => error);
    expect(failed).toMatchObject({code: 'GIT_FAILED', details: {subcommand: 'cat-file', exitCode: 128}});
    expect(isAppError(failed) && String(failed.details['stderr'])).toContain('such');
    expect(isAppError(failed) && String(failed.details['stderr'])).not.toContain('\u001b');
    const answer = await runGit({gitDir: directory, args: ['rev-parse', '-q', '--verify', 'refs/x/y'], okExits: [0, 1], signal: never});
    expect(answer.exitCode).toBe(1);
  });

  it('ends a command whose output or time is over the limit', async () => {
    await using folder = await tempFolder();
    const {directory} = await openRepository(join(folder.path, 'own'), never);
    await expect(runGit({gitDir: directory, args: ['help', '-a'], maxBytes: 100, signal: never})).rejects.toMatchObject({code: 'GIT_FAILED', details: {exitCode: undefined}});
    expect((await runGit({gitDir: directory, args: ['version'], maxBytes: 100, signal: never})).exitCode).toBe(0);
  });

  it('has no transport, and no environment of its caller', async () => {
    await using folder = await tempFolder();
    await userRepository(join(folder.path, 'user'));
    const {directory} = await openRepository(join(folder.path, 'own'), never);
    process.env['GIT_DIR'] = '/nonexistent';
    await expect(runGit({gitDir: directory, args: ['fetch', join(folder.path, 'user'), 'HEAD'], signal: never})).rejects.toMatchObject({code: 'GIT_FAILED'});
    expect((await runGit({gitDir: directory, args: ['rev-parse', '--is-bare-repository'], signal: never})).stdout.toString()).toBe('true\n');
  });

  it('throws the reason of an aborted signal', async () => {
    await using folder = await tempFolder();
    const {directory} = await openRepository(join(folder.path, 'own'), never);
    const reason = new Error('enough');
    await expect(runGit({gitDir: directory, args: ['version'], signal: AbortSignal.abort(reason)})).rejects.toBe(reason);
  });

  it('says ENVIRONMENT where git is missing or too old', async () => {
    await using folder = await tempFolder();
    process.env['PATH'] = folder.path;
    await expect(openRepository(join(folder.path, 'own'), never)).rejects.toMatchObject({code: 'ENVIRONMENT'});
    expect(['2.37.9', '1.99', 'unknown'].map(isRecentEnough)).toEqual([false, false, false]);
    expect(['2.38.0', '2.54.1', '3.0'].map(isRecentEnough)).toEqual([true, true, true]);
  });

  it('makes a repository that nobody else can enter, without hooks, once', async () => {
    await using folder = await tempFolder();
    const first = await openRepository(join(folder.path, 'deep/own'), never);
    const config = await git(first.directory, 'config', '--list', '--local');
    expect(config).not.toMatch(/hook|filter|remote/);
    const again = await openRepository(join(folder.path, 'deep/own'), never);
    expect(await git(again.directory, 'config', '--list', '--local')).toBe(config);
  });

  it('removes on opening what killed imports left long ago, and nothing of a living one', async () => {
    await using folder = await tempFolder();
    const {directory} = await openRepository(folder.path, never);
    for (const name of ['old', 'new']) {
      await mkdir(join(directory, `staging-${name}`));
      await writeFile(join(directory, `objects/pack/tmp_pack_${name}`), '');
    }
    for (const path of ['staging-old', 'objects/pack/tmp_pack_old']) await utimes(join(directory, path), 0, 0);
    await openRepository(folder.path, never);
    const left = ['staging-old', 'objects/pack/tmp_pack_old', 'staging-new', 'objects/pack/tmp_pack_new'].map((path) => existsSync(join(directory, path)));
    expect(left).toEqual([false, false, true, true]);
  });
});
