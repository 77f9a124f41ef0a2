import {freezeDirtyRow, freezeFirstRow} from './git/freeze.js';
import {importGrowthRow} from './git/import.js';
import {mergeRow} from './git/merge.js';
import type {Bench} from './row.js';

/** What work costs on its way in and out, against what a person's git does by hand. */
export const bench: Bench = async (_args, say) => [await mergeRow(say), await freezeFirstRow(say), await freezeDirtyRow(say), await importGrowthRow(say)];
