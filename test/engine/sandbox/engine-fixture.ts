import {execFileSync, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync, mkdirSync, chmodSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterAll, beforeAll, expect} from 'vitest';
import type {BoxProfile, BoxRequest, ExecRequest, ExecResult, LockedImage, ProcessRequest, Sandbox, SandboxEngine, WorkspaceNames} from '../../../src/core/sandbox.js';
import type {SeedFile} from '../../../src/core/tree.js';
import {lineOf} from '../../../src/sandbox/contract/export-lines.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {imageReference} from '../../../src/sandbox/images/catalog.js';

/** Never aborted. */
export const calm = new AbortController().signal;
export const address = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
/** `npm test` has `setup` build these first. */
export const helperImage = imageReference('base') ?? '';
export const boxImage = imageReference('node') ?? '';

export const startEngine = (): SandboxEngine => startDockerEngine({address, helperImage, imageReference: (name) => (name === 'node' ? boxImage : undefined)});

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
export const file = (path: string, content: string | Uint8Array = '', mode: SeedFile['mode'] = 'file'): SeedFile => ({path, mode, bytes: Buffer.from(content)});

// eslint-disable-next-line @typescript-eslint/require-await -- the port takes an async source
export async function* stream(files: readonly SeedFile[]): AsyncGenerator<SeedFile> {
  yield* files;
}

/** One engine with everything that a test file makes on it; what carries its run label goes afterwards, and nothing may be left. */
export interface EngineFixture {
  readonly engine: SandboxEngine;
  readonly ownership: {readonly runId: string; readonly owner: string};
  image(): LockedImage;
  names(snapshot: string): WorkspaceNames;
  snapshot(files: readonly SeedFile[], more?: {readonly harness?: readonly SeedFile[]; readonly history?: History; readonly over?: {readonly snapshot: string; readonly deleted: readonly string[]}; readonly profile?: BoxProfile}): Promise<string>;
  request(names: WorkspaceNames, more?: Partial<BoxRequest>): BoxRequest;
  box(snapshot: string, more?: Partial<BoxRequest>): Promise<Sandbox & {readonly names: WorkspaceNames}>;
  process(snapshot: string, argv: readonly string[], more?: Partial<ProcessRequest>): ProcessRequest;
}

export interface History {
  readonly directory: string;
  readonly commit: string;
  /** Folders that git is not to show. */
  readonly exclude?: readonly string[];
  /** A commit whose objects the pack leaves out. */
  readonly without?: string;
}

export function useEngine(): EngineFixture {
  const engine = startEngine();
  const runId = `test-${randomBytes(5).toString('hex')}`;
  const ownership = {runId, owner: `test ${process.pid} 0`};
  let image: LockedImage | undefined;
  let count = 0;
  beforeAll(async () => {
    image = await engine.lockImage('node', calm);
  });
  afterAll(async () => {
    const mine = async () => (await engine.leftovers(calm)).filter((item) => item.runId === runId);
    for (const item of await mine()) await engine.remove(item, calm);
    expect(await mine()).toEqual([]);
  });
  const fixture: EngineFixture = {
    engine,
    ownership,
    image: () => image!,
    names: (snapshot) => ({snapshot, box: `bulkhead-${runId}-box${(count += 1)}`}),
    async snapshot(files, more = {}) {
      const name = `bulkhead-${runId}-snap${(count += 1)}`;
      const history = more.history === undefined ? undefined : {pack: packOf(more.history), commit: more.history.commit, exclude: more.history.exclude};
      await engine.createSnapshot({name, ownership, files: stream(files), harness: more.harness, history, over: more.over, profile: more.profile}, calm);
      return name;
    },
    request: (names, more = {}) => ({names, ownership, image: image!, limits: {memoryMiB: 512, cpus: 1, pids: 128}, env: {}, profile: 'agent', ...more}),
    async box(snapshot, more = {}) {
      const names = fixture.names(snapshot);
      const box = await engine.startBox(fixture.request(names, more), calm);
      return Object.assign(box, {names});
    },
    process: (snapshot, argv, more = {}) => ({...fixture.request(fixture.names(snapshot)), profile: 'verify', argv, timeoutMs: 60_000, onStdout: () => undefined, maxStderrBytes: 65_536, ...more}),
  };
  return fixture;
}

let calls = 0;

/** Runs a shell command in a box. */
export function sh(box: Sandbox, script: string, more: Partial<ExecRequest> = {}): Promise<ExecResult> {
  return box.exec({id: `call-${(calls += 1)}`, argv: ['/bin/sh', '-c', script], timeoutMs: 60_000, maxBytes: 1_000_000, signal: calm, ...more});
}

/** What a shell command prints; it must succeed. */
export async function out(box: Sandbox, script: string): Promise<string> {
  const result = await sh(box, script);
  expect({exitCode: result.exitCode, stderr: text(result.stderr.head)}).toEqual({exitCode: 0, stderr: ''});
  return text(result.stdout.head);
}

/** The export of a stopped box, as sorted lines. */
export async function changes(engine: SandboxEngine, request: {readonly names: WorkspaceNames; readonly ownership: EngineFixture['ownership']; readonly maxFileBytes?: number}): Promise<string[]> {
  const lines: string[] = [];
  for await (const entry of engine.exportWorkspace({maxFileBytes: 10_000_000, ...request}, calm)) lines.push(lineOf(entry));
  return lines.sort();
}

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.invalid', '-c', 'core.autocrlf=false', ...args], {cwd, encoding: 'utf8', env: {PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1'}}).trim();

/** A real repository with one commit per list of files; the returned one is its last, with a branch beside it that must not travel. */
export function makeHistory(commits: readonly (readonly SeedFile[])[]): History & Disposable {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-test-'));
  git(directory, 'init', '-q', '-b', 'main', '--template=');
  // Bytes go in as they are, also where an attribute of the tree would change them.
  mkdirSync(join(directory, '.git/info'), {recursive: true});
  writeFileSync(join(directory, '.git/info/attributes'), '* -text\n');
  commits.forEach((files, index) => {
    for (const item of files) place(directory, item);
    git(directory, 'add', '-A', '--force');
    git(directory, 'commit', '-q', '-m', `commit ${index + 1}`);
  });
  const commit = git(directory, 'rev-parse', 'HEAD');
  git(directory, 'checkout', '-q', '-b', 'secret');
  git(directory, 'commit', '-q', '--allow-empty', '-m', 'secret work');
  git(directory, 'tag', 'v9');
  return {directory, commit, [Symbol.dispose]: () => { rmSync(directory, {recursive: true, force: true}); }};
}

/** One more commit on a history, with the changes of a snapshot over another one. */
export function commitOver(history: History, {after, deleted}: {readonly after: readonly SeedFile[]; readonly deleted: readonly string[]}): History {
  const {directory, commit: without} = history;
  git(directory, 'checkout', '-q', 'main');
  for (const path of deleted) rmSync(join(directory, path), {recursive: true, force: true});
  for (const item of after) rmSync(join(directory, item.path), {recursive: true, force: true});
  for (const item of after) place(directory, item);
  git(directory, 'add', '-A', '--force');
  git(directory, 'commit', '-q', '-m', 'commit next');
  return {directory, commit: git(directory, 'rev-parse', 'HEAD'), without};
}

function place(directory: string, item: SeedFile): void {
  const path = join(directory, item.path);
  mkdirSync(dirname(path), {recursive: true});
  if (item.mode === 'symlink') symlinkSync(text(item.bytes), path);
  else writeFileSync(path, item.bytes);
  if (item.mode === 'executable') chmodSync(path, 0o755);
}

function packOf(history: History) {
  const child = spawn('git', ['pack-objects', '--stdout', '--revs', '-q'], {cwd: history.directory, stdio: ['pipe', 'pipe', 'ignore']});
  child.stdin.end(history.without === undefined ? `${history.commit}\n` : `${history.commit}\n^${history.without}\n`);
  return child.stdout;
}
