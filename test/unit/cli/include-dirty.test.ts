import {mkdtemp, realpath, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {dropFrozen, readBase} from '../../../src/cli/inputs/base.js';
import {readProject, type ProjectContext} from '../../../src/cli/project-context.js';
import {hideSecret} from '../../../src/cli/secrets.js';
import {openStoreRepository} from '../../../src/cli/wire.js';
import {fingerprint, git, never, userRepository, write} from '../git/fixture.js';

const kept = {...process.env};
let folder: string;
let root: string;
let said: string[];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-dirty-')));
  root = join(folder, 'user');
  said = [];
  process.env['XDG_STATE_HOME'] = join(folder, 'state');
  process.env['XDG_CONFIG_HOME'] = join(folder, 'config');
  await userRepository(root, {'a.txt': 'a\n', '.gitignore': 'ignored\n'});
});

afterEach(async () => {
  Object.assign(process.env, kept);
  await rm(folder, {recursive: true, force: true});
});

async function base(wanted = 'HEAD', dirtyFor: string | null = 'r1'): Promise<{readonly project: ProjectContext; readonly base: Awaited<ReturnType<typeof readBase>>}> {
  const project = await readProject(root, never);
  const context = {directory: root, engine: undefined, signal: never, say: (line: string) => void said.push(line)};
  return {project, base: await readBase(context, project, {wanted, dirtyFor: dirtyFor ?? undefined})};
}

describe('a run that is to take the checkout along', () => {
  it('is told every untracked file and what may be a secret, before anything starts', async () => {
    hideSecret('THE_KEY', 'a-known-value-of-this-process');
    await write(root, {
      'a.txt': 'key = a-known-value-of-this-process\n', plain: 'p\n', '.env': 'A=1\n', '.env.example': 'A=\n', 'keys/id_ed25519': 'x\n', 'cert.pem': 'x\n',
      'notes.md': `token: ghp_${'a1B2'.repeat(9)}\n`, 'odd\u001b[2J': 'x\n', ignored: 'ghp_\n', 'binary.dat': `\0ghp_${'a1B2'.repeat(9)}\n`,
    });
    const before = fingerprint(root);
    const {base: found, project} = await base();
    expect(fingerprint(root)).toEqual(before);
    const told = (what: string) => said.filter((line) => line.includes(what)).map((line) => line.slice(line.indexOf(': ') + 2).replace(/ \(.*/, ''));
    expect(told('untracked, taken').sort()).toEqual(['.env', '.env.example', 'binary.dat', 'cert.pem', 'keys/id_ed25519', 'notes.md', 'odd\\x1b[2J', 'plain'].sort());
    expect(told('perhaps a secret').sort()).toEqual(['.env', 'a.txt', 'cert.pem', 'keys/id_ed25519', 'notes.md'].sort());
    expect(said.join('\n')).toContain('THE_KEY');
    expect(said.join('\n')).not.toContain('a-known-value');
    expect(found.onto).toBe(project.checkout.head);
    expect(Buffer.from((await found.tree.read('plain', never)) ?? []).toString()).toBe('p\n');
    expect((await found.tree.list(never)).map(({path}) => path)).not.toContain('ignored');
  });

  it('starts from HEAD itself when there is nothing to take along', async () => {
    const {base: found, project} = await base();
    expect(found).toMatchObject({commit: project.checkout.head});
    expect(found.onto).toBeUndefined();
  });

  it('is frozen once for its id, also when the checkout changes before another process goes on', async () => {
    await write(root, {new: '1\n'});
    const first = (await base()).base;
    await write(root, {new: '2\n'});
    const lines = said.length;
    expect((await base()).base).toMatchObject({commit: first.commit, onto: first.onto});
    expect(said.length).toBe(lines);
    expect((await base('HEAD', 'r2')).base.commit).not.toBe(first.commit);
  });

  it('is refused when the manifest starts elsewhere, and forgotten when it did not begin', async () => {
    await write(root, {'a.txt': '2\n'});
    await git(root, 'commit', '-qam', 'second');
    await write(root, {new: '1\n'});
    await expect(base('HEAD~1')).rejects.toMatchObject({code: 'USAGE'});
    expect((await base('HEAD~1', null)).base.commit).toBe(await git(root, 'rev-parse', 'HEAD~1'));
    const {project} = await base();
    const repository = await openStoreRepository(project.store, never);
    expect((await repository.listRefs('refs/bulkhead', never)).size).toBe(2);
    await dropFrozen(project, 'r1');
    expect((await repository.listRefs('refs/bulkhead', never)).size).toBe(0);
  });
});

it('says what a box will have less than the checkout: history, submodules, files of Git LFS', async () => {
  expect((await base('HEAD', null)).base.commit).toBe(await git(root, 'rev-parse', 'HEAD'));
  expect(said).toEqual([]);
  await write(root, {'.gitattributes': '*.bin filter=lfs\n', '.gitmodules': ''});
  await git(root, 'add', '-A');
  await git(root, 'commit', '-qm', 'more');
  await git(folder, 'clone', '-q', '--depth=1', `file://${root}`, 'shallow');
  root = join(folder, 'shallow');
  await base('HEAD', null);
  expect(said.map((line) => /shallow|submodules|LFS/.exec(line)?.[0])).toEqual(['shallow', 'submodules', 'LFS']);
});
