import {existsSync, readFileSync} from 'node:fs';
import {chmod, mkdir, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, it} from 'vitest';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import {applyToCheckout} from '../../../src/git/deliver/apply.js';
import {deliverBranch} from '../../../src/git/deliver/deliver.js';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {date, deleted, file, fingerprint, git, never, open, ownRepository, stream, tempFolder, write} from './fixture.js';

const files = {'a.txt': 'a\n', 'dir/b.txt': 'b\n', 'gone.txt': 'g\n', 'x.up': 'x\n'};
const entries: readonly ExportEntry[] = [file('a.txt', 'A\n'), file('dir/c/new.txt', 'n\n'), deleted('gone.txt'), file('x.up', 'y\n'), file('z.up', 'z\n')];
const ref = 'refs/bulkhead/r1/checkout';

/** A delivered result; with `dirty` the run began with changes of the checkout as its base. */
async function delivered(root: string, {dirty = false}: {readonly dirty?: boolean} = {}) {
  const at = await ownRepository(root, {...files, '.gitattributes': '*.up filter=up\n'});
  const {repository, user} = at;
  let base = at.base;
  if (dirty) {
    await write(user, {'dir/b.txt': 'mine\n', 'untracked.txt': 'mine too\n', 'staged.txt': 'staged\n'});
    await rm(join(user, 'gone.txt'));
    await git(user, 'add', 'staged.txt');
    base = (await repository.freezeDirty({checkout: await readCheckout(user, never), ref: 'refs/bulkhead/r1/base', date, signal: never})).commit;
  }
  const {commit} = await repository.importSubmission({parent: base, entries: stream(entries.filter(({path}) => !dirty || Buffer.from(path).toString() !== 'gone.txt')), policy: open, ref: 'refs/bulkhead/r1/result', message: 'result', date, signal: never});
  const checkout = await readCheckout(user, never);
  await deliverBranch({checkout, repositoryDir: repository.directory, commit, branch: 'result', signal: never});
  const apply = (signal = never) => applyToCheckout({checkout, repositoryDir: repository.directory, ref, commit, base, signal});
  return {user, base, commit, apply, head: at.base};
}

/** What of a repository is the user's: files, the content of the index, branches, and what HEAD is. */
async function stateOf(user: string): Promise<readonly unknown[]> {
  const outside = [...fingerprint(user)].filter(([path]) => !path.startsWith(join(user, '.git')));
  const gitDir = [...fingerprint(join(user, '.git'))].map(([path]) => path.slice(user.length)).filter((path) => /lock$|bulkhead/.test(path));
  return [outside, gitDir, await git(user, 'ls-files', '-s'), await git(user, 'for-each-ref', 'refs/heads'), readFileSync(join(user, '.git/HEAD'), 'utf8'), await git(user, 'status', '--porcelain')];
}

/** Puts a `git` in front of the real one that runs a script for each call; `$n` is the number of the call, `$real` the real one. */
async function withGit<T>(root: string, script: string, work: () => Promise<T>): Promise<T> {
  const [before, real] = [process.env['PATH'], (await execa('sh', ['-c', 'command -v git'])).stdout];
  const bin = join(root, 'bin');
  await mkdir(bin, {recursive: true});
  await writeFile(join(bin, 'git'), `#!/bin/sh\nreal=${real}\nn=$(cat ${root}/count 2>/dev/null || echo 0); n=$((n + 1)); echo $n > ${root}/count\n${script}\nexec $real "$@"\n`);
  await chmod(join(bin, 'git'), 0o755);
  process.env['PATH'] = `${bin}:${before ?? ''}`;
  try {
    return await work();
  } finally {
    process.env['PATH'] = before;
    await rm(join(root, 'count'), {force: true});
  }
}

describe('a result on top of changes that the run started from', () => {
  it('comes into the checkout with the changes as its first commit', async () => {
    await using folder = await tempFolder();
    const {user, base, commit, apply, head} = await delivered(folder.path, {dirty: true});
    await apply();
    expect(await git(user, 'rev-list', '--first-parent', 'main')).toBe([commit, base, head].join('\n'));
    expect(await git(user, 'status', '--porcelain')).toBe('');
    expect(['dir/b.txt', 'untracked.txt', 'staged.txt', 'a.txt'].map((path) => readFileSync(join(user, path), 'utf8'))).toEqual(['mine\n', 'mine too\n', 'staged\n', 'A\n']);
  });

  const moved: Readonly<Record<string, (user: string) => Promise<unknown>>> = {
    'a file has changed since': (user) => write(user, {'dir/b.txt': 'mine, later\n'}),
    'a file came since': (user) => write(user, {'later.txt': 'later\n'}),
    'a change was taken back': (user) => git(user, 'checkout', '-q', 'dir/b.txt'),
    'they were committed': async (user) => { await git(user, 'add', '-A'); await git(user, 'commit', '-qm', 'mine'); },
    'what is staged is nowhere else': async (user) => { await write(user, {'staged.txt': 'only staged\n'}); await git(user, 'add', 'staged.txt'); await write(user, {'staged.txt': 'staged\n'}); },
  };
  for (const [what, change] of Object.entries(moved)) {
    it(`leaves the checkout as it is when ${what}`, async () => {
      await using folder = await tempFolder();
      const {user, apply} = await delivered(folder.path, {dirty: true});
      await change(user);
      const before = await stateOf(user);
      await expect(apply()).rejects.toMatchObject({code: 'CHECKOUT_CHANGED'});
      expect(await stateOf(user)).toEqual(before);
    });
  }
});

describe.each([false, true])('a delivery into a checkout (with changes of the user: %s)', (dirty) => {
  it('is whole or not at all, whichever call of git fails, before it did something or after it', async () => {
    await using folder = await tempFolder();
    const {user, commit, apply} = await delivered(folder.path, {dirty});
    const before = await stateOf(user);
    const calls = [...(dirty ? ['--is-ancestor', 'diff-tree -r'] : ['config --list', 'ls-tree -r']), ...(dirty ? ['fast-import', 'reset --quiet'] : []), 'merge --ff-only'];
    for (const call of calls) {
      for (const when of call === 'merge --ff-only' || call === 'reset --quiet' ? ['', '$real "$@";'] : ['']) {
        const ended = await withGit(folder.path, `case "$*" in *"${call}"*) ${when} exit 128;; esac`, () => apply().then(() => 'applied', (error: unknown) => error));
        if (when !== '' && call === 'merge --ff-only') break;
        expect(ended, call).not.toBe('applied');
        expect(await stateOf(user), `${call} ${when}`).toEqual(before);
      }
    }
    // git had come to its end, and only its answer was lost.
    expect([await git(user, 'rev-parse', 'main'), await git(user, 'status', '--porcelain'), existsSync(join(user, '.git/bulkhead-apply'))]).toEqual([commit, '', false]);
    await apply();
    expect(await git(user, 'rev-parse', 'main')).toBe(commit);
  }, 120_000);

});

describe('a delivery into a checkout with changes of the user', () => {
  const dirty = true;

  it('that is interrupted before anything was changed changes nothing; later it comes to its end', async () => {
    await using folder = await tempFolder();
    const {user, commit, apply} = await delivered(folder.path, {dirty});
    const before = await stateOf(user);
    const stop = new AbortController();
    const told = withGit(folder.path, `if [ $n = 12 ]; then touch ${folder.path}/now; sleep 0.5; fi`, () => apply(stop.signal).then(() => 'applied', () => 'interrupted'));
    while (!existsSync(join(folder.path, 'now'))) await new Promise((done) => setTimeout(done, 20));
    stop.abort(new Error('Ctrl-C'));
    expect(await told).toBe('interrupted');
    expect(await stateOf(user)).toEqual(before);
    const late = new AbortController();
    await withGit(folder.path, `case "$*" in *merge*--ff-only*) touch ${folder.path}/merging; sleep 0.3;; esac`, async () => {
      const applying = apply(late.signal);
      while (!existsSync(join(folder.path, 'merging'))) await new Promise((done) => setTimeout(done, 20));
      late.abort(new Error('Ctrl-C'));
      await applying;
    });
    expect(await git(user, 'rev-parse', 'main')).toBe(commit);
    expect(await git(user, 'status', '--porcelain')).toBe('');
  });

  /** A filter that kills the git which runs it (git has a process group of its own), as a power cut would. */
  const deadly = (root: string) => `if [ -e ${root}/armed ]; then rm ${root}/armed; kill -9 0; fi; cat`;

  async function killed(root: string) {
    const at = await delivered(root, {dirty});
    await git(at.user, 'config', 'filter.up.smudge', `${root}/smudge %f`);
    await writeFile(join(root, 'smudge'), `#!/bin/sh\n${deadly(root)}\n`, {mode: 0o755});
    return at;
  }

  it('is undone at once when git dies in the middle of it', async () => {
    await using folder = await tempFolder();
    const {user, commit, apply} = await killed(folder.path);
    const before = await stateOf(user);
    await writeFile(join(folder.path, 'armed'), '');
    await expect(apply()).rejects.toMatchObject({code: 'GIT_FAILED'});
    expect(existsSync(join(folder.path, 'armed'))).toBe(false);
    expect(await stateOf(user)).toEqual(before);
    await apply();
    expect([await git(user, 'rev-parse', 'main'), await git(user, 'status', '--porcelain')]).toEqual([commit, '']);
  });
});

describe('a delivery of which the process was killed', () => {
  /** Leaves a checkout as a process leaves it that is killed while git merges: the intent, a lock, some files written. */
  async function halfWay(root: string, {dirty}: {readonly dirty: boolean}) {
    const at = await delivered(root, {dirty});
    const before = await stateOf(at.user);
    const script = `case "$*" in *merge*--ff-only*) cp -r ${at.user}/.git/bulkhead-apply ${root}/kept;; esac`;
    await withGit(root, `${script}\ncase "$*" in *merge*--ff-only*) exit 128;; esac`, () => apply(at));
    expect(await stateOf(at.user)).toEqual(before);
    await execa('mv', [join(root, 'kept'), join(at.user, '.git/bulkhead-apply')]);
    const intent = join(at.user, '.git/bulkhead-apply/intent.json');
    // A process that is gone.
    const gone = (await execa('sh', ['-c', 'echo $$'])).stdout;
    await writeFile(intent, readFileSync(intent, 'utf8').replace(/"pid":\d+/, `"pid":${gone}`));
    if (dirty) await git(at.user, 'reset', '-q', '--mixed', at.base);
    await write(at.user, {'a.txt': 'A\n', 'dir/c/new.txt': 'n\n', 'z.up': 'z\n', '.git/index.lock': ''});
    return {...at, before};
  }
  const apply = (at: Awaited<ReturnType<typeof delivered>>) => at.apply().then(() => 'applied', (error: unknown) => error);

  it.each([false, true])('is undone by the next one, which then comes to its end (with changes of the user: %s)', async (dirty) => {
    await using folder = await tempFolder();
    const {user, commit, before, ...at} = await halfWay(folder.path, {dirty});
    // First only undone: the filter of the second part is refused.
    await git(user, 'config', 'filter.up.smudge', 'dir/smudge');
    await expect(at.apply()).rejects.toMatchObject({code: 'REPOSITORY_UNSUPPORTED'});
    await git(user, 'config', '--unset', 'filter.up.smudge');
    expect(await stateOf(user)).toEqual(before);
    await at.apply();
    expect([await git(user, 'rev-parse', 'main'), await git(user, 'status', '--porcelain')]).toEqual([commit, '']);
  });

  it('is undone in a sparse checkout, too: what is outside of it does not come', async () => {
    await using folder = await tempFolder();
    const {user, commit, apply} = await delivered(folder.path);
    await git(user, 'sparse-checkout', 'set', '--no-cone', 'dir');
    const before = await stateOf(user);
    const ended = await withGit(folder.path, 'case "$*" in *merge*--ff-only*) exit 128;; esac', () => apply().then(() => 'applied', () => 'failed'));
    expect([ended, await stateOf(user), existsSync(join(user, 'a.txt'))]).toEqual(['failed', before, false]);
    await apply();
    expect([await git(user, 'rev-parse', 'main'), await git(user, 'status', '--porcelain'), existsSync(join(user, 'a.txt')), readFileSync(join(user, 'dir/c/new.txt'), 'utf8')]).toEqual([commit, '', false, 'n\n']);
  });

  it('keeps what is neither the one nor the other, and says where', async () => {
    await using folder = await tempFolder();
    const {user, before, head, ...at} = await halfWay(folder.path, {dirty: false});
    await write(user, {'a.txt': 'edited since\n', 'dir/c/new.txt': 'half'});
    await expect(at.apply()).rejects.toMatchObject({code: 'APPLY_INTERRUPTED'});
    const kept = [...fingerprint(join(user, '.git')).keys()].filter((one) => /bulkhead-kept-\d+\/\d+\/.*\.txt$/.test(one));
    expect(kept.map((one) => readFileSync(one, 'utf8'))).toEqual(['edited since\n', 'half']);
    // Also the next delivery leaves them there.
    await at.apply();
    expect(kept.map((one) => readFileSync(one, 'utf8'))).toEqual(['edited since\n', 'half']);
    await git(user, 'reset', '-q', '--hard', head);
    await execa('sh', ['-c', `rm -r ${user}/.git/bulkhead-kept-*`]);
    expect(await stateOf(user)).toEqual(before);
  });

  it('is finished when git came to its end, and touches nothing when the branch has moved since or another process is at it', async () => {
    await using folder = await tempFolder();
    const {user, head, ...at} = await halfWay(folder.path, {dirty: false});
    const intent = join(user, '.git/bulkhead-apply/intent.json');
    const text = readFileSync(intent, 'utf8');
    await writeFile(intent, text.replace(/"pid":\d+/, `"pid":${process.ppid}`));
    await expect(at.apply()).rejects.toMatchObject({code: 'APPLY_INTERRUPTED'});
    await writeFile(intent, text);
    await rm(join(user, '.git/index.lock'));
    await git(user, 'checkout', '-q', '-b', 'other');
    await expect(at.apply()).rejects.toMatchObject({code: 'APPLY_INTERRUPTED'});
    await git(user, 'checkout', '-q', 'main');
    await git(user, 'add', '-A');
    await git(user, 'commit', '-qm', 'went on');
    const before = await stateOf(user);
    await expect(at.apply()).rejects.toMatchObject({code: 'APPLY_INTERRUPTED'});
    expect(await stateOf(user)).toEqual(before);
    await git(user, 'reset', '-q', '--hard', head);
    await git(user, 'clean', '-qfd');
    await git(user, 'merge', '-q', '--ff-only', 'result');
    await at.apply();
    expect(existsSync(join(user, '.git/bulkhead-apply'))).toBe(false);
  });
});
