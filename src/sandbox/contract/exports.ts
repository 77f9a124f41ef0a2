import {codeOf, expectSame, file, out, type ContractCase, type Lab} from './case.js';
import {changesOf} from './export-lines.js';

const base = [
  file('same', 'same'),
  file('edited', 'old'),
  file('tool', 'tool'),
  file('script', 'script', 'executable'),
  file('gone', 'gone'),
  file('link', 'same', 'symlink'),
  file('dir/one', '1'),
  file('dir/two', '2'),
  file('refill/five', '5'),
  file('refill/six', '6'),
];

/** A case whose export after some commands must be these lines. */
function exporting(title: string, work: string, wanted: readonly string[]): ContractCase {
  return promise(title, async (lab) => {
    const box = await lab.box(base);
    await out(lab, box, work);
    await box.stop(lab.signal);
    expectSame(await changesOf(lab, box.names), [...wanted].sort(), 'the export');
  });
}

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

/** What comes out of a workspace. */
export const exportCases: readonly ContractCase[] = [
  exporting('what was only touched, rewritten or moved back is not exported', 'touch same dir; cp same t; mv t same; chmod 600 edited; rm link; ln -s same link; mkdir -p empty/dirs; mv dir d; mv d dir', []),
  exporting('added and modified files are exported with their bytes', 'printf new >edited; mkdir -p fresh/sub; printf in >fresh/sub/in; printf "" >"new\nline"', ['file edited 3 "new"', 'file fresh/sub/in 2 "in"', 'file new\nline 0 ""']),
  exporting('deleted files and directories are exported once each', 'rm gone; rm -r dir', ['deleted dir', 'deleted gone']),
  exporting('a rename is exported as deleted and new', 'mv edited moved; mv dir moved-dir', ['deleted dir', 'deleted edited', 'file moved 3 "old"', 'file moved-dir/one 1 "1"', 'file moved-dir/two 1 "2"']),
  exporting('a mode that changed is exported, and one that git does not know is not', 'chmod 755 tool; chmod 644 script; chmod 600 same; printf s >suid; chmod 4755 suid', ['executable tool 4 "tool"', 'file script 6 "script"', 'executable suid 1 "s"']),
  exporting('links are exported as links, wherever they lead', 'ln -sf elsewhere link; ln -s /etc/passwd absolute', ['symlink link elsewhere', 'symlink absolute /etc/passwd']),
  exporting('hard links are exported as files', 'ln same alias; printf m >made; ln made hard', ['file alias 4 "same"', 'file made 1 "m"', 'file hard 1 "m"']),
  exporting('a directory in the place of a file is exported as that', 'rm same; mkdir same; printf x >same/x', ['deleted same', 'file same/x 1 "x"']),
  exporting('a file in the place of a directory is exported as that', 'rm -r dir; printf x >dir', ['deleted dir', 'file dir 1 "x"']),
  exporting('a link in the place of a file or a directory, and a file in that of a link, are exported as that', 'rm same; ln -s edited same; rm link; printf same >link; rm -r dir; ln -s refill dir', ['deleted dir', 'symlink dir refill', 'file link 4 "same"', 'symlink same edited']),
  exporting('a directory that was emptied and filled again is seen through', 'rm -r refill; mkdir refill; printf 5 >refill/five; printf 7 >refill/seven', ['deleted refill/six', 'file refill/seven 1 "7"']),
  exporting('what is neither file nor link is named', 'mkfifo pipe; rm edited; mkfifo edited', ['deleted edited', 'special edited fifo', 'special pipe fifo']),
  exporting('a file that nobody may read is exported all the same', 'printf secret >hidden; chmod 000 hidden', ['file hidden 6 "secret"']),
  exporting('the workspace’s own .git stays inside, another one does not', 'mkdir -p .git dir/.git; echo x >.git/config; printf y >dir/.git/config', ['file dir/.git/config 1 "y"']),
  promise('a file over the limit is exported by its size alone', async (lab) => {
    const box = await lab.box([]);
    await out(lab, box, 'printf %2001s >larger; printf %1000s >fits; truncate -s 1500000000 sparse');
    await box.stop(lab.signal);
    expectSame(await changesOf(lab, box.names, 1000), [`file fits 1000 ${JSON.stringify(' '.repeat(1000))}`, 'file larger 2001 ""', 'file sparse 1500000000 ""'], 'the export');
  }),
  promise('the export of a running box or of none is refused', async (lab) => {
    const box = await lab.box([]);
    expectSame(await codeOf(changesOf(lab, box.names)), 'ENGINE_FAILED', 'of a running box');
    expectSame(await codeOf(changesOf(lab, lab.names(box.names.snapshot))), 'ENGINE_FAILED', 'of none');
  }),
  promise('a workspace survives its box and is exported afterwards', async (lab) => {
    const box = await lab.box(base);
    await out(lab, box, 'printf kept >edited');
    await box.stop(lab.signal);
    await box[Symbol.asyncDispose]();
    expectSame(await changesOf(lab, box.names), ['file edited 4 "kept"'], 'the export');
    expectSame(await changesOf(lab, box.names), ['file edited 4 "kept"'], 'the export, once more');
  }),
  promise('an export that is not read to its end leaves no helper', async (lab) => {
    const box = await lab.box([]);
    await out(lab, box, 'for i in 1 2 3 4 5 6 7 8 9; do head -c 2000000 /dev/zero >f$i; done');
    await box.stop(lab.signal);
    const before = (await lab.engine.leftovers(lab.signal)).length;
    for await (const entry of lab.engine.exportWorkspace({names: box.names, ownership: lab.ownership, maxFileBytes: 1e9}, lab.signal)) {
      expectSame(entry.kind, 'file', 'the first entry');
      break;
    }
    expectSame((await lab.engine.leftovers(lab.signal)).length, before, 'how much is there');
  }),
];
