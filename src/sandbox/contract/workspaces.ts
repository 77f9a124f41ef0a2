import {codeOf, expectSame, expectThat, file, out, sh, type ContractCase, type Lab} from './case.js';
import {historyOf, secondFiles, thirdChanges} from './history.js';
import {changesOf} from './export-lines.js';

function promise(title: string, run: (lab: Lab) => Promise<void>): ContractCase {
  return {
    title,
    needs: 'container',
    run: async (lab) => {
      await run(lab);
      return undefined;
    },
  };
}

const odd = [
  file('plain.txt', 'plain\r\ntext'),
  file('run.sh', '#!/bin/sh\necho ran\n', 'executable'),
  file('binary', Buffer.from([0, 255, 10, 13, 0])),
  file('empty'),
  file('with space/a b', 'space'),
  file('new\nline', 'line'),
  file('grün/🌊', 'unicode'),
  file('n'.repeat(255), 'long'),
  file('-n', 'dash'),
  file('back\\slash', 'slash'),
  file('link', 'with space/a b', 'symlink'),
  file('out', '/etc/passwd', 'symlink'),
];

const content: readonly ContractCase[] = [
  promise('a workspace holds exactly what was seeded, owned by the user of the box', async (lab) => {
    const box = await lab.box([...odd, file('vendor/module', '', 'submodule')]);
    for (const item of odd) {
      const seen = await sh(lab, box, '', {argv: item.mode === 'symlink' ? ['readlink', '-n', '--', item.path] : ['cat', `./${item.path}`]});
      expectSame([...seen.stdout.head], [...item.bytes], item.path);
    }
    // Besides the files: the submodule, three parents, and one line break in a name.
    expectSame(await out(lab, box, 'find . -mindepth 1 | tr -cd "\\n" | wc -c'), `${odd.length + 1 + 3 + 1}\n`, 'how many there are');
    expectSame(await out(lab, box, 'stat -c "%a %u:%g" plain.txt run.sh grün . | sort -u; ./run.sh'), '644 10001:10001\n755 10001:10001\nran\n', 'modes and owners');
  }),
  promise('git works in a workspace at once: status, log, diff, commit', async (lab) => {
    const box = await lab.box(await lab.snapshot(secondFiles, {history: historyOf('second')}));
    expectSame(await out(lab, box, 'git status --porcelain; git log --format=%s --all; git remote; git tag; git stash list; git fsck'), 'commit 2\ncommit 1\n', 'status, log and whatever else a repository could have');
    expectSame(await out(lab, box, 'git rev-parse HEAD'), `${historyOf('second').commit}\n`, 'the commit');
    expectSame(await out(lab, box, 'echo more >>a; git diff --numstat; git commit -qam mine; git log --format=%s -1; git status --porcelain'), '1\t0\ta\nmine\n', 'diff and commit');
  }),
  promise('boxes over one snapshot do not see each other’s writes', async (lab) => {
    const snapshot = await lab.snapshot([file('shared', 'base'), file('gone', 'x')]);
    const [one, two] = await Promise.all([lab.box(snapshot), lab.box(snapshot)]);
    await out(lab, one, 'echo one >shared; rm gone; echo mine >new');
    expectSame(await out(lab, two, 'cat shared; ls'), 'basegone\nshared\n', 'the other box');
    expectSame(await out(lab, await lab.box(snapshot), 'cat shared; ls'), 'basegone\nshared\n', 'a later box');
  }),
  promise('a harness is seen read-only and is no part of the workspace', async (lab) => {
    const box = await lab.box(await lab.snapshot([file('a', 'A')], {harness: [file('report/index.mjs', 'ours')]}));
    expectSame(await out(lab, box, 'cat /opt/bulkhead/harness/report/index.mjs; ls -A'), 'oursa\n', 'harness and workspace');
    expectThat((await sh(lab, box, 'echo x >/opt/bulkhead/harness/report/index.mjs')).exitCode !== 0, 'the harness could be written');
  }),
];

const snapshots: readonly ContractCase[] = [
  promise('a complete snapshot is kept, one that was filled from something else is filled again', async (lab) => {
    const name = await lab.snapshot([file('a', 'first')], {name: `${lab.names('').box}-kept`});
    await lab.snapshot([file('a', 'second')], {name});
    const box = await lab.box(name);
    expectSame(await out(lab, box, 'cat a'), 'first', 'the kept one');
    await lab.engine.removeWorkspace(box.names, lab.signal);
    await lab.snapshot([file('a', 'third')], {name, harness: [file('h', 'new')]});
    expectSame(await out(lab, await lab.box(name), 'cat a'), 'third', 'the other one');
  }),
  promise('a snapshot whose filling was interrupted is filled again', async (lab) => {
    const broken = async function* () {
      yield await Promise.resolve(file('a', 'torn'));
      throw new Error('enough');
    };
    const name = `${lab.names('').box}-torn`;
    expectThat((await codeOf(lab.engine.createSnapshot({name, ownership: lab.ownership, files: broken()}, lab.signal))) !== 'no error', 'half of the files made a snapshot');
    await lab.snapshot([file('b', 'whole')], {name});
    expectSame(await out(lab, await lab.box(name), 'ls; cat b'), 'b\nwhole', 'the files');
  }),
  promise('a snapshot over another one is the later commit, and the other one stays as it was', async (lab) => {
    const base = await lab.snapshot(secondFiles, {history: historyOf('second'), harness: [file('h', 'ours')]});
    const over = await lab.snapshot(thirdChanges.files, {history: historyOf('third'), over: {snapshot: base, deleted: thirdChanges.deleted}});
    const box = await lab.box(over);
    expectSame(await out(lab, box, 'git status --porcelain; git log --format=%s --all; git fsck; ls; cat a c /opt/bulkhead/harness/h'), 'commit 3\ncommit 2\ncommit 1\na\nc\nthird\nnew\nours', 'the later one');
    await out(lab, box, 'echo more >>c');
    await box.stop(lab.signal);
    expectSame(await changesOf(lab, box.names), ['file c 9 "new\\nmore\\n"'], 'its export');
    expectSame(await out(lab, await lab.box(base), 'git status --porcelain; cat a; ls'), 'second\na\nd\n', 'the other one');
  }),
  promise('a snapshot over one that is missing is refused', async (lab) => {
    const over = {snapshot: `${lab.names('').box}-none`, deleted: []};
    expectSame(await codeOf(lab.snapshot([file('a')], {over})), 'ENGINE_FAILED', 'the snapshot');
  }),
  promise('a tree with a path that would land elsewhere is refused', async (lab) => {
    for (const path of ['../escape', '/etc/passwd', 'a/../b', '.GIT/hooks/x']) expectSame(await codeOf(lab.snapshot([file('ok'), file(path, 'evil')])), 'REPOSITORY_UNSUPPORTED', path);
    expectSame(await codeOf(lab.snapshot([file('a', '/tmp', 'symlink'), file('a/b', 'evil')])), 'REPOSITORY_UNSUPPORTED', 'through a link');
  }),
];

/** What a workspace holds, and what a snapshot is. */
export const workspaceCases: readonly ContractCase[] = [...content, ...snapshots];
