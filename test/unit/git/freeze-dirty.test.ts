import {existsSync} from 'node:fs';
import {appendFile, chmod, cp, mkdir, readFile, rename, rm, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import type {FrozenDirty} from '../../../src/git/freeze/dirty/freeze-dirty.js';
import {openRepository, type Repository} from '../../../src/git/repository.js';
import {date, fingerprint, git, gitIn, never, tempFolder, treeOf, userRepository, write} from './fixture.js';

const ref = 'refs/bulkhead/r1/base';

interface Frozen extends FrozenDirty {
  readonly repository: Repository;
  readonly head: string;
  readonly tree: string;
}

/** Freezes a checkout into a repository of ours beside it, and sees that not one byte of the user's folder changed. */
async function frozen(root: string, at = root): Promise<Frozen> {
  const before = fingerprint(root);
  const checkout = await readCheckout(at, never);
  const repository = await openRepository(join(root, '..', 'own'), never);
  const result = await repository.freezeDirty({checkout, ref, date, signal: never});
  expect(fingerprint(root)).toEqual(before);
  expect(await repository.readRef(ref, never)).toBe(result.commit);
  return {...result, repository, head: checkout.head, tree: (await repository.reader(result.commit, never)).tree};
}

/** What the user's own git makes of a copy of the checkout. */
async function byGit(root: string, ...options: readonly string[]): Promise<string> {
  const copy = `${root}-copy`;
  await rm(copy, {recursive: true, force: true});
  await cp(root, copy, {recursive: true, verbatimSymlinks: true, preserveTimestamps: true});
  await git(copy, 'add', '-A', ...options);
  return git(copy, 'write-tree');
}

async function refused(root: string): Promise<readonly string[]> {
  const before = fingerprint(root);
  const checkout = await readCheckout(root, never);
  const repository = await openRepository(join(root, '..', 'own'), never);
  const earlier = await repository.readRef(ref, never);
  const error: unknown = await repository.freezeDirty({checkout, ref, date, signal: never}).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({code: 'CHECKOUT_NOT_FREEZABLE'});
  expect(fingerprint(root)).toEqual(before);
  expect(await repository.readRef(ref, never)).toBe(earlier);
  return (error as {details: {problems: {path: string}[]}}).details.problems.map(({path}) => path);
}

describe('a checkout as it stands', () => {
  it('is one commit on top of HEAD: staged, partly staged, unstaged, untracked, renamed, modes, links, deletions', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const names = ['staged', 'partly', 'edited', 'gone', 'unindexed', 'moved', 'tool', 'relinked', 'dir/a', 'dir/b/c', 'becomes-dir', 'same'];
    await userRepository(root, {...Object.fromEntries(names.map((name) => [name, `${name}\n`])), '.gitignore': '*.log\n'});
    await write(root, {staged: 's\n', partly: 'one\n', edited: 'e\n', intended: 'i\n', 'ignored.log': 'x\n', 'new/deep/file': 'n\n', 'new/empty': '', 'odd "ü"\nname': 'o\n', '-x': 'dash\n'});
    await git(root, 'add', 'staged', 'partly');
    await git(root, 'add', '-N', 'intended');
    await write(root, {partly: 'one\ntwo\n', 'staged-then-gone': 'x\n'});
    await git(root, 'add', 'staged-then-gone');
    for (const name of ['gone', 'staged-then-gone', 'relinked', 'becomes-dir']) await rm(join(root, name));
    await git(root, 'rm', '-q', '--cached', 'unindexed');
    await rename(join(root, 'moved'), join(root, 'moved there'));
    await chmod(join(root, 'tool'), 0o755);
    await symlink('same', join(root, 'relinked'));
    await symlink('/nowhere', join(root, 'dangling'));
    await rm(join(root, 'dir'), {recursive: true});
    await write(root, {dir: 'a file now\n', 'becomes-dir/in': 'in\n'});
    const result = await frozen(root);
    expect(result.tree).toBe(await byGit(root));
    expect(await treeOf(result.repository, result.commit)).toMatchObject({partly: 'file one\ntwo\n', tool: 'executable tool\n', relinked: 'symlink same', intended: 'file i\n', unindexed: 'file unindexed\n', dir: 'file a file now\n'});
    expect(await git(result.repository.directory, 'rev-list', '--parents', '-n', '1', result.commit)).toBe(`${result.commit} ${result.head}`);
    expect(await git(result.repository.directory, 'log', '-1', '--format=%an %ae %at', result.commit)).toBe(`Bulkhead bulkhead@localhost ${date.getTime() / 1000}`);
    expect([...result.untracked].sort()).toEqual(['-x', 'becomes-dir/in', 'dangling', 'dir', 'moved there', 'new/deep/file', 'new/empty', 'odd "ü"\nname', 'unindexed']);
    expect(result.changed).toEqual(expect.arrayContaining(['staged', 'partly', 'edited', 'gone', 'dir/a', 'intended', 'tool']));
    expect(result.leftOut).toEqual([]);
    await git(result.repository.directory, 'fsck', '--strict', '--no-dangling');
    // Again, it is the same commit.
    expect((await frozen(root)).commit).toBe(result.commit);
  });

  it('is HEAD itself when nothing differs, also where only times do', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const head = await userRepository(root, {'a.txt': 'a\n', '.gitignore': 'x\n'});
    await write(root, {'a.txt': 'a\n', x: 'ignored\n'});
    expect(await frozen(root)).toMatchObject({commit: head, changed: [], untracked: [], leftOut: []});
  });

  it('is what git would commit, for any edits', async () => {
    await using folder = await tempFolder();
    const path = fc.constantFrom('a', 'b', 'd', 'd/x', 'd/y', 'e/f/g', 'e/f', 'ü', 'w.log');
    const edit = fc.record({path, act: fc.constantFrom('write', 'stage', 'delete', 'unstage', 'mode', 'link', 'intend'), text: fc.constantFrom('1\n', '2\n', '')});
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, {maxLength: 8}), async (edits) => {
        const root = join(folder.path, `at-${(run += 1)}`, 'user');
        await userRepository(root, {a: 'a\n', b: 'b\n', 'd/x': 'x\n', 'e/f/g': 'g\n', '.gitignore': '*.log\n'});
        for (const each of edits) await apply(root, each);
        const result = await frozen(root);
        expect(result.tree).toBe(await byGit(root));
        expect(result.commit === result.head).toBe(result.tree === (await git(root, 'rev-parse', 'HEAD^{tree}')));
      }),
      {numRuns: 8, examples: [[[{path: 'd', act: 'write', text: '1\n'}, {path: 'd/x', act: 'delete', text: ''}]]]},
    );
  }, 300_000);

  it('takes as many changed files as there are, with names as long as they may be', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const names = Array.from({length: 1500}, (_, index) => `${'long/'.repeat(2)}${'n'.repeat(200)}-${index}`);
    await userRepository(root, Object.fromEntries(names.map((name) => [name, '1\n'])));
    await write(root, Object.fromEntries(names.map((name) => [name, 'two\n'])));
    const result = await frozen(root);
    expect([result.changed.length, result.tree]).toEqual([names.length, await byGit(root)]);
  });

  it('takes staged content that is nowhere else, and leaves the objects of the user alone', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    await write(root, {'only-staged': 'kept\n'});
    await git(root, 'add', '-A');
    await git(root, 'update-index', '--skip-worktree', 'only-staged');
    await rm(join(root, 'only-staged'));
    const result = await frozen(root);
    expect(await treeOf(result.repository, result.commit)).toEqual({'a.txt': 'file a\n', 'only-staged': 'file kept\n'});
  });
});

async function apply(root: string, {path, act, text}: {readonly path: string; readonly act: string; readonly text: string}): Promise<void> {
  const file = join(root, path);
  const quiet = {cwd: root, reject: false} as const;
  const clear = async () => {
    for (const [index] of [...path.split('/')].entries()) {
      const above = join(root, path.split('/').slice(0, index + 1).join('/'));
      const isFolder = index + 1 < path.split('/').length;
      if (existsSync(above) && !isFolder === (await execa('test', ['-d', above], {reject: false})).failed) continue;
      await rm(above, {recursive: true, force: true});
    }
    await mkdir(join(file, '..'), {recursive: true});
  };
  if (act === 'write' || act === 'stage' || act === 'intend') {
    await clear();
    await rm(file, {recursive: true, force: true});
    await writeFile(file, text);
    if (act === 'stage') await execa('git', ['add', '-A', '-f', '--', path], quiet);
    if (act === 'intend') await execa('git', ['add', '-N', '-f', '--', path], quiet);
  }
  // Below a path that is a file now there is nothing to delete, and Node's own function says so with an error.
  if (act === 'delete') await execa('rm', ['-rf', '--', file], quiet);
  if (act === 'unstage') await execa('git', ['rm', '-r', '-q', '--cached', '--ignore-unmatch', '--', path], quiet);
  if (act === 'mode') await execa('chmod', ['+x', path], quiet);
  if (act === 'link') {
    await clear();
    await rm(file, {recursive: true, force: true});
    await symlink(text.trim() === '' ? 'a' : text.trim(), file);
  }
}

describe('from every kind of checkout', () => {
  it('a linked worktree, seen from a subfolder, with the index of its own', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'packages/one/a': 'a\n', 'packages/two/b': 'b\n'});
    await git(root, 'worktree', 'add', '-q', '--detach', join(folder.path, 'linked'));
    const linked = join(folder.path, 'linked');
    await write(linked, {'packages/one/a': 'A\n', 'packages/two/new': 'n\n'});
    await write(root, {'not-here': 'x\n'});
    await git(linked, 'add', 'packages/two/new');
    const before = fingerprint(root);
    const result = await frozen(linked, join(linked, 'packages/one'));
    expect(fingerprint(root)).toEqual(before);
    expect(await treeOf(result.repository, result.commit)).toEqual({'packages/one/a': 'file A\n', 'packages/two/b': 'file b\n', 'packages/two/new': 'file n\n'});
  });

  it.each([
    ['with cones', 'false', ['--cone', 'in'], '\r\n'],
    ['with cones and a sparse index', 'true', ['--cone', 'in'], '\r\n'],
    ['with patterns, where attributes outside count', 'false', ['--no-cone', '/in/', '/top'], '\n'],
  ])('a sparse one %s', async (_how, sparseIndex, set, lineEnd) => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'in/a': 'a\n', 'out/b': 'b\n', 'out/deep/c': 'c\n', top: 't\n', 'out/.gitattributes': 'crlf text\n'});
    await git(root, 'config', 'index.sparse', sparseIndex);
    await git(root, 'sparse-checkout', 'set', ...set);
    expect(existsSync(join(root, 'out'))).toBe(false);
    await write(root, {'in/a': 'A\n', 'in/new': 'n\n', 'out/crlf': 'by the attributes of the index\r\n'});
    const result = await frozen(root);
    expect(result.tree).toBe(await byGit(root, '--sparse'));
    expect(await treeOf(result.repository, result.commit)).toMatchObject({'in/a': 'file A\n', 'in/new': 'file n\n', 'out/b': 'file b\n', 'out/deep/c': 'file c\n', 'out/crlf': `file by the attributes of the index${lineEnd}`});
  });

  it('one with a split index, an untracked cache and a file system monitor', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, Object.fromEntries(Array.from({length: 50}, (_, index) => [`f${index}`, `${index}\n`])));
    for (const key of ['core.splitIndex', 'core.untrackedCache']) await git(root, 'config', key, 'true');
    await git(root, 'update-index', '--split-index', '--untracked-cache');
    await write(root, {f1: 'changed\n', f2: 'staged\n', new: 'n\n'});
    await git(root, 'add', 'f2');
    const marker = join(folder.path, 'marker');
    await git(root, 'config', 'core.fsmonitor', `touch ${marker}; true`);
    const result = await frozen(root);
    await git(root, 'config', '--unset', 'core.fsmonitor');
    expect(result.tree).toBe(await byGit(root));
    expect(existsSync(marker)).toBe(false);
  });

  it('a shallow clone, whose history stays cut where it was', async () => {
    await using folder = await tempFolder();
    const whole = join(folder.path, 'whole');
    await userRepository(whole);
    for (const text of ['2', '3', '4']) {
      await write(whole, {'a.txt': text});
      await git(whole, 'commit', '-qam', text);
    }
    const root = join(folder.path, 'user');
    await git(folder.path, 'clone', '-q', '--depth=2', `file://${whole}`, root);
    await write(root, {new: 'n\n'});
    const {repository, commit, head, tree} = await frozen(root);
    expect(tree).toBe(await byGit(root));
    expect((await git(repository.directory, 'rev-list', commit)).split('\n')).toEqual([commit, head, await git(root, 'rev-parse', 'HEAD~1')]);
    expect(await repository.historyCuts(commit, never)).toEqual([await git(root, 'rev-parse', 'HEAD~1')]);
    await git(repository.directory, 'fsck', '--strict', '--no-dangling');
    const later = await repository.commitFiles({parent: commit, files: [{path: 'x', bytes: Buffer.from('x')}], ref: 'refs/bulkhead/r1/x', message: 'x', date, signal: never});
    expect((await git(repository.directory, 'rev-list', '--count', later))).toBe('4');
  });

  it('a partial clone, of which the one commit comes; what it lacks is told before, and how to get it', async () => {
    await using folder = await tempFolder();
    const whole = join(folder.path, 'whole');
    const first = await userRepository(whole, {'in/a': 'old\n', 'out/b': 'b\n'});
    await write(whole, {'in/a': 'new\n'});
    await git(whole, 'commit', '-qam', 'second');
    for (const key of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant']) await git(whole, 'config', key, 'true');
    const root = join(folder.path, 'user');
    await git(folder.path, 'clone', '-q', '--filter=blob:none', `file://${whole}`, root);
    await write(root, {'in/new': 'n\n'});
    const {repository, commit, head, tree} = await frozen(root);
    expect(tree).toBe(await byGit(root));
    expect(await git(repository.directory, 'rev-list', commit)).toBe(`${commit}\n${head}`);
    expect(await repository.historyCuts(commit, never)).toEqual([head]);
    const checkout = await readCheckout(root, never);
    const error: unknown = await repository.freeze({checkout, commit: first, ref: 'refs/bulkhead/r2/base', signal: never}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({code: 'REPOSITORY_UNSUPPORTED'});
    const [command = ''] = /`(git [^`]*)`/.exec((error as {hint: string}).hint)?.slice(1) ?? [];
    await execa('sh', ['-c', command]);
    await repository.freeze({checkout, commit: first, ref: 'refs/bulkhead/r2/base', signal: never});
    expect(await treeOf(repository, first)).toMatchObject({'in/a': 'file old\n'});
  });

  it('one with submodules: of each its commit, and what is changed inside is named', async () => {
    await using folder = await tempFolder();
    const [lib, root] = [join(folder.path, 'lib'), join(folder.path, 'user')];
    await userRepository(lib);
    await userRepository(root);
    for (const at of ['clean', 'newer', 'dirty']) await git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, at);
    await git(root, 'commit', '-qm', 'submodules');
    await write(join(root, 'newer'), {'a.txt': 'newer\n'});
    await git(join(root, 'newer'), 'commit', '-qam', 'newer');
    await write(join(root, 'dirty'), {'a.txt': 'dirty\n'});
    const marker = join(folder.path, 'marker');
    for (const at of ['clean', 'newer', 'dirty']) await git(join(root, at), 'config', 'core.fsmonitor', `touch ${marker}; true`);
    await userRepository(join(root, 'nested'));
    await git(root, 'init', '-q', 'unborn');
    const {repository, commit, leftOut, changed} = await frozen(root);
    expect(leftOut.map(({path}) => path).sort()).toEqual(['dirty', 'nested', 'unborn']);
    expect(changed).toEqual(['newer']);
    const tree = await repository.reader(commit, never);
    expect((await tree.list(never)).filter((file) => file.mode === 'submodule').map(({path, oid}) => [path, oid])).toEqual([
      ['clean', await git(lib, 'rev-parse', 'HEAD')],
      ['dirty', await git(lib, 'rev-parse', 'HEAD')],
      ['newer', await git(join(root, 'newer'), 'rev-parse', 'HEAD')],
    ]);
    expect(existsSync(marker)).toBe(false);
  });
});

describe('bytes', () => {
  it('are those that git would store: line ends, encodings and ident by attributes and settings', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'.gitattributes': '*.txt text\n*.crlf text eol=crlf\n*.raw -text\n*.id ident\n*.u16 working-tree-encoding=UTF-16LE\n', 'a.txt': 'a\n'});
    await git(root, 'config', 'core.autocrlf', 'true');
    await git(root, 'config', 'core.safecrlf', 'true');
    await write(root, {'a.txt': 'a\r\nb\r\n', 'b.crlf': 'x\ny\r\n', 'c.raw': 'r\r\n', 'd.id': '$Id: old $\n', 'auto': 'l\r\n'});
    await writeFile(join(root, 'e.u16'), Buffer.from('grün\n', 'utf16le'));
    const result = await frozen(root);
    await git(root, 'config', 'core.safecrlf', 'false');
    expect(result.tree).toBe(await byGit(root));
    expect(await treeOf(result.repository, result.commit)).toMatchObject({'a.txt': 'file a\nb\n', 'b.crlf': 'file x\ny\n', 'c.raw': 'file r\r\n', 'd.id': 'file $Id$\n', auto: 'file l\n', 'e.u16': 'file grün\n'});
  });

  it('keep the line ends that a file has in the index, also where that version is staged and nowhere else', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'.gitattributes': '* text=auto\n', 'a.txt': 'a\n', 'b.txt': 'b\n'});
    const blob = await gitIn(root, ['hash-object', '-w', '--no-filters', '--stdin'], 'one\r\n');
    await git(root, 'update-index', '--cacheinfo', `100644,${blob},a.txt`);
    await write(root, {'a.txt': 'one\r\ntwo\r\n', 'b.txt': 'b\r\nc\r\n'});
    const result = await frozen(root);
    expect(result.tree).toBe(await byGit(root));
    expect(await treeOf(result.repository, result.commit)).toMatchObject({'a.txt': 'file one\r\ntwo\r\n', 'b.txt': 'file b\nc\n'});
  });

  it('have the modes of the index where the settings say that the file system has none', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {tool: 't\n', plain: 'p\n'});
    await git(root, 'update-index', '--chmod=+x', 'tool');
    await git(root, 'config', 'core.fileMode', 'false');
    await write(root, {tool: 'T\n', plain: 'P\n', new: 'n\n'});
    for (const name of ['plain', 'new']) await chmod(join(root, name), 0o755);
    const result = await frozen(root);
    expect(result.tree).toBe(await byGit(root));
    expect(await treeOf(result.repository, result.commit)).toEqual({tool: 'executable T\n', plain: 'file P\n', new: 'file n\n'});
  });

  it('[G01 G02 G03] come without running a filter, hook or monitor, where plain git does', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'a.txt': 'a\n', 'b.txt': 'b\n'});
    const marker = join(folder.path, 'marker');
    const script = join(folder.path, 'evil');
    await writeFile(script, `#!/bin/sh\necho "$0" >>${marker}\ncat\n`, {mode: 0o755});
    await mkdir(join(root, '.git/hooks'), {recursive: true});
    for (const hook of ['post-index-change', 'reference-transaction', 'pre-commit', 'fsmonitor-watchman', 'pre-auto-gc']) await cp(script, join(root, '.git/hooks', hook));
    await appendFile(join(root, '.git/config'), `[core]\n\tfsmonitor = ${script}\n[diff "x"]\n\ttextconv = ${script}\n\tcommand = ${script}\n[alias]\n\tupdate-index = !${script}\n[filter "unused"]\n\tclean = ${script}\n[diff]\n\texternal = ${script}\n`);
    await writeFile(join(root, '.git/info/attributes'), '* diff=x\n');
    await write(root, {'a.txt': 'A\n', new: 'n\n'});
    const result = await frozen(root);
    expect(existsSync(marker)).toBe(false);
    expect(await treeOf(result.repository, result.commit)).toEqual({'a.txt': 'file A\n', 'b.txt': 'file b\n', new: 'file n\n'});
    await execa('git', ['-C', root, 'add', '-A'], {reject: false, stdin: 'ignore'});
    expect(existsSync(marker)).toBe(true);
  });

  it('of Git LFS become pointers, with their content kept; a pointer stays one, and an unchanged file is none', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const pointerTo = (sha256: string, size: number) => `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
    const hello = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
    await userRepository(root, {'.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'same.bin': pointerTo(hello, 6), 'old.bin': pointerTo('0'.repeat(64), 1), 'tool.bin': pointerTo('0'.repeat(64), 1)});
    const marker = join(folder.path, 'marker');
    for (const [key, value] of [['clean', `touch ${marker}; cat`], ['smudge', 'cat'], ['process', `touch ${marker}`], ['required', 'true']] as const) await git(root, 'config', `filter.lfs.${key}`, value);
    await write(root, {'same.bin': 'hello\n', 'old.bin': 'hello\n', 'new.bin': 'new\r\n', 'empty.bin': '', 'pointer.bin': pointerTo('1'.repeat(64), 7), 'plain.txt': 'p\n', 'tool.bin': 't'});
    await chmod(join(root, 'tool.bin'), 0o755);
    const result = await frozen(root);
    expect(existsSync(marker)).toBe(false);
    const content = async (oid: string) => readFile(join(result.repository.directory, 'lfs/objects', oid.slice(0, 2), oid.slice(2, 4), oid), 'utf8');
    const tree = await treeOf(result.repository, result.commit);
    expect(tree).toMatchObject({'same.bin': `file ${pointerTo(hello, 6)}`, 'old.bin': `file ${pointerTo(hello, 6)}`, 'empty.bin': 'file ', 'pointer.bin': `file ${pointerTo('1'.repeat(64), 7)}`, 'plain.txt': 'file p\n'});
    const [, oid = ''] = /sha256:([0-9a-f]{64})/.exec(tree['new.bin'] ?? '') ?? [];
    expect([await content(hello), await content(oid)]).toEqual(['hello\n', 'new\r\n']);
    expect(tree['tool.bin']).toMatch(/^executable version/);
    expect([...result.pointers].sort()).toEqual(['empty.bin', 'new.bin', 'old.bin', 'pointer.bin', 'same.bin', 'tool.bin']);
  });
});

describe('what cannot be frozen truthfully is named, and nothing is made', () => {
  it('conflicts', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {a: '1\n', b: '1\n'});
    await git(root, 'checkout', '-q', '-b', 'other');
    await write(root, {a: '2\n', b: '2\n'});
    await git(root, 'commit', '-qam', 'two');
    await git(root, 'checkout', '-q', 'main');
    await write(root, {a: '3\n'});
    await rm(join(root, 'b'));
    await git(root, 'commit', '-qam', 'three');
    await git(root, 'merge', 'other').catch(() => undefined);
    expect(await refused(root)).toEqual(['a', 'b']);
  });

  it('files that only a filter could store; those that it does not touch are no reason', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'.gitattributes': 'secret/** filter=crypt\nplain/** filter=none\n*.bin filter=lfs\n*.off filter=off\n', 'secret/old': 'encrypted\n'});
    await git(root, 'config', 'filter.crypt.clean', 'tr a-z b-za');
    await git(root, 'config', 'filter.off.clean', 'cat');
    await git(root, 'config', '--add', 'filter.off.clean', '');
    await write(root, {'plain/a': 'a\n', free: 'f\n', 'x.off': 'o\n'});
    expect((await frozen(root)).untracked).toEqual(['free', 'plain/a', 'x.off']);
    await write(root, {'secret/new': 'in the clear\n', 'secret/old': 'changed\n', 'x.bin': 'x'});
    expect(await refused(root)).toEqual(['secret/old', 'secret/new']);
    await rm(join(root, 'secret'), {recursive: true});
    await git(root, 'config', 'lfs.extension.case.clean', 'tr a-z A-Z');
    await git(root, 'config', 'filter.lfs.clean', 'git-lfs clean -- %f');
    expect(await refused(root)).toEqual(['x.bin']);
  });

  it('what git cannot store, found among many', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'.gitattributes': '*.u16 working-tree-encoding=UTF-16\n'});
    await write(root, {...Object.fromEntries(Array.from({length: 9}, (_, index) => [`f${index}`, `${index}\n`])), 'f5.u16': 'no byte order mark'});
    expect(await refused(root)).toEqual(['f5.u16']);
  });

  it('a name that is not UTF-8, or that another system takes for `.git`', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    await write(root, {'git~1': 'x\n'});
    expect(await refused(root)).toEqual(['git~1']);
    await rm(join(root, 'git~1'));
    await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), 'x');
    const checkout = await readCheckout(root, never);
    const repository = await openRepository(join(folder.path, 'own'), never);
    await expect(repository.freezeDirty({checkout, ref, date, signal: never})).rejects.toMatchObject({code: 'CHECKOUT_NOT_FREEZABLE'});
  });

  it('objects that the check of git refuses', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    const blob = await gitIn(root, ['hash-object', '-w', '--stdin'], '[submodule "../x"]\n\tpath = x\n\turl = -u./evil\n');
    await git(root, 'update-index', '--add', '--cacheinfo', `100644,${blob},.gitmodules`);
    await writeFile(join(root, '.gitmodules'), '[submodule "../x"]\n\tpath = x\n\turl = -u./evil\n');
    const checkout = await readCheckout(root, never);
    const repository = await openRepository(join(folder.path, 'own'), never);
    await expect(repository.freezeDirty({checkout, ref, date, signal: never})).rejects.toMatchObject({code: 'CHECKOUT_NOT_FREEZABLE'});
    expect(await repository.readRef(ref, never)).toBeUndefined();
  });
});
