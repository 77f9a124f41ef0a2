import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {boxCases, sampleCases, tryCase} from '../../soak/box/cases.js';
import {startBoxLab, type BoxLab} from '../../soak/box/lab.js';
import {address, calm} from './engine-fixture.js';

/** Another seed is another sample; `npm run soak -- box` runs the whole table, and under gVisor too. */
const seed = 20261125;

/** Rows of the abuse suite that are cases of this table; the others have a suite of their own. */
const rows = ['C01', 'C02', 'C03', 'C04', 'C05', 'C06', 'C07', 'C08', 'C09', 'C10', 'C11', 'C12', 'C14', 'N01', 'N04'];

test('the table has every row, and every case of it is in a sample', () => {
  expect([...new Set(boxCases.map((one) => one.row))].sort()).toEqual(rows);
  const sampled = new Set(Array.from({length: 3 * boxCases.length}, (_, index) => sampleCases(index)).flat());
  expect(boxCases.filter((one) => !sampled.has(one))).toEqual([]);
});

describe.each([
  ['runc', sampleCases(seed)],
  ['runsc', sampleCases(seed).slice(-2)],
] as const)('in a box of %s', (runtime, cases) => {
  let lab: BoxLab;
  beforeAll(async () => {
    lab = await startBoxLab({address, runtime, signal: calm});
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test.each(cases.map((one) => [`${one.row} ${one.name}`, one] as const))('%s gets nothing, and its twin what it should', async (_, one) => {
    const {state, problems} = await tryCase(lab, one, {isDefault: runtime === 'runc'});
    // A row that this engine does not enforce is one that doctor lists.
    if (state === 'listed') expect([...(await lab.lacks())]).toContain(problems[0]);
    else expect(problems).toEqual([]);
  });
});
