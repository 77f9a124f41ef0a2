import {randomBytes} from 'node:crypto';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {openRepository, type Repository} from '../../../src/git/repository.js';
import {date, git, never, open, ownRepository, stream, tempFolder, userRepository, write} from './fixture.js';

/** Large enough that git is seen writing it. */
const bytes = randomBytes(12_000_000);

/** Every name that was ever among the objects of our repository while something was done, and the names seen in its staging folders. */
async function namesDuring(repository: Repository, act: () => Promise<unknown>): Promise<{readonly ours: ReadonlySet<string>; readonly staged: ReadonlySet<string>}> {
  const ours = new Set<string>();
  const staged = new Set<string>();
  const list = (folder: string): readonly string[] => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  const look = (): void => {
    for (const folder of list(join(repository.directory, 'objects'))) for (const name of list(join(repository.directory, 'objects', folder))) ours.add(name);
    for (const folder of list(repository.directory).filter((name) => name.startsWith('staging-'))) {
      for (const name of list(join(repository.directory, folder, 'objects', 'pack'))) staged.add(name);
    }
  };
  const timer = setInterval(look, 1);
  try {
    await act();
  } finally {
    clearInterval(timer);
  }
  look();
  return {ours, staged};
}

const half = /^tmp_/;
const whole = /^(pack-[0-9a-f]{40}\.(pack|idx|rev)|[0-9a-f]{38})$/;

describe('objects on their way into our repository', () => {
  it('of a freeze are never half-written among ours: a killed git leaves nothing there', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    await userRepository(root);
    await write(root, {'large.txt': bytes.toString('base64')});
    await git(root, 'add', '-A');
    await git(root, 'commit', '-qm', 'large');
    const repository = await openRepository(join(folder.path, 'own'), never);
    const checkout = await readCheckout(root, never);
    const {ours, staged} = await namesDuring(repository, () => repository.freeze({checkout, commit: checkout.head, ref: 'refs/bulkhead/r1/base', signal: never}));
    expect([...staged].some((name) => half.test(name))).toBe(true);
    expect([...ours].filter((name) => !whole.test(name))).toEqual([]);
    expect(ours.size).toBeGreaterThan(0);
  });

  it('of an import are never half-written among ours', async () => {
    await using folder = await tempFolder();
    const at = await ownRepository(folder.path);
    const entry = {kind: 'file', path: Buffer.from('large'), executable: false, size: bytes.length, bytes} as const;
    const importing = () => at.repository.importSubmission({parent: at.base, entries: stream([entry]), policy: open, ref: 'refs/bulkhead/r1/submission/a', message: 'm', date, signal: never});
    const {ours, staged} = await namesDuring(at.repository, importing);
    expect([...staged].some((name) => half.test(name))).toBe(true);
    expect([...ours].filter((name) => !whole.test(name))).toEqual([]);
  });

  it('of a merge are never half-written among ours, and all of them arrive', async () => {
    await using folder = await tempFolder();
    const paths = Array.from({length: 120}, (_, index) => `d${index}/e/f`);
    const at = await ownRepository(folder.path, Object.fromEntries(paths.flatMap((path) => [[`${path}/one`, '1'], [`${path}/two`, '2']])));
    const submit = async (name: string) => {
      const entries = paths.map((path) => ({kind: 'file', path: Buffer.from(`${path}/${name}`), executable: false, size: 3, bytes: Buffer.from('new')}) as const);
      return (await at.repository.importSubmission({parent: at.base, entries: stream(entries), policy: open, ref: `refs/bulkhead/r1/submission/${name}`, message: name, date, signal: never})).commit;
    };
    const [one, two] = [await submit('one'), await submit('two')];
    const ref = 'refs/bulkhead/r1/merge';
    const {ours} = await namesDuring(at.repository, () => at.repository.merge({onto: one, submission: two, ref, message: 'm', date, signal: never}));
    expect([...ours].filter((name) => !whole.test(name))).toEqual([]);
    expect([...ours].some((name) => /^[0-9a-f]{38}$/.test(name))).toBe(true);
    await git(at.repository.directory, 'fsck', '--strict', '--no-dangling');
    const merged = (await at.repository.readRef(ref, never)) ?? '';
    expect(await at.repository.changedPaths(at.base, merged, never)).toHaveLength(240);
    expect(readdirSync(at.repository.directory).sort()).toEqual(['HEAD', 'config', 'objects', 'refs']);
  });

  it('are found below a path with a colon, a quote and a backslash', async () => {
    await using folder = await tempFolder();
    const odd = join(folder.path, 'a:b "c" \\d');
    const root = join(folder.path, 'user');
    await userRepository(root);
    const repository = await openRepository(join(odd, 'own'), never);
    const checkout = await readCheckout(root, never);
    const freezing = {checkout, commit: checkout.head, ref: 'refs/bulkhead/r1/base', signal: never};
    await repository.freeze(freezing);
    const entry = {kind: 'file', path: Buffer.from('b.txt'), executable: false, size: 2, bytes: Buffer.from('b\n')} as const;
    const made = await repository.importSubmission({parent: checkout.head, entries: stream([entry]), policy: open, ref: 'refs/bulkhead/r1/submission/a', message: 'm', date, signal: never});
    expect(await repository.changedPaths(checkout.head, made.commit, never)).toEqual(['b.txt']);
  });
});
