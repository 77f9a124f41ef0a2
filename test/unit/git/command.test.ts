import {randomBytes} from 'node:crypto';
import {existsSync, readdirSync, statSync} from 'node:fs';
import {mkdir, symlink, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {runGit, type GitRequest} from '../../../src/git/door/command.js';
import {diskError} from '../../../src/git/door/disk.js';
import {findGit} from '../../../src/git/door/process.js';
import {startSpool} from '../../../src/git/import/spool.js';
import {openRepository} from '../../../src/git/repository.js';
import {startStaging} from '../../../src/git/bare/staging.js';
import {isRecentEnough} from '../../../src/git/door/version.js';
import {git, never, tempFolder, userRepository} from './fixture.js';

const kept = {PATH: process.env['PATH'], GIT_DIR: process.env['GIT_DIR']};
afterEach(() => {
  process.env['PATH'] = kept.PATH;
  if (kept.GIT_DIR === undefined) delete process.env['GIT_DIR'];
});

const mebibyte = 1024 * 1024;
const hasPrlimit = existsSync('/usr/bin/prlimit');

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

  it.skipIf(!hasPrlimit)('keeps git to its memory, to the size of a file and to processor time, where the system can', async () => {
    await using folder = await tempFolder();
    const {directory} = await openRepository(join(folder.path, 'own'), never);
    const large = Buffer.alloc(96 * mebibyte);
    const hash = (limits: GitRequest['limits']) => runGit({gitDir: directory, args: ['hash-object', '--stdin'], stdin: large, limits, signal: never});
    expect((await hash(undefined)).exitCode).toBe(0);
    await expect(hash({memoryBytes: 64 * mebibyte})).rejects.toMatchObject({code: 'GIT_FAILED'});
    const noise = randomBytes(mebibyte);
    const write = (fileBytes: number) => runGit({gitDir: directory, args: ['hash-object', '-w', '--stdin'], stdin: noise, limits: {fileBytes}, signal: never});
    await expect(write(mebibyte / 2)).rejects.toMatchObject({code: 'GIT_FAILED'});
    expect((await write(2 * mebibyte)).exitCode).toBe(0);
    const endless = {args: ['check-ignore', '--no-index', '--stdin'], stdin: `${'aa/'.repeat(60)}c\n`, cwd: folder.path, env: {GIT_WORK_TREE: folder.path, GIT_LITERAL_PATHSPECS: '0'}};
    await writeFile(join(folder.path, '.gitignore'), `${'**/'.repeat(30)}b\n`);
    await expect(runGit({gitDir: directory, ...endless, limits: {cpuSeconds: 1}, timeoutMs: 60_000, signal: never})).rejects.toMatchObject({code: 'GIT_FAILED', message: expect.stringContaining('SIG') as string});
  });

  it('works without limits of the system where there is no way to set them', async () => {
    await using folder = await tempFolder();
    await symlink(await findGit(), join(folder.path, 'git'));
    process.env['PATH'] = folder.path;
    const {directory} = await openRepository(join(folder.path, 'own'), never);
    expect((await runGit({gitDir: directory, args: ['rev-parse', '--is-bare-repository'], signal: never})).stdout.toString()).toBe('true\n');
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

  it('is made whole when two open it at once for the first time, and leaves nothing beside it', async () => {
    await using folder = await tempFolder();
    for (let round = 0; round < 5; round += 1) {
      const opened = await Promise.all([1, 2, 3, 4, 5, 6].map(async () => openRepository(join(folder.path, `own-${round}`), never)));
      for (const {directory} of opened) expect(await git(directory, 'rev-parse', '--is-bare-repository')).toBe('true');
    }
    expect(readdirSync(folder.path).sort()).toEqual(['own-0', 'own-1', 'own-2', 'own-3', 'own-4']);
    expect(statSync(join(folder.path, 'own-0')).mode & 0o777).toBe(0o700);
  });

  it('takes away what a first opening left that was killed, also where it is whole by now', async () => {
    await using folder = await tempFolder();
    const half = async (): Promise<void> => {
      await mkdir(join(folder.path, 'own.new-aBc123/objects/pack'), {recursive: true});
      await writeFile(join(folder.path, 'own.new-aBc123/HEAD'), 'ref: refs/heads/none\n');
    };
    for (let round = 0; round < 2; round += 1) {
      await half();
      await openRepository(join(folder.path, 'own'), never);
      expect(readdirSync(folder.path)).toEqual(['own']);
    }
  });

  it('mends the empty files that a power cut leaves of a first opening', async () => {
    await using folder = await tempFolder();
    const head = await userRepository(join(folder.path, 'user'));
    const directory = join(folder.path, 'own');
    await openRepository(directory, never);
    for (const file of ['HEAD', 'config']) await writeFile(join(directory, file), '');
    const repository = await openRepository(directory, never);
    await repository.freeze({checkout: {commonDir: join(folder.path, 'user/.git')}, commit: head, ref: 'refs/bulkhead/r1/base', signal: never});
    expect(await repository.readRef('refs/bulkhead/r1/base', never)).toBe(head);
  });

  it('completes what a killed first opening left half', async () => {
    await using folder = await tempFolder();
    const head = await userRepository(join(folder.path, 'user'));
    await mkdir(join(folder.path, 'own/refs/heads'), {recursive: true});
    await writeFile(join(folder.path, 'own/HEAD'), 'ref: refs/heads/none\n');
    const repository = await openRepository(join(folder.path, 'own'), never);
    await repository.freeze({checkout: {commonDir: join(folder.path, 'user/.git')}, commit: head, ref: 'refs/bulkhead/r1/base', signal: never});
    expect(await repository.readRef('refs/bulkhead/r1/base', never)).toBe(head);
  });

  it('goes on after a kill that left locks, once the run is unlocked; the locks of others stay', async () => {
    await using folder = await tempFolder();
    const head = await userRepository(join(folder.path, 'user'));
    const repository = await openRepository(join(folder.path, 'own'), never);
    await repository.freeze({checkout: {commonDir: join(folder.path, 'user/.git')}, commit: head, ref: 'refs/bulkhead/r1/base', signal: never});
    const at = (path: string) => join(repository.directory, path);
    await mkdir(at('refs/bulkhead/r1/merged'));
    await mkdir(at('refs/bulkhead/r2'));
    const locks = ['refs/bulkhead/r1/merged/0.lock', 'refs/bulkhead/r2/base.lock', 'packed-refs.lock', 'config.lock', 'shallow.lock'];
    for (const lock of locks) await writeFile(at(lock), '');
    await utimes(at('packed-refs.lock'), 0, 0);
    const staged = ['staging-r1-abcdef', 'staging-r10-abcdef', 'staging-r2-abcdef'];
    for (const folderName of staged) await mkdir(at(folderName));
    const move = {ref: 'refs/bulkhead/r1/merged/0', to: head, from: undefined};
    await expect(repository.updateRef(move, never)).rejects.toMatchObject({code: 'GIT_FAILED'});
    await repository.unlockRefs('refs/bulkhead/r1', never);
    await repository.unlockRefs('refs/bulkhead/none', never);
    await repository.updateRef(move, never);
    expect(locks.filter((lock) => existsSync(at(lock)))).toEqual(['refs/bulkhead/r2/base.lock', 'config.lock', 'shallow.lock']);
    expect(staged.filter((folderName) => existsSync(at(folderName)))).toEqual(staged.slice(1));
    expect(await repository.readRef('refs/bulkhead/r1/base', never)).toBe(head);
    await expect(repository.unlockRefs('../x', never)).rejects.toMatchObject({code: 'INTERNAL'});
  });

  it('tells a folder that cannot be used, and a full disk, by the system\'s code', async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, 'file'), '');
    for (const dir of ['file', 'file/own']) await expect(openRepository(join(folder.path, dir), never), dir).rejects.toMatchObject({code: 'ENVIRONMENT'});
    const raw = (code: string) => Object.assign(new Error(code), {code});
    for (const code of ['ENOSPC', 'EDQUOT']) expect(diskError('/x', raw(code))).toMatchObject({code: 'DISK_FULL', cause: {code}});
    for (const code of ['EACCES', 'EROFS']) expect(diskError('/x', raw(code))).toMatchObject({code: 'ENVIRONMENT', cause: {code}});
    const other = new TypeError('x');
    expect(diskError('/x', other)).toBe(other);
    await expect(startSpool(join(folder.path, 'missing'))).rejects.toMatchObject({code: 'ENVIRONMENT'});
    await expect(startStaging({directory: join(folder.path, 'file')}, 'refs/bulkhead/r1/x', never)).rejects.toMatchObject({code: 'ENVIRONMENT'});
  });

  it('removes on opening what killed imports left long ago, and nothing of a living one', async () => {
    await using folder = await tempFolder();
    const {directory} = await openRepository(folder.path, never);
    for (const name of ['old', 'new']) {
      await mkdir(join(directory, `staging-${name}`));
      await writeFile(join(directory, `objects/pack/tmp_pack_${name}`), '');
    }
    await mkdir(join(directory, 'lfs/tmp'), {recursive: true});
    for (const name of ['old', 'new']) await writeFile(join(directory, 'lfs/tmp', name), '');
    for (const path of ['staging-old', 'objects/pack/tmp_pack_old', 'lfs/tmp/old']) await utimes(join(directory, path), 0, 0);
    await openRepository(folder.path, never);
    const left = ['staging-old', 'objects/pack/tmp_pack_old', 'lfs/tmp/old', 'staging-new', 'objects/pack/tmp_pack_new', 'lfs/tmp/new'].map((path) => existsSync(join(directory, path)));
    expect(left).toEqual([false, false, false, true, true, true]);
  });
});
