import {existsSync, readFileSync} from 'node:fs';
import {chmod, mkdir, rm, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, describe, expect, it} from 'vitest';
import {openPullRequest} from '../../../src/git/deliver/pull-request.js';
import {signCommit} from '../../../src/git/deliver/sign.js';
import {date, file, git, never, open, ownRepository, stream, tempFolder, write} from './fixture.js';

const path = process.env['PATH'];

/** A folder for a PATH with a few programs alone: this machine may have a `gh` of its own. */
async function plainPrograms(root: string): Promise<string> {
  const folder = join(root, 'plain');
  await mkdir(folder);
  for (const name of ['git', 'cat', 'env', 'touch']) await symlink((await execa('sh', ['-c', `command -v ${name}`])).stdout, join(folder, name));
  return folder;
}

afterEach(() => {
  process.env['PATH'] = path;
});

async function result(root: string) {
  const at = await ownRepository(root);
  const {commit} = await at.repository.importSubmission({parent: at.base, entries: stream([file('new.txt', 'n\n')]), policy: open, ref: 'refs/bulkhead/r1/verified', message: 'V', date, signal: never});
  const bookkeeping = await at.repository.commitFiles({parent: commit, files: [{path: 'report.md', bytes: Buffer.from('r')}], ref: 'refs/bulkhead/r1/result', message: 'Verified: x\n\nBulkhead-Run: r1', date, signal: never});
  return {...at, verified: commit, bookkeeping};
}

describe('the signature of a result', () => {
  async function signing(root: string) {
    const at = await result(root);
    const keygen = 'ssh-keygen';
    await execa(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', 'user', '-f', join(root, 'key')]);
    await writeFile(join(root, 'signers'), `user@localhost ${readFileSync(join(root, 'key.pub'), 'utf8')}`);
    for (const [key, value] of Object.entries({'gpg.format': 'ssh', 'user.signingKey': join(root, 'key.pub'), 'commit.gpgSign': 'true', 'user.name': 'User', 'user.email': 'user@localhost'})) await git(at.user, 'config', key, value);
    const sign = () => signCommit({root: at.user, repositoryDir: at.repository.directory, commit: at.bookkeeping, ref: 'refs/bulkhead/r1/result', date, signal: never});
    return {...at, sign};
  }

  it("is the user's own, with their key, and leaves V as it was", async () => {
    await using folder = await tempFolder();
    const {sign, repository, verified, bookkeeping} = await signing(folder.path);
    const {commit, why} = await sign();
    expect([why, commit === bookkeeping]).toEqual([undefined, false]);
    const verify = await execa('git', ['-C', repository.directory, '-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${join(folder.path, 'signers')}`, 'verify-commit', commit]);
    expect(verify.stderr).toContain('Good "git" signature for user@localhost');
    expect(await git(repository.directory, 'log', '-1', '--format=%P %T %cn <%ce> %an%n%B', commit)).toBe(`${verified} ${await git(repository.directory, 'rev-parse', `${bookkeeping}^{tree}`)} User <user@localhost> Bulkhead\nVerified: x\n\nBulkhead-Run: r1\n`);
    expect(await repository.readRef('refs/bulkhead/r1/result', never)).toBe(commit);
    expect(await sign()).toEqual({commit});
  });

  it('is not made where the user does not sign', async () => {
    await using folder = await tempFolder();
    const {sign, user, bookkeeping} = await signing(folder.path);
    await git(user, 'config', 'commit.gpgSign', 'false');
    expect(await sign()).toEqual({commit: bookkeeping});
  });

  it('says why it could not be made, and runs no program of the checkout for it', async () => {
    await using folder = await tempFolder();
    const {sign, user, bookkeeping} = await signing(folder.path);
    const marker = join(folder.path, 'marker');
    await write(user, {'tools/sign': `#!/bin/sh\ntouch ${marker}\nexec ssh-keygen "$@"\n`});
    await chmod(join(user, 'tools/sign'), 0o755);
    for (const program of [join(user, 'tools/sign'), 'tools/sign', './tools/sign']) {
      await git(user, 'config', 'gpg.ssh.program', program);
      expect(await sign(), program).toEqual({commit: bookkeeping, why: expect.stringContaining('gpg.ssh.program') as string});
    }
    expect(existsSync(marker)).toBe(false);
    // The honest twin: the same program elsewhere is run.
    await writeFile(join(folder.path, 'sign'), readFileSync(join(user, 'tools/sign')), {mode: 0o755});
    await git(user, 'config', 'gpg.ssh.program', join(folder.path, 'sign'));
    expect((await sign()).why).toBeUndefined();
    expect(existsSync(marker)).toBe(true);
    await git(user, 'config', '--unset', 'gpg.ssh.program');
    await rm(join(folder.path, 'key'));
    expect(await sign()).toEqual({commit: bookkeeping, why: expect.stringContaining('not signed') as string});
  });
});

describe('a pull request', () => {
  /** A checkout with a bare `origin`, and programs in a PATH of their own that note what they were called with. */
  async function forge(root: string, programs: Readonly<Record<string, string>>) {
    const at = await result(root);
    const remote = join(root, 'remote.git');
    await execa('git', ['init', '-q', '--bare', remote]);
    await git(at.user, 'remote', 'add', 'origin', remote);
    await git(at.user, 'push', '-q', '-u', 'origin', 'main');
    await git(at.user, 'fetch', '-q', at.repository.directory, at.bookkeeping);
    await git(at.user, 'branch', 'result', at.bookkeeping);
    const [bin, plain] = [join(root, 'bin'), await plainPrograms(root)];
    await mkdir(bin);
    for (const [name, last] of Object.entries(programs)) {
      await writeFile(join(bin, name), `#!/bin/sh\nfor one in "$@"; do printf '%s\\0' "$one" >> ${root}/argv; done\ncat > ${root}/stdin\nenv > ${root}/env\npwd > ${root}/cwd\n${last}\n`, {mode: 0o755});
    }
    process.env['PATH'] = `${bin}:${plain}`;
    const request = {checkout: {root: at.user, branch: 'main'}, branch: 'result', title: '--danger; $(touch x)\u001b[31m `id`', body: '# Report\n', signal: never};
    return {...at, remote, bin, plain, argv: () => readFileSync(join(root, 'argv'), 'utf8').split('\0').slice(0, -1), open: (more = {}) => openPullRequest({...request, ...more})};
  }
  const url = 'echo https://example.test/pull/7';

  it('is opened by gh: the branch is sent, and every value is one argument, whatever is in it', async () => {
    await using folder = await tempFolder();
    const {open: openIt, argv, remote, user, bookkeeping} = await forge(folder.path, {gh: url});
    process.env['ANTHROPIC_API_KEY'] = 'canary-key';
    try {
      expect(await openIt()).toEqual({forge: 'gh', remote: 'origin', url: 'https://example.test/pull/7'});
    } finally {
      delete process.env['ANTHROPIC_API_KEY'];
    }
    expect(argv()).toEqual(['pr', 'create', '--head=result', '--title=--danger; $(touch x)\\x1b[31m `id`', '--body-file=-', '--base=main']);
    expect([readFileSync(join(folder.path, 'stdin'), 'utf8'), readFileSync(join(folder.path, 'cwd'), 'utf8')]).toEqual(['# Report\n', `${user}\n`]);
    expect(readFileSync(join(folder.path, 'env'), 'utf8')).not.toContain('canary-key');
    expect(await git(remote, 'rev-parse', 'result')).toBe(bookkeeping);
    expect(await git(remote, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\nrefs/heads/result');
  });

  it('is opened by glab where the remote is there, or where only that is installed', async () => {
    await using folder = await tempFolder();
    const {open: openIt, argv, user, remote} = await forge(folder.path, {glab: url});
    expect(await openIt({checkout: {root: user, branch: undefined}, title: 't'})).toMatchObject({forge: 'glab'});
    expect(argv()).toEqual(['mr', 'create', '--source-branch=result', '--title=t', '--description=# Report\n', '--yes']);
    await git(user, 'config', `url.${remote}.insteadOf`, 'git@github.com:a/b.git');
    await git(user, 'remote', 'set-url', 'origin', 'git@github.com:a/b.git');
    // What git really sends to is what counts: an address of one's own fits both.
    expect(await openIt()).toMatchObject({forge: 'glab'});
    await git(user, 'config', '--unset', `url.${remote}.insteadOf`);
    await expect(openIt()).rejects.toMatchObject({code: 'PULL_REQUEST_FAILED', message: expect.stringContaining('gh') as string});
  });

  it('runs no hook and no program of the checkout', async () => {
    await using folder = await tempFolder();
    const {open: openIt, user, bin, plain} = await forge(folder.path, {gh: url});
    const marker = join(folder.path, 'marker');
    await rm(join(bin, 'gh'));
    await write(user, {'.githooks/pre-push': `#!/bin/sh\ntouch ${marker}\n`, 'bin/gh': `#!/bin/sh\ntouch ${marker}\n`});
    for (const program of ['.githooks/pre-push', 'bin/gh']) await chmod(join(user, program), 0o755);
    await git(user, 'config', 'core.hooksPath', '.githooks');
    process.env['PATH'] = `${join(user, 'bin')}:${plain}`;
    await expect(openIt()).rejects.toMatchObject({code: 'PULL_REQUEST_FAILED'});
    await writeFile(join(bin, 'gh'), `#!/bin/sh\n${url}\n`, {mode: 0o755});
    process.env['PATH'] = `${join(user, 'bin')}:${bin}:${plain}`;
    await openIt();
    expect(existsSync(marker)).toBe(false);
    await git(user, 'push', '-q', 'origin', 'result:other');
    expect(existsSync(marker)).toBe(true);
  });

  it('fails with a reason and leaves the branch: no remote, no program, a push or a request that is refused', async () => {
    await using folder = await tempFolder();
    const {open: openIt, user, remote, bin, bookkeeping} = await forge(folder.path, {gh: 'printf "already\\033[31m exists\\n" >&2; exit 1'});
    await expect(openIt()).rejects.toMatchObject({code: 'PULL_REQUEST_FAILED', message: expect.stringContaining('already\\x1b[31m exists') as string});
    await rm(join(bin, 'gh'));
    await expect(openIt()).rejects.toMatchObject({code: 'PULL_REQUEST_FAILED', hint: expect.stringContaining('git push origin result') as string});
    await writeFile(join(bin, 'gh'), `#!/bin/sh\n${url}\n`, {mode: 0o755});
    await git(remote, 'branch', '-f', 'result', 'main');
    await git(user, 'branch', '-f', 'result', await git(user, 'commit-tree', '-m', 'x', 'HEAD^{tree}'));
    await expect(openIt()).rejects.toMatchObject({code: 'PULL_REQUEST_FAILED', message: expect.stringContaining('git push') as string});
    await git(user, 'branch', '-f', 'result', bookkeeping);
    await git(user, 'remote', 'remove', 'origin');
    await expect(openIt()).rejects.toMatchObject({code: 'PULL_REQUEST_FAILED', message: expect.stringContaining('remote') as string});
    expect(await git(user, 'rev-parse', 'result')).toBe(bookkeeping);
  });
});
