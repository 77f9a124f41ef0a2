import {median, row, type Row} from '../row.js';
import {pathOf} from '../git/generate.js';
import {startLab, timed, type Lab} from './lab.js';

const rounds = 3;

/** The snapshot of a commit that changes ten files, on a repository and on one of four times its size. */
export async function snapshotRows(lab: Lab, say: (line: string) => void): Promise<readonly Row[]> {
  const onceMs = await nextSnapshot(lab, say);
  await using large = await startLab({files: 100_000, commits: 50, seed: 3}, say);
  const fourMs = await nextSnapshot(large, say);
  return [
    row({name: 'next_snapshot_10_files', value: onceMs / 1000, unit: 's', atMost: 1, baseline: `on 25,000 files; on 100,000: ${fourMs.toFixed(0)} ms`}),
    row({name: 'next_snapshot_growth_4x', value: fourMs / onceMs, unit: '×', atMost: 1.5, baseline: `on 25,000 files: ${onceMs.toFixed(0)} ms`}),
  ];
}

async function nextSnapshot(lab: Lab, say: (line: string) => void): Promise<number> {
  const base = lab.name('snapshot');
  await lab.snapshot(base, lab.base);
  const times: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const commit = await changeTen(lab, round + 2);
    const name = lab.name('next');
    const ms = await timed(async () => {
      const changes = (await lab.repository.history().changes({from: lab.base, to: commit}, lab.signal)) ?? [];
      const reader = await lab.repository.reader(commit, lab.signal);
      const files = changes.flatMap(({file}) => (file === undefined ? [] : [file]));
      const deleted = changes.flatMap(({path, file}) => (file === undefined ? [path] : []));
      const history = {pack: lab.repository.packHistory({commit, without: lab.base}, lab.signal), commit};
      await lab.engine.createSnapshot({name, ownership: lab.ownership, files: reader.files(lab.signal, files), history, over: {snapshot: base, deleted}}, lab.signal);
    });
    say(`next snapshot ${ms.toFixed(0)} ms`);
    if (round >= 0) times.push(ms);
    await lab.engine.removeSnapshot(name, lab.signal);
  }
  await lab.engine.removeSnapshot(base, lab.signal);
  return median(times);
}

async function changeTen(lab: Lab, round: number): Promise<string> {
  const files = Array.from({length: 10}, (_, index) => ({path: pathOf(index * 23), bytes: Buffer.from(`changed in round ${round}\n`)}));
  return lab.repository.commitFiles({parent: lab.base, files, ref: `refs/bulkhead/bench/next-${round}`, message: 'ten files', date: new Date(1_700_000_000_000), signal: lab.signal});
}
