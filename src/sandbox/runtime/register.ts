import {readdir, readFile, rename, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {z} from 'zod';
import {AppError, systemCode} from '../../core/errors.js';
import type {EngineFacts} from '../../core/sandbox.js';
import {systemSocket, type Environment} from '../engine/candidates.js';
import {findProgram} from '../engine/discover.js';
import type {PackageInstaller} from '../engine/packages.js';
import {readProcess} from '../engine/pid-file.js';
import {gvisorName} from './choose.js';

/** The engine that is to get gVisor, for test suites alone. */
export interface GvisorRequest {
  readonly address: string;
  readonly name: EngineFacts['name'];
  /** Asks the engine for its runtimes. */
  readonly runtimes: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly packages: PackageInstaller | undefined;
  readonly env: Environment;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * What works on every machine, nested ones too: ptrace needs neither KVM nor a new kernel, and the suites test walls, not
 * speed; a sandbox without network of its own needs no way to configure one; and runsc cannot make cgroups where the
 * engine's are delegated in a form that it does not know. The last one leaves limits unenforced, which is the very case
 * that `--require-gvisor` must refuse: no engine of a user is set up like this.
 */
const runtimeArgs = ['--platform=ptrace', '--network=none', '--ignore-cgroups'] as const;

/** An engine reloads its configuration within milliseconds; this is for a busy machine. */
const reloadMs = 15_000;
const pollMs = 100;

/**
 * Makes gVisor a runtime of a Docker engine of this machine: installs the distribution's package where it is missing, adds
 * it to the engine's own configuration file and has that reloaded, without a restart. One that has it stays as it is, and
 * so does Podman, whose packages know their runtimes. Throws ENVIRONMENT when that cannot be done.
 */
export async function ensureGvisor(request: GvisorRequest): Promise<void> {
  const {name, runtimes, packages, env, say, signal} = request;
  if (name === 'podman' || (await runtimes(signal)).includes(gvisorName)) return;
  if ((await findProgram(gvisorName, env)) === undefined) await packages?.install([gvisorName]);
  const path = await findProgram(gvisorName, env);
  if (path === undefined) throw unprepared(request, 'it is not installed, and nothing may be installed by this command');
  const daemon = await findDaemon(request.address);
  if (daemon === undefined) throw unprepared(request, 'its process was not found on this machine');
  await addRuntime(daemon.configFile, path);
  say(`gVisor is now the runtime ${gvisorName} of the engine at ${request.address}, for tests (${daemon.configFile})`);
  process.kill(daemon.pid, 'SIGHUP');
  const deadline = Date.now() + reloadMs;
  while (!(await runtimes(signal)).includes(gvisorName)) {
    if (Date.now() > deadline) throw unprepared(request, `it did not take ${daemon.configFile} on`);
    await sleep(pollMs, undefined, {signal});
  }
}

function unprepared({address}: GvisorRequest, why: string): AppError {
  return new AppError('ENVIRONMENT', `The engine at ${address} could not be given gVisor, which the test suites need: ${why}.`, {
    hint: `As root: bulkhead setup --yes --for-tests. By hand: install ${gvisorName}, add it under \`runtimes\` in the engine's daemon.json, and reload the engine.`,
  });
}

/** A dockerd of this machine, and the file that it reads its configuration from. */
interface Daemon {
  readonly pid: number;
  readonly configFile: string;
}

/** The daemon that listens at an address, by the command lines of all that run (dockerd(8)). */
async function findDaemon(address: string): Promise<Daemon | undefined> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    if ((await readProcess(pid))?.name !== 'dockerd') continue;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const daemon = {pid, configFile: valueOf(words, ['--config-file'])[0] ?? '/etc/docker/daemon.json'};
    if (listensAt(words, address)) return daemon;
  }
  return undefined;
}

/** Whether a daemon of that command line listens at an address. Without one, and with systemd's own socket, it is the machine's. */
export function listensAt(words: readonly string[], address: string): boolean {
  const hosts = valueOf(words, ['--host', '-H']);
  const isSystem = [systemSocket, 'unix:///run/docker.sock'].includes(address);
  return hosts.includes(address) || (isSystem && (hosts.length === 0 || hosts.some((host) => host.startsWith('fd://') || host === systemSocket)));
}

/** Values of a flag, as `--flag value` and `--flag=value`. */
function valueOf(words: readonly string[], names: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const [flag = '', ...rest] = word.split('=');
    if (!names.includes(flag)) return [];
    const value = rest.length > 0 ? rest.join('=') : words[index + 1];
    return value === undefined ? [] : [value];
  });
}

const DaemonConfig = z.looseObject({runtimes: z.record(z.string(), z.unknown()).optional()});

/** The configuration of an engine with gVisor among its runtimes; everything else stays. Undefined: the text is none. */
export function withGvisor(text: string, path: string): string | undefined {
  let config: z.infer<typeof DaemonConfig>;
  try {
    config = DaemonConfig.parse(JSON.parse(text.trim() === '' ? '{}' : text));
  } catch {
    return undefined;
  }
  return `${JSON.stringify({...config, runtimes: {...config.runtimes, [gvisorName]: {path, runtimeArgs}}}, null, 2)}\n`;
}

/** Beside it first, then renamed: an engine that starts meanwhile finds the old file or the new one. */
async function addRuntime(file: string, path: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '{}';
    throw error;
  });
  const next = withGvisor(text, path);
  if (next === undefined) throw new AppError('ENVIRONMENT', `The configuration of the engine cannot be read: ${file}`, {hint: 'Correct it; it must be a JSON object.'});
  const mode = await stat(file).then(
    (found) => found.mode & 0o777,
    () => 0o644,
  );
  const draft = join(file, '..', `.daemon.json.${process.pid}`);
  await writeFile(draft, next, {mode});
  await rename(draft, file);
}
