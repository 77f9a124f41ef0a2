import {basename, dirname} from 'node:path';
import {readFile} from 'node:fs/promises';
import Docker from 'dockerode';
import {expect, test} from 'vitest';
import type {Report} from '../../src/core/report.js';
import {imageReference} from '../../src/sandbox/images/catalog.js';
import {bulkhead, journals, leftoversOf, runFlags, socket, startBulkhead, startProject, untilJournal, type Project} from './fixture.js';

const docker = new Docker({socketPath: socket});
const specialists = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];

const manifest = `schemaVersion: 1
task: Seven parts
image: node
files:
${specialists.map((name) => `  - {path: src/${name}.js, action: create, owner: ${name}}`).join('\n')}
tests:
  command: [node, --test]
  failToPass: none
`;

const traffic = `schemaVersion: 1
specialists:
${specialists.map((name) => `  ${name}:\n    turns:\n      - tools: [{edit: {command: create, path: src/${name}.js, file_text: "export const ${name} = 1;\\n"}}]\n      - tools: [{submit: {summary: done}}]`).join('\n')}
`;

const boxes = (text: string, type: string): number => text.split('\n').filter((line) => line.includes(`"type":"step.${type}","step":"box/`)).length;

/** Things of somebody else, whose names and labels are as close to those of a run as they can be. */
async function makeForeign(runId: string): Promise<AsyncDisposable & {readonly seen: () => Promise<readonly unknown[]>}> {
  const box = `bulkhead-${runId}-one-first-0`;
  const near = [{}, {'dev.bulkhead.runs': runId}, {'dev.bulkhead.run.id': runId}, {'Dev.Bulkhead.Run': runId}, {'dev.bulkhead': `run=${runId}`}, {bulkhead: runId}];
  const volumes = near.map((_, index) => `${box}-upper-${index}`);
  for (const [index, Name] of volumes.entries()) await docker.createVolume({Name, Labels: near[index] ?? {}});
  const containers = await Promise.all(
    near.slice(0, 4).map((Labels, index) =>
      docker.createContainer({name: `${box}${index}`, Image: imageReference('base') ?? '', Cmd: ['sleep', '600'], Labels, HostConfig: {NetworkMode: 'none', Init: true, Mounts: [{Type: 'volume', Source: volumes[index] ?? '', Target: '/data'}]}}),
    ),
  );
  // One that runs, one that never started.
  await containers[0]?.start();
  const networks = await Promise.all(near.slice(0, 2).map((Labels, index) => docker.createNetwork({Name: `bulkhead-${runId}-${index}`, Driver: 'bridge', Internal: true, Labels})));
  return {
    async seen() {
      const volumesSeen = await Promise.all(volumes.map((name) => docker.getVolume(name).inspect()));
      const containersSeen = await Promise.all(containers.map((one) => one.inspect()));
      const networksSeen = (await Promise.all(networks.map((one) => one.inspect()))) as readonly {readonly Id: string}[];
      return [...volumesSeen.map((one) => one.Name), ...containersSeen.map((one) => [one.Id, one.State.Status]), ...networksSeen.map((one) => one.Id)];
    },
    async [Symbol.asyncDispose]() {
      for (const one of containers) await one.remove({force: true});
      for (const one of networks) await one.remove();
      for (const name of volumes) await docker.getVolume(name).remove();
    },
  };
}

/** Starts a run of seven and kills its process when all of its boxes are on their way and the first one is there. */
async function killWhileStarting(project: Project): Promise<string> {
  const child = startBulkhead(project, [...(await runFlags(project, {manifest, traffic})), '--max-parallel', '7']);
  await untilJournal(project, (text) => boxes(text, 'started') === 7);
  const [journal = ''] = await journals(project);
  // What the journal intends comes before it is there.
  while (!(await leftoversOf(basename(dirname(journal)), socket)).some((name) => name.endsWith('-first-0'))) await new Promise((done) => setTimeout(done, 5));
  child.kill('SIGKILL');
  await child.ended;
  const text = await readFile(journal, 'utf8');
  expect(boxes(text, 'finished')).toBeLessThan(7);
  return basename(dirname(journal));
}

test('kill -9 while seven boxes start: the next start of the run leaves nothing of it, and all that is somebody else’s', async () => {
  await using project = await startProject();
  const runId = await killWhileStarting(project);
  expect((await leftoversOf(runId, socket)).length).toBeGreaterThan(0);
  await using foreign = await makeForeign(runId);
  const before = await foreign.seen();
  const resumed = await bulkhead(project, ['resume', 'latest', '--json']);
  expect(resumed.exitCode, resumed.stderr).toBe(0);
  expect((JSON.parse(resumed.stdout) as Report).verdict).toBe('verified');
  expect([await leftoversOf(runId, socket), await foreign.seen()]).toEqual([[], before]);
}, 300_000);
