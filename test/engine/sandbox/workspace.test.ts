import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import type {SeedFile} from '../../../src/core/tree.js';
import {calm, changes, commitOver, file, helperImage, makeHistory, out, sh, stream, text, useEngine} from './engine-fixture.js';
import {connectEngine} from '../../../src/sandbox/docker/connect.js';
import {address} from './engine-fixture.js';

const fixture = useEngine();
const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', (error: unknown) => (isAppError(error) ? error.code : error));

const long = 'n'.repeat(255);
const deep = Array.from({length: 40}, (_, index) => `directory-${index}`).join('/');
const tree: readonly SeedFile[] = [
  file('plain.txt', 'plain\r\ntext'),
  file('run.sh', '#!/bin/sh\necho ran\n', 'executable'),
  file('binary', Buffer.from([0, 255, 10, 13, 0])),
  file('empty'),
  file('with space/a b', 'space'),
  file('new\nline', 'line'),
  file('grün/🌊', 'unicode'),
  file(`long/${long}`, 'long'),
  file(`${deep}/leaf`, 'deep'),
  file('-n', 'dash'),
  file('back\\slash', 'slash'),
  file('link', 'with space/a b', 'symlink'),
  file('out', '/etc/passwd', 'symlink'),
  file('long-link', `long/${long}`, 'symlink'),
  file('.gitattributes', '* text=auto eol=crlf\n'),
];

describe('a workspace', () => {
  it('holds exactly what was seeded, owned by the user of the box', async () => {
    await using box = await fixture.box(await fixture.snapshot([...tree, file('vendor/module', '', 'submodule')]));
    for (const item of tree) {
      const seen = await sh(box, '', {argv: item.mode === 'symlink' ? ['readlink', '-n', '--', item.path] : ['cat', `./${item.path}`]});
      expect([item.path, text(seen.stdout.head)]).toEqual([item.path, text(item.bytes)]);
    }
    // Besides the files: the submodule and its parent, three parents, forty deep ones, and one line break in a name.
    expect(await out(box, 'find . -mindepth 1 | tr -cd "\\n" | wc -c')).toBe(`${tree.length + 2 + 3 + 40 + 1}\n`);
    expect(await out(box, 'stat -c "%a %u:%g" plain.txt run.sh grün vendor/module .')).toBe('644 10001:10001\n755 10001:10001\n755 10001:10001\n755 10001:10001\n755 10001:10001\n');
    expect(await out(box, './run.sh; ls -A vendor/module')).toBe('ran\n');
    expect(await out(box, 'ls /opt/bulkhead/harness; ls /box')).toBe('harness\ntools\nworkspace\n');
  });

  it('has a history of what the base reaches and nothing else, and git works in it at once', async () => {
    using history = makeHistory([[file('old', '1')], tree]);
    await using box = await fixture.box(await fixture.snapshot([file('old', '1'), ...tree], {history}));
    expect(await out(box, 'git status --porcelain')).toBe('');
    expect(await out(box, 'git log --format=%s --all; git branch -a; git tag; git remote; git rev-parse HEAD')).toBe(`commit 2\ncommit 1\n* work\n${history.commit}\n`);
    expect(await out(box, 'git cat-file --batch-all-objects --batch-check | grep -c commit')).toBe('2\n');
    expect(await out(box, 'find .git -name "*.sample" -o -path "*/logs/*" -o -name hooks; git stash list; git fsck')).toBe('');
    expect(await out(box, 'echo more >>old; git add -A; git commit -qm mine; git log --format=%s -1; git status --porcelain')).toBe('mine\n');
    await box.stop(calm);
    expect(await changes(fixture.engine, {names: box.names, ownership: fixture.ownership})).toEqual(['file old 6 "1more\\n"']);
  });

  it('shows the harness and the tools read-only, and cannot be replaced itself', async () => {
    await using box = await fixture.box(await fixture.snapshot([file('a', 'A')], {harness: [file('report/index.mjs', 'ours')]}));
    expect(await out(box, 'cat /opt/bulkhead/harness/report/index.mjs; ls')).toBe('oursa\n');
    expect((await sh(box, 'echo x >/opt/bulkhead/harness/report/index.mjs')).exitCode).not.toBe(0);
    for (const attempt of ['echo x >/opt/bulkhead/workspace/a', 'echo x >/opt/bulkhead/tools/busybox', 'echo x >/box/tools/busybox', 'rm -rf /box/harness', 'mv /box/workspace /box/w', 'mkdir /box/new', 'chmod 777 /box']) {
      expect([attempt, (await sh(box, `cd / && ${attempt}`)).exitCode]).not.toEqual([attempt, 0]);
    }
    expect(await out(box, 'cat a')).toBe('A');
  });
});

describe('a snapshot', () => {
  it('that is complete is kept, one of other content or not completed is filled again', async () => {
    const name = await fixture.snapshot([file('a', 'first')]);
    const again = (harness: readonly SeedFile[]) => fixture.engine.createSnapshot({name, ownership: fixture.ownership, files: stream([file('a', 'second')]), harness}, calm);
    const content = async (): Promise<string> => {
      await using box = await fixture.box(name);
      const seen = await out(box, 'cat a');
      await box[Symbol.asyncDispose]();
      await fixture.engine.removeWorkspace(box.names, calm);
      return seen;
    };
    await again([]);
    expect(await content()).toBe('first');
    await dropVolume(`${name}-done`);
    await inVolume(name, 'echo torn >/v/workspace/a');
    await again([]);
    expect(await content()).toBe('second');
    await inVolume(name, 'echo marked >/v/workspace/a');
    await again([file('h', 'harness')]);
    expect(await content()).toBe('second');
  });

  it('of a tree with a path that would land elsewhere is refused and leaves no helper', async () => {
    for (const path of ['../escape', '/etc/passwd', 'a/../b', 'sub/.git/config', '.GIT/hooks/x', '']) {
      expect([path, await code(fixture.snapshot([file('ok', 'x'), file(path, 'evil')]))]).toEqual([path, 'REPOSITORY_UNSUPPORTED']);
    }
    expect(await code(fixture.snapshot([file('a', '/tmp', 'symlink'), file('a/b', 'evil')]))).toBe('REPOSITORY_UNSUPPORTED');
    expect((await fixture.engine.leftovers(calm)).filter((item) => item.kind === 'container' && item.name.includes('-snap'))).toEqual([]);
  });

  it('whose history is no pack is an error, not an empty history', async () => {
    using history = makeHistory([[file('a', '1')]]);
    expect(await code(fixture.snapshot([file('a', '1')], {history: {...history, commit: '0'.repeat(40)}}))).toBe('ENGINE_FAILED');
  });
});

describe('a snapshot over another one', () => {
  const before: readonly SeedFile[] = [
    file('same', 'same'),
    file('changed', 'old'),
    file('script', 'echo', 'file'),
    file('gone/deep/leaf', 'x'),
    file('gone/stays', 'y'),
    file('alone/only', 'z'),
    file('was-file', 'f'),
    file('was-directory/a', 'a'),
    file('was-directory/b/c', 'c'),
    file('was-link', 'same', 'symlink'),
    file('was-linked', 'gone', 'symlink'),
  ];
  const after: readonly SeedFile[] = [
    file('changed', 'new'),
    file('script', 'echo', 'executable'),
    file('was-file/now/deep', 'd'),
    file('was-directory', 'now a file'),
    file('was-link', 'now a file'),
    file('was-linked/inside', 'i'),
    file('new/name with\nline', 'n'),
    file('new/link', '../same', 'symlink'),
  ];
  const deleted = ['gone/deep/leaf', 'alone/only', 'was-file', 'was-directory/a', 'was-directory/b/c', 'was-linked'];

  it('shows exactly the later commit, with its history and a clean status, and only what a box changes is exported', async () => {
    using history = makeHistory([before]);
    const next = commitOver(history, {after, deleted});
    const base = await fixture.snapshot(before, {history, harness: [file('h', 'ours')]});
    const over = await fixture.snapshot(after, {history: next, over: {snapshot: base, deleted}});
    await using box = await fixture.box(over);
    expect(await out(box, 'git status --porcelain; git rev-parse HEAD; git log --format=%s --all; git fsck')).toBe(`${next.commit}\ncommit next\ncommit 1\n`);
    expect(await out(box, 'cat changed was-directory was-link was-linked/inside was-file/now/deep new/link; ls alone gone/deep 2>/dev/null; test -x script && cat /opt/bulkhead/harness/h')).toBe('newnow a filenow a fileidsameours');
    expect(await out(box, 'stat -c %u:%g changed new was-file/now . | sort -u')).toBe('10001:10001\n');
    await out(box, 'rm gone/stays; echo more >>changed; rm -r was-linked; echo again >was-linked; mkdir -p gone/deep; echo x >gone/deep/leaf');
    await box.stop(calm);
    expect(await changes(fixture.engine, {names: box.names, ownership: fixture.ownership})).toEqual(
      ['deleted gone/stays', 'deleted was-linked', 'file changed 8 "newmore\\n"', 'file gone/deep/leaf 2 "x\\n"', 'file was-linked 6 "again\\n"'],
    );
    await using untouched = await fixture.box(base);
    expect(await out(untouched, 'cat changed; git status --porcelain; ls was-directory')).toBe('olda\nb\n');
  });

  it('needs the other one, whole', async () => {
    const base = await fixture.snapshot([file('a', 'A')]);
    const over = await fixture.snapshot([file('b', 'B')], {over: {snapshot: base, deleted: []}});
    await dropVolume(`${base}-done`);
    expect(await code(fixture.box(over))).toBe('ENGINE_FAILED');
    expect(await code(fixture.snapshot([file('c', 'C')], {over: {snapshot: base, deleted: []}}))).toBe('ENGINE_FAILED');
  });

  it('whose paths do not make the commit is refused: something was forgotten', async () => {
    using history = makeHistory([before]);
    const next = commitOver(history, {after, deleted});
    const base = await fixture.snapshot(before, {history});
    expect(await code(fixture.snapshot(after.slice(1), {history: next, over: {snapshot: base, deleted}}))).toBe('ENGINE_FAILED');
  });
});

async function dropVolume(volume: string): Promise<void> {
  await connectEngine(address).getVolume(volume).remove();
}

async function inVolume(volume: string, script: string): Promise<void> {
  const client = connectEngine(address);
  const container = await client.createContainer({
    Image: helperImage,
    Cmd: ['/bin/sh', '-c', script],
    Labels: {'dev.bulkhead.run': fixture.ownership.runId},
    HostConfig: {Binds: [`${volume}:/v`], NetworkMode: 'none'},
  });
  await container.start();
  expect(await container.wait()).toEqual(expect.objectContaining({StatusCode: 0}));
  await container.remove();
}
