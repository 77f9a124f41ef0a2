import {boxes24Row, fanoutRows} from './sandbox/fanout.js';
import {callRow} from './sandbox/calls.js';
import {exportRow} from './sandbox/exports.js';
import {startLab} from './sandbox/lab.js';
import {memoryRow} from './sandbox/memory.js';
import type {Bench, Row} from './row.js';
import {snapshotRows} from './sandbox/snapshots.js';

/** What a sealed box costs beside a bare container, on a repository of 25,000 files and 2,000 commits. */
export const bench: Bench = async (_args, say) => {
  const rows: Row[] = [];
  const add = (...more: readonly Row[]): void => {
    rows.push(...more);
    for (const one of more) say(`${one.name}: ${one.value} ${one.unit}`);
  };
  {
    await using small = await startLab({files: 250, commits: 20, seed: 2}, say);
    add(await memoryRow(small, say), await callRow(small));
  }
  await using lab = await startLab({files: 25_000, commits: 2000, seed: 1}, say);
  add(...(await fanoutRows(lab, say)), await boxes24Row(lab));
  add(...(await snapshotRows(lab, say)), await exportRow(lab, say));
  return rows;
};
