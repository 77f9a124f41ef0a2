import {readdir} from 'node:fs/promises';
import type {Bench, Row} from './row.js';

/** `npm run bench -- [NAME…] [--json] [FLAGS of the benchmark]`: runs `NAME.bench.ts` of this folder; all of them without a name. */
const ending = '.bench.ts';
const known = (await readdir(import.meta.dirname)).filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
const given = process.argv.slice(2);
const json = given.includes('--json');
const args = given.filter((arg) => arg !== '--json');
const flagsFrom = args.findIndex((arg) => arg.startsWith('-'));
const names = flagsFrom === -1 ? args : args.slice(0, flagsFrom);
const flags = flagsFrom === -1 ? [] : args.slice(flagsFrom);
const unknown = names.filter((name) => !known.includes(name));

if (unknown.length > 0 || known.length === 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}

const rows: Row[] = [];
for (const name of names.length === 0 ? known : names) {
  process.stderr.write(`# ${name}\n`);
  const {bench} = (await import(`./${name}${ending}`)) as {readonly bench: Bench};
  const measured = await bench(flags, (line) => process.stderr.write(`  ${line}\n`));
  if (measured.length === 0) throw new Error(`${name} measured nothing`);
  rows.push(...measured);
  if (!json) process.stdout.write(measured.map(render).join(''));
}
if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
process.exitCode = rows.every((one) => one.holds) ? 0 : 1;

function render({name, value, unit, limit, holds, baseline}: Row): string {
  return `${name.padEnd(28)} ${String(value).padStart(10)} ${unit.padEnd(4)} limit ${limit.padEnd(10)} ${holds ? 'holds ' : 'MISSED'}  ${baseline}\n`;
}
