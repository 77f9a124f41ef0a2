import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {chmod, mkdir, readdir, rm, truncate, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import type {Submission} from '../../../src/git/import/submission.js';
import type {Repository} from '../../../src/git/repository.js';
import {date, deleted, file, fingerprint, git, gitIn, link, never, open, ownRepository, special, stream, tempFolder, treeOf} from './fixture.js';

const ref = 'refs/bulkhead/r1/submission/a';

/** What an attack must leave alone, and where it would show. */
interface Scene {
  readonly repository: Repository;
  readonly base: string;
  readonly user: string;
  readonly victim: string;
  readonly marker: string;
  readonly submit: (entries: readonly ExportEntry[], more?: {readonly message?: string; readonly limits?: {readonly maxFileBytes?: number; readonly maxTotalBytes?: number}}) => Promise<Submission>;
}

/** Plays a scene; afterwards no program has run, the victim's folder and the user's repository are to the byte as before, and nothing is left of a staging. */
async function play(files: Readonly<Record<string, string>>, act: (scene: Scene) => Promise<void>): Promise<void> {
  await using folder = await tempFolder();
  const at = await ownRepository(folder.path, files);
  const victim = join(folder.path, 'victim');
  await mkdir(victim);
  await writeFile(join(victim, 'kept'), 'precious\n');
  const watched = [victim, at.user];
  const before = watched.map(fingerprint);
  const submit: Scene['submit'] = (entries, {message = 'm', limits} = {}) =>
    at.repository.importSubmission({parent: at.base, entries: stream(entries), policy: open, ref, message, date, limits, signal: never});
  await act({...at, victim, marker: join(folder.path, 'marker'), submit});
  expect(watched.map(fingerprint)).toEqual(before);
  expect(existsSync(join(folder.path, 'marker'))).toBe(false);
  expect(readdirSync(at.repository.directory).filter((name) => name.startsWith('staging-'))).toEqual([]);
  await git(at.repository.directory, 'fsck', '--strict', '--no-dangling');
}

function refusals({refused}: Submission): readonly string[] {
  return refused.map(({path}) => path);
}

const script = (marker: string) => `#!/bin/sh\ntouch ${marker}\n`;

describe('what a box planted for git on the host', () => {
  it('[G01] hooks and hook paths, in every place where one could be looked for', async () => {
    await play({a: 'a\n'}, async ({submit, marker, repository, base}) => {
      const hook = script(marker);
      const planted = ['.git/hooks/post-checkout', '.git/hooks/reference-transaction', 'sub/.git/hooks/pre-commit', '.GIT/hooks/x'];
      const evil = await submit([...planted.map((path) => file(path, hook, true)), file('.git/config', `[core]\n\thooksPath = hooks\n`), file('hooks/reference-transaction', hook, true), file('.githooks/update', hook, true)]);
      expect(refusals(evil)).toEqual(['.GIT/hooks/x', '.git/config', '.git/hooks/post-checkout', '.git/hooks/reference-transaction', 'sub/.git/hooks/pre-commit']);
      expect(evil.changed).toEqual(['.githooks/update', 'hooks/reference-transaction']);
      expect((await repository.merge({onto: base, submission: evil.commit, ref: 'refs/bulkhead/r1/merged', message: 'm', date, signal: never})).state).toBe('merged');
      expect((await submit([file('src/hooks.js', 'honest\n')])).changed).toEqual(['src/hooks.js']);
    });
  });

  it('[G03] filters by attribute: the bytes come raw, in and out', async () => {
    await play({'.gitattributes': '* filter=x text eol=crlf ident\n'}, async ({submit, marker, repository}) => {
      const evil = await submit([file('.gitattributes', '* filter=x\n'), file('.gitconfig', `[filter "x"]\n\tclean = touch ${marker}\n\tsmudge = touch ${marker}\n\tprocess = touch ${marker}\n\trequired = true\n`), file('raw', '$Id$\r\nx\n')]);
      expect(evil.refused).toEqual([]);
      expect((await treeOf(repository, evil.commit))['raw']).toBe('file $Id$\r\nx\n');
      expect(Buffer.from((await (await repository.reader(evil.commit, never)).read('raw', never)) ?? []).toString()).toBe('$Id$\r\nx\n');
    });
  });

  it('[G09] a `.git` that is a file and points elsewhere', async () => {
    await play({'sub/a': 'a\n'}, async ({submit, victim}) => {
      const evil = await submit([file('.git', `gitdir: ${victim}\n`), deleted('sub'), file('sub/.git', `gitdir: ${victim}/.git\n`), link('lib/.git', victim), file('sub/b', 'honest\n')]);
      expect(refusals(evil)).toEqual(['.git', 'lib/.git', 'sub/.git']);
      expect(evil.changed).toEqual(['sub/a', 'sub/b']);
      expect((await submit([file('gitdir', `gitdir: ${victim}\n`)])).changed).toEqual(['gitdir']);
    });
  });

  it('[G10] alternates: no object of another place is ever seen', async () => {
    await play({a: 'a\n'}, async ({submit, repository, user}) => {
      const secret = await gitIn(user, ['hash-object', '-t', 'blob', '--stdin'], 'secret of the host\n');
      const evil = await submit([file('.git/objects/info/alternates', `${user}/.git/objects\n`), file('objects/info/alternates', `${user}/.git/objects\n`), file('x', secret)]);
      expect(refusals(evil)).toEqual(['.git/objects/info/alternates']);
      await expect(git(repository.directory, 'cat-file', '-e', secret)).rejects.toThrow();
      expect(existsSync(join(repository.directory, 'objects/info/alternates'))).toBe(false);
      expect((await treeOf(repository, evil.commit))['x']).toBe(`file ${secret}`);
    });
  });

  it('[G13 G14 G15] packs, commits and refs: none is read, and the submission is a child of what its box was made of', async () => {
    await play({a: 'a\n'}, async ({submit, repository, base, user}) => {
      const other = await gitIn(user, ['hash-object', '-t', 'commit', '--literally', '--stdin'], `tree ${await git(user, 'rev-parse', 'HEAD^{tree}')}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nunrelated\n`);
      const refs = await git(repository.directory, 'for-each-ref');
      const evil = await submit([
        file('.git/HEAD', `${other}\n`), file('.git/refs/heads/work', `${other}\n`), file('.git/packed-refs', `${other} refs/heads/-x\n`), file('.git/shallow', `${base}\n`), file('.git/refs/replace/x', other),
        file(`.git/objects/pack/pack-${other}.pack`, 'PACK\0\0\0\x02'), file('.git/refs/heads/$(id)', other), file('-x', 'content\n'), file('$(touch marker)', 'content\n'), file('refs/heads/main', `${other}\n`), file('--upload-pack=x', 'content\n'),
      ]);
      expect(refusals(evil).every((path) => path.startsWith('.git/'))).toBe(true);
      expect(evil.changed).toEqual(['$(touch marker)', '--upload-pack=x', '-x', 'refs/heads/main']);
      expect(await git(repository.directory, 'rev-list', '--parents', '-n', '1', evil.commit)).toBe(`${evil.commit} ${base}`);
      expect(await git(repository.directory, 'for-each-ref')).toBe([...refs.split('\n'), `${evil.commit} commit\t${ref}`].join('\n'));
    });
  });

  it('[G15] a ref of ours is never named by anyone else', async () => {
    await play({a: 'a\n'}, async ({repository, base}) => {
      for (const name of ['refs/bulkhead/r1/-x', 'refs/bulkhead/$(id)/x', 'refs/bulkhead/../../HEAD', 'refs/bulkhead/r1/a\u200bb', 'refs/bulkhead/r1/@{-1}', 'HEAD', 'refs/bulkhead/r1/x.lock', '--all', 'refs/heads/../x']) {
        const request = {parent: base, entries: stream([file('x')]), policy: open, ref: name, message: 'm', date, signal: never};
        await expect(repository.importSubmission(request), name).rejects.toMatchObject({code: 'INTERNAL'});
      }
      expect(await git(repository.directory, 'for-each-ref', '--format=%(refname)')).toBe('refs/bulkhead/r1/base');
    });
  });

  it('[G16] text for a terminal is shown escaped, in paths, targets and messages; plain text is not touched', async () => {
    await play({a: 'a\n'}, async ({submit, repository}) => {
      const tricks = ['\u001b]52;c;aGk=\u0007', '\u001b[2J', '\u009b31m', '\u202eevil', 'a\rb'];
      const evil = await submit(tricks.flatMap((trick) => [file(`d/${trick}`), link(`l${trick}`, trick), special(`s${trick}`, trick)]), {message: tricks.join(' ')});
      const shown = [JSON.stringify(evil.refused), await git(repository.directory, 'log', '-1', '--format=%an%ae%B', (await submit([file('x')], {message: tricks.join(' ')})).commit)];
      // eslint-disable-next-line no-control-regex -- what must not be there
      for (const text of shown) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(evil.refused.length).toBeGreaterThanOrEqual(tricks.length * 2);
      const honest = await submit([file('grün/ñ 日本.txt', 'x\n')], {message: 'Grün: ñ 日本'});
      expect(honest.changed).toEqual(['grün/ñ 日本.txt']);
      expect(await git(repository.directory, 'log', '-1', '--format=%s', honest.commit)).toBe('Grün: ñ 日本');
    });
  });
});

describe('what a box planted for the file system of the host', () => {
  it('[T01 T05] names that leave the tree, or that no other system can hold', async () => {
    await play({a: 'a\n'}, async ({submit, victim}) => {
      const evil = ['../victim/x', '/etc/x', `${victim}/x`, 'a/../../victim/x', 'C:\\x', 'C:x', '..\\x', '\\\\host\\x', 'x\nrm', 'nul', 'aux.c', 'x'.repeat(256), `${'d/'.repeat(600)}x`, './x', 'x/', ''];
      const submission = await submit([...evil.map((path) => file(path)), file(Buffer.from([0x78, 0xc0, 0xaf]))]);
      expect(submission).toMatchObject({empty: true, changed: []});
      expect(submission.refused.length).toBe(evil.length + 1);
      const honest = ['a..b', 'app:dev', 'auxiliary.c', 'dir/..x', 'x'.repeat(255)];
      expect((await submit(honest.map((path) => file(path)))).changed).toEqual(honest);
    });
  });

  it('[T02 T06] a link, and then a file or an ignore file through it', async () => {
    await play({'d/in': 'in\n'}, async ({submit, victim, repository}) => {
      const evil = await submit([link('out', victim), file('out/kept', 'overwritten\n'), file('out/.gitignore', '*\n'), deleted('d'), link('d', `../${victim.slice(1)}`), file('d/.gitignore', 'x\n'), link('.gitignore', `${victim}/kept`)]);
      expect(readFileSync(join(victim, 'kept'), 'utf8')).toBe('precious\n');
      expect(refusals(evil)).toEqual(expect.arrayContaining(['.gitignore', 'd', 'out']));
      const tree = await treeOf(repository, evil.commit);
      expect(Object.values(tree).some((entry) => entry.startsWith('symlink'))).toBe(false);
      expect((await submit([link('alias', 'd/in'), file('d/.gitignore', 'x\n')])).changed).toEqual(['alias', 'd/.gitignore']);
    });
  });

  it('[T03] what is no file: devices, pipes, sockets; and a bit that gives rights is dropped', async () => {
    await play({a: 'a\n'}, async ({submit, repository}) => {
      const evil = await submit([special('null', 'character device'), special('disk', 'block device'), special('pipe'), special('sock', 'socket'), special('a', 'character device')]);
      expect(refusals(evil)).toEqual(['a', 'disk', 'null', 'pipe', 'sock']);
      expect(evil.empty).toBe(true);
      const honest = await submit([file('run', '#!/bin/sh\n', true)]);
      expect(await git(repository.directory, 'ls-tree', honest.commit, 'run')).toMatch(/^100755 blob/);
    });
  });

  it('[G06 G11] links out of the tree, into a `.git`, or in place of a file that steers git', async () => {
    await play({'dir/a': 'a\n'}, async ({submit, victim}) => {
      const links = {abs: victim, up: '../victim', 'dir/deep': '../../victim', git: '.git/config', odd: 'dir/.GIT/x', '.gitattributes': 'dir/a', 'dir/.gitignore': 'a', '.mailmap': 'dir/a', '.gitmodules': 'dir/a', nul: 'dir/a'};
      const evil = await submit(Object.entries(links).map(([path, target]) => link(path, target)));
      expect([...refusals(evil)].sort()).toEqual(Object.keys(links).sort());
      expect((await submit([link('ok', 'dir/a'), link('dir/up', '../ok'), link('later', 'not/there/yet')])).changed).toEqual(['dir/up', 'later', 'ok']);
    });
  });

  it('[G07 G08] a repository in the tree, as a submodule or as its folders', async () => {
    await play({'docs/refs/a': 'a\n'}, async ({submit, marker}) => {
      const parts = ['HEAD', 'objects/pack/x', 'refs/heads/main'];
      const config = `[core]\n\tbare = false\n\tworktree = ..\n\tfsmonitor = touch ${marker}\n`;
      const evil = await submit([file('.gitmodules', '[submodule "s"]\n\tpath = s\r\n\turl = -u./x\n'), ...parts.map((part) => file(`vendor/x/${part}`)), file('vendor/x/config', config), file('docs/HEAD'), file('docs/objects/o'), ...parts.map((part) => file(part))]);
      expect(refusals(evil)).toEqual(expect.arrayContaining(['.gitmodules', 'HEAD', 'docs/HEAD', 'docs/objects/o', 'objects/pack/x', 'refs/heads/main', 'vendor/x/HEAD', 'vendor/x/objects/pack/x', 'vendor/x/refs/heads/main']));
      expect(evil.changed).toEqual(['vendor/x/config']);
      expect((await submit([file('objects/o'), file('lib/HEAD'), file('refs.md')])).changed).toEqual(['lib/HEAD', 'objects/o', 'refs.md']);
    });
  });

  it('[G12 T04] sizes and counts are cut at their caps, and a cut file is no file', async () => {
    await play({a: 'a\n'}, async ({submit}) => {
      const huge: ExportEntry = {kind: 'file', path: Buffer.from('sparse'), executable: false, size: 2 ** 40, bytes: new Uint8Array()};
      const lying: ExportEntry = {kind: 'file', path: Buffer.from('lying'), executable: false, size: 10, bytes: Buffer.from('short')};
      const evil = await submit([huge, lying, file('large', 'x'.repeat(2000)), file('one', 'x'.repeat(600)), file('two', 'x'.repeat(600))], {limits: {maxFileBytes: 1000, maxTotalBytes: 1000}});
      expect([...refusals(evil)].sort()).toEqual(['large', 'lying', 'sparse', 'two']);
      expect(evil.changed).toEqual(['one']);
      expect((await submit([file('zeros', '\0'.repeat(900))], {limits: {maxFileBytes: 1000}})).changed).toEqual(['zeros']);
    });
  });
});

describe('[G13] a history whose objects are not what they say', () => {
  const damages: Readonly<Record<string, (at: {readonly user: string; readonly pack: string}) => Promise<void>>> = {
    'a pack that is cut': async ({pack}) => truncate(pack, readFileSync(pack).length - 30),
    'a pack with a changed byte': async ({pack}) => {
      const bytes = readFileSync(pack);
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
      await writeFile(pack, bytes);
    },
    'a pack with bytes behind its end': async ({pack}) => writeFile(pack, Buffer.concat([readFileSync(pack), Buffer.from('more')])),
    'a missing object': async ({user}) => {
      await git(user, 'unpack-objects', '-q').catch(() => undefined);
      await explode(user);
      const blob = await git(user, 'rev-parse', 'HEAD:d/x');
      await rm(join(user, '.git/objects', blob.slice(0, 2), blob.slice(2)));
    },
    'an object under the id of another': async ({user}) => {
      await explode(user);
      const [one, two] = [await git(user, 'rev-parse', 'HEAD:d/x'), await git(user, 'rev-parse', 'HEAD:a')];
      const place = (id: string) => join(user, '.git/objects', id.slice(0, 2), id.slice(2));
      await chmod(place(one), 0o644);
      await writeFile(place(one), readFileSync(place(two)));
    },
  };

  async function explode(user: string): Promise<void> {
    const folder = join(user, '.git/objects/pack');
    const packs = (await readdir(folder)).filter((name) => name.endsWith('.pack'));
    const bytes = packs.map((name) => readFileSync(join(folder, name)));
    await rm(folder, {recursive: true});
    for (const pack of bytes) await gitIn(user, ['unpack-objects', '-q'], pack);
  }

  it.each(Object.keys(damages))('%s is refused, and our repository has nothing of it', async (what) => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {seed: 's\n'});
    for (const text of ['1\n', '2\n']) {
      await mkdir(join(at.user, 'd'), {recursive: true});
      for (const path of ['a', 'd/x']) await writeFile(join(at.user, path), `${path} ${text}${'line\n'.repeat(200)}`);
      await git(at.user, 'add', '-A');
      await git(at.user, 'commit', '-qm', text);
    }
    const commit = await git(at.user, 'rev-parse', 'HEAD');
    await git(at.user, 'gc', '-q');
    const folderOfPacks = join(at.user, '.git/objects/pack');
    const [name = ''] = readdirSync(folderOfPacks).filter((each) => each.endsWith('.pack'));
    await chmod(join(folderOfPacks, name), 0o644);
    const objects = () => git(at.repository.directory, 'cat-file', '--batch-all-objects', '--batch-check');
    const before = await objects();
    await damages[what]?.({user: at.user, pack: join(folderOfPacks, name)});
    const damaged = fingerprint(at.user);
    const request = {checkout: {commonDir: join(at.user, '.git')}, commit, ref: 'refs/bulkhead/r2/base', signal: never};
    await expect(at.repository.freeze(request)).rejects.toMatchObject({code: expect.stringMatching(/^(GIT_FAILED|REPOSITORY_UNSUPPORTED)$/) as string});
    expect(fingerprint(at.user)).toEqual(damaged);
    expect(await objects()).toBe(before);
    expect(await at.repository.readRef(request.ref, never)).toBeUndefined();
  });

  it('an honest one comes whole', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {a: 'a\n'});
    const hash = createHash('sha256').update(readFileSync(join(at.user, 'a'))).digest('hex');
    await git(at.user, 'gc', '-q');
    await at.repository.freeze({checkout: {commonDir: join(at.user, '.git')}, commit: at.base, ref: 'refs/bulkhead/r2/base', signal: never});
    const bytes = await (await at.repository.reader(at.base, never)).read('a', never);
    expect(createHash('sha256').update(bytes ?? '').digest('hex')).toBe(hash);
  });
});
