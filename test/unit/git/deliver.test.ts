import {existsSync, readFileSync} from 'node:fs';
import {chmod, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, it} from 'vitest';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {applyToCheckout} from '../../../src/git/deliver/apply.js';
import {deliverBranch} from '../../../src/git/deliver/deliver.js';
import {filterProblem} from '../../../src/git/deliver/filters.js';
import {date, deleted, file, fingerprint, git, never, open, ownRepository, stream, tempFolder, write} from './fixture.js';

async function delivered(root: string, entries: readonly ExportEntry[] = [file('new.txt', 'n\n')], files?: Readonly<Record<string, string>>) {
  const at = await ownRepository(root, files);
  const {commit} = await at.repository.importSubmission({parent: at.base, entries: stream(entries), policy: open, ref: 'refs/bulkhead/r1/result', message: 'result', date, signal: never});
  return {...at, commit, checkout: await readCheckout(at.user, never), repositoryDir: at.repository.directory};
}

function evil(root: string): string {
  return `#!/bin/sh\ntouch ${join(root, 'marker')}\ncat\n`;
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

  it('runs no hook and no program that a configuration names for the transport', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user} = await delivered(folder.path);
    await write(user, {'.githooks/reference-transaction': evil(folder.path), '.git/objects/info/alternates': `${join(repositoryDir, 'objects')}\n`});
    await chmod(join(user, '.githooks/reference-transaction'), 0o755);
    await git(user, 'config', 'core.alternateRefsCommand', `touch ${join(folder.path, 'marker')};`);
    await git(user, 'config', `remote.${repositoryDir}.uploadpack`, `touch ${join(folder.path, 'marker')}; git-upload-pack`);
    await git(user, 'config', `remote.${repositoryDir}.url`, repositoryDir);
    await git(user, 'config', 'core.hooksPath', '.githooks');
    await deliverBranch({checkout, repositoryDir, commit, branch: 'result', signal: never});
    expect(existsSync(join(folder.path, 'marker'))).toBe(false);
    expect(await git(user, 'rev-parse', 'result')).toBe(commit);
    await git(user, 'branch', 'other');
    expect(existsSync(join(folder.path, 'marker'))).toBe(true);
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
  it('[G01] [G02] fast-forwards branch and files, runs no hook and no monitor, and leaves other files alone', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user, base} = await delivered(folder.path, [file('new.txt', 'n\n'), file('.githooks/post-merge', evil(folder.path), true), file('.githooks/fsmonitor', evil(folder.path), true)]);
    await git(user, 'config', 'core.hooksPath', '.githooks');
    await git(user, 'config', 'core.fsmonitor', '.githooks/fsmonitor');
    await write(user, {'.git/info/exclude': 'own/\n', 'scratch.txt': 'mine\n', 'own/x': 'mine\n'});
    await deliverBranch({checkout, repositoryDir, commit, branch: 'result', signal: never});
    await applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base, signal: never});
    expect(await git(user, 'rev-parse', 'main')).toBe(commit);
    expect(readFileSync(join(user, 'new.txt'), 'utf8')).toBe('n\n');
    expect([readFileSync(join(user, 'scratch.txt'), 'utf8'), readFileSync(join(user, 'own/x'), 'utf8')]).toEqual(['mine\n', 'mine\n']);
    expect(existsSync(join(folder.path, 'marker'))).toBe(false);
    await execa('git', ['-C', user, 'status'], {reject: false, stdin: 'ignore'});
    expect(existsSync(join(folder.path, 'marker'))).toBe(true);
  });

  it('overwrites no ignored file: as a file, as a folder, and in the place of a folder; and names them', async () => {
    await using folder = await tempFolder();
    const entries = [file('.gitignore', '# nothing\n'), file('local.db', 'AGENT\n'), file('build', 'file'), file('env/x', 'AGENT'), file('dir', 'now a file'), deleted('dir/t'), file('fine/new')];
    const {checkout, repositoryDir, commit, user, base} = await delivered(folder.path, entries, {'.gitignore': 'local.db\n/build\n/env\n*.log\n', 'dir/t': 't'});
    await deliverBranch({checkout, repositoryDir, commit, branch: 'result', signal: never});
    await write(user, {'local.db': 'PRECIOUS\n', 'build/out': 'mine', env: 'mine', 'dir/a.log': 'mine', 'other.log': 'mine'});
    const before = fingerprint(user);
    const refused = {code: 'CHECKOUT_CHANGED', details: {paths: ['build/out', 'dir/a.log', 'env', 'local.db']}};
    await expect(applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base, signal: never})).rejects.toMatchObject(refused);
    expect(fingerprint(user)).toEqual(before);
    for (const path of ['build', 'env', 'local.db', 'dir/a.log']) await rm(join(user, path), {recursive: true});
    await applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base, signal: never});
    expect(readFileSync(join(user, 'local.db'), 'utf8')).toBe('AGENT\n');
    expect(readFileSync(join(user, 'other.log'), 'utf8')).toBe('mine');
  });

  it('runs the filters of the user, but none that could be a file of the tree', async () => {
    await using folder = await tempFolder();
    const attributes = file('.gitattributes', '*.up filter=up\n');
    const {checkout, repositoryDir, commit, user, base} = await delivered(folder.path, [attributes, file('a.up', 'text\n'), file('tools/up', evil(folder.path), true), file('sed', evil(folder.path), true)]);
    await deliverBranch({checkout, repositoryDir, commit, branch: 'result', signal: never});
    for (const smudge of ['tools/up', `${user}/tools/up %f`, 'sh tools/up', 'sh -c "$PWD/tools/up"']) {
      await git(user, 'config', 'filter.up.smudge', smudge);
      await expect(applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base, signal: never}), smudge).rejects.toMatchObject({code: 'REPOSITORY_UNSUPPORTED', details: {filter: 'filter.up.smudge'}});
    }
    expect([await git(user, 'rev-parse', 'main'), existsSync(join(user, 'a.up'))]).toEqual([base, false]);
    await git(user, 'config', 'filter.up.smudge', "sed 's/^t.*t$/UP/'");
    const path = process.env['PATH'];
    process.env['PATH'] = `${user}:${path ?? ''}`;
    await applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base, signal: never}).finally(() => { process.env['PATH'] = path; });
    expect(readFileSync(join(user, 'a.up'), 'utf8')).toBe('UP\n');
    expect(existsSync(join(folder.path, 'marker'))).toBe(false);
  });

  it('leaves a checkout that changed as it is: an edit, another commit, an untracked file in the way', async () => {
    await using folder = await tempFolder();
    const {checkout, repositoryDir, commit, user, base} = await delivered(folder.path);
    await expect(applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base, signal: never})).rejects.toMatchObject({code: 'COMMIT_NOT_FOUND'});
    await deliverBranch({checkout, repositoryDir, commit, branch: 'result', signal: never});
    const refused = async () => {
      const before = fingerprint(user);
      await expect(applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base, signal: never})).rejects.toMatchObject({code: 'CHECKOUT_CHANGED'});
      return [before, fingerprint(user)] as const;
    };
    await write(user, {'a.txt': 'edited\n'});
    const [dirtyBefore, dirtyAfter] = await refused();
    expect(dirtyAfter).toEqual(dirtyBefore);
    await git(user, 'checkout', '-q', 'a.txt');
    await expect(applyToCheckout({checkout, repositoryDir, ref: 'refs/bulkhead/r1/checkout', commit, base: commit, signal: never})).rejects.toMatchObject({code: 'CHECKOUT_CHANGED'});
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

it('tells the filters that could be a file of the tree from those that cannot', () => {
  const scene = {isInside: (path: string) => path.startsWith('/repo/'), isThere: (path: string) => ['tools', 'tools/x', 'x.py', 'mod.py', 'smudge', 'lib'].includes(path)};
  const problem = (command: string, key = 'filter.f.smudge') => filterProblem([[key, command]], scene);
  const fine = ['git-lfs smudge -- %f', 'git-lfs smudge --skip -- %f', 'git-lfs filter-process', '"git-crypt" smudge', '/usr/bin/tool smudge-it %f', '~/bin/x %f', '$HOME/bin/x', 'cat', '', "sed -e 's/$Id: .*$/x/'", 'indent -k 4', 'tools'];
  expect(fine.filter((command) => problem(command) !== undefined)).toEqual([]);
  const refused = ['tools/x', './tools/x', '../x', '/repo/tools/x', 'sh tools/x', 'python3 x.py', 'python3 -m mod', 'perl -Ilib', "sh -c 'cd tools; sh y'", '$(git rev-parse --show-toplevel)/x', '`pwd`/x', '"$PWD"/x', 'too*/x', 'env A=tools/x sh', '\\./x', `"it's $(x) it's"`];
  expect(refused.filter((command) => problem(command) === undefined)).toEqual([]);
  for (const key of ['filter..clean', 'filter.a.process', 'lfs.extension.a.smudge', 'lfs.customtransfer.a.path']) expect(problem('tools/x', key), key).toMatchObject({key});
  expect(problem('tools/x', 'filter.a.required')).toBeUndefined();
  expect(filterProblem([['filter.f.clean', 'tools/x'], ['filter.f.clean', 'cat']], scene)).toBeUndefined();
});
