import {runExec} from '../../../src/sandbox/docker/exec-stream.js';
import {median, row, type Row} from '../row.js';
import {removeBox, timed, type Lab} from './lab.js';

const calls = 60;

/** A tool call over the session of a box, against an exec of the same command in the same box. */
export async function callRow(lab: Lab): Promise<Row> {
  const names = {snapshot: lab.name('snapshot'), box: lab.name('box')};
  await lab.snapshot(names.snapshot, lab.base);
  const box = await lab.box(names);
  const ours: number[] = [];
  const execs: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    ours.push(await timed(() => box.exec({id: `call-${index}`, argv: ['/bin/echo', 'x'], timeoutMs: 10_000, maxBytes: 1000, signal: lab.signal})));
    execs.push(await timed(() => runExec(lab.calls, {container: names.box, argv: ['/bin/echo', 'x'], maxBytes: 1000}, lab.signal)));
  }
  await removeBox(lab, names, box);
  return row({name: 'tool_call_vs_exec', value: median(ours) / median(execs), unit: '×', atMost: 0.05, baseline: `one exec: ${median(execs).toFixed(1)} ms; one call: ${median(ours).toFixed(2)} ms`});
}
