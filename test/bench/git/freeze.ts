import {rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {openRepository} from '../../../src/git/repository.js';
import {median, row, type Row} from '../row.js';
import {generateRepository, pathOf} from './generate.js';
import {benchFolder, calm, timed} from './measure.js';

const [firstFiles, firstCommits, firstRounds] = [5000, 2500, 3];
const [dirtyFiles, dirtyRounds] = [25_000, 7];
/** Of the files of a checkout: every so many is changed, staged or deleted, and as many again are new. */
const dirtyStep = 250;

/** A history that was never seen before, against a clone of it. */
export async function freezeFirstRow(say: (line: string) => void): Promise<Row> {
  await using folder = await benchFolder();
  const user = join(folder.path, 'user');
  const {head} = await generateRepository({directory: user, files: firstFiles, commits: firstCommits, seed: 1});
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < firstRounds; round += 1) {
    const [own, clone] = [join(folder.path, `own-${round}`), join(folder.path, `clone-${round}`)];
    const repository = await openRepository(own, calm);
    const freeze = async () => ours.push(await timed(() => repository.freeze({checkout: {commonDir: join(user, '.git')}, commit: head, ref: 'refs/bulkhead/r1/base', signal: calm})));
    const byClone = async () => theirs.push(await timed(() => execa('git', ['clone', '-q', '--bare', '--no-local', '--single-branch', user, clone])));
    // Each is the first one in turn: the second finds a warm cache.
    for (const measure of round % 2 === 0 ? [byClone, freeze] : [freeze, byClone]) await measure();
    for (const made of [own, clone]) await rm(made, {recursive: true});
  }
  say(`freeze_first: ${median(ours).toFixed(0)} ms, clone ${median(theirs).toFixed(0)} ms`);
  return row({name: 'freeze_first', value: median(ours) / median(theirs), unit: '×', atMost: 1.5, baseline: `git clone --bare --no-local --single-branch of ${firstCommits} commits: ${median(theirs).toFixed(0)} ms`});
}

/** A checkout with changes of every kind, whose HEAD was frozen before, against what a person's git does with it. */
export async function freezeDirtyRow(say: (line: string) => void): Promise<Row> {
  await using folder = await benchFolder();
  const user = join(folder.path, 'user');
  await generateRepository({directory: user, files: dirtyFiles, commits: 20, seed: 2, checkout: true});
  const git = async (...args: readonly string[]) => (await execa('git', ['-C', user, ...args])).stdout;
  const repository = await openRepository(join(folder.path, 'own'), calm);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round <= dirtyRounds; round += 1) {
    await change(user, round, git);
    const checkout = await readCheckout(user, calm);
    let frozen = '';
    const own = await timed(async () => {
      frozen = (await repository.freezeDirty({checkout, ref: `refs/bulkhead/r${round}/base`, date: new Date(), signal: calm})).commit;
    });
    let tree = '';
    const plain = await timed(async () => {
      await git('add', '-A');
      tree = await git('write-tree');
    });
    if ((await repository.reader(frozen, calm)).tree !== tree) throw new Error('the frozen tree is not the one that git makes');
    await git('reset', '-q', '--hard');
    // The first round freezes HEAD too.
    if (round > 0) {
      ours.push(own);
      theirs.push(plain);
    }
  }
  say(`freeze_dirty: ${median(ours).toFixed(0)} ms, git ${median(theirs).toFixed(0)} ms`);
  return row({name: 'freeze_dirty', value: median(ours) / median(theirs), unit: '×', atMost: 2, baseline: `git add -A && git write-tree on ${dirtyFiles} files: ${median(theirs).toFixed(0)} ms`});
}

async function change(user: string, round: number, git: (...args: readonly string[]) => Promise<string>): Promise<void> {
  const at = (index: number) => join(user, pathOf(index));
  for (let index = 0; index < dirtyFiles; index += dirtyStep) {
    await writeFile(at(index), `// changed ${round}\n${'export const x = 1;\n'.repeat(100)}`);
    await writeFile(at(index + 1), `// staged ${round}\n`);
    await rm(at(index + 2));
    await writeFile(`${at(index + 3)}.new`, `// new ${round}\n`);
  }
  await git('add', ...Array.from({length: dirtyFiles / dirtyStep}, (_, index) => pathOf(index * dirtyStep + 1)));
}
