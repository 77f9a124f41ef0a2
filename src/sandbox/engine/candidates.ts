import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {z} from 'zod';
import {sha256} from '../../core/canonical.js';
import {AppError, systemCode} from '../../core/errors.js';

/** The environment that discovery reads; `process.env` has this form. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What decides where an engine is looked for. */
export interface EngineQuery {
  /** The value of `--engine`. */
  readonly flag?: string | undefined;
  readonly env: Environment;
  /** The user's home folder; default: that of this process. */
  readonly home?: string | undefined;
}

/** An address to try. `explicit`: somebody named it, so nothing else is tried when it fails. */
export interface Candidate {
  readonly address: string;
  /** Who named it, for messages: `--engine`, `DOCKER_HOST`, `docker context x`, `usual place`. */
  readonly source: string;
  readonly explicit: boolean;
}

/** The address of an engine that the whole machine uses. */
export const systemSocket = 'unix:///var/run/docker.sock';

const ContextMeta = z.object({
  Endpoints: z.object({docker: z.object({Host: z.string()})}),
});
const DockerConfig = z.object({currentContext: z.string().optional()});

/**
 * Where to look, best first: one explicit address (flag, BULKHEAD_ENGINE, DOCKER_HOST, docker context), else the usual
 * sockets. The order is the docker client's own; contexts are read as it stores them (`contexts/meta/<sha256 of the
 * name>/meta.json`). Throws ENGINE_UNREACHABLE when a context is named that cannot be read or used.
 */
export async function listCandidates(query: EngineQuery): Promise<readonly Candidate[]> {
  const named = namedAddress(query) ?? (await contextAddress(query));
  return named === undefined ? usualPlaces(query) : [named];
}

function namedAddress({flag, env}: EngineQuery): Candidate | undefined {
  if (flag !== undefined) return {address: flag, source: '--engine', explicit: true};
  for (const name of ['BULKHEAD_ENGINE', 'DOCKER_HOST']) {
    const address = env[name];
    if (address === undefined || address === '') continue;
    if (name === 'DOCKER_HOST' && address.startsWith('tcp://') && (env['DOCKER_TLS_VERIFY'] ?? '') !== '') throw noTls(address, 'DOCKER_TLS_VERIFY');
    return {address, source: name, explicit: true};
  }
  return undefined;
}

function usualPlaces({env, home = homedir()}: EngineQuery): readonly Candidate[] {
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  const own = (name: string): readonly string[] => (runtime === '' ? [] : [join(runtime, name)]);
  const paths = [...own('docker.sock'), join(home, '.docker/run/docker.sock'), ...own('podman/podman.sock'), '/run/podman/podman.sock'];
  return [systemSocket, ...paths.map((path) => `unix://${path}`)].map((address) => ({address, source: 'usual place', explicit: false}));
}

async function contextAddress({env, home = homedir()}: EngineQuery): Promise<Candidate | undefined> {
  const folder = env['DOCKER_CONFIG'] ?? join(home, '.docker');
  const fromEnv = env['DOCKER_CONTEXT'] ?? '';
  const name = fromEnv === '' ? await currentContext(join(folder, 'config.json')) : fromEnv;
  // `default` is not stored: the docker client means the usual sockets by it.
  if (name === undefined || name === '' || name === 'default') return undefined;
  const source = `docker context ${name}`;
  const file = join(folder, 'contexts/meta', sha256(name), 'meta.json');
  const meta = await readJson(file, ContextMeta, source);
  if (meta === undefined) throw unusable(source, `it does not exist (${file})`);
  const address = meta.Endpoints.docker.Host;
  if (address.startsWith('tcp://') && (await hasTls(join(folder, 'contexts/tls', sha256(name), 'docker')))) throw noTls(address, source);
  return {address, source, explicit: true};
}

async function currentContext(file: string): Promise<string | undefined> {
  return (await readJson(file, DockerConfig, 'docker configuration'))?.currentContext;
}

async function hasTls(folder: string): Promise<boolean> {
  const found = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(join(folder, name)).catch(() => undefined)));
  return found.some((bytes) => bytes !== undefined);
}

/** The parsed file, or undefined when it does not exist. */
async function readJson<T>(file: string, schema: z.ZodType<T>, source: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unusable(source, `${file} cannot be read (${code ?? 'unknown'})`, error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw unusable(source, `${file} is not what docker writes`, error);
  }
}

function unusable(source: string, problem: string, cause?: unknown): AppError {
  return new AppError('ENGINE_UNREACHABLE', `The ${source} cannot be used: ${problem}.`, {
    hint: 'Correct it, or name the engine with --engine unix:///path/to/docker.sock.',
    cause,
  });
}

function noTls(address: string, source: string): AppError {
  return new AppError('ENGINE_UNREACHABLE', `The engine at ${address} (${source}) is protected by TLS, which is not supported.`, {
    hint: 'Use a unix socket: --engine unix:///path/to/docker.sock.',
  });
}
