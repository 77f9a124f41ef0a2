import {busyboxPath} from '../../../src/sandbox/box-script.js';
import {bulkhead, honestTurns, runFlags, startProject, subtractTraffic} from '../../e2e/fixture.js';
import {unless} from './case.js';

/** A specialist that finds what it needs for its work in a box with the kernel of gVisor alone. */
const made = `${busyboxPath} dmesg | grep -q 'Starting gVisor' && echo 'export const subtract = (a, b) => a - b;' >src/subtract.js`;

/** A run of the built command line in boxes of gVisor from its task to its verdict; what is wrong with it. */
export async function tryWholeRun(): Promise<readonly string[]> {
  await using project = await startProject();
  const traffic = subtractTraffic([honestTurns[0] ?? '', `tools: [{bash: {command: "${made}"}}]`, honestTurns[3] ?? '']);
  const ended = await bulkhead(project, [...(await runFlags(project, {traffic})), '--runtime', 'runsc']);
  return unless(ended.exitCode === 0 && /verified/i.test(ended.stdout), `it ended with ${ended.exitCode}: ${ended.stderr.slice(-500)}`);
}
