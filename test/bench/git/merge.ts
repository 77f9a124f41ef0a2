import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {openRepository} from '../../../src/git/repository.js';
import {median, row, type Row} from '../row.js';
import {generateRepository, pathOf} from './generate.js';

const [files, commits, submissions, filesEach, rounds] = [25_000, 30, 7, 10, 3];
const never = new AbortController().signal;
const date = new Date('2026-01-01T00:00:00Z');

/** Seven submissions of ten files each, none of them the same, merged in order; a person's git does it in a checkout. */
export async function mergeRow(say: (line: string) => void): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  try {
    const user = join(folder, 'user');
    const {head} = await generateRepository({directory: user, files, commits, seed: 5, checkout: true});
    const ids = await makeSubmissions(user, head);
    const repository = await openRepository(join(folder, 'own'), never);
    for (const [index, commit] of [head, ...ids].entries()) await repository.freeze({checkout: {commonDir: join(user, '.git')}, commit, ref: `refs/bulkhead/bench/${index}`, signal: never});
    const ours: number[] = [];
    for (let round = 0; round < rounds; round += 1) ours.push(await timed(() => mergeAll(repository, head, {ids, round})));
    const byHand = await timed(() => mergeByHand(user, head, ids));
    say(`${files} files: ${ours.map((ms) => Math.round(ms)).join(', ')} ms; by hand ${Math.round(byHand)} ms`);
    return row({name: 'merge7', value: median(ours) / 1000, unit: 's', atMost: 2, baseline: `git merge in a checkout, ${submissions} times: ${(byHand / 1000).toFixed(2)} s`});
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

async function mergeAll(repository: Awaited<ReturnType<typeof openRepository>>, base: string, {ids, round}: {readonly ids: readonly string[]; readonly round: number}): Promise<void> {
  let onto = base;
  for (const [index, submission] of ids.entries()) {
    const merged = await repository.merge({onto, submission, ref: `refs/bulkhead/bench/merged${round}`, message: `Merge ${index} of round ${round}`, date, signal: never});
    if (merged.state !== 'merged') throw new Error(`submission ${index} was not merged: ${merged.paths.join(', ')}`);
    onto = merged.commit;
  }
  const changed = await repository.changedPaths(base, onto, never);
  if (changed.length !== submissions * filesEach) throw new Error(`the merge changed ${changed.length} files, not ${submissions * filesEach}`);
}

/** Submissions as commits on top of the base, each with files of its own, changed and new ones. */
async function makeSubmissions(user: string, head: string): Promise<readonly string[]> {
  const commits = Array.from({length: submissions}, (_, index) => {
    const paths = Array.from({length: filesEach}, (__, file) => (file % 2 === 0 ? pathOf((index * 3000 + file * 37) % files) : `packages/new/s${index}/file-${file}.ts`));
    const puts = paths.map((path) => `M 100644 inline ${path}\ndata <<END\nexport const by = ${index};\nEND\n`);
    return `commit refs/heads/s${index}\ncommitter B <b@localhost> 1800000000 +0000\ndata 1\ns\nfrom ${head}\n${puts.join('')}\n`;
  });
  await execa('git', ['-C', user, 'fast-import', '--quiet'], {input: commits.join('')});
  return (await execa('git', ['-C', user, 'rev-parse', ...commits.map((_, index) => `s${index}`)])).stdout.split('\n');
}

async function mergeByHand(user: string, head: string, ids: readonly string[]): Promise<void> {
  await execa('git', ['-C', user, 'checkout', '-q', '--detach', head]);
  for (const id of ids) await execa('git', ['-C', user, '-c', 'user.name=B', '-c', 'user.email=b@localhost', 'merge', '-q', '--no-ff', '--no-edit', id]);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
