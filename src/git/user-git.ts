import {AppError} from '../core/errors.js';
import {callGit, findGit, type GitResult} from './process.js';

/** A call of the user's git in the user's repository. */
export interface UserGitRequest {
  /** Folder to start from, as `git -C`. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly okExits?: readonly number[] | undefined;
  readonly maxBytes?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

const defaultMaxBytes = 64 * 1024 * 1024;
/** A status of a very large checkout on a cold disk takes minutes. */
const defaultTimeoutMs = 600_000;

/** Variables of the user that say which configuration is theirs; every other `GIT_*` would redirect the call. */
const keptGitVariables = ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'];

/** What no call may do, whoever configured it. */
const always: readonly (readonly [string, string])[] = [
  ['safe.bareRepository', 'explicit'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
];

/** What a reading call must not do besides: run a program that a configuration names. */
const readingOnly: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.untrackedCache', 'false'],
  ['core.sshCommand', '/bin/false'],
  ['core.alternateRefsCommand', '/bin/false'],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['submodule.recurse', 'false'],
  ['status.submoduleSummary', 'false'],
];

/**
 * Door two, reading: the user's configuration counts (ignored files, trusted folders), but nothing that it names is run:
 * no filter, hook, monitor, alias, pager or transport; and nothing is written, not even the index. Throws GIT_FAILED.
 */
export async function readUserGit(request: UserGitRequest): Promise<GitResult> {
  const quiet = {GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_NO_REPLACE_OBJECTS: '1', GIT_ALLOW_PROTOCOL: '', GIT_LITERAL_PATHSPECS: '1'};
  const listed = await callUserGit(request, {args: ['config', '--list', '-z'], config: readingOnly, env: quiet, okExits: [0]});
  const config = [...readingOnly, ...neutralised(configEntries(listed.stdout).map(([key]) => key))];
  return callUserGit(request, {args: request.args, config, env: quiet, okExits: request.okExits ?? [0]});
}

/** The configuration that is in effect in the user's repository, as keys (normalised by git) and values, in order. */
export async function readUserConfig(request: Omit<UserGitRequest, 'args'>): Promise<readonly (readonly [string, string])[]> {
  const {stdout} = await readUserGit({...request, args: ['config', '--list', '-z']});
  return configEntries(stdout);
}

/**
 * Door two, writing: the user's own git with the user's own configuration and hooks, for what the user asked to be
 * delivered. No clean-up is started, and no transport but a local folder. Throws GIT_FAILED.
 */
export async function writeUserGit(request: UserGitRequest & {readonly config?: readonly (readonly [string, string])[] | undefined}): Promise<GitResult> {
  return callUserGit(request, {args: request.args, config: request.config ?? [], env: {GIT_ALLOW_PROTOCOL: 'file'}, okExits: request.okExits ?? [0]});
}

/** Settings that take the program away from every filter and configured hook that is named in a configuration. */
export function neutralised(keys: readonly string[]): readonly (readonly [string, string])[] {
  const filters = new Set<string>();
  const hooks = new Set<string>();
  for (const key of keys) {
    const named = /^(filter|hook)\.(.*)\.[a-z0-9-]+$/s.exec(key);
    if (named?.[2] !== undefined) (named[1] === 'filter' ? filters : hooks).add(named[2]);
  }
  return [
    ...[...filters].flatMap((name): readonly (readonly [string, string])[] => [
      [`filter.${name}.clean`, ''],
      [`filter.${name}.smudge`, ''],
      [`filter.${name}.process`, ''],
      [`filter.${name}.required`, 'false'],
    ]),
    ...[...hooks].map((name): readonly [string, string] => [`hook.${name}.enabled`, 'false']),
  ];
}

interface Prepared {
  readonly args: readonly string[];
  readonly config: readonly (readonly [string, string])[];
  readonly env: Readonly<Record<string, string>>;
  readonly okExits: readonly number[];
}

async function callUserGit(request: UserGitRequest, {args, config, env, okExits}: Prepared): Promise<GitResult> {
  if (request.dir.includes('\0')) throw new AppError('USAGE', 'A folder name has a NUL character.');
  return callGit(await findGit(), {
    argv: ['--no-pager', '-C', request.dir, ...args],
    subcommand: args[0] ?? '',
    env: {...userEnvironment(), ...configVariables([...always, ...config]), ...env},
    diskOf: request.dir,
    cwd: '/',
    signal: request.signal,
    timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
    maxBytes: request.maxBytes ?? defaultMaxBytes,
    okExits,
  });
}

function userEnvironment(): Readonly<Record<string, string>> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_') || keptGitVariables.includes(name));
  const plain = Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
  return {...plain, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_EDITOR: '/bin/false'};
}

/** Settings as variables, not as `-c`: the name of a filter may hold a `=` (git-config, GIT_CONFIG_COUNT). */
function configVariables(config: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {GIT_CONFIG_COUNT: String(config.length)};
  for (const [index, [key, value]] of config.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return variables;
}

function configEntries(stdout: Buffer): readonly (readonly [string, string])[] {
  return stdout
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const end = line.indexOf('\n');
      // A key without a value means true (git-config, "just the name").
      return end < 0 ? [line, 'true'] : [line.slice(0, end), line.slice(end + 1)];
    });
}
