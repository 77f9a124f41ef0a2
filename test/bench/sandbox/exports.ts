import {median, row, type Row} from '../row.js';
import {pathOf} from '../git/generate.js';
import {removeBox, startLab, timed, type Lab} from './lab.js';

const rounds = 3;

/** Exporting ten changed files out of 25,000, against ten out of 250. */
export async function exportRow(lab: Lab, say: (line: string) => void): Promise<Row> {
  await using small = await startLab({files: 250, commits: 20, seed: 4}, say);
  const [smallMs, largeMs] = [await exportTen(small), await exportTen(lab)];
  return row({name: 'export_growth_100x', value: largeMs / smallMs, unit: '×', atMost: 1.5, baseline: `ten of 250 files: ${smallMs.toFixed(0)} ms; of 25,000: ${largeMs.toFixed(0)} ms`});
}

async function exportTen(lab: Lab): Promise<number> {
  const names = {snapshot: lab.name('snapshot'), box: lab.name('box')};
  await lab.snapshot(names.snapshot, lab.base);
  const box = await lab.box(names);
  const paths = Array.from({length: 10}, (_, index) => pathOf(index * 23));
  await box.exec({id: 'change', argv: ['/bin/sh', '-c', 'for f; do echo changed >>"$f"; done', 'sh', ...paths], timeoutMs: 30_000, maxBytes: 1000, signal: lab.signal});
  await box.stop(lab.signal);
  const times: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    let seen = 0;
    const ms = await timed(async () => {
      for await (const entry of lab.engine.exportWorkspace({names, ownership: lab.ownership, maxFileBytes: 1_000_000}, lab.signal)) seen += entry.kind === 'file' ? 1 : 0;
    });
    if (seen !== paths.length) throw new Error(`the export saw ${seen} files`);
    if (round >= 0) times.push(ms);
  }
  await removeBox(lab, names, box);
  return median(times);
}
