// The room table as a check that cannot pass blind: it fails on a violation, and when it saw no modules.
import {execFileSync} from 'node:child_process';

const fewest = 20;
let output;
try {
  output = execFileSync('node_modules/.bin/depcruise', ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'], {maxBuffer: 1 << 28});
} catch (error) {
  output = error.stdout;
}
const {summary} = JSON.parse(output.toString());
for (const {rule, from, to} of summary.violations) console.error(`${rule.name}: ${from} imports ${to}`);
console.log(`rooms: ${summary.totalCruised} modules, ${summary.violations.length} violations`);
if (summary.totalCruised < fewest) console.error(`only ${summary.totalCruised} modules were seen`);
process.exitCode = summary.violations.length > 0 || summary.totalCruised < fewest ? 1 : 0;
