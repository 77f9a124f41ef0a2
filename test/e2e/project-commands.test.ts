import {mkdir, readFile, readdir, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {parse} from 'yaml';
import {bulkhead, fingerprint, smallProject, startProject, subtractManifest, type Ended, type Project} from './fixture.js';

async function refused(project: Project, args: readonly string[], wanted: {readonly code: string; readonly names: RegExp}): Promise<void> {
  const before = await fingerprint(project.home, isState);
  const ended = await bulkhead(project, args);
  expect(ended.stderr).toMatch(new RegExp(`^${wanted.code}: `));
  expect(ended.stderr).toMatch(wanted.names);
  expect([ended.exitCode, ended.stdout]).toEqual([2, '']);
  expect(await fingerprint(project.home, isState)).toBe(before);
}

/** What every command may write for itself. */
function isState(path: string): boolean {
  return /^(?:\.cache|\.local)(?:\/|$)/.test(path);
}

function json(ended: Ended): Readonly<Record<string, unknown>> {
  expect(ended.exitCode, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Readonly<Record<string, unknown>>;
}

describe('init', () => {
  test('sees a Node.js project and writes a configuration that holds', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, ['init']);
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
    expect(ended.stdout).toMatch(/created bulkhead\.yml/);
    expect(await project.git('status', '--porcelain', '-uall')).toBe('?? bulkhead.yml\n');
    expect(parse(await readFile(join(project.directory, 'bulkhead.yml'), 'utf8'))).toEqual({schemaVersion: 1, image: 'node'});
    const {settings} = json(await bulkhead(project, ['config', '--json']));
    expect(settings).toContainEqual({key: 'image', value: 'node', origin: 'repository'});
  });

  test('what it cannot see it asks for, and without a terminal names the flag', async () => {
    await using project = await startProject({...smallProject, 'setup.py': ''});
    await refused(project, ['init'], {code: 'USAGE', names: /--image NAME.*node.*python/});
    const result = json(await bulkhead(project, ['init', '--image', 'python', '--json']));
    expect(result).toMatchObject({image: 'python', written: [{path: 'bulkhead.yml', outcome: 'created'}]});
    await using bare = await startProject({'notes.txt': 'x\n'});
    await refused(bare, ['init'], {code: 'USAGE', names: /--image NAME.*no language/});
    await refused(bare, ['init', '--image', ''], {code: 'USAGE', names: /--image/});
  });

  test('sees nested Agent OS folders, the runner that only imports tell of, and a task that could be next', async () => {
    const web = 'packages/web/agent-os/specs/2026-01-15-export';
    await using project = await startProject({...smallProject, 'package.json': '{"name": "sums", "type": "module"}\n', [`${web}/tasks.md`]: '- [x] 1. A\n- [ ] 2. B\n'});
    const {agentOs, agentOsFolders, nextTask, testCommand} = json(await bulkhead(project, ['init', '--json']));
    expect([agentOs, nextTask, testCommand]).toEqual([true, {path: `${web}/tasks.md`, id: '2'}, ['node', '--test']]);
    expect(agentOsFolders).toEqual([{path: 'packages/web/agent-os', generation: 'v2', specs: 1, tasks: [`${web}/tasks.md`]}]);
    const next = /`bulkhead (plan [^`]*)`/.exec((await bulkhead(project, ['init', '--force'])).stdout)?.[1] ?? '';
    await mkdir(join(project.directory, 'deep'));
    expect(json(await bulkhead(project, [...next.split(' '), '--json'], {cwd: join(project.directory, 'deep')}))).toMatchObject({around: {path: `${web}/tasks.md`, id: '2'}});
  });

  test('never overwrites without --force', async () => {
    await using project = await startProject();
    await project.put('bulkhead.yml', '# mine\n');
    await refused(project, ['init'], {code: 'FILE_EXISTS', names: /bulkhead\.yml.*--force/});
    expect(json(await bulkhead(project, ['init', '--force', '--json']))).toMatchObject({written: [{outcome: 'replaced'}]});
  });

  test('in an Agent OS project it adds a command file that runs a task', async () => {
    await using project = await startProject({...smallProject, '.agent-os/config.yml': 'execution_mode: multi\n'});
    const {written, agentOs} = json(await bulkhead(project, ['init', '--json']));
    expect([agentOs, written]).toEqual([true, [{path: 'bulkhead.yml', outcome: 'created'}, {path: '.claude/commands/agent-os/bulkhead.md', outcome: 'created'}]]);
    expect(await readFile(join(project.directory, '.claude/commands/agent-os/bulkhead.md'), 'utf8')).toMatch(/`bulkhead run --from "\$ARGUMENTS"/);
  });

  test('writes nothing through a link, not even the other file', async () => {
    await using project = await startProject({...smallProject, 'agent-os/config.yml': 'version: 2.1.0\n'});
    const away = join(project.home, 'away');
    await mkdir(away);
    await symlink(away, join(project.directory, '.claude'));
    await refused(project, ['init', '--force'], {code: 'LINK_IN_PATH', names: /\.claude/});
    expect([await readdir(away), (await readdir(project.directory)).includes('bulkhead.yml')]).toEqual([[], false]);
  });

  test('outside of a repository it is refused', async () => {
    await using project = await startProject();
    const elsewhere = join(project.home, 'elsewhere');
    await mkdir(elsewhere);
    await refused(project, ['init', '-C', elsewhere], {code: 'NOT_A_REPOSITORY', names: /git init/});
  });
});

interface Planned {
  readonly streams: readonly {readonly specialist: string; readonly owns: readonly string[]; readonly closed: readonly string[]; readonly contextTokens: number}[];
  readonly draft?: {readonly text: string; readonly open: readonly string[]};
  readonly notes: readonly string[];
}

async function plan(project: Project, ...args: readonly string[]): Promise<Planned> {
  return json(await bulkhead(project, ['plan', ...args, '--json'])) as unknown as Planned;
}

describe('plan', () => {
  test('of a task in words: one implementation and one test stream, said plainly, and nothing is changed', async () => {
    await using project = await startProject();
    const before = await fingerprint(project.directory);
    const ended = await bulkhead(project, ['plan', 'Subtract two numbers']);
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
    expect(ended.stdout).toMatch(/No model has read the task/);
    const {streams, draft} = await plan(project, 'Subtract two numbers');
    expect(streams.map((stream) => [stream.specialist, stream.owns, stream.closed])).toEqual([['implementation', [], []], ['test', [], []]]);
    expect(draft?.text).toMatch(/command: \[npm, test\]/);
    expect(await fingerprint(project.directory)).toBe(before);
  });

  test('its draft is written once, is refused as it is, and plans like `run` once it is filled in', async () => {
    await using project = await startProject();
    const draft = join(project.home, 'draft.yml');
    expect((await bulkhead(project, ['plan', 'Subtract two numbers', '--output', draft])).exitCode).toBe(0);
    await refused(project, ['plan', 'Another', '--output', draft], {code: 'FILE_EXISTS', names: /draft\.yml/});
    await refused(project, ['plan', '--manifest', draft], {code: 'MANIFEST_INVALID', names: /files/});
    await refused(project, ['run', '--manifest', draft], {code: 'MANIFEST_INVALID', names: /files/});
    const filled = (await readFile(draft, 'utf8')).replace(/^( *)# - /gm, '$1- ').replace(/NAME/g, 'subtract').replace('TEXT', 'subtract');
    await writeFile(draft, filled);
    const {streams, draft: none} = await plan(project, '--manifest', draft);
    expect(streams.map((stream) => [stream.specialist, stream.owns])).toEqual([['implementation', ['src/subtract.js']], ['test', ['test/subtract.test.js']]]);
    expect(none).toBeUndefined();
  });

  test('by a manifest it refuses what `run` would refuse', async () => {
    await using project = await startProject();
    const manifest = join(project.home, 'manifest.yml');
    await writeFile(manifest, subtractManifest.replace('src/subtract.js', 'src/add.js'));
    await refused(project, ['plan', '--manifest', manifest], {code: 'MANIFEST_INVALID', names: /src\/add\.js/});
    await refused(project, ['plan', '--manifest', manifest, '--output', 'x.yml'], {code: 'USAGE', names: /--output/});
  });

  test('of a task of a tasks file', async () => {
    await using project = await startProject();
    const ended = await bulkhead(project, ['plan', '--from', 'tasks.md#1', '--json']);
    expect(json(ended)).toMatchObject({task: expect.stringMatching(/Subtract/) as unknown, base: (await project.git('rev-parse', 'HEAD')).trim()});
    await refused(project, ['plan', '--from', 'tasks.md#9'], {code: 'TASK_NOT_FOUND', names: /9/});
    await refused(project, ['plan', '--from', 'tasks.md'], {code: 'TASK_NOT_FOUND', names: /1, 2/});
  });

  test('of a task whose detail file names files: the draft promises them, with an owner by kind', async () => {
    const list = '# Tasks\n\n- [ ] **impl-api** - Build the API → [details](tasks/task-impl-api.md)\n  - **Agent**: implementation\n';
    const detail = '# Task: impl-api - Build the API\n\n## Task Metadata\n- **Task ID**: impl-api\n- **Status**: [ ] Not Started\n\n## Specifics\n**Files to Create/Modify**:\n- `src/add.js`\n- `src/api/[id].js`\n- `test/api.test.js`\n- `docs/api.md`\n- `src/parts/`\n\n## Acceptance Criteria\n- [ ] It answers\n';
    await using project = await startProject({...smallProject, '.agent-os/specs/api/tasks.md': list, '.agent-os/specs/api/tasks/task-impl-api.md': detail});
    const {streams, draft, notes} = await plan(project, '--from', '.agent-os/specs/api/tasks.md#impl-api');
    expect(notes.join()).toMatch(/src\/parts.*folder/);
    expect(streams.map((stream) => [stream.specialist, stream.owns])).toEqual([['implementation', ['src/add.js', 'src/api/[id].js']], ['test', ['test/api.test.js']], ['documentation', ['docs/api.md']]]);
    expect(draft?.open).toEqual([]);
    expect(parse(draft?.text ?? '')).toMatchObject({files: [{path: 'src/add.js', action: 'modify'}, {path: 'src/api/[id].js', action: 'create'}, {path: 'docs/api.md', action: 'create', owner: 'documentation'}], tests: {files: [{path: 'test/api.test.js', owner: 'test'}]}});
    expect(draft?.text).toContain('It answers');
  });

  test('of a task of a nested spec, named by the spec alone: what the spec says, who does it, and what there is when the name is wrong', async () => {
    const folder = 'packages/api/agent-os';
    const spec = `${folder}/specs/2026-01-15-export`;
    await using project = await startProject({
      ...smallProject,
      [`${spec}/tasks.md`]: '#### Task Group 1: CSV\n- [ ] 1.0 All\n  - [ ] 1.1 Files\n    - **Files to Create**:\n      - `/home/jo/dev/sums/src/csv.js`\n',
      [`${spec}/spec.md`]: '# Specification: Export\n\n## Goal\nTake \u001b[2J it out.\n\n## Expected Deliverable\n1. A file\n',
      [`${spec}/orchestration.yml`]: 'task_groups: [{name: csv, claude_code_subagent: api-engineer, standards: [all]}]\n',
      [`${folder}/standards/a.md`]: 'x\n',
      'packages/web/agent-os/specs/2026-01-16-login/tasks.md': '- [ ] 1. A\n',
      'packages/api/agent-os/config.yml': 'version: 2.1.0\n',
    });
    const planned = json(await bulkhead(project, ['plan', '--from', 'export', '--json']));
    expect(planned).toMatchObject({around: {id: '1', spec: {path: `${spec}/spec.md`, expected: ['A file']}, assigned: {specialist: 'api-engineer', standards: [`${folder}/standards/a.md`]}}, streams: [{owns: ['src/csv.js']}, {}]});
    const shown = await bulkhead(project, ['plan', '--from', `${spec}#1`]);
    expect(shown.stdout).toMatch(/^given to api-engineer/m);
    // eslint-disable-next-line no-control-regex -- the escape character is what must not come through
    expect(shown.stdout).not.toMatch(/\u001b/);
    await refused(project, ['plan', '--from', 'exprot#1'], {code: 'TASK_NOT_FOUND', names: /exprot.*packages\/api.*packages\/web/});
    await refused(project, ['plan', '--from', 'packages/api#1'], {code: 'TASK_NOT_FOUND', names: /folder/});
    await refused(project, ['plan'], {code: 'USAGE', names: /packages\/web/});
    const {files} = json(await bulkhead(project, ['config', '--json']));
    expect(files).toContainEqual({path: `${folder}/config.yml`, origin: 'agent-os', state: 'not-read', why: expect.stringMatching(/root/) as unknown});
  });

  test.each([[[]], [['']], [['--from', '#1']]])('without a task it says what to give: %j', async (args) => {
    await using project = await startProject();
    await refused(project, ['plan', ...args], {code: 'USAGE', names: /--from/});
  });
});

describe('config', () => {
  const agentOs = 'orchestration: {mode: sequential}\ndeliverable_verification: {enabled: false}\nsomebody: {elses: 1}\nexecution_roles: {security: {context_window: 4000}}\n';

  test('names the origin of every value, and what becomes of every Agent OS key', async () => {
    await using project = await startProject({...smallProject, '.agent-os/config.yml': agentOs, 'bulkhead.yml': 'limits: {pids: 100}\n'});
    await mkdir(join(project.home, 'config/bulkhead'), {recursive: true});
    await writeFile(join(project.home, 'config/bulkhead/config.yml'), 'maxTurns: 7\n');
    const env = {DOCKER_HOST: 'unix:///from/env.sock'};
    const result = json(await bulkhead(project, ['config', '--json'], {env}));
    for (const row of [
      {key: 'limits.pids', value: 100, origin: 'repository'},
      {key: 'maxTurns', value: 7, origin: 'user'},
      {key: 'maxParallel', value: 1, origin: 'agent-os'},
      {key: 'specialists.security.context.tokens', value: 4000, origin: 'agent-os'},
      {key: 'repairRounds', value: 2, origin: 'default'},
      {key: 'engine', value: 'unix:///from/env.sock', origin: 'environment', variable: 'DOCKER_HOST'},
    ]) expect(result['settings']).toContainEqual(row);
    const keys = result['agentOs'] as readonly {readonly key: string; readonly effect: string; readonly known: boolean}[];
    expect(keys.map(({key, effect, known}) => [key, effect, known])).toEqual([
      ['orchestration.mode', 'used', true],
      ['deliverable_verification.enabled', 'refused', true],
      ['somebody.elses', 'not-used', false],
      ['execution_roles.security.context_window', 'used', true],
    ]);
    const text = await bulkhead(project, ['config', '--engine', 'unix:///flag.sock'], {env});
    expect(text.stdout).toMatch(/engine +unix:\/\/\/flag\.sock +flag/);
    expect(text.stdout).toMatch(/refused +deliverable_verification\.enabled: false +.*verification/);
  });

  test('a wrong file is named, never half used', async () => {
    await using project = await startProject({...smallProject, 'bulkhead.yml': 'maxParallel: 9\n'});
    await refused(project, ['config'], {code: 'CONFIG_KEY_NOT_ALLOWED', names: /maxParallel/});
    await using other = await startProject({...smallProject, 'agent-os/config.yml': 'a: [\n'});
    await refused(other, ['config'], {code: 'CONFIG_INVALID', names: /agent-os\/config\.yml:\d+/});
  });

  test('what a stranger wrote is shown escaped', async () => {
    await using project = await startProject({...smallProject, '.agent-os/config.yml': '"\\e]0;x\\a": "\\e[2J\\n"\n'});
    const {stdout, exitCode} = await bulkhead(project, ['config']);
    // eslint-disable-next-line no-control-regex -- the escape character is what must not come through
    expect([exitCode, /\u001b/.test(stdout)]).toEqual([0, false]);
  });
});
