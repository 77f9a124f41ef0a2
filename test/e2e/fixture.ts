import {execFile, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile} from 'node:fs/promises';
import {request} from 'node:http';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {promisify} from 'node:util';

const execute = promisify(execFile);
/** The built command line. */
export const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
/** The command line uses the engine that these tests look at. */
const namedEngine: Readonly<Record<string, string>> = process.env['DOCKER_HOST'] === undefined ? {} : {DOCKER_HOST: process.env['DOCKER_HOST']};
/** Path of the socket of this machine's engine. */
export const socket = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');

/** A repository with its own state and configuration folders, so that nothing of this machine's user is touched. */
export interface Project extends AsyncDisposable {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  put(path: string, text: string): Promise<void>;
  commit(): Promise<string>;
  git(...args: readonly string[]): Promise<string>;
}

/** How a command ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes a small real project: one module, one suite, one commit. */
export async function startProject(files: Readonly<Record<string, string>> = smallProject): Promise<Project> {
  const home = await mkdtemp(join(tmpdir(), 'bulkhead-e2e-'));
  const directory = join(home, 'project');
  const env = {PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config'), NO_COLOR: '1', ...namedEngine};
  const git = async (...args: readonly string[]): Promise<string> => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost', '-c', 'init.defaultBranch=main'];
    return (await execute('git', [...identity, '-C', directory, ...args], {env: {PATH: env.PATH, HOME: home}})).stdout;
  };
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(directory, path)), {recursive: true});
    await writeFile(join(directory, path), text);
  };
  const commit = async (): Promise<string> => {
    await git('add', '-A');
    await git('commit', '-q', '--allow-empty', '-m', 'work');
    return (await git('rev-parse', 'HEAD')).trim();
  };
  await mkdir(directory, {recursive: true});
  await git('init', '-q');
  for (const [path, text] of Object.entries(files)) await put(path, text);
  await commit();
  return {directory, env, home, put, commit, git, [Symbol.asyncDispose]: () => rm(home, {recursive: true, force: true})};
}

/** Runs the built command line to its end. */
export async function bulkhead(project: Project, args: readonly string[], options: {readonly env?: Readonly<Record<string, string>>; readonly cwd?: string} = {}): Promise<Ended> {
  const child = startBulkhead(project, args, options);
  return child.ended;
}

/** Starts the built command line; the caller may kill it. */
export function startBulkhead(
  project: Project,
  args: readonly string[],
  options: {readonly env?: Readonly<Record<string, string>>; readonly cwd?: string} = {},
): {readonly kill: (signal: NodeJS.Signals) => void; readonly hangUp: () => void; readonly ended: Promise<Ended>} {
  const child = spawn(process.execPath, [main, ...args], {cwd: options.cwd ?? project.directory, env: {...project.env, ...options.env}, stdio: ['ignore', 'pipe', 'pipe']});
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const ended = new Promise<Ended>((done, fail) => {
    child.on('error', fail);
    child.on('close', (exitCode) => {
      done({exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString()});
    });
  });
  const hangUp = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return {kill: (signal) => child.kill(signal), hangUp, ended};
}

/** Names of everything on the engine that carries our label, asked of the engine itself and not through our adapter. */
export async function engineLeftovers(): Promise<readonly string[]> {
  // The engine suite may run on the same engine at the same time; it looks after its own.
  return (await labelled('dev.bulkhead.run', socket)).filter((name) => !/^\/?bulkhead-(?:layer-[0-9a-f]{32}-)?test-/.test(name));
}

/** The same of one run alone, on any engine: others may work there at the same time. */
export async function leftoversOf(runId: string, engineSocket: string): Promise<readonly string[]> {
  return labelled(`dev.bulkhead.run=${runId}`, engineSocket);
}

async function labelled(label: string, at: string): Promise<readonly string[]> {
  const filter = encodeURIComponent(JSON.stringify({label: [label]}));
  const containers = (await ask(`/containers/json?all=1&filters=${filter}`, {at})) as readonly {Names: readonly string[]}[];
  const volumes = (await ask(`/volumes?filters=${filter}`, {at})) as {Volumes: readonly {Name: string}[] | null};
  const networks = (await ask(`/networks?filters=${filter}`, {at})) as readonly {Name: string}[];
  return [...containers.flatMap((one) => one.Names), ...(volumes.Volumes ?? []).map((one) => one.Name), ...networks.map((one) => one.Name)].sort();
}

/** Removes every container and volume of a run behind Bulkhead's back, as a prune of the user's would. */
export async function pruneRun(runId: string, at = socket): Promise<void> {
  for (const name of await leftoversOf(runId, at)) await ask(name.startsWith('/') ? `/containers${name}?force=1` : `/volumes/${name}`, {method: 'DELETE', at});
}

/** Asks an engine, the machine's own unless `at` names another one's socket. */
export function ask(path: string, {method = 'GET', at = socket}: {readonly method?: string; readonly at?: string} = {}): Promise<unknown> {
  return new Promise((done, fail) => {
    const call = request({socketPath: at, path, method, headers: {host: 'engine'}}, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        done(text === '' ? undefined : JSON.parse(text));
      });
    });
    call.on('error', fail);
    call.end();
  });
}

/** One hash over every file of a checkout, `.git` included, names, types, modes and bytes; `leave` names what is not looked at. */
export async function fingerprint(directory: string, leave: (path: string) => boolean = () => false): Promise<string> {
  const hash = createHash('sha256');
  const walk = async (path: string): Promise<void> => {
    for (const name of (await readdir(join(directory, path))).sort()) {
      const inner = path === '' ? name : `${path}/${name}`;
      if (leave(inner)) continue;
      const stat = await lstat(join(directory, inner));
      hash.update(`${inner}\0${stat.mode}\0`);
      if (stat.isDirectory()) await walk(inner);
      else hash.update(stat.isSymbolicLink() ? await readlink(join(directory, inner)) : await readFile(join(directory, inner)));
    }
  };
  await walk('');
  return hash.digest('hex');
}

/** What delivery adds to a repository: the objects, and the one branch with its reflog. */
export function isDelivery(path: string): boolean {
  return /^\.git\/(objects|refs\/heads\/bulkhead|logs\/refs\/heads\/bulkhead)(\/|$)/.test(path);
}

export const smallProject: Readonly<Record<string, string>> = {
  'package.json': '{"name": "sums", "type": "module", "scripts": {"test": "node --test"}}\n',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js': "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport {add} from '../src/add.js';\n\ntest('adds', () => {\n  assert.equal(add(2, 3), 5);\n});\n",
  'tasks.md': '# Spec Tasks\n\n- [ ] 1. Subtract\n  - [ ] 1.1 Write tests\n  - [ ] 1.2 Write the function\n\n- [ ] 2. Divide\n',
};

export const subtractManifest = `schemaVersion: 1
task: Subtract two numbers
image: node
files:
  - {path: src/subtract.js, action: create, owner: implementation, must: [{contains: subtract}]}
tests:
  command: [node, --test]
  files: [{path: test/subtract.test.js, owner: test, covers: [src/subtract.js]}]
`;

const subtractTest = "import test from 'node:test';\\nimport assert from 'node:assert/strict';\\nimport {subtract} from '../src/subtract.js';\\n\\ntest('subtracts', () => {\\n  assert.equal(subtract(5, 3), 2);\\n});\\n";

/** Two specialists that do the task of {@link subtractManifest}; the first one in `lines` turns of its own choice. */
export function subtractTraffic(implementation: readonly string[] = honestTurns): string {
  return `schemaVersion: 1
specialists:
  implementation:
    turns:
${implementation.map((line) => `      - ${line}`).join('\n')}
  test:
    turns:
      - tools: [{edit: {command: create, path: test/subtract.test.js, file_text: "${subtractTest}"}}]
      - tools: [{submit: {summary: wrote the test}}]
`;
}

export const honestTurns: readonly string[] = [
  'tools: [{bash: {command: "ls src"}}]',
  'tools: [{edit: {command: create, path: src/subtract.js, file_text: "export const subtract = (a, b) => a - b;\\n"}}]',
  'tools: [{bash: {command: "node -e 1 && sleep 0.3"}}]',
  'tools: [{submit: {summary: wrote the function}}]',
];

/** Writes manifest and traffic beside the project and gives the flags that name them. */
export async function runFlags(project: Project, {manifest = subtractManifest, traffic = subtractTraffic()}: {readonly manifest?: string; readonly traffic?: string} = {}): Promise<readonly string[]> {
  await writeFile(join(project.home, 'manifest.yml'), manifest);
  await writeFile(join(project.home, 'traffic.yml'), traffic);
  return ['run', '--manifest', join(project.home, 'manifest.yml'), '--model-traffic', `replay:${join(project.home, 'traffic.yml')}`];
}

/** The journals of a project's runs. */
export async function journals(project: Project): Promise<readonly string[]> {
  const found: string[] = [];
  const state = join(project.home, 'state', 'bulkhead');
  for (const repository of await readdir(state).catch(() => [])) {
    for (const run of await readdir(join(state, repository, 'runs')).catch(() => [])) found.push(join(state, repository, 'runs', run, 'journal.ndjson'));
  }
  return found;
}

/** Waits until the journal of a project's first run says something. Fails after a minute. */
export async function untilJournal(project: Project, holds: (text: string) => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const [file] = await journals(project);
    if (file !== undefined && holds(await readFile(file, 'utf8').catch(() => ''))) return;
    if (Date.now() > deadline) throw new Error('the journal never said that');
    await new Promise((done) => setTimeout(done, 10));
  }
}
