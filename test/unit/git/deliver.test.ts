import {existsSync, readFileSync} from 'node:fs';
import {chmod, mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {readCheckout} from '../../../src/git/checkout.js';
import {applyToCheckout, deliverBranch} from '../../../src/git/deliver.js';
import {date, file, fingerprint, git, never, open, ownRepository, stream, tempFolder, write} from './fixture.js';

async function delivered(root: string) {
  const at = await ownRepository(root);
  const {commit} = await at.repository.importSubmission({parent: at.base, entries: stream([file('new.txt', 'n\n')]), policy: open, ref: 'refs/bulkhead/r1/result', message: 'result', date, signal: never});
  return {...at, commit, checkout: await readCheckout(at.user, never), repositoryDir: at.repository.directory};
}

function withoutObjects(root: string): ReadonlyMap<string, string> {
  return new Map([...fingerprint(root)].filter(([path]) => !path.includes('/.git/objects')));
}

describe('deliverBranch', () => {
  it('adds exactly one ref and its reflog, and nothing else; twice is once', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user} = await delivered(folder.path);
    await git(user, 'config', 'fetch.prune', 'true');
    await git(user, 'tag', 'v1');
    const before = withoutObjects(user);
    await deliverBranch({checkout, repositoryDir, commit, branch: 'bulkhead-result', signal: never});
    const after = withoutObjects(user);
    expect([...after].filter(([path, value]) => before.get(path) !== value).map(([path]) => path.slice(user.length + 1))).toEqual(['.git/logs/refs/heads/bulkhead-result', '.git/refs/heads/bulkhead-result']);
    expect([...before.keys()].filter((path) => !after.has(path))).toEqual([]);
    expect(await git(user, 'rev-parse', 'bulkhead-result')).toBe(commit);
    await deliverBranch({checkout, repositoryDir, commit, branch: 'bulkhead-result', signal: never});
    expect(withoutObjects(user)).toEqual(after);
    await git(user, 'fsck', '--strict');
  });

  it('never moves a branch, also not forward, and never half a name', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user} = await delivered(folder.path);
    await git(user, 'branch', 'taken');
    await git(user, 'branch', 'deep/er');
    for (const branch of ['main', 'taken', 'taken/x', 'deep']) {
      await expect(deliverBranch({checkout, repositoryDir, commit, branch, signal: never}), branch).rejects.toMatchObject({code: 'RESULT_EXISTS'});
    }
    expect(await git(user, 'rev-parse', 'taken')).toBe(await git(user, 'rev-parse', 'main'));
  });

  it('loses no branch that is made while it delivers', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user, base} = await delivered(folder.path);
    const config = join(folder.path, 'gitconfig');
    await writeFile(join(folder.path, 'race'), `#!/bin/sh\nenv -u GIT_DIR git -C ${user} branch raced main\nexec "$@"\n`, {mode: 0o755});
    await writeFile(config, `[uploadpack]\n\tpackObjectsHook = ${join(folder.path, 'race')}\n`);
    process.env['GIT_CONFIG_GLOBAL'] = config;
    try {
      await expect(deliverBranch({checkout, repositoryDir, commit, branch: 'raced', signal: never})).rejects.toMatchObject({code: 'RESULT_EXISTS'});
    } finally {
      process.env['GIT_CONFIG_GLOBAL'] = '/dev/null';
    }
    expect(await git(user, 'rev-parse', 'raced')).toBe(base);
  });

  it('[G15] refuses what is no branch name', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit} = await delivered(folder.path);
    for (const branch of ['', '-x', 'a b', '../../HEAD', 'HEAD', 'a..b', '@{-1}', 'x.lock', 'a\0b']) {
      await expect(deliverBranch({checkout, repositoryDir, commit, branch, signal: never}), branch).rejects.toMatchObject({code: 'USAGE'});
    }
    await deliverBranch({checkout, repositoryDir, commit, branch: '$(id)', signal: never});
    expect(await git(checkout.root, 'rev-parse', 'refs/heads/$(id)')).toBe(commit);
  });
});

describe('applyToCheckout', () => {
  it('fast-forwards branch and files with the hooks of the user', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user, base} = await delivered(folder.path);
    await deliverBranch({checkout, repositoryDir, commit, branch: 'result', signal: never});
    await mkdir(join(user, '.git/hooks'), {recursive: true});
    await writeFile(join(user, '.git/hooks/post-merge'), `#!/bin/sh\ntouch ${join(folder.path, 'hook-ran')}\n`);
    await chmod(join(user, '.git/hooks/post-merge'), 0o755);
    await write(user, {'scratch.txt': 'mine\n'});
    await applyToCheckout({checkout, commit, base, signal: never});
    expect(await git(user, 'rev-parse', 'main')).toBe(commit);
    expect(readFileSync(join(user, 'new.txt'), 'utf8')).toBe('n\n');
    expect(readFileSync(join(user, 'scratch.txt'), 'utf8')).toBe('mine\n');
    expect(existsSync(join(folder.path, 'hook-ran'))).toBe(true);
  });

  it('leaves a checkout that changed as it is: an edit, another commit, an untracked file in the way', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user, base} = await delivered(folder.path);
    await expect(applyToCheckout({checkout, commit, base, signal: never})).rejects.toMatchObject({code: 'COMMIT_NOT_FOUND'});
    await deliverBranch({checkout, repositoryDir, commit, branch: 'result', signal: never});
    const refused = async () => {
      const before = fingerprint(user);
      await expect(applyToCheckout({checkout, commit, base, signal: never})).rejects.toMatchObject({code: 'CHECKOUT_CHANGED'});
      return [before, fingerprint(user)] as const;
    };
    await write(user, {'a.txt': 'edited\n'});
    const [dirtyBefore, dirtyAfter] = await refused();
    expect(dirtyAfter).toEqual(dirtyBefore);
    await git(user, 'checkout', '-q', 'a.txt');
    await expect(applyToCheckout({checkout, commit, base: commit, signal: never})).rejects.toMatchObject({code: 'CHECKOUT_CHANGED'});
    await write(user, {'new.txt': 'mine\n'});
    await refused();
    expect(readFileSync(join(user, 'new.txt'), 'utf8')).toBe('mine\n');
    expect(await git(user, 'rev-parse', 'main')).toBe(base);
    await write(user, {'a.txt': 'edited\n'});
    await git(user, 'commit', '-qam', 'moved on');
    const [movedBefore, movedAfter] = await refused();
    expect(movedAfter).toEqual(movedBefore);
  });
});
