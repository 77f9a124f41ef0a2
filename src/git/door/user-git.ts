import {realpath} from 'node:fs/promises';
import {delimiter, isAbsolute, relative, resolve, sep} from 'node:path';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {decodeStrictly} from './decode.js';
import {callGit, findGit, type GitResult} from './process.js';

/** A key of git's configuration, as git normalises it, and its value. */
export type Setting = readonly [string, string];

/** A call of the user's git in the user's repository. */
export interface UserGitRequest {
  /** Folder to start from, as `git -C`. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly okExits?: readonly number[] | undefined;
  readonly maxBytes?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly stdin?: string | Uint8Array | undefined;
  /** The configuration, where {@link readUserConfig} has read it just before: it is not read once more. */
  readonly known?: readonly Setting[] | undefined;
  /** Files of ours that a call reads and writes instead of those of the user's repository. */
  readonly apart?: Apart | undefined;
}

/** Where a call has its index, and its objects; without a folder for objects it may only read. */
export interface Apart {
  readonly indexFile: string;
  /** Sees through its `info/alternates` what else the call needs: the user's own objects are not looked at then. */
  readonly objectDirectory?: string | undefined;
}

const defaultMaxBytes = 64 * 1024 * 1024;
/** A status of a very large checkout on a cold disk takes minutes. */
const defaultTimeoutMs = 600_000;

/** Variables of the user that say which configuration is theirs; every other `GIT_*` would redirect the call. */
const keptGitVariables = ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'];

/** What no call may do, whoever configured it. */
const always: readonly Setting[] = [
  ['safe.bareRepository', 'explicit'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // A hook or monitor may be a file of the tree (`core.hooksPath = .githooks`), and what an agent delivered is in the tree.
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.alternateRefsCommand', '/bin/false'],
  ['core.sshCommand', '/bin/false'],
  ['credential.helper', ''],
  ['submodule.recurse', 'false'],
];

/** Of these, what a call needs that goes to a remote as the user's own git does. */
const waysOut = ['core.sshCommand', 'credential.helper'];
/** Variables of the user that say the same (git, "Environment Variables"; git-credential). */
const wayVariables = ['GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_SSH_VARIANT', 'GIT_ASKPASS', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'GIT_PROXY_SSL_CAINFO', 'GIT_HTTP_PROXY_AUTHMETHOD'];

/** What a reading call must not do besides: write, or ask others. */
const readingOnly: readonly Setting[] = [
  ['core.untrackedCache', 'false'],
  ['protocol.allow', 'never'],
  ['status.submoduleSummary', 'false'],
];

/** What counts besides for a call that writes into files of ours: they are thrown away, and what is there must be taken as it is. */
const writingApart: readonly Setting[] = [
  // A split index would have a part of it in the user's repository.
  ['core.splitIndex', 'false'],
  ['core.fsync', 'none'],
  ['index.skipHash', 'true'],
  ['core.looseCompression', '0'],
  // Refuses files whose line ends git would change; `git add` would refuse them, too, but they are what is there.
  ['core.safecrlf', 'false'],
];

const quiet = {GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_NO_REPLACE_OBJECTS: '1', GIT_ALLOW_PROTOCOL: '', GIT_LITERAL_PATHSPECS: '1'};

/**
 * Door two, reading: the user's configuration counts (ignored files, trusted folders), but nothing that it names is run:
 * no filter, hook, monitor, alias, pager or transport; and nothing is written, not even the index, but to {@link Apart}.
 * Throws GIT_FAILED; REPOSITORY_UNSUPPORTED for a configuration with a key that is not UTF-8.
 */
export async function readUserGit(request: UserGitRequest): Promise<GitResult> {
  const keys = (request.known ?? (await listConfig(request))).map(([key]) => key);
  const config = [...readingOnly, ...(request.apart === undefined ? [] : writingApart), ...withoutFilters(keys), ...withoutHooks(keys)];
  return callUserGit(request, {args: request.args, config, env: {...quiet, ...placesOf(request.apart)}, okExits: request.okExits ?? [0]});
}

function placesOf(apart: Apart | undefined): Readonly<Record<string, string>> {
  if (apart === undefined) return {};
  const {indexFile, objectDirectory} = apart;
  return {GIT_INDEX_FILE: indexFile, ...(objectDirectory === undefined ? {} : {GIT_OBJECT_DIRECTORY: objectDirectory})};
}

/** The configuration that is in effect in the user's repository, as keys (normalised by git) and values, in order. Throws as {@link readUserGit}. */
export async function readUserConfig(request: Omit<UserGitRequest, 'args'>): Promise<readonly Setting[]> {
  return listConfig(request);
}

/**
 * Door two, writing: the user's own git with the user's own configuration and filters, for what the user asked to be
 * delivered. No hook, no file system monitor and no clean-up is started, and no transport but a local folder. A filter is
 * run when a file is written: who lets git write the checkout looks at the filters first (`filters.ts`).
 * Throws GIT_FAILED; REPOSITORY_UNSUPPORTED for a configuration with a key that is not UTF-8.
 */
export async function writeUserGit(request: UserGitRequest & {readonly config?: readonly Setting[] | undefined}): Promise<GitResult> {
  const keys = (await listConfig(request)).map(([key]) => key);
  const config = [...(request.config ?? []), ...withoutHooks(keys)];
  return callUserGit(request, {args: request.args, config, env: {GIT_ALLOW_PROTOCOL: 'file', ...placesOf(request.apart)}, okExits: request.okExits ?? [0]});
}

/**
 * Door two, sending: the user's own git with the user's own way to a remote (transport, credentials), for a branch that the
 * user asked to be sent there. No hook is started, so no `pre-push` either. Throws as {@link writeUserGit}.
 */
export async function sendUserGit(request: UserGitRequest): Promise<GitResult> {
  const keys = (await listConfig(request)).map(([key]) => key);
  const ways: Record<string, string> = {};
  for (const name of wayVariables) if (process.env[name] !== undefined) ways[name] = process.env[name];
  return callUserGit(request, {args: request.args, config: withoutHooks(keys), env: ways, okExits: request.okExits ?? [0], mayAsk: true});
}

/**
 * Door two, signing: the user's own git in *our* repository, with the user's own keys and signing programs, and with
 * the given settings of the user's repository. Throws as {@link writeUserGit}.
 */
export async function signUserGit(request: UserGitRequest & {readonly gitDir: string; readonly config: readonly Setting[]; readonly env: Readonly<Record<string, string>>}): Promise<GitResult> {
  return callUserGit(request, {args: request.args, config: request.config, env: {...request.env, GIT_DIR: request.gitDir, GIT_ALLOW_PROTOCOL: ''}, okExits: [0]});
}

/** Settings that take the program away from every filter that is named in a configuration. */
export function withoutFilters(keys: readonly string[]): readonly Setting[] {
  return namesIn('filter', keys).flatMap((name): readonly Setting[] => [
    [`filter.${name}.clean`, ''],
    [`filter.${name}.smudge`, ''],
    [`filter.${name}.process`, ''],
    [`filter.${name}.required`, 'false'],
  ]);
}

/** Settings that switch off every hook that is named in a configuration (git-hook, `hook.<name>.enabled`). */
export function withoutHooks(keys: readonly string[]): readonly Setting[] {
  return namesIn('hook', keys).map((name): Setting => [`hook.${name}.enabled`, 'false']);
}

function namesIn(section: 'filter' | 'hook', keys: readonly string[]): readonly string[] {
  const names = keys.map((key) => new RegExp(`^${section}\\.(.*)\\.[a-z0-9-]+$`, 's').exec(key)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

async function listConfig(request: Omit<UserGitRequest, 'args' | 'okExits'>): Promise<readonly Setting[]> {
  const call = {...request, args: ['config', '--list', '-z'], stdin: undefined};
  return configEntries((await callUserGit(call, {args: call.args, config: readingOnly, env: quiet, okExits: [0]})).stdout);
}

interface Prepared {
  readonly args: readonly string[];
  readonly config: readonly Setting[];
  readonly env: Readonly<Record<string, string>>;
  readonly okExits: readonly number[];
  /** Whether it may ask others as the user configured it: a remote, a helper for credentials. */
  readonly mayAsk?: boolean;
}

async function callUserGit(request: UserGitRequest, {args, config, env, okExits, mayAsk = false}: Prepared): Promise<GitResult> {
  if (request.dir.includes('\0')) throw new AppError('USAGE', 'A folder name has a NUL character.');
  return callGit(await findGit(), {
    argv: ['--no-pager', '-C', request.dir, ...args],
    subcommand: args[0] ?? '',
    env: {...(await userEnvironment(request.dir)), ...configVariables([...(mayAsk ? always.filter(([key]) => !waysOut.includes(key)) : always), ...config]), ...env},
    diskOf: request.dir,
    cwd: '/',
    signal: request.signal,
    timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
    maxBytes: request.maxBytes ?? defaultMaxBytes,
    stdin: request.stdin,
    okExits,
  });
}

/** The user's environment for a program that works for a tree, without what would redirect git, and without keys of models. */
export async function userEnvironment(dir: string): Promise<Readonly<Record<string, string>>> {
  // A filter of the user's needs no key of a model.
  const kept = Object.entries(process.env).filter(([name]) => !/^(GIT|ANTHROPIC)_/.test(name) || keptGitVariables.includes(name));
  const plain = Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
  return {...plain, PATH: await pathOutside(dir, process.env['PATH'] ?? ''), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_EDITOR: '/bin/false'};
}

/** The user's PATH without the folders of a tree: a program of the tree may be an agent's. */
async function pathOutside(dir: string, path: string): Promise<string> {
  const absolute = path.split(delimiter).filter((folder) => isAbsolute(folder));
  const real = await Promise.all(absolute.map((folder) => realpath(folder).catch(() => folder)));
  return absolute.filter((folder, index) => !isInside(dir, folder) && !isInside(dir, real[index] ?? folder)).join(delimiter);
}

/** Whether a path is a folder or something in it; both absolute. Links are not followed. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** Settings as variables, not as `-c`: the name of a filter may hold a `=` (git-config, GIT_CONFIG_COUNT). */
function configVariables(config: readonly Setting[]): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {GIT_CONFIG_COUNT: String(config.length)};
  for (const [index, [key, value]] of config.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return variables;
}

function configEntries(stdout: Buffer): readonly Setting[] {
  const settings: Setting[] = [];
  for (let start = 0; start < stdout.length; ) {
    const end = stdout.indexOf(0, start);
    const record = stdout.subarray(start, end < 0 ? stdout.length : end);
    const split = record.indexOf(0x0a);
    // A key without a value means true (git-config, "just the name"). A value may be in another encoding: only keys are names.
    settings.push([keyOf(split < 0 ? record : record.subarray(0, split)), split < 0 ? 'true' : record.subarray(split + 1).toString('utf8')]);
    start += record.length + 1;
  }
  return settings;
}

/** A key that was decoded to another one could not be overruled: its program would run. */
function keyOf(bytes: Buffer): string {
  const key = decodeStrictly(bytes);
  if (key !== undefined) return key;
  const shown = escapeText(bytes.toString('latin1'));
  throw new AppError('REPOSITORY_UNSUPPORTED', `The git configuration has a key that is not UTF-8: \`${shown}\`.`, {
    hint: 'Rename or remove that entry: `git config --list --show-origin` shows the file that it is in.',
  });
}
