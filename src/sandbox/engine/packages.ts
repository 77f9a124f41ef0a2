import {readFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {AppError} from '../../core/errors.js';
import type {Environment} from './candidates.js';
import {runTool, toolEnvironment, type ToolResult} from './tool.js';

/** A package of the distribution, as apt names it. */
export interface DistributionPackage {
  readonly name: string;
  readonly version: string;
}

/** Installs packages of the distribution; only handed out where that was allowed and can work. */
export interface PackageInstaller {
  /**
   * Says what will be installed, then installs it; returns what was new. Never removes a package, never installs what is
   * only recommended. Throws ENVIRONMENT with apt's last lines. Once dpkg works it is let finish, also on abort.
   */
  install(names: readonly string[]): Promise<readonly DistributionPackage[]>;
}

/** Keys and values of an os-release file (os-release(5)): quotes taken off, comments and broken lines left out. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const entries = text.split('\n').flatMap((line) => {
    const [, key, raw] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || raw === undefined) return [];
    const quoted = /^(["'])(.*)\1$/.exec(raw)?.[2];
    return [[key, (quoted ?? raw).replace(/\\(["'$`\\])/g, '$1')] as const];
  });
  return new Map(entries);
}

/** Whether a system is Debian, Ubuntu or derived from them, by ID and ID_LIKE. */
export function isDebianLike(release: ReadonlyMap<string, string>): boolean {
  const ids = [release.get('ID') ?? '', ...(release.get('ID_LIKE') ?? '').split(/\s+/)];
  return ids.some((id) => id === 'debian' || id === 'ubuntu');
}

/** The os-release of this machine; empty when it has none. */
export async function readOsRelease(): Promise<ReadonlyMap<string, string>> {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseOsRelease(text);
  }
  return new Map();
}

/** Another apt may hold the lock of the lists, which apt does not wait for by itself: three tries, five seconds apart. */
const updateTries = 3;
const updatePauseMs = 5000;
/** Seconds that apt waits for another apt or dpkg. */
const lockTimeout = ['-o', 'DPkg::Lock::Timeout=120'] as const;

/** An installer by apt, or undefined where `allowed` is not given, this is not root, or this is not Debian or Ubuntu. */
export async function startInstaller(request: {
  readonly allowed: boolean;
  readonly env: Environment;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<PackageInstaller | undefined> {
  if (!request.allowed || process.getuid?.() !== 0 || !isDebianLike(await readOsRelease())) return undefined;
  const {say, signal} = request;
  const env = toolEnvironment(request.env, {DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1'});
  const apt = (args: readonly string[], uninterruptible = false): Promise<ToolResult> =>
    runTool({argv: ['apt-get', ...lockTimeout, ...args], env, uninterruptible, signal});
  let listsAreFresh = false;
  return {
    async install(names) {
      say(`installing from the distribution: ${names.join(', ')}, and what they depend on`);
      if (!listsAreFresh) await updateLists(apt, say, signal);
      listsAreFresh = true;
      const wanted = ['install', '-y', '--no-install-recommends', '--no-remove', ...names];
      const planned = parsePlan(must(await apt([...wanted, '--simulate']), names).stdout);
      if (planned.length === 0) return planned;
      say(`these packages will be installed: ${planned.map(({name, version}) => `${name} ${version}`).join(', ')}`);
      must(await apt([...wanted, '--download-only']), names);
      must(await apt(wanted, true), names);
      return planned;
    },
  };
}

async function updateLists(apt: (args: readonly string[]) => Promise<ToolResult>, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  say('apt-get update');
  for (let round = 1; round <= updateTries; round += 1) {
    const updated = await apt(['update']);
    if (updated.ok) return;
    if (round < updateTries) await sleep(updatePauseMs, undefined, {signal});
    // One broken foreign source fails the update as a whole; what is needed may well be in the lists all the same.
    else say(`apt-get update failed, going on with the lists as they are: ${updated.lines.at(-1) ?? ''}`);
  }
}

/** The packages that `apt-get --simulate` would install: its lines `Inst NAME (VERSION …)` or `Inst NAME [OLD] (VERSION …)`. */
export function parsePlan(output: string): readonly DistributionPackage[] {
  return [...output.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+)/gm)].flatMap(([, name, version]) =>
    name === undefined || version === undefined ? [] : [{name, version}],
  );
}

function must(result: ToolResult, names: readonly string[]): ToolResult {
  if (result.ok) return result;
  throw new AppError('ENVIRONMENT', `apt-get could not install ${names.join(', ')}. Its last lines:\n${result.lines.join('\n')}`, {
    hint: `See what is wrong with: apt-get install ${names.join(' ')}`,
    details: {exitCode: result.exitCode, lines: result.lines},
  });
}
