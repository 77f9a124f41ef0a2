import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import {bulkhead, engineLeftovers, journals, runFlags, startProject} from './fixture.js';

afterEach(async () => {
  expect((await engineLeftovers()).filter((name) => name.includes('gvisor-'))).toEqual([]);
});

test('a runtime that the engine does not have is refused before anything is made; a repository may set none', async () => {
  await using project = await startProject();
  const flags = await runFlags(project);
  const refused = await bulkhead(project, [...flags, '--runtime', 'no-such-runtime']);
  expect([refused.exitCode, refused.stderr, await journals(project)]).toEqual([3, expect.stringMatching(/^ENGINE_UNFIT: .*no-such-runtime/m), []]);
  await project.put('bulkhead.yml', 'requireGvisor: false\n');
  expect((await bulkhead(project, flags)).stderr).toMatch(/^CONFIG_KEY_NOT_ALLOWED/m);
});

test('gVisor that the user’s own file requires is not taken for another runtime that a flag names', async () => {
  await using project = await startProject();
  await mkdir(join(project.home, 'config/bulkhead'), {recursive: true});
  await writeFile(join(project.home, 'config/bulkhead/config.yml'), 'requireGvisor: true\n');
  const run = await bulkhead(project, [...(await runFlags(project)), '--runtime', 'runc']);
  expect([run.exitCode, run.stderr, await journals(project)]).toEqual([3, expect.stringMatching(/^ENGINE_UNFIT: .*--require-gvisor/m), []]);
});
