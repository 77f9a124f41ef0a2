import {readdir} from 'node:fs/promises';

/** A full table: `args` is what follows its name. Prints as it goes; gives the number of rows that did not hold. */
export type Soak = (args: readonly string[]) => Promise<{readonly seen: number; readonly failed: number}>;

/** `npm run soak -- NAME [FLAGS]`: runs `NAME.soak.ts` of this folder. */
const ending = '.soak.ts';
const known = (await readdir(import.meta.dirname)).filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
const [name = '', ...flags] = process.argv.slice(2);

if (!known.includes(name)) {
  process.stderr.write(`There is no soak \`${name}\`. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}

const {soak} = (await import(`./${name}${ending}`)) as {readonly soak: Soak};
const {seen, failed} = await soak(flags);
process.stdout.write(`${name}: ${seen - failed} of ${seen} held\n`);
// Seeing nothing is a failure.
process.exitCode = failed === 0 && seen > 0 ? 0 : 1;
