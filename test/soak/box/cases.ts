import {conductCases} from './conduct.js';
import type {BoxCase} from './case.js';
import type {BoxLab} from './lab.js';
import {limitCases} from './limits.js';
import {networkCases} from './network.js';
import {wallCases} from './walls.js';

/** The C and N rows that concern a box; more of C03 is with the watch over disks (`test/engine/sandbox/live`), C13 with the crashes of the command line (`test/e2e`). */
export const boxCases: readonly BoxCase[] = [...limitCases, ...wallCases, ...conductCases, ...networkCases];

/** What became of one case. `listed`: this engine does not enforce it, and `doctor` says so. */
export interface CaseEnd {
  readonly state: 'held' | 'failed' | 'listed';
  readonly problems: readonly string[];
}

/**
 * Tries a case and its twin; those of networks, which are no boxes, on the default runtime alone. On another one a case is
 * listed when `doctor` says that the engine does not enforce it.
 */
export async function tryCase(lab: BoxLab, one: BoxCase, {isDefault}: {readonly isDefault: boolean}): Promise<CaseEnd> {
  if (!isDefault && one.needs !== undefined && (await lab.lacks()).has(one.needs)) return {state: 'listed', problems: [one.needs]};
  const trial = async (what: 'attack' | 'twin'): Promise<readonly string[]> => {
    try {
      return (await one[what](lab)).map((problem) => `${what}: ${problem}`);
    } catch (error) {
      return [`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
    }
  };
  const problems = [...(await trial('attack')), ...(isDefault || !one.row.startsWith('N') ? await trial('twin') : [])];
  return {state: problems.length === 0 ? 'held' : 'failed', problems};
}

/** One case of each third row, picked by a seed; all of them over the seeds. */
export function sampleCases(seed: number): readonly BoxCase[] {
  const rows = [...new Set(boxCases.map((one) => one.row))].filter((_, index) => index % 3 === seed % 3);
  return rows.flatMap((row) => {
    const all = boxCases.filter((one) => one.row === row);
    const picked = all[Math.floor(seed / 3) % all.length];
    return picked === undefined ? [] : [picked];
  });
}
