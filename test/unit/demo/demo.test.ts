import {execFile} from 'node:child_process';
import {cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {z} from 'zod';
import {parseTraffic} from '../../../src/agents/traffic/script.js';
import {manifestOwners, type Manifest} from '../../../src/core/manifest.js';
import {readTask} from '../../../src/project/agent-os/task-file.js';
import {isComplete, parseTasks} from '../../../src/project/agent-os/tasks.js';
import {completeTask} from '../../../src/project/agent-os/write/tasks.js';
import {readConfig} from '../../../src/project/config.js';
import {readManifest} from '../../../src/project/manifest-file.js';
import {ruleProblem} from '../../../src/verify/checks/content/rule.js';

const demo = fileURLToPath(new URL('../../fixtures/demo/', import.meta.url));
const project = join(demo, 'project');
const tasksPath = '.agent-os/specs/2026-11-10-rate-limit/tasks.md';
const order = ['implementation', 'test', 'documentation'];
const signal = AbortSignal.timeout(110_000);

const Edit = z.discriminatedUnion('command', [
  z.strictObject({command: z.literal('create'), path: z.string(), file_text: z.string()}),
  z.strictObject({command: z.literal('str_replace'), path: z.string(), old_str: z.string().min(1), new_str: z.string()}),
]);
const Tool = z.union([
  z.strictObject({bash: z.strictObject({command: z.string()})}),
  z.strictObject({edit: Edit}),
  z.strictObject({submit: z.strictObject({summary: z.string()})}),
]);
const Turn = z.strictObject({
  text: z.string().optional(),
  tools: z.array(Tool).min(1),
  usage: z.strictObject({input: z.int().min(1), output: z.int().min(1)}),
  delayMs: z.literal(0),
  faults: z.array(z.never()),
});
type Turn = z.infer<typeof Turn>;
const Script = z.strictObject({
  schemaVersion: z.literal(1),
  specialists: z.record(z.string(), z.strictObject({turns: z.array(Turn).min(2), repair: z.array(Turn)})),
});

interface Results {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

let scratch = '';
let script: z.infer<typeof Script>;
let manifest: Manifest;
const trees = {base: '', first: '', last: '', control: ''};
const results: Record<keyof typeof trees, Results> = {} as never;
const submitted: Record<string, readonly string[]> = {};

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'bulkhead-demo-'));
  script = Script.parse(parseTraffic(await readFile(join(demo, 'traffic.yml'), 'utf8'), 'traffic.yml'));
  manifest = await readManifest({path: join(demo, 'manifest.yml'), signal});
  trees.base = await copy(project, 'base');
  trees.first = await playRound('turns', trees.base, 'first');
  trees.last = await playRound('repair', trees.first, 'last');
  trees.control = await copy(project, 'control');
  for (const {path} of manifest.tests?.files ?? []) await copyFile(trees.last, trees.control, path);
  for (const name of Object.keys(trees) as (keyof typeof trees)[]) results[name] = await runTests(trees[name]);
}, 120_000);

afterAll(async () => {
  await rm(scratch, {recursive: true, force: true});
});

describe('the demo as data', () => {
  test('the manifest, the configuration, the script and the task file are understood by their parsers', async () => {
    expect(manifestOwners(manifest).toSorted()).toEqual(order.toSorted());
    expect(Object.keys(script.specialists)).toEqual(order);
    const config = await readConfig({repositoryRoot: project, userConfigFile: undefined, signal});
    expect(config.image).toEqual({value: 'node', origin: 'repository'});
    for (const name of Object.keys(config.specialists)) expect(manifestOwners(manifest)).toContain(name);
    const task = await readTask({repositoryRoot: project, file: tasksPath, id: '1', readBase: (path) => readFile(join(project, path)).catch(() => undefined)});
    expect(task).toMatchObject({title: manifest.task, path: tasksPath, done: false, problems: []});
    const text = await readFile(join(project, tasksPath), 'utf8');
    expect(parseTasks(completeTask(text, '1').text).tasks.map(isComplete)).toEqual([true, false]);
  });

  test('the project starts green, with at least twelve tests in three files', () => {
    expect(results.base.failed).toEqual([]);
    expect(results.base.passed.length).toBeGreaterThanOrEqual(12);
    expect(new Set(results.base.passed.map((id) => id.split(' > ')[0])).size).toBeGreaterThanOrEqual(3);
  });

  test('everybody hands in what they own, and nobody touches the file of another', () => {
    const all = order.flatMap((name) => submitted[`turns/${name}`] ?? []);
    expect(new Set(all).size).toBe(all.length);
    for (const name of order) {
      const owned = new Set([...manifest.files, ...(manifest.tests?.files ?? [])].filter((entry) => entry.owner === name).map((entry) => entry.path));
      for (const path of submitted[`turns/${name}`] ?? ['nothing']) expect(owned).toContain(path);
    }
  });

  test('after the first round one reported page is missing and exactly one old test is broken', async () => {
    const missing = await asyncFilter(manifest.files, async ({path}) => !(await exists(join(trees.first, path))));
    expect(missing.map(({path, owner}) => ({path, owner}))).toEqual([{path: 'docs/limits.md', owner: 'documentation'}]);
    expect(results.first.failed).toEqual(['test/router.test.js > a wrong method is answered with 405 and the methods that are allowed']);
    expect(results.base.passed).toContain(results.first.failed[0]);
    expect(await contentProblems(trees.first)).toEqual([]);
    const summary = script.specialists['documentation']?.turns.at(-1)?.tools.find((tool) => 'submit' in tool)?.submit.summary;
    expect(summary).toContain('docs/limits.md');
  });

  test('after the repair everything that was promised is there and every test passes', async () => {
    expect(results.last.failed).toEqual([]);
    expect(await contentProblems(trees.last)).toEqual([]);
    for (const {path, action} of manifest.files) {
      expect(await exists(join(project, path)), path).toBe(action === 'modify');
      expect(await readFile(join(trees.last, path), 'utf8'), path).not.toBe(action === 'modify' ? await readFile(join(project, path), 'utf8') : '');
    }
    for (const old of results.base.passed) expect(results.last.passed).toContain(old);
  });

  test('every promised test fails without the new work, and there are enough of them', () => {
    const promised = manifest.tests?.files ?? [];
    expect(promised.length).toBeGreaterThan(0);
    for (const {path, minTests} of promised) {
      const mine = (ids: readonly string[]): readonly string[] => ids.filter((id) => id.startsWith(`${path} > `));
      expect(mine(results.last.passed).length).toBeGreaterThanOrEqual(minTests);
      expect(mine(results.control.passed)).toEqual([]);
      expect(mine(results.control.failed).length).toBeGreaterThan(0);
    }
  });
});

/** Each specialist works on its own copy; what it changed is laid over the merge in plan order. */
async function playRound(phase: 'turns' | 'repair', from: string, name: string): Promise<string> {
  const merged = await copy(from, name);
  for (const specialist of order) {
    const box = await copy(from, `${name}-${specialist}`);
    for (const turn of script.specialists[specialist]?.[phase] ?? []) await playTurn(box, turn);
    const changed = await asyncFilter(await filesOf(box), async (path) => !(await sameFile(join(from, path), join(box, path))));
    submitted[`${phase}/${specialist}`] = changed;
    for (const path of changed) await copyFile(box, merged, path);
  }
  return merged;
}

async function playTurn(box: string, turn: Turn): Promise<void> {
  for (const tool of turn.tools) {
    if ('bash' in tool) await run('sh', ['-c', tool.bash.command], box);
    if (!('edit' in tool)) continue;
    const file = join(box, tool.edit.path);
    if (tool.edit.command === 'create') {
      await mkdir(dirname(file), {recursive: true});
      await writeFile(file, tool.edit.file_text, {flag: 'wx'});
      continue;
    }
    const parts = (await readFile(file, 'utf8')).split(tool.edit.old_str);
    expect(parts, `${tool.edit.path}: ${tool.edit.old_str}`).toHaveLength(2);
    await writeFile(file, parts.join(tool.edit.new_str));
  }
}

async function runTests(directory: string): Promise<Results> {
  const reporter = join(scratch, 'reporter.mjs');
  const source = `export default async function* (events) {
    for await (const {type, data} of events) if (type === 'test:pass' || type === 'test:fail') yield JSON.stringify({type, file: data.file, name: data.name}) + '\\n';
  }`;
  await writeFile(reporter, source);
  const {stdout} = await run(process.execPath, ['--test', '--test-reporter', reporter], directory);
  const Event = z.object({type: z.string(), file: z.string().optional(), name: z.string()});
  const events = stdout.split('\n').filter((line) => line !== '').map((line) => Event.parse(JSON.parse(line)));
  const ids = (type: string): readonly string[] =>
    events.filter((event) => event.type === type).map((event) => `${(event.file ?? event.name).replace(`${directory}/`, '')} > ${event.name}`);
  return {passed: ids('test:pass'), failed: ids('test:fail')};
}

async function contentProblems(directory: string): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const {path, must} of manifest.files) {
    const text = await readFile(join(directory, path), 'utf8').catch(() => undefined);
    for (const rule of text === undefined ? [] : must) {
      const bytes = Buffer.from(text ?? '');
      if ((await ruleProblem(rule, {path, bytes}, {has: () => false, read: () => Promise.resolve(undefined)})) !== undefined) problems.push(`${path}: ${JSON.stringify(rule)}`);
    }
  }
  return problems;
}

async function run(command: string, argv: readonly string[], cwd: string): Promise<{readonly stdout: string}> {
  // A failing command is part of the story; a missing one is not.
  return new Promise((resolve, reject) => {
    execFile(command, argv, {cwd, signal, env: {PATH: process.env['PATH'], TZ: 'UTC'}}, (error, stdout) => {
      if (error instanceof Error && !('code' in error && typeof error.code === 'number')) reject(error);
      else resolve({stdout});
    });
  });
}

async function copy(from: string, name: string): Promise<string> {
  const to = join(scratch, name);
  await cp(from, to, {recursive: true});
  return to;
}

async function copyFile(from: string, to: string, path: string): Promise<void> {
  await mkdir(dirname(join(to, path)), {recursive: true});
  await cp(join(from, path), join(to, path));
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function sameFile(a: string, b: string): Promise<boolean> {
  return (await exists(a)) && (await readFile(a)).equals(await readFile(b));
}

async function asyncFilter<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<readonly T[]> {
  const kept = await Promise.all(items.map(keep));
  return items.filter((_, index) => kept[index] === true);
}
