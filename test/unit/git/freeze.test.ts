import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, it} from 'vitest';
import {holdFiles} from '../../../src/core/tree.js';
import {deliverBranch} from '../../../src/git/deliver/deliver.js';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {openRepository} from '../../../src/git/repository.js';
import {fingerprint, git, gitIn, never, ownRepository, tempFolder, treeOf, userRepository, write} from './fixture.js';

const ref = 'refs/bulkhead/r1/base';

async function objectsOf(dir: string): Promise<readonly string[]> {
  return (await git(dir, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)')).split('\n').sort();
}

/** A commit on a user's repository that git itself would not write. */
async function rawCommit(root: string, text: string): Promise<string> {
  return gitIn(root, ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], text);
}

async function rawTree(root: string, entries: readonly {readonly mode: string; readonly name: string; readonly oid: string}[]): Promise<string> {
  const bytes = Buffer.concat(entries.flatMap(({mode, name, oid}) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]));
  return gitIn(root, ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], bytes);
}

describe('freeze', () => {
  it('[V17] brings what the commit reaches and nothing else, from a commit that no ref points at', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const first = await userRepository(root);
    await write(root, {'answer.txt': 'secret\n'});
    await git(root, 'add', '-A');
    await git(root, 'commit', '-qm', 'second');
    await git(root, 'tag', '-a', '-m', 'x', 'v1');
    await git(root, 'branch', 'side');
    const before = fingerprint(root);
    const repository = await openRepository(join(folder.path, 'own'), never);
    const checkout = await readCheckout(root, never);
    await repository.freeze({checkout, commit: first, ref, signal: never});
    expect((await objectsOf(repository.directory)).length).toBe(3);
    expect(await git(repository.directory, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(`${ref} ${first}`);
    expect(readdirSync(repository.directory).sort()).toEqual(['HEAD', 'config', 'objects', 'refs']);
    expect(fingerprint(root)).toEqual(before);
    // Again, and another one into the same ref: fine.
    await repository.freeze({checkout, commit: first, ref, signal: never});
    await repository.freeze({checkout, commit: checkout.head, ref, signal: never});
    expect(await git(repository.directory, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(`${ref} ${checkout.head}`);
  });

  it('works from a linked worktree', async () => {
    await using folder = await tempFolder();
    await userRepository(join(folder.path, 'user'));
    await git(join(folder.path, 'user'), 'worktree', 'add', '-q', '--detach', join(folder.path, 'tree'));
    await write(join(folder.path, 'tree'), {'b.txt': 'b\n'});
    await git(join(folder.path, 'tree'), 'add', '-A');
    await git(join(folder.path, 'tree'), 'commit', '-qm', 'there');
    const checkout = await readCheckout(join(folder.path, 'tree'), never);
    const repository = await openRepository(join(folder.path, 'own'), never);
    await repository.freeze({checkout, commit: checkout.head, ref, signal: never});
    expect(await treeOf(repository, checkout.head)).toEqual({'a.txt': 'file a\n', 'b.txt': 'file b\n'});
  });

  it.each(['--depth=2', '--filter=blob:none'])('from a clone with %s gives work that can be delivered there', async (how) => {
    await using folder = await tempFolder();
    const [whole, root] = [join(folder.path, 'whole'), join(folder.path, 'user')];
    await userRepository(whole);
    for (const text of ['2', '3', '4']) {
      await write(whole, {'a.txt': text});
      await git(whole, 'commit', '-qam', text);
    }
    for (const key of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant']) await git(whole, 'config', key, 'true');
    await git(folder.path, 'clone', '-q', how, `file://${whole}`, root);
    const before = fingerprint(root);
    const checkout = await readCheckout(root, never);
    const repository = await openRepository(join(folder.path, 'own'), never);
    await repository.freeze({checkout, commit: checkout.head, ref, signal: never});
    expect(fingerprint(root)).toEqual(before);
    const done = await repository.commitFiles({parent: checkout.head, files: [{path: 'new', bytes: Buffer.from('n')}], ref: 'refs/bulkhead/r1/done', message: 'done', date: new Date(0), signal: never});
    await deliverBranch({checkout, repositoryDir: repository.directory, commit: done, branch: 'result', signal: never});
    expect(await git(root, 'rev-parse', 'result~1')).toBe(checkout.head);
    await git(root, 'fsck', '--no-dangling');
    // A later commit of the same clone, and one of the whole repository, come on top of what is there.
    await write(root, {'a.txt': '5'});
    await git(root, 'commit', '-qam', '5');
    const later = await readCheckout(root, never);
    await repository.freeze({checkout: later, commit: later.head, ref: 'refs/bulkhead/r2/base', signal: never});
    await git(root, 'fetch', '-q', how === '--depth=2' ? '--unshallow' : '--refetch');
    const again = await readCheckout(root, never);
    await repository.freeze({checkout: again, commit: again.head, ref: 'refs/bulkhead/r3/base', signal: never});
    expect((await treeOf(repository, again.head))['a.txt']).toBe('file 5');
    await git(repository.directory, 'fsck', '--strict', '--no-dangling');
  });

  it('is not stopped by the harmless oddities of old histories', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    const blob = await git(root, 'rev-parse', 'HEAD:a.txt');
    const inner = await rawTree(root, [{mode: '100644', name: 'a.txt', oid: blob}]);
    const padded = await rawTree(root, [{mode: '040000', name: 'dir', oid: inner}]);
    const odd = await rawCommit(root, `tree ${padded}\nauthor A<a@b>1700000000 +0000\ncommitter A <a@b> 1700000000 +051800\n\nodd\n`);
    const repository = await openRepository(join(folder.path, 'own'), never);
    await repository.freeze({checkout: {commonDir: join(root, '.git')}, commit: odd, ref, signal: never});
    expect(await treeOf(repository, odd)).toEqual({'dir/a.txt': 'file a\n'});
  });

  it('[G05] refuses a history that hides a `.git`, and leaves nothing of it', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    const blob = await git(root, 'rev-parse', 'HEAD:a.txt');
    const repository = await openRepository(join(folder.path, 'own'), never);
    for (const name of ['.GIT', 'git~1', '..', '.g\u200cit']) {
      const tree = await rawTree(root, [{mode: '100644', name, oid: blob}]);
      const evil = await rawCommit(root, `tree ${tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n`);
      await expect(repository.freeze({checkout: {commonDir: join(root, '.git')}, commit: evil, ref, signal: never}), name).rejects.toMatchObject({code: 'REPOSITORY_UNSUPPORTED'});
    }
    expect(await repository.readRef(ref, never)).toBeUndefined();
    expect(await git(repository.directory, 'cat-file', '--batch-all-objects', '--batch-check')).toBe('');
  });

  it('says GIT_FAILED for a commit that is not there', async () => {
    await using folder = await tempFolder();
    const {repository, user} = await ownRepository(folder.path);
    await expect(repository.freeze({checkout: {commonDir: join(user, '.git')}, commit: '1'.repeat(40), ref, signal: never})).rejects.toMatchObject({code: 'GIT_FAILED'});
    await expect(repository.freeze({checkout: {commonDir: join(user, '.git')}, commit: '--all', ref, signal: never})).rejects.toMatchObject({code: 'INTERNAL'});
  });
});

describe('reading a commit', () => {
  it('gives exact bytes, modes and order, whatever attributes say', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root, {'.gitattributes': '* text eol=crlf export-ignore ident\n', 'a.txt': '$Id$\n', 'empty': '', 'dir/ü "q".txt': 'q', 'dir-x': 'x'});
    await execa('ln', ['-s', 'a.txt', join(root, 'link')]);
    await execa('chmod', ['+x', join(root, 'dir-x')]);
    await git(root, 'add', '-A');
    await git(root, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    await git(root, 'commit', '-qm', 'second');
    const commit = await git(root, 'rev-parse', 'HEAD');
    const repository = await openRepository(join(folder.path, 'own'), never);
    await repository.freeze({checkout: {commonDir: join(root, '.git')}, commit, ref, signal: never});
    const reader = await repository.reader(commit, never);
    expect(reader.tree).toBe(await git(root, 'rev-parse', 'HEAD^{tree}'));
    expect((await reader.list(never)).map(({path, mode, size}) => [path, mode, size])).toEqual([
      ['.gitattributes', 'file', 36],
      ['a.txt', 'file', 5],
      ['dir-x', 'executable', 1],
      ['dir/ü "q".txt', 'file', 1],
      ['empty', 'file', 0],
      ['link', 'symlink', 5],
      ['sub', 'submodule', 0],
    ]);
    expect(await treeOf(repository, commit)).toMatchObject({'a.txt': 'file $Id$\n', link: 'symlink a.txt', sub: 'submodule ', empty: 'file '});
    expect(Buffer.from((await reader.read('a.txt', never)) ?? []).toString()).toBe('$Id$\n');
    expect(await reader.read('dir', never)).toBeUndefined();
    expect(await reader.read('sub', never)).toBeUndefined();
  });

  it('may be left before its end', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path, Object.fromEntries(Array.from({length: 50}, (_, index) => [`f${index}`, 'x'.repeat(100_000)])));
    for await (const seed of holdFiles((await repository.reader(base, never)).files(never))) {
      expect(seed.bytes.length).toBe(100_000);
      break;
    }
  });

  it('packs the history of a commit, and only that', async () => {
    await using folder = await tempFolder();
    const {repository, base} = await ownRepository(folder.path);
    await repository.commitFiles({parent: base, files: [{path: 'later', bytes: Buffer.from('x')}], ref: 'refs/bulkhead/r1/later', message: 'later', date: new Date(0), signal: never});
    await git(folder.path, 'init', '-q', '--bare', 'box');
    const chunks: Buffer[] = [];
    for await (const chunk of repository.packHistory({commit: base}, never)) chunks.push(chunk as Buffer);
    await gitIn(join(folder.path, 'box'), ['index-pack', '--stdin', '--strict'], Buffer.concat(chunks));
    expect((await objectsOf(join(folder.path, 'box'))).length).toBe(3);
    const broken = repository.packHistory({commit: '1'.repeat(40)}, never);
    await expect(broken.toArray()).rejects.toMatchObject({code: 'GIT_FAILED'});
  });
});
