import {printed, sh, type BoxLab, type OpenContainer} from './lab.js';

/** A row of the abuse suite for boxes (`reference/security.md` §7), or a part of one. Each answer lists what is wrong; empty: it held. */
export interface BoxCase {
  /** `C05`, `N01`. */
  readonly row: string;
  readonly name: string;
  /** The row of `doctor` that says whether this engine enforces it at all. */
  readonly needs?: string | undefined;
  readonly attack: (lab: BoxLab) => Promise<readonly string[]>;
  /** The same where nothing forbids it, or an honest use: it must succeed, or the attack proved nothing. */
  readonly twin: (lab: BoxLab) => Promise<readonly string[]>;
}

/** An attack as data: a script that prints `got WHAT` for each thing it gets. */
export interface Grab {
  readonly row: string;
  readonly name: string;
  readonly needs?: string;
  readonly script: string;
  /** Where the walls are missing it gets this. */
  readonly open: Omit<OpenContainer, 'script'> & {readonly gets: readonly string[]};
}

const ending = 'the script has ended';

/** What a script got, or why nobody knows. */
export function gains(output: string): readonly string[] {
  const lines = output.split('\n');
  if (!lines.includes(ending)) return [`the attack did not run to its end: ${JSON.stringify(output.slice(-200))}`];
  return lines.filter((line) => line.startsWith('got '));
}

/** A script that says when it has ended, whatever happened in it. */
export function toEnd(script: string): string {
  return `${script}\necho '${ending}'`;
}

/** A case of a script: nothing is got in a box, everything where the walls are missing. */
export function grabCase({row, name, needs, script, open: {gets, ...open}}: Grab): BoxCase {
  return {
    row,
    name,
    needs,
    async attack(lab) {
      await using box = await lab.box();
      const result = await sh(box, toEnd(script));
      const alive = printed(await sh(box, 'echo alive'));
      return [...gains(printed(result)), ...(alive === 'alive\n' ? [] : ['the box did not outlive it'])];
    },
    async twin(lab) {
      const got = gains(await lab.open({...open, script: toEnd(script)}));
      return gets.filter((what) => !got.some((line) => line.startsWith(`got ${what}`))).map((what) => `without walls it did not get ${what}: ${got.join(', ')}`);
    },
  };
}

/** The complaint, unless something holds. */
export function unless(holds: boolean, complaint: string): readonly string[] {
  return holds ? [] : [complaint];
}
