import {existsSync, readFileSync} from 'node:fs';
import {appendFile, chmod, chown, mkdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, it} from 'vitest';
import {readCheckout, resolveCommit} from '../../../src/git/freeze/checkout.js';
import {openRepository} from '../../../src/git/repository.js';
import {withoutFilters, withoutHooks} from '../../../src/git/door/user-git.js';
import {fingerprint, git, never, tempFolder, userRepository, write} from './fixture.js';

describe('readCheckout', () => {
  it('reads the same repository from its top, a subfolder, a linked worktree and a detached HEAD', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'my project');
    const head = await userRepository(root, {'a.txt': 'a\n', 'sub/b.txt': 'b\n'});
    const top = await readCheckout(root, never);
    expect(top).toMatchObject({root, gitDir: join(root, '.git'), commonDir: join(root, '.git'), head, branch: 'main', dirty: {changed: 0, untracked: 0}});
    expect(top.repositoryId).toMatch(/^my-project-[0-9a-f]{8}$/);
    expect(await readCheckout(join(root, 'sub'), never)).toEqual(top);
    await git(root, 'worktree', 'add', '-q', '--detach', join(folder.path, 'other'));
    const other = await readCheckout(join(folder.path, 'other'), never);
    expect(other).toMatchObject({root: join(folder.path, 'other'), commonDir: top.commonDir, head, branch: undefined, repositoryId: top.repositoryId});
    expect(other.gitDir).not.toBe(top.gitDir);
  });

  it('says how much of the history is there', async () => {
    await using folder = await tempFolder();
    const at = (name: string) => join(folder.path, name);
    await userRepository(at('whole'));
    await write(at('whole'), {'a.txt': '2\n'});
    await git(at('whole'), 'commit', '-qam', 'second');
    await git(at('whole'), 'config', 'uploadpack.allowFilter', 'true');
    await git(folder.path, 'clone', '-q', '--depth=1', `file://${at('whole')}`, 'shallow');
    await git(folder.path, 'clone', '-q', '--filter=blob:none', `file://${at('whole')}`, 'partial');
    const read = await Promise.all(['whole', 'shallow', 'partial'].map(async (name) => (await readCheckout(at(name), never)).history));
    expect(read).toEqual(['whole', 'shallow', 'partial']);
  });

  it('counts changed and untracked files, and no ignored ones', async () => {
    await using folder = await tempFolder();
    await userRepository(folder.path, {'a.txt': 'a\n', 'b.txt': 'b\n', '.gitignore': '*.log\n'});
    await write(folder.path, {'a.txt': 'changed\n', 'new/one.txt': '', 'new/two.txt': '', 'x.log': ''});
    await rm(join(folder.path, 'b.txt'));
    expect((await readCheckout(folder.path, never)).dirty).toEqual({changed: 2, untracked: 2});
  });

  it('names the right cause for each folder that is no use', async () => {
    await using folder = await tempFolder();
    const at = (name: string) => join(folder.path, name);
    const code = async (dir: string) => readCheckout(dir, never).then(() => 'fine', (error: unknown) => error);
    await mkdir(at('plain'));
    expect(await code(at('plain'))).toMatchObject({code: 'NOT_A_REPOSITORY'});
    expect(await code(at('missing'))).toMatchObject({code: 'NOT_A_REPOSITORY'});
    await git(folder.path, 'init', '-q', '--bare', 'bare');
    expect(await code(at('bare'))).toMatchObject({code: 'REPOSITORY_UNSUPPORTED', message: expect.stringContaining('bare') as string});
    await git(folder.path, 'init', '-q', 'empty');
    expect(await code(at('empty'))).toMatchObject({code: 'REPOSITORY_UNSUPPORTED', message: expect.stringContaining('no commit') as string});
    await userRepository(at('good'));
    expect(await code(at('good/.git'))).toMatchObject({code: 'REPOSITORY_UNSUPPORTED', message: expect.stringContaining('git dir') as string});
    await git(folder.path, 'init', '-q', '--object-format=sha256', 'long');
    expect(await code(at('long'))).toMatchObject({code: 'REPOSITORY_UNSUPPORTED', message: expect.stringContaining('sha256') as string});
    await writeFile(join(at('good'), '.git/HEAD'), 'nonsense');
    expect(await code(at('good'))).toMatchObject({code: 'REPOSITORY_UNSUPPORTED'});
  });

  it.skipIf(process.geteuid?.() !== 0)('says when a repository belongs to another user, and takes it once its user trusts it', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'foreign');
    const head = await userRepository(root);
    await execa('chown', ['-R', '12345', root]);
    await expect(readCheckout(root, never)).rejects.toMatchObject({code: 'REPOSITORY_UNSUPPORTED', message: expect.stringContaining('12345') as string});
    const config = join(folder.path, 'gitconfig');
    await writeFile(config, `[safe]\n\tdirectory = ${root}\n`);
    process.env['GIT_CONFIG_GLOBAL'] = config;
    try {
      const checkout = await readCheckout(root, never);
      const repository = await openRepository(join(folder.path, 'own'), never);
      await repository.freeze({checkout, commit: head, ref: 'refs/bulkhead/r1/base', signal: never});
      expect(await repository.readRef('refs/bulkhead/r1/base', never)).toBe(head);
    } finally {
      process.env['GIT_CONFIG_GLOBAL'] = '/dev/null';
      await chown(root, 0, 0);
    }
  });

  it('[G01 G02 G03 G08] runs no hook, monitor or filter of the repository and writes nothing, where plain git does', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const head = await userRepository(root, {'a.txt': 'a\n', '.gitattributes': '* filter=x=y\n'});
    const marker = join(folder.path, 'marker');
    const script = join(folder.path, 'evil.sh');
    await writeFile(script, `#!/bin/sh\necho "$0 $*" >>${marker}\ncat\n`);
    await chmod(script, 0o755);
    await mkdir(join(root, '.git/hooks'), {recursive: true});
    for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'fsmonitor-watchman']) await execa('cp', [script, join(root, '.git/hooks', hook)]);
    await appendFile(join(root, '.git/config'), `[core]\n\tfsmonitor = ${script}\n[filter "x=y"]\n\tclean = ${script}\n\tsmudge = ${script}\n\trequired = true\n`);
    await appendFile(join(root, '.git/config'), `[alias]\n\tstatus = !${script}\n[uploadpack]\n\tpackObjectsHook = ${script}\n[core]\n\tpager = ${script}\n\talternateRefsCommand = ${script}\n`);
    await write(root, {'a.txt': 'b\n'});
    const before = fingerprint(root);
    const checkout = await readCheckout(root, never);
    expect(checkout.dirty).toEqual({changed: 1, untracked: 0});
    await resolveCommit(checkout, 'HEAD', never);
    const repository = await openRepository(join(folder.path, 'own'), never);
    await repository.freeze({checkout, commit: head, ref: 'refs/bulkhead/r1/base', signal: never});
    expect(existsSync(marker)).toBe(false);
    expect(fingerprint(root)).toEqual(before);
    await execa('git', ['-C', root, 'status'], {reject: false, stdin: 'ignore'});
    expect(existsSync(marker)).toBe(true);
  });

  it('[G08] does not enter a bare repository that is planted in the tree', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    await git(root, 'init', '-q', '--bare', 'vendor/x');
    await git(join(root, 'vendor/x'), 'fetch', '-q', root, '+HEAD:refs/heads/main');
    await git(join(root, 'vendor/x'), 'config', 'core.worktree', root);
    await git(join(root, 'vendor/x'), 'config', 'core.bare', 'false');
    await expect(readCheckout(join(root, 'vendor/x'), never)).rejects.toMatchObject({code: 'REPOSITORY_UNSUPPORTED'});
    expect((await readCheckout(join(root, 'vendor'), never)).root).toBe(root);
  });
});

describe('resolveCommit', () => {
  it('finds what git finds, in full', async () => {
    await using folder = await tempFolder();
    const head = await userRepository(folder.path);
    await git(folder.path, 'tag', '-a', '-m', 'x', 'v1');
    const checkout = await readCheckout(folder.path, never);
    for (const name of ['HEAD', 'main', 'v1', head, head.slice(0, 8)]) expect(await resolveCommit(checkout, name, never)).toBe(head);
  });

  it('[G15] refuses options, ranges, other objects, control characters and what is not there', async () => {
    await using folder = await tempFolder();
    await userRepository(folder.path);
    const checkout = await readCheckout(folder.path, never);
    for (const name of ['', '--all', '-x', '$(id)', 'HEAD..HEAD', '^HEAD', 'HEAD:a.txt', 'HEAD^{tree}', 'no-such', 'HEAD\n', 'HEAD\0']) {
      await expect(resolveCommit(checkout, name, never), name).rejects.toMatchObject({code: 'COMMIT_NOT_FOUND'});
    }
  });
});

it('[G03] refuses a configuration with a filter whose name is not UTF-8 and runs nothing; another encoding in a value is fine', async () => {
  await using folder = await tempFolder();
  const root = join(folder.path, 'user');
  await userRepository(root, {'a.txt': 'a\n'});
  const marker = join(folder.path, 'marker');
  const config = join(root, '.git/config');
  const honest = readFileSync(config);
  await writeFile(config, Buffer.concat([honest, Buffer.from('[user]\n\tname = "Jos\xe9"\n', 'latin1')]));
  await write(root, {'a.txt': 'b\n'});
  expect((await readCheckout(root, never)).dirty).toEqual({changed: 1, untracked: 0});
  await writeFile(join(root, '.git/info/attributes'), Buffer.from('* filter=x\xff\n', 'latin1'));
  await writeFile(config, Buffer.concat([honest, Buffer.from(`[filter "x\xff"]\n\tclean = touch ${marker}; cat\n`, 'latin1')]));
  await expect(readCheckout(root, never)).rejects.toMatchObject({code: 'REPOSITORY_UNSUPPORTED', message: expect.stringContaining('filter.x') as string});
  expect(existsSync(marker)).toBe(false);
});

it('runs no filter of an empty name, of a conditional include or of a worktree of its own', async () => {
  await using folder = await tempFolder();
  const root = join(folder.path, 'user');
  await userRepository(root, {'a.txt': 'a\n', 'b.txt': 'b\n'});
  const marker = join(folder.path, 'marker');
  await writeFile(join(folder.path, 'more'), `[filter "in"]\n\tclean = touch ${marker}; cat\n\trequired\n[diff]\n\texternal = touch ${marker}\n[core]\n\tgitProxy = touch ${marker}\n`);
  await appendFile(join(root, '.git/config'), `[filter ""]\n\tclean = touch ${marker}; cat\n[includeIf "onbranch:main"]\n\tpath = ${join(folder.path, 'more')}\n[extensions]\n\tworktreeConfig = true\n`);
  await writeFile(join(root, '.git/config.worktree'), `[core]\n\tfsmonitor = touch ${marker}\n[filter "wt"]\n\tprocess = touch ${marker}\n`);
  await writeFile(join(root, '.git/info/attributes'), 'a.txt filter=in\nb.txt filter=wt\n* filter=\n');
  await write(root, {'a.txt': 'A\n', 'b.txt': 'B\n'});
  expect((await readCheckout(root, never)).dirty).toEqual({changed: 2, untracked: 0});
  expect(existsSync(marker)).toBe(false);
});

it('takes the program away from every filter and hook, whatever its name', () => {
  const keys = ['filter.a.b=c.clean', 'filter.A.process', 'core.bare', 'hook.h.command', 'filter.n\nl.clean'];
  expect(withoutFilters(keys)).toEqual(
    ['a.b=c', 'A', 'n\nl'].flatMap((name) => [[`filter.${name}.clean`, ''], [`filter.${name}.smudge`, ''], [`filter.${name}.process`, ''], [`filter.${name}.required`, 'false']]),
  );
  expect(withoutHooks(keys)).toEqual([['hook.h.enabled', 'false']]);
});
