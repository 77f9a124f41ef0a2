import {randomBytes} from 'node:crypto';
import Docker from 'dockerode';
import type {BoxLimits, BoxRequest, EndedProcess, ExecRequest, ExecResult, LockedImage, Ownership, Sandbox, SandboxEngine, WorkspaceNames} from '../../../src/core/sandbox.js';
import type {SeedFile} from '../../../src/core/tree.js';
import {startDockerEngine} from '../../../src/sandbox/docker/engine.js';
import {probeBoxes} from '../../../src/sandbox/engine/probe-box.js';
import {imageReference} from '../../../src/sandbox/images/catalog.js';

/** A container that is no box: what an attack can do where the walls are missing. Always of the engine's default runtime. */
export interface OpenContainer {
  readonly script: string;
  /** Default: root. */
  readonly user?: string;
  readonly image?: string;
  readonly network?: 'bridge' | 'none';
  /** Settings of the engine that open it; default: none. */
  readonly host?: Docker.HostConfig;
}

/** What cases work with: an engine whose boxes have one runtime, and the engine itself for their twins. */
export interface BoxLab extends AsyncDisposable {
  readonly engine: SandboxEngine;
  readonly docker: Docker;
  /** Path of the engine's socket. */
  readonly socket: string;
  readonly image: LockedImage;
  readonly signal: AbortSignal;
  /** How much longer floods and bombs last than in a sample. */
  readonly full: boolean;
  /** Rows of `doctor` that do not hold for boxes of this runtime; tried when they are first asked for. */
  lacks(): Promise<ReadonlySet<string>>;
  /** Names that nothing else on the engine has. */
  fresh(what: string): string;
  ownership(): Ownership;
  snapshot(files?: readonly SeedFile[]): Promise<string>;
  box(more?: Partial<BoxRequest>): Promise<Sandbox & {readonly names: WorkspaceNames}>;
  process(argv: readonly string[], more?: {readonly timeoutMs?: number; readonly limits?: BoxLimits; readonly onStdout?: (chunk: Uint8Array) => void}): Promise<EndedProcess>;
  /** Runs a script in an open container and gives what it printed. */
  open(container: OpenContainer): Promise<string>;
}

/** Enough for node in gVisor, small enough to be run into. */
const limits: BoxLimits = {memoryMiB: 384, cpus: 1, pids: 96};

/** Starts a lab. `runtime`: as the engine names it, or undefined for its default; `address`: of the engine. */
export async function startBoxLab({address, runtime, full = false, signal}: {readonly address: string; readonly runtime: string | undefined; readonly full?: boolean; readonly signal: AbortSignal}): Promise<BoxLab> {
  const socket = address.replace('unix://', '');
  const docker = new Docker({socketPath: socket});
  const engine = startDockerEngine({address, helperImage: imageReference('base') ?? '', imageReference, runtime});
  const run = `test-${randomBytes(5).toString('hex')}`;
  const image = await engine.lockImage('node', signal);
  let count = 0;
  const fresh = (what: string): string => `bulkhead-${run}-${what}${(count += 1)}`;
  const ownership = (): Ownership => ({runId: run, owner: `test ${process.pid} 0`});
  let lacks: Promise<ReadonlySet<string>> | undefined;
  const probe = async (): Promise<ReadonlySet<string>> => {
    const {results} = await probeBoxes({engine, images: ['base'], ownership: ownership(), signal});
    return new Set(results.filter((row) => row.outcome !== 'ok').map((row) => row.name));
  };
  const snapshot = async (files: readonly SeedFile[] = []): Promise<string> => {
    const name = fresh('snap');
    await engine.createSnapshot({name, ownership: ownership(), profile: 'agent', files: stream(files)}, signal);
    return name;
  };
  const request = (names: WorkspaceNames, more: Partial<BoxRequest>): BoxRequest => ({names, ownership: ownership(), image, limits, env: {}, profile: 'agent', ...more});
  return {
    engine,
    docker,
    socket,
    image,
    signal,
    full,
    lacks: () => (lacks ??= probe()),
    fresh,
    ownership,
    snapshot,
    async box(more = {}) {
      const names = more.names ?? {snapshot: await snapshot(), box: fresh('box')};
      return Object.assign(await engine.startBox(request(names, more), signal), {names});
    },
    async process(argv, {timeoutMs = 60_000, onStdout = () => undefined, ...more} = {}) {
      const names = {snapshot: await snapshot(), box: fresh('process')};
      return engine.runProcess({...request(names, more), profile: 'verify', argv, timeoutMs, onStdout, maxStderrBytes: 65_536}, signal);
    },
    open: (container) => runOpen(docker, {name: fresh('open'), image: image.id, container}),
    async [Symbol.asyncDispose]() {
      const rank = {container: 0, network: 1, volume: 2};
      const mine = (await engine.leftovers(AbortSignal.timeout(60_000))).filter((item) => item.runId === run);
      for (const item of mine.sort((a, b) => rank[a.kind] - rank[b.kind] || b.name.localeCompare(a.name))) await engine.remove(item, AbortSignal.timeout(60_000));
    },
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- the port takes an async source
async function* stream(files: readonly SeedFile[]): AsyncGenerator<SeedFile> {
  yield* files;
}

async function runOpen(docker: Docker, {name, image, container: {script, user = '0:0', network = 'none', host = {}, image: other}}: {readonly name: string; readonly image: string; readonly container: OpenContainer}): Promise<string> {
  const container = await docker.createContainer({name, Image: other ?? image, User: user, Entrypoint: ['/bin/sh', '-c', script], Tty: true, HostConfig: {NetworkMode: network, Init: true, ...host}});
  try {
    const stream = await container.attach({stream: true, stdout: true, stderr: true});
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await container.start();
    await container.wait();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return Buffer.concat(chunks).toString().replaceAll('\r', '');
  } finally {
    await container.remove({force: true, v: true});
  }
}

let calls = 0;

/** Runs a shell command in a box. */
export function sh(box: Sandbox, script: string, more: Partial<ExecRequest> = {}): Promise<ExecResult> {
  return box.exec({id: `case-${(calls += 1)}`, argv: ['/bin/sh', '-c', script], timeoutMs: 60_000, maxBytes: 1_000_000, signal: AbortSignal.timeout(120_000), ...more});
}

/** What was kept of stdout, as text. */
export function printed(result: ExecResult): string {
  return Buffer.concat([result.stdout.head, result.stdout.tail]).toString();
}
