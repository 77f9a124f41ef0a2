import {isAbsolute} from 'node:path';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {readGit} from '../door/command.js';
import {printedBy} from '../door/printed.js';
import {isGitFailure} from '../door/process.js';
import {isInside, readUserConfig, readUserGit, signUserGit, type Setting} from '../door/user-git.js';
import {identity, rawDate} from '../bare/commit.js';
import {assertId, setRef} from '../bare/refs.js';

/** A commit of ours that is to be signed as the user's own commits are. */
export interface SignRequest {
  /** Top folder of the checkout, whose configuration counts. */
  readonly root: string;
  readonly repositoryDir: string;
  /** Has one parent, and nothing that builds on it yet. */
  readonly commit: string;
  /** Points at the signed commit afterwards. */
  readonly ref: string;
  /** Committer date. */
  readonly date: Date;
  readonly signal: AbortSignal;
}

/** The same commit again, signed or not. */
export interface SignedCommit {
  readonly commit: string;
  /** Why it is not signed although the user's git signs; one sentence, escaped. */
  readonly why?: string;
}

/** A passphrase may have to be typed; nobody may be there. */
const timeoutMs = 60_000;
/** What says how the user signs and who they are (git-config, gpg.*, user.*). */
const told = /^(?:user\.(?:signingkey|name|email)|committer\.(?:name|email)|gpg\..*)$/s;
/** Of these, the ones whose value is run. */
const programs = /^gpg\.(?:(?:.*\.)?program|ssh\.defaultkeycommand)$/s;

/**
 * Signs a commit when `commit.gpgSign` of the user is on, with the user's own format, key and program, and the user as
 * its committer: a signature is theirs. Otherwise, and when it cannot be signed, the commit stays as it is. A program that
 * could be a file of the checkout, where agents' work goes, is not run.
 */
export async function signCommit(request: SignRequest): Promise<SignedCommit> {
  const {root, commit, signal} = request;
  assertId(commit);
  const wanted = await readUserGit({dir: root, args: ['config', '--type=bool', '--get', 'commit.gpgSign'], okExits: [0, 1, 128], signal});
  if (wanted.stdout.toString('latin1').trim() !== 'true') return {commit};
  const config = (await readUserConfig({dir: root, signal})).filter(([key]) => told.test(key));
  const unsafe = config.find(([key, value]) => programs.test(key) && isFromTree(root, value));
  if (unsafe !== undefined) return {commit, why: `It is not signed: the program of \`${escapeText(unsafe[0])}\` is in the checkout, where agents' work goes.`};
  try {
    return {commit: await makeSigned(request, config)};
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'GIT_FAILED') throw error;
    const said = printedBy(error);
    return {commit, why: `It is not signed, although commit.gpgSign is on: ${isGitFailure(error) && said !== '' ? said : error.message}`};
  }
}

async function makeSigned({root, repositoryDir, commit, ref, date, signal}: SignRequest, config: readonly Setting[]): Promise<string> {
  const store = {directory: repositoryDir};
  const read = (args: readonly string[]) => readGit({gitDir: repositoryDir, args, signal});
  const [tree, parent] = [await read(['rev-parse', '--verify', `${commit}^{tree}`]), await read(['rev-parse', '--verify', `${commit}^1`])];
  const message = await read(['log', '-1', '--format=%B', '--no-show-signature', commit]);
  const value = (key: string) => config.findLast(([name]) => name === key)?.[1];
  const when = rawDate(date);
  const who = {
    GIT_AUTHOR_NAME: identity.name,
    GIT_AUTHOR_EMAIL: identity.email,
    GIT_AUTHOR_DATE: when,
    GIT_COMMITTER_NAME: value('committer.name') ?? value('user.name') ?? identity.name,
    GIT_COMMITTER_EMAIL: value('committer.email') ?? value('user.email') ?? identity.email,
    GIT_COMMITTER_DATE: when,
  };
  const args = ['commit-tree', '-S', tree, '-p', parent, '-F', '-'];
  const {stdout} = await signUserGit({dir: root, gitDir: repositoryDir, args, stdin: `${message.trimEnd()}\n`, config: [...config, ['core.fsync', 'all']], env: who, timeoutMs, signal});
  const signed = stdout.toString('latin1').trim();
  assertId(signed);
  await setRef(store, ref, signed, signal);
  return signed;
}

/** A relative path is looked for in the folder that git works in; a plain name in the PATH, which has no folder of the checkout. */
function isFromTree(root: string, command: string): boolean {
  const words = command.split(/[\s'"=;|&<>()]+/).filter((word) => word !== '');
  return words.some((word) => (isAbsolute(word) ? isInside(root, word) : /^\.{0,2}\/|^[^~$][^:]*\//.test(word)));
}
