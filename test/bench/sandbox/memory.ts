import {row, type Row} from '../row.js';
import {removeBox, type Lab} from './lab.js';

const [width, megabytes] = [7, 50];

/** What this process holds at most while seven boxes print fifty megabytes each. */
export async function memoryRow(lab: Lab, say: (line: string) => void): Promise<Row> {
  const snapshot = lab.name('snapshot');
  await lab.snapshot(snapshot, lab.base);
  const names = Array.from({length: width}, () => ({snapshot, box: lab.name('box')}));
  const boxes = await Promise.all(names.map((one) => lab.box(one)));
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 5);
  const results = await Promise.all(boxes.map((box) => box.exec({id: 'much', argv: ['/bin/sh', '-c', `head -c ${megabytes * 1_000_000} /dev/zero`], timeoutMs: 120_000, maxBytes: 1_000_000, signal: lab.signal})));
  clearInterval(timer);
  if (results.some((one) => one.stdout.totalBytes !== megabytes * 1_000_000)) throw new Error('a box did not print what it should');
  await Promise.all(boxes.map((box, index) => removeBox(lab, names[index] ?? {snapshot, box: ''}, box)));
  say(`${(before / 1e6).toFixed(0)} MB before, ${(peak / 1e6).toFixed(0)} MB at most`);
  return row({name: 'cli_memory_7x50MB', value: peak / 1e6, unit: 'MB', atMost: 250, baseline: `the same process before: ${(before / 1e6).toFixed(0)} MB`});
}
