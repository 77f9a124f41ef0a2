import {randomBytes} from 'node:crypto';
import {mkdtemp, realpath, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {WorkspaceNames} from '../../../src/core/sandbox.js';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import type {Submission} from '../../../src/git/import/submission.js';
import {openRepository, type Repository} from '../../../src/git/repository.js';
import {fingerprint, git, userRepository, write} from '../../unit/git/fixture.js';
import {calm, changes, out, useEngine} from '../sandbox/engine-fixture.js';

const fixture = useEngine();
const open = {mayWrite: () => true, wanted: [], allowIgnored: []};
let folder: string;
let repository: Repository;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-git-')));
  repository = await openRepository(join(folder, 'own'), calm);
});

afterAll(async () => {
  await rm(folder, {recursive: true, force: true});
});

/** A box over a commit of ours, as a run makes it. */
async function boxAt(commit: string) {
  const name = `bulkhead-${fixture.ownership.runId}-${randomBytes(4).toString('hex')}`;
  const history = {pack: repository.packHistory({commit: commit}, calm), commit, cuts: await repository.historyCuts(commit, calm)};
  await fixture.engine.createSnapshot({name, ownership: fixture.ownership, files: (await repository.reader(commit, calm)).files(calm), history}, calm);
  return fixture.box(name);
}

async function bring(commit: string, names: WorkspaceNames): Promise<Submission> {
  const entries = fixture.engine.exportWorkspace({names, ownership: fixture.ownership, maxFileBytes: repository.maxFileBytes}, calm);
  return repository.importSubmission({parent: commit, entries, policy: open, ref: `refs/bulkhead/e/${names.box.replaceAll('.', '-')}`, message: 'm', date: new Date(0), signal: calm});
}

// Names of one case and form, some of which are files here and folders there.
const path = fc.array(fc.constantFrom('a', 'b', 'c d', 'ü', '-n', 'x.txt', 'deep'), {minLength: 1, maxLength: 3}).map((parts) => parts.join('/'));
const edit = fc.oneof(
  {weight: 3, arbitrary: fc.record({act: fc.constant('write' as const), path, text: fc.constantFrom('1', 'two\n', '', '\\000\\377\\n')})},
  fc.record({act: fc.constantFrom('delete' as const, 'mode' as const, 'empty' as const, 'refill' as const), path}),
  fc.record({act: fc.constantFrom('move' as const, 'hard' as const, 'link' as const), path, to: path}),
);

/** The same words for a box and for a folder on this machine. */
function scriptOf(edits: readonly (typeof edit extends fc.Arbitrary<infer Each> ? Each : never)[]): string {
  const quote = (text: string) => `'${text}'`;
  const room = (at: string) => `rm -rf -- ${quote(`./${at}`)}; p=${quote(`./${at}`)}; while [ "$p" != . ]; do p=$(dirname -- "$p"); if [ -e "$p" ] || [ -L "$p" ]; then [ -d "$p" ] && [ ! -L "$p" ] || rm -f -- "$p"; fi; done; mkdir -p -- "$(dirname -- ${quote(`./${at}`)})"`;
  return edits.map((each) => {
    const at = quote(`./${each.path}`);
    if (each.act === 'write') return `${room(each.path)}; printf ${quote(each.text)} >${at}`;
    if (each.act === 'delete') return `rm -rf -- ${at}`;
    if (each.act === 'mode') return `[ -f ${at} ] && [ ! -L ${at} ] && chmod 755 -- ${at}`;
    if (each.act === 'empty') return `[ -d ${at} ] && [ ! -L ${at} ] && rm -rf -- ${at} && mkdir -- ${at}`;
    if (each.act === 'refill') return `[ -d ${at} ] && [ ! -L ${at} ] && cp -a -- ${at} /tmp/refill && rm -rf -- ${at} && cp -a /tmp/refill ${at}; rm -rf /tmp/refill`;
    if (!('to' in each)) return 'true';
    const to = quote(`./${each.to}`);
    if (each.to === each.path || each.to.startsWith(`${each.path}/`) || each.path.startsWith(`${each.to}/`)) return 'true';
    if (each.act === 'move') return `if [ -e ${at} ]; then cp -a -- ${at} /tmp/moved; rm -rf -- ${at}; ${room(each.to)}; mv -- /tmp/moved ${to}; fi`;
    if (each.act === 'hard') return `if [ -f ${at} ] && [ ! -L ${at} ]; then cp -- ${at} /tmp/hard; ${room(each.to)}; mv -- /tmp/hard ${to}; ln -- ${to} ${to}.hard; fi`;
    return `${room(each.to)}; ln -s nowhere ${to}`;
  }).join('\n');
}

describe('through a real box', () => {
  it('any edits of any tree come home as exactly the edited tree', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, {maxLength: 8}), fc.array(edit, {minLength: 1, maxLength: 10}), async (before, edits) => {
        const root = join(folder, `user-${(count += 1)}`);
        await userRepository(root, {seed: 's\n', 'x.txt': 'x\n'});
        const play = async (script: string) => execa('sh', ['-c', `${script}\ntrue`], {cwd: root});
        await play(scriptOf(before));
        await git(root, 'add', '-A', '-f');
        await git(root, 'commit', '-q', '--allow-empty', '-m', 'base');
        const checkout = await readCheckout(root, calm);
        await repository.freeze({checkout, commit: checkout.head, ref: `refs/bulkhead/e/base-${count}`, signal: calm});
        await using box = await boxAt(checkout.head);
        await out(box, `${scriptOf(edits)}\ntrue`);
        await box.stop(calm);
        const submission = await bring(checkout.head, box.names);
        await play(scriptOf(edits));
        await git(root, 'add', '-A', '-f');
        expect(submission.refused).toEqual([]);
        expect(submission.tree).toBe(await git(root, 'write-tree'));
      }),
      {numRuns: 4},
    );
  });

  it('a checkout of a shallow clone, as it stands: the box has a repository that works, and nothing is lost on the way', async () => {
    const [whole, root] = [join(folder, 'whole'), join(folder, 'shallow')];
    await userRepository(whole);
    for (const text of ['2\n', '3\n']) {
      await write(whole, {'a.txt': text});
      await git(whole, 'commit', '-qam', text.trim());
    }
    await git(folder, 'clone', '-q', '--depth=2', `file://${whole}`, root);
    await write(root, {'a.txt': 'dirty\n', new: 'n\n'});
    const before = fingerprint(root);
    const checkout = await readCheckout(root, calm);
    const frozen = await repository.freezeDirty({checkout, ref: 'refs/bulkhead/e/dirty', date: new Date(0), signal: calm});
    await using box = await boxAt(frozen.commit);
    expect(await out(box, 'git log --format=%s && git fsck --no-dangling && git status --porcelain && git diff --stat HEAD~1 | tail -1')).toBe('Uncommitted changes of the checkout\n3\n2\n 2 files changed, 2 insertions(+), 1 deletion(-)\n');
    await out(box, 'printf more >>a.txt; rm new');
    await box.stop(calm);
    const submission = await bring(frozen.commit, box.names);
    expect(submission.changed).toEqual(['a.txt', 'new']);
    expect(fingerprint(root)).toEqual(before);
  });

  it('[G17] what is written until the box is dead comes once and stable: two exports are the same', async () => {
    const root = join(folder, 'race');
    const head = await userRepository(root);
    const checkout = await readCheckout(root, calm);
    await repository.freeze({checkout, commit: head, ref: 'refs/bulkhead/e/race', signal: calm});
    await using box = await boxAt(head);
    await out(box, '(i=0; while :; do i=$((i+1)); echo $i >"f$((i % 50))"; ln -sf "f$i" l; rm -f a.txt; echo $i >a.txt; done) >/dev/null 2>&1 & sleep 0.5');
    await box.stop(calm);
    const first = await changes(fixture.engine, {names: box.names, ownership: fixture.ownership});
    const [one, two] = [await bring(head, box.names), await bring(head, box.names)];
    expect(await changes(fixture.engine, {names: box.names, ownership: fixture.ownership})).toEqual(first);
    expect(first.length).toBeGreaterThan(10);
    expect(two.commit).toBe(one.commit);
  });
});
