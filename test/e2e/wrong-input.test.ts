import {chmod, mkdir, readFile, writeFile} from 'node:fs/promises';
import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, describe, expect, test} from 'vitest';
import {bulkhead, engineLeftovers, fingerprint, journals, runFlags, startProject, subtractManifest, type Ended, type Project} from './fixture.js';

const execute = promisify(execFile);

/** One paragraph on stderr that begins with the code; the checkout as it was; no run begun, nothing on the engine. */
async function expectRefusal(project: Project, act: () => Promise<Ended>, wanted: {readonly code: string; readonly exit: number; readonly names: readonly (string | RegExp)[]}): Promise<void> {
  const before = await fingerprint(project.directory);
  const ended = await act();
  expect(ended.stderr).toMatch(new RegExp(`^${wanted.code}: `));
  expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
  for (const name of wanted.names) expect(ended.stderr).toMatch(name);
  expect(ended.exitCode).toBe(wanted.exit);
  expect(ended.stdout).toBe('');
  expect(await fingerprint(project.directory)).toBe(before);
  expect(await journals(project)).toEqual([]);
}

afterEach(async () => {
  expect(await engineLeftovers()).toEqual([]);
});

describe('wrong input is refused with its own cause, before anything is made', () => {
  test('no repository', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    const elsewhere = join(project.home, 'elsewhere');
    await mkdir(elsewhere);
    await expectRefusal(project, () => bulkhead(project, flags, {cwd: elsewhere}), {code: 'NOT_A_REPOSITORY', exit: 2, names: [/git init/]});
  });

  test('a bare repository', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    const bare = join(project.home, 'bare.git');
    await project.git('clone', '-q', '--bare', project.directory, bare);
    await expectRefusal(project, () => bulkhead(project, flags, {cwd: bare}), {code: 'REPOSITORY_UNSUPPORTED', exit: 2, names: [/bare/]});
  });

  test('a repository without a commit', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    const empty = join(project.home, 'empty');
    await execute('git', ['init', '-q', empty], {env: {PATH: project.env['PATH'] ?? '', HOME: project.home}});
    await expectRefusal(project, () => bulkhead(project, flags, {cwd: empty}), {code: 'REPOSITORY_UNSUPPORTED', exit: 2, names: [/no commit/, /git commit/]});
  });

  test('broken YAML in the manifest, with file and line', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {manifest: 'schemaVersion: 1\ntask: [unclosed\n'});
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'MANIFEST_INVALID', exit: 2, names: [/manifest\.yml/, /line \d+|:\d+:\d+/]});
  });

  test('an unknown key in the manifest', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {manifest: subtractManifest.replace('image: node', 'imagee: node')});
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'MANIFEST_INVALID', exit: 2, names: [/imagee/]});
  });

  test('a manifest key that no check serves yet', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {manifest: `${subtractManifest}acceptance: []\n`});
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'MANIFEST_KEY_UNSERVED', exit: 2, names: [/acceptance/]});
  });

  test('a manifest that promises what its base contradicts', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {manifest: subtractManifest.replace('src/subtract.js, action: create', 'src/add.js, action: create')});
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'MANIFEST_INVALID', exit: 2, names: [/src\/add\.js/, /it is there/]});
    const other = await runFlags(project, {manifest: subtractManifest.replace('action: create', 'action: modify')});
    await expectRefusal(project, () => bulkhead(project, other), {code: 'MANIFEST_INVALID', exit: 2, names: [/src\/subtract\.js/, /it is not there/]});
  });

  test('a runner that the test command does not start', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {manifest: subtractManifest.replace('  command: [node, --test]', '  runner: node\n  command: [npx, vitest, run]')});
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'MANIFEST_INVALID', exit: 2, names: [/tests\.command/, /node/]});
  });

  test('a task file that is not committed, a task that is not in it, and one that is ticked', async () => {
    await using project = await startProject();
    await project.put('tasks.md', '- [x] 1. Done\n- [ ] 2. Open\n');
    await project.commit();
    await project.put('loose.md', '- [ ] 1. Loose\n');
    const flags = await runFlags(project);
    for (const [from, name] of [['loose.md#1', /loose\.md/], ['tasks.md#7', /1, 2/], ['tasks.md#1', /ticked already/]] as const) {
      await expectRefusal(project, () => bulkhead(project, [...flags, '--from', from]), {code: 'TASK_NOT_FOUND', exit: 2, names: [name]});
    }
  });

  test('no manifest', async () => {
    await using project = await startProject();
    await expectRefusal(project, () => bulkhead(project, ['run', 'do it']), {code: 'MANIFEST_REQUIRED', exit: 2, names: [/--manifest/]});
  });

  test('broken YAML in bulkhead.yml', async () => {
    await using project = await startProject();
    await project.put('bulkhead.yml', 'image: "node\n');
    await expectRefusal(project, async () => bulkhead(project, await runFlags(project)), {code: 'CONFIG_INVALID', exit: 2, names: [/bulkhead\.yml/]});
  });

  test('an unknown key in bulkhead.yml, with the nearest known one', async () => {
    await using project = await startProject();
    await project.put('bulkhead.yml', 'imgae: node\n');
    await expectRefusal(project, async () => bulkhead(project, await runFlags(project)), {code: 'CONFIG_INVALID', exit: 2, names: [/imgae/, /image/]});
  });

  test.each(['engine: unix:///tmp/x.sock', 'model: {baseUrl: "http://elsewhere.example"}', 'maxParallel: 99'])('a repository that sets what only its user may: %s', async (line) => {
    await using project = await startProject();
    await project.put('bulkhead.yml', `${line}\n`);
    await expectRefusal(project, async () => bulkhead(project, await runFlags(project)), {code: 'CONFIG_KEY_NOT_ALLOWED', exit: 2, names: [line.split(':')[0] ?? '', /bulkhead\.yml/]});
  });

  test('no key for a live model', async () => {
    await using project = await startProject();
    const [run = '', ...flags] = (await runFlags(project)).slice(0, 3);
    await expectRefusal(project, () => bulkhead(project, [run, ...flags]), {code: 'MODEL_KEY_MISSING', exit: 4, names: [/ANTHROPIC_API_KEY/]});
  });

  test('an engine that is down', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    const dead = `unix://${project.home}/no.sock`;
    await expectRefusal(project, () => bulkhead(project, [...flags, '--engine', dead]), {code: 'ENGINE_UNREACHABLE', exit: 3, names: [/no\.sock/]});
    await expectRefusal(project, () => bulkhead(project, flags, {env: {DOCKER_HOST: dead}}), {code: 'ENGINE_UNREACHABLE', exit: 3, names: [/DOCKER_HOST/]});
  });

  test('an image that is missing', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {manifest: subtractManifest.replace('image: node', 'image: nobody/has-this:1')});
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'IMAGE_MISSING', exit: 3, names: [/nobody\/has-this:1/]});
  });

  test('a full disk', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    const full = join(project.home, 'full');
    await mkdir(full);
    await execute('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', full]);
    try {
      await expectRefusal(project, () => bulkhead(project, flags, {env: {XDG_STATE_HOME: full}}), {code: 'DISK_FULL', exit: 3, names: [/full/, /XDG_STATE_HOME/]});
    } finally {
      await execute('umount', [full]);
    }
  });

  test('a state folder that may not be written', async () => {
    await using project = await startProject();
    const flags = await runFlags(project);
    await writeFile(join(project.home, 'state'), 'a file where the folder should be');
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'ENVIRONMENT', exit: 3, names: [/state/]});
    await chmod(join(project.home, 'state'), 0o600);
  });

  test('a traffic script that is not one', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {traffic: 'schemaVersion: 1\nspecialists: 7\n'});
    await expectRefusal(project, () => bulkhead(project, flags), {code: 'TRAFFIC_INVALID', exit: 2, names: [/traffic\.yml/]});
  });

  test('a command, a flag and a run that do not exist', async () => {
    await using project = await startProject();
    await expectRefusal(project, () => bulkhead(project, ['rnu']), {code: 'USAGE', exit: 2, names: [/rnu/]});
    await expectRefusal(project, () => bulkhead(project, ['run', '--manfest', 'x']), {code: 'USAGE', exit: 2, names: [/manfest/]});
    await expectRefusal(project, () => bulkhead(project, ['resume', 'nope']), {code: 'RUN_NOT_FOUND', exit: 2, names: [/nope/]});
    await expectRefusal(project, () => bulkhead(project, ['explain', 'NOPE']), {code: 'USAGE', exit: 2, names: [/NOPE/]});
  });

  test('under --json the same is one object on stdout', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, ['run', 'do it', '--json']);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toBe('');
    expect(JSON.parse(ended.stdout)).toMatchObject({error: {code: 'MANIFEST_REQUIRED', exitCode: 2}});
  });
});

test('every code that the README names can be explained', async () => {
  await using project = await startProject();
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  const named = [...new Set(readme.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [])].filter((name) => !/^(?:ANTHROPIC|XDG|DOCKER|NO)_|_TOKEN$/.test(name));
  expect(named).toContain('FILE_MISSING');
  for (const name of named) expect((await bulkhead(project, ['explain', name])).exitCode).toBe(0);
});
