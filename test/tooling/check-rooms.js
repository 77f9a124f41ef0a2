// Reads a cruise of src/ as JSON from stdin: fails on a violation of the room table, and when it saw no modules.
import {readFileSync} from 'node:fs';

const fewest = 100;
const {summary} = JSON.parse(readFileSync(0, 'utf8'));
for (const {rule, from, to} of summary.violations) console.error(`${rule.name}: ${from} imports ${to}`);
console.log(`rooms: ${summary.totalCruised} modules, ${summary.violations.length} violations`);
if (summary.totalCruised < fewest) console.error(`only ${summary.totalCruised} modules were seen`);
process.exitCode = summary.violations.length > 0 || summary.totalCruised < fewest ? 1 : 0;
