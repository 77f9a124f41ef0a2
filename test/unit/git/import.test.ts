import {existsSync, readdirSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {ExportEntry, PreviewEntry} from '../../../src/core/sandbox.js';
import type {ImportPolicy} from '../../../src/git/import/change.js';
import type {ImportLimits} from '../../../src/git/import/limits.js';
import type {Submission} from '../../../src/git/import/submission.js';
import {writeCommit} from '../../../src/git/bare/commit.js';
import type {Repository} from '../../../src/git/repository.js';
import {startStaging} from '../../../src/git/bare/staging.js';
import {date, deleted, file, git, gitIn, link, never, open, ownRepository, special, stream, tempFolder, treeOf} from './fixture.js';

const ref = 'refs/bulkhead/r1/submission/a';

async function submit(
  at: {readonly repository: Repository; readonly base: string},
  entries: readonly ExportEntry[],
  options: {readonly policy?: Partial<ImportPolicy>; readonly limits?: Partial<ImportLimits>} = {},
): Promise<Submission> {
  return at.repository.importSubmission({parent: at.base, entries: stream(entries), policy: {...open, ...options.policy}, limits: options.limits, ref, message: 'm', date, signal: never});
}

function refusals(submission: Submission): Readonly<Record<string, string>> {
  return Object.fromEntries(submission.refused.map(({path, code}) => [path, code]));
}

describe('importSubmission', () => {
  it('takes what changed: content, modes, links, additions, deletions; and makes one commit of it', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'a.txt': 'a\n', 'b.txt': 'b\n', 'dir/c.txt': 'c\n', 'same.txt': 's\n'});
    const submission = await submit(at, [file('a.txt', 'A\0\n'), file('b.txt', 'b\n', true), link('dir/l', '../a.txt'), deleted('dir/c.txt'), file('same.txt', 's\n'), file('new/é "q" x', 'n')]);
    expect(submission.refused).toEqual([]);
    expect(submission.changed).toEqual(['a.txt', 'b.txt', 'dir/c.txt', 'dir/l', 'new/é "q" x']);
    expect(submission.empty).toBe(false);
    expect(await at.repository.readRef(ref, never)).toBe(submission.commit);
    expect(await at.repository.isAncestor(at.base, submission.commit, never)).toBe(true);
    const raw = await git(at.repository.directory, 'cat-file', 'commit', submission.commit);
    expect(raw).toBe(`tree ${submission.tree}\nparent ${at.base}\nauthor Bulkhead <bulkhead@localhost> 1767323045 +0000\ncommitter Bulkhead <bulkhead@localhost> 1767323045 +0000\n\nm`);
    expect(await at.repository.changedPaths(at.base, submission.commit, never)).toEqual(submission.changed);
  });

  it('gives the same commit for the same entries in another order, and leaves no trace of the import', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'a.txt': 'a\n', 'd/x': 'x'});
    const entries = [file('a.txt', '2'), deleted('d/x'), file('d', 'now a file'), file('e/f', '1'), link('l', 'e/f')];
    const first = await submit(at, entries);
    const second = await submit(at, [...entries].reverse());
    expect(second).toEqual(first);
    expect(readdirSync(at.repository.directory).sort()).toEqual(['HEAD', 'config', 'objects', 'refs']);
    expect(await git(at.repository.directory, 'for-each-ref', '--format=%(refname)')).toBe(`refs/bulkhead/r1/base\n${ref}`);
    await git(at.repository.directory, 'fsck', '--strict', '--no-dangling');
  });

  it('takes no entry of a preview, however it is dressed up, and leaves no ref', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const path = Buffer.from('new');
    const preview: PreviewEntry = {preview: 'file', path, size: 1, content: Buffer.from('x')};
    // @ts-expect-error a preview is no export
    const straight: ExportEntry = preview;
    const dressed = {...preview, kind: 'file', executable: false, bytes: Buffer.from('x')} as ExportEntry;
    const unknown = {kind: 'preview', path, size: 1, bytes: Buffer.from('x')} as unknown as ExportEntry;
    for (const entry of [straight, dressed, unknown]) await expect(submit(at, [file('a.txt', 'A'), entry])).rejects.toThrow(TypeError);
    expect(await at.repository.readRef(ref, never)).toBeUndefined();
  });

  it('gives the parent itself when nothing changed', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const submission = await submit(at, [file('a.txt', 'a\n'), deleted('never-there')]);
    expect(submission).toMatchObject({commit: at.base, empty: true, changed: [], refused: []});
    expect(await at.repository.readRef(ref, never)).toBe(at.base);
  });

  it('replaces folders by files and back, and refills an emptied folder, in any order', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'f': 'file', 'd/a': '1', 'd/b/c': '2', 'e/x': 'x', 'e/y': 'y'});
    const submission = await submit(at, [file('f/in', 'f'), deleted('f'), file('d', 'd'), deleted('e'), file('e/y', 'Y')]);
    expect(submission.refused).toEqual([]);
    expect(await treeOf(at.repository, submission.commit)).toEqual({'f/in': 'file f', d: 'file d', 'e/y': 'file Y'});
  });

  it('[G05 T01 T05] refuses unsafe names and takes the rest', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const unsafe = ['.git/config', 'x/.GIT/hooks/a', 'git~1', '.g\u200cit/x', '../x', '/x', 'C:\\x', 'a//b', 'a/./b', 'new\nline', 'esc\u001b[2J', 'nul', 'COM1.txt', 'dot.', 'space ', 'a'.repeat(256), `${'d/'.repeat(70)}x`, 'y'.repeat(5000), '.gitmodules', '.GITATTRIBUTES', 'gi7eba~1'];
    const submission = await submit(at, [...unsafe.map((path) => file(path)), file(Buffer.from([0x61, 0xff, 0x62])), file('a\0b'), file('fine name "ü".txt'), file('b'.repeat(255)), file('.github/x'), file('null'), file('.gitx')]);
    expect(submission.refused.length).toBe(unsafe.length + 2);
    expect(new Set(submission.refused.map(({code}) => code))).toEqual(new Set(['UNSAFE_NAME']));
    // eslint-disable-next-line no-control-regex -- what must not be there
    expect(submission.refused.some(({path}) => /[\u0000-\u001f]/.test(path))).toBe(false);
    expect(submission.changed).toEqual(['.github/x', '.gitx', 'b'.repeat(255), 'fine name "ü".txt', 'null']);
  });

  it('[G06 G11 T02] refuses links that leave the tree or steer git, and writes through none', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'dir/a': 'a', 'b/in': 'b'});
    const submission = await submit(at, [
      link('etc', '/etc/passwd'), link('up', '../x'), link('dir/up', '../../x'), link('hooks', '.git/hooks'), link('dir/config', '../.GIT/config'),
      link('.gitattributes', 'dir/a'), link('dir/.gitignore', 'a'), link('.mailmap', 'dir/a'), link('.gitmodules', 'dir/a'),
      link('loop', 'loop'), link('ring1', 'ring2'), link('ring2', 'ring1'), link('hop', 'dir/deep/..'), link('via', 'short/../../x'), link('short', 'dir'),
      link('d', '.'), file('d/x'), link('ok', 'dir/../b/in'), link('dangling', 'not/there'), link('dir/self', '..'),
    ]);
    expect(Object.keys(refusals(submission)).sort()).toEqual(
      ['.gitattributes', '.gitmodules', '.mailmap', 'd/x', 'dir/.gitignore', 'dir/config', 'dir/up', 'etc', 'hooks', 'loop', 'ring1', 'ring2', 'up', 'via'].sort(),
    );
    expect(submission.changed).toEqual(['d', 'dangling', 'dir/self', 'hop', 'ok', 'short']);
  });

  it('refuses a link that makes an old one lead out, and keeps odd things of the base that are unchanged', async () => {
    await using folder = await tempFolder();
    const user = join(folder.path, 'odd');
    const at = await ownRepository(folder.path, {'p/q/r': 'r'});
    await mkdir(user);
    const blob = (text: string) => gitIn(at.user, ['hash-object', '-w', '--stdin'], text);
    for (const [path, text] of [['old', 'p/q/../../x'], ['abs', '/etc/hosts']] as const) await git(at.user, 'update-index', '--add', '--cacheinfo', `120000,${await blob(text)},${path}`);
    for (const path of ['README', 'Readme', 'aux']) await git(at.user, 'update-index', '--add', '--cacheinfo', `100644,${await blob('x')},${path}`);
    await git(at.user, 'commit', '-qm', 'odd');
    const base = await git(at.user, 'rev-parse', 'HEAD');
    await at.repository.freeze({checkout: {commonDir: join(at.user, '.git')}, commit: base, ref: 'refs/bulkhead/r1/base', signal: never});
    const moved = await submit({...at, base}, [deleted('p/q/r'), link('p/q', '../z'), file('z/1'), file('README', 'changed')]);
    expect(refusals(moved)).toEqual({'p/q': 'UNSAFE_NAME'});
    expect(moved.changed).toEqual(['README', 'p/q/r', 'z/1']);
    expect(await treeOf(at.repository, moved.commit)).toMatchObject({abs: 'symlink /etc/hosts', aux: 'file x', Readme: 'file x', README: 'file changed'});
    expect(refusals(await submit({...at, base}, [file('readme'), file('aux', 'changed'), link('to', 'abs')]))).toEqual({readme: 'UNSAFE_NAME', aux: 'UNSAFE_NAME', to: 'UNSAFE_NAME'});
  });

  it('[G07 T03] refuses special files, submodules, and files inside one', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    await git(at.user, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    await gitIn(at.user, ['update-index', '--add', '--cacheinfo', `100644,${await gitIn(at.user, ['hash-object', '-w', '--stdin'], '[submodule "sub"]\n\tpath = sub\n\turl = ./s\n')},.gitmodules`], '');
    await git(at.user, 'commit', '-qm', 'sub');
    const base = await git(at.user, 'rev-parse', 'HEAD');
    await at.repository.freeze({checkout: {commonDir: join(at.user, '.git')}, commit: base, ref: 'refs/bulkhead/r1/base', signal: never});
    const evil = '[submodule "s"]\n\tpath = s\r\n\turl = -u./x\n';
    const submission = await submit({...at, base}, [special('pipe'), special('a.txt', 'device'), file('.gitmodules', evil), file('sub/x'), file('.gitattributes', '* filter=x\n'), file('honest')]);
    expect(refusals(submission)).toEqual({pipe: 'UNSAFE_NAME', 'a.txt': 'UNSAFE_NAME', '.gitmodules': 'UNSAFE_NAME', 'sub/x': 'UNSAFE_NAME'});
    expect(submission.changed).toEqual(['.gitattributes', 'honest']);
    expect(await treeOf(at.repository, submission.commit)).toMatchObject({sub: 'submodule ', 'a.txt': 'file a\n'});
  });

  it('[G08] refuses a bare repository in the tree, whatever else is in its folder', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'refs/a': 'a', 'objects/b': 'b'});
    const config = '[core]\n\tfsmonitor = touch /tmp/pwned\n';
    const submission = await submit(at, [...['HEAD', 'objects/x', 'refs/x'].map((path) => file(`vendor/x/${path}`)), file('vendor/x/config', config), file('head'), file('docs/HEAD'), file('docs/refs/x')]);
    expect(Object.keys(refusals(submission))).toEqual(['head', 'vendor/x/HEAD', 'vendor/x/objects/x', 'vendor/x/refs/x']);
    expect(submission.changed).toEqual(['docs/HEAD', 'docs/refs/x', 'vendor/x/config']);
  });

  it('refuses paths that only case or normalisation tells apart, folders included; a real rename is fine', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'README': 'r', 'lib/a': 'a'});
    const submission = await submit(at, [file('ReadMe'), file('Lib/b'), file('caf\u00e9'), file('cafe\u0301'), link('LIB', 'README')]);
    expect(Object.keys(refusals(submission)).sort()).toEqual(['LIB', 'Lib/b', 'ReadMe', 'cafe\u0301', 'caf\u00e9'].sort());
    expect(submission.empty).toBe(true);
    const renamed = await submit(at, [deleted('README'), file('readme', 'r'), file('lib/b')]);
    expect(renamed).toMatchObject({refused: [], changed: ['README', 'lib/b', 'readme']});
  });

  it('leaves out what is outside the write scope, also what a write would displace', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'src/a': 'a', 'test/t': 't', 'test/u': 'u', 'f': 'f'});
    const policy = {mayWrite: (path: string) => path.startsWith('src/') || path === 'test' || path === 'f/x'};
    const submission = await submit(at, [file('src/b'), deleted('src/a'), file('docs/x'), deleted('f'), file('f/x'), file('test', 'one file')], {policy});
    expect(refusals(submission)).toEqual({'docs/x': 'SCOPE_VIOLATION', f: 'SCOPE_VIOLATION', 'f/x': 'SCOPE_VIOLATION', test: 'SCOPE_VIOLATION'});
    expect(await treeOf(at.repository, submission.commit)).toEqual({'src/b': 'file x\n', 'test/t': 'file t', 'test/u': 'file u', f: 'file f'});
  });

  it('leaves out ignored files silently, as git would ignore them, and tells of a deliverable', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'.gitignore': 'node_modules/\n*.log\n!keep.log\n/dist\n', 'old.log': 'tracked', 'pkg/.gitignore': 'local\n'});
    const entries = [
      file('node_modules/x/index.js'), file('node_modules/x/.git/config'), file('node_modules/x/a\nb'), special('node_modules/sock'), link('node_modules/abs', '/etc'),
      file('a.log'), file('keep.log'), file('old.log', 'changed'), file('dist/app.js'), file('dist/allowed.js'), file('pkg/local'), file('local'), file('sub/dist/x'),
      file('gen/.gitignore', 'made\n'), file('gen/made'), file('gen/kept'),
    ];
    const submission = await submit(at, entries, {policy: {wanted: ['dist/app.js'], allowIgnored: ['dist/allowed.js']}});
    expect(refusals(submission)).toEqual({'dist/app.js': 'FILE_IGNORED'});
    expect(submission.changed).toEqual(['dist/allowed.js', 'gen/.gitignore', 'gen/kept', 'keep.log', 'local', 'old.log', 'sub/dist/x']);
    expect(submission.ignored).toBe(8);
  });

  it('obeys a changed .gitignore only when it may be changed', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'.gitignore': '*.log\n'});
    const entries = [file('.gitignore', '*.txt\n'), file('a.log'), file('b.txt')];
    expect((await submit(at, entries)).changed).toEqual(['.gitignore', 'a.log']);
    expect((await submit(at, entries, {policy: {mayWrite: (path) => path !== '.gitignore'}})).changed).toEqual(['b.txt']);
  });

  it('refuses ignore patterns that never end, and goes on without them', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'.gitignore': '*.log\n'});
    const endless = `${'**/'.repeat(30)}b\n`;
    const submission = await submit(at, [file('.gitignore', endless), file('a.log'), file(`${'aa/'.repeat(60)}c`)], {limits: {maxIgnoreMs: 1500}});
    expect(refusals(submission)).toEqual({'.gitignore': 'UNSAFE_NAME'});
    expect(submission.changed).toEqual([`${'aa/'.repeat(60)}c`]);
    expect(submission.ignored).toBe(1);
  });

  it('takes no new file when the ignore patterns of the base never end: not one that may be a key; changes of old files stay', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'.gitignore': `secret.key\n${'**/'.repeat(30)}b\n`, old: 'old', gone: 'gone', 'sub/.gitignore': 'x\n'});
    const entries = [file('secret.key', 'k'), file('src/a.js'), file('old', 'new'), deleted('gone'), file('named.log'), file(`${'aa/'.repeat(60)}c`)];
    const submission = await submit(at, entries, {limits: {maxIgnoreMs: 1500}, policy: {allowIgnored: ['named.log']}});
    expect(refusals(submission)).toEqual({'.gitignore': 'UNSAFE_NAME'});
    expect(submission.changed).toEqual(['gone', 'named.log', 'old']);
    expect((await submit(at, [file('secret.key', 'k'), file('src/a.js'), file('old', 'new')])).changed).toEqual(['old', 'src/a.js']);
  });

  it('matches as many and as long names as there are: a long answer is an answer', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'.gitignore': 'cache/\nsecret.key\n'});
    const long = `${'n'.repeat(240)}/`.repeat(4).slice(0, 1000);
    const many = Array.from({length: 75_000}, (_, index) => file(`cache/${long}${index}/f`.slice(0, 1020), ''));
    const submission = await submit(at, [file('secret.key', 'k'), file('src/a.js'), ...many], {limits: {maxIgnoreMs: 100_000}});
    expect(submission).toMatchObject({changed: ['src/a.js'], refused: [], ignored: many.length + 1});
  });

  it('keeps the rules of a .gitignore that an agent would turn into a folder, as long as it may not', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path, {'.gitignore': '*.key\n', 'lib/.gitignore/.gitignore': '*.txt\n'});
    const entries = [deleted('.gitignore'), file('.gitignore/.gitignore', '!*.key\n'), file('a.key'), file('a.js'), file('lib/.gitignore', 'x\n'), deleted('lib/.gitignore/.gitignore')];
    const kept = await submit(at, entries, {policy: {mayWrite: (path) => path !== '.gitignore' && path !== 'lib/.gitignore/.gitignore'}});
    expect(refusals(kept)).toMatchObject({'.gitignore': 'SCOPE_VIOLATION', '.gitignore/.gitignore': 'SCOPE_VIOLATION'});
    expect(kept.changed).not.toContain('a.key');
    expect(kept.changed).toContain('a.js');
    expect((await submit(at, entries)).changed).toContain('a.key');
    expect((await submit(at, [file('.gitignore', '*.js\n'), file('.gitignore/.gitignore'), file('a.js'), file('a.key')])).changed).toEqual(['.gitignore', 'a.key']);
  });

  it('refuses a path that comes twice, or is both a file and a folder', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const submission = await submit(at, [file('x', '1'), file('x', '2'), file('y', 'y'), file('y/z', 'z')]);
    expect(refusals(submission)).toEqual({x: 'UNSAFE_NAME', 'y/z': 'UNSAFE_NAME'});
    expect(submission.changed).toEqual(['y']);
  });

  it('has git check every object a second time: what a policy let through by mistake never arrives', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const store = {directory: at.repository.directory};
    const objects = () => git(store.directory, 'cat-file', '--batch-all-objects', '--batch-check');
    const before = await objects();
    await using staging = await startStaging(store, 'refs/bulkhead/r1/x', never);
    for (const path of ['.git/config', 'x/.GIT/y', 'git~1/x']) {
      const edits = [{kind: 'put', path, mode: '100644', read: () => Promise.resolve(Buffer.from('x'))}] as const;
      expect(await writeCommit(store, staging, {parent: at.base, edits, message: 'm', date}, never), path).toBeUndefined();
    }
    expect(await objects()).toBe(before);
  });

  it('[G12 T04] cuts at its caps, deliverables last, and never takes a part of a file', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const sparse: ExportEntry = {kind: 'file', path: Buffer.from('sparse'), executable: false, size: 2 ** 40, bytes: new Uint8Array()};
    const big = await submit(at, [sparse, file('big', 'x'.repeat(101)), file('fits', 'x'.repeat(100))], {limits: {maxFileBytes: 100}});
    expect(refusals(big)).toEqual({sparse: 'UNSAFE_NAME', big: 'UNSAFE_NAME'});
    expect(big.changed).toEqual(['fits']);
    const many = await submit(at, ['a', 'b', 'c', 'z'].map((path) => file(path)), {policy: {wanted: ['z']}, limits: {maxChanged: 2}});
    expect(many.changed).toEqual(['a', 'z']);
    const heavy = await submit(at, ['a', 'b', 'c'].map((path) => file(path, '1234')), {limits: {maxTotalBytes: 9}});
    expect(heavy.changed).toEqual(['a', 'b']);
    let given = 0;
    const endless = (async function* () { for (;;) { given += 1; yield await Promise.resolve(file(`f${given}`)); } })();
    const cut = await at.repository.importSubmission({parent: at.base, entries: endless, policy: open, limits: {maxSeen: 50}, ref, message: 'm', date, signal: never});
    expect(cut).toMatchObject({empty: true, refused: [{path: '.', code: 'UNSAFE_NAME'}]});
    expect(given).toBe(51);
    const told = await submit(at, Array.from({length: 20}, (_, index) => file(`nul/${index}`)), {limits: {maxRefused: 5}});
    expect([told.refused.length, told.refusedMore]).toEqual([5, 15]);
  });

  it('is whole or not at all: when the stream breaks, there is no ref and no leftover', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const torn = (async function* () { yield await Promise.resolve(file('a')); throw new RangeError('the box is gone'); })();
    await expect(at.repository.importSubmission({parent: at.base, entries: torn, policy: open, ref, message: 'm', date, signal: never})).rejects.toThrow(RangeError);
    expect(await at.repository.readRef(ref, never)).toBeUndefined();
    expect(readdirSync(at.repository.directory).sort()).toEqual(['HEAD', 'config', 'objects', 'refs']);
  });

  it('[G01-G04] keeps attributes, hooks and configuration of a box as plain content: nothing runs', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const marker = join(folder.path, 'marker');
    await writeFile(join(folder.path, 'evil'), `#!/bin/sh\ntouch ${marker}\n`, {mode: 0o755});
    const submission = await submit(at, [file('.gitattributes', '* filter=x merge=x diff=x text eol=crlf ident\n'), file('.gitconfig', `[filter "x"]\n\tclean = ${marker}\n`), file('.githooks/pre-commit', '#!/bin/sh\n', true), file('raw', '$Id$\r\n')]);
    expect(submission.refused).toEqual([]);
    expect((await treeOf(at.repository, submission.commit))['raw']).toBe('file $Id$\r\n');
    expect(await at.repository.diffText(at.base, submission.commit, never)).toContain('+$Id$');
    expect(existsSync(marker)).toBe(false);
  });

  it('[G16] makes control characters of a message visible', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const {commit} = await at.repository.importSubmission({parent: at.base, entries: stream([file('x')]), policy: open, ref, message: 'a\u001b]52;c\u0007\0\u202e\nb\n\n', date, signal: never});
    expect(await git(at.repository.directory, 'log', '-1', '--format=%B', commit)).toBe('a\\x1b]52;c\\x07\\x00\\u202e\nb\n');
  });
});
