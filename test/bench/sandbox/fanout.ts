import {boxUids} from '../../../src/sandbox/profile.js';
import {harnessScript} from '../../../src/sandbox/box-script.js';
import {runExec} from '../../../src/sandbox/docker/exec-stream.js';
import {packTree} from '../../../src/sandbox/seed-tar.js';
import {median, row, type Row} from '../row.js';
import {removeBox, timed, type Lab} from './lab.js';

const width = 7;
const rounds = 5;

/** Seven boxes at once, against seven bare containers, and against copying the tree with its history into each of them. */
export async function fanoutRows(lab: Lab, say: (line: string) => void): Promise<readonly Row[]> {
  const snapshot = lab.name('snapshot');
  const fillMs = await timed(() => lab.snapshot(snapshot, lab.base));
  say(`snapshot filled in ${(fillMs / 1000).toFixed(1)} s`);
  const bare: number[] = [];
  const ours: number[] = [];
  // One round of each is not counted; then they take turns, so that neither has the quieter minutes.
  for (let round = -1; round < rounds; round += 1) {
    const [bareMs, oursMs] = [await bareContainers(lab, width), await boxes(lab, snapshot, width)];
    if (round < 0) continue;
    bare.push(bareMs);
    ours.push(oursMs);
    say(`seven bare containers ${bareMs.toFixed(0)} ms, seven boxes ${oursMs.toFixed(0)} ms`);
  }
  const copiesMs = await tarCopies(lab, width);
  say(`seven copies by tar ${(copiesMs / 1000).toFixed(1)} s`);
  const warmMs = median(ours);
  return [
    row({name: 'fanout7_warm', value: warmMs / median(bare), unit: '×', atMost: 1.5, baseline: `seven bare containers, one exec each: ${median(bare).toFixed(0)} ms`}),
    row({name: 'fanout7_vs_tar_warm', value: copiesMs / warmMs, unit: '×', atLeast: 25, baseline: `seven copies by tar, the same history: ${copiesMs.toFixed(0)} ms`}),
    row({name: 'fanout7_vs_tar_cold', value: copiesMs / (fillMs + warmMs), unit: '×', atLeast: 5, baseline: `the same; filling the snapshot took ${fillMs.toFixed(0)} ms`}),
  ];
}

/** Twenty-four boxes at once; each one answers. */
export async function boxes24Row(lab: Lab): Promise<Row> {
  const snapshot = lab.name('snapshot');
  await lab.snapshot(snapshot, lab.base);
  const names = Array.from({length: 24}, () => ({snapshot, box: lab.name('box')}));
  const started = await Promise.allSettled(names.map((one) => lab.box(one)));
  let ready = 0;
  for (const [index, one] of started.entries()) {
    if (one.status !== 'fulfilled') continue;
    const said = await one.value.exec({id: 'first', argv: ['git', 'rev-parse', 'HEAD'], timeoutMs: 30_000, maxBytes: 1000, signal: lab.signal});
    if (Buffer.from(said.stdout.head).toString().trim() === lab.base) ready += 1;
    const at = names[index];
    if (at !== undefined) await removeBox(lab, at, one.value);
  }
  return row({name: 'boxes24_ready', value: ready, unit: 'boxes', atLeast: 24, baseline: 'asked for: 24 at once'});
}

async function boxes(lab: Lab, snapshot: string, count: number): Promise<number> {
  const names = Array.from({length: count}, () => ({snapshot, box: lab.name('box')}));
  const started = performance.now();
  const made = await Promise.all(names.map((one) => lab.box(one)));
  const ms = performance.now() - started;
  await Promise.all(made.map((box, index) => removeBox(lab, names[index] ?? {snapshot, box: ''}, box)));
  return ms;
}

async function bareContainers(lab: Lab, count: number): Promise<number> {
  const names = Array.from({length: count}, () => lab.name('bare'));
  const ms = await timed(() =>
    Promise.all(
      names.map(async (name) => {
        await startBare(lab, name);
        await runExec(lab.calls, {container: name, argv: ['true'], maxBytes: 16}, lab.signal);
      }),
    ),
  );
  await Promise.all(names.map((name) => lab.client.getContainer(name).remove({force: true})));
  return ms;
}

async function tarCopies(lab: Lab, count: number): Promise<number> {
  const names = Array.from({length: count}, () => lab.name('copy'));
  const ms = await timed(() =>
    Promise.all(
      names.map(async (name) => {
        await startBare(lab, name);
        const reader = await lab.repository.reader(lab.base, lab.signal);
        const run = async (argv: readonly string[], stdin: AsyncIterable<Uint8Array>): Promise<void> => {
          const ended = await runExec(lab.calls, {container: name, argv: ['/bin/sh', '-c', '"$@" && echo ok', 'sh', ...argv], user: '0:0', stdin, maxBytes: 1024}, lab.signal);
          if (!Buffer.from(ended.stdout).toString().endsWith('ok\n')) throw new Error(`the copy failed: ${Buffer.from(ended.stderr).toString()}`);
        };
        await run(['/bin/sh', '-c', 'mkdir /copy && tar -x -p -f - -C /copy && chown 0:0 /copy'], packTree(reader.files(lab.signal), boxUids.agent));
        await run(['/bin/sh', '-c', `export HOME=/tmp; cd /copy; git config --global safe.directory '*'; ${harnessScript('history.sh')}`, 'sh', lab.base], lab.repository.packHistory({commit: lab.base}, lab.signal));
      }),
    ),
  );
  await Promise.all(names.map((name) => lab.client.getContainer(name).remove({force: true})));
  return ms;
}

async function startBare(lab: Lab, name: string): Promise<void> {
  await lab.client.createContainer({name, Image: lab.image.id, Cmd: ['sleep', '3600'], Labels: {'dev.bulkhead.run': lab.ownership.runId}, HostConfig: {NetworkMode: 'none'}});
  await lab.client.getContainer(name).start();
}
