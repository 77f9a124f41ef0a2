import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {findForge, runForge, type Forge, type ForgeCall} from '../door/forge.js';
import {printedBy} from '../door/printed.js';
import {isGitFailure} from '../door/process.js';
import {readUserConfig, readUserGit, sendUserGit, type Setting} from '../door/user-git.js';
import type {Checkout} from '../freeze/checkout.js';

/** A branch of the user's repository for which a pull request is to be opened. */
export interface PullRequestRequest {
  readonly checkout: Pick<Checkout, 'root' | 'branch'>;
  /** Short name; at the result already. */
  readonly branch: string;
  /** One line. */
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly signal: AbortSignal;
}

/** A pull request that was opened. */
export interface PullRequest {
  readonly forge: Forge;
  readonly remote: string;
  /** Undefined when the command line said none. */
  readonly url: string | undefined;
}

/** GitHub takes 65,536 characters, GitLab's description goes on a command line (131,072 bytes on Linux). */
const [maxTitle, maxBody] = [200, 60_000];

/**
 * Sends a branch to the user's remote with the user's own git, and opens a pull request for it with `gh` or `glab`, whichever
 * fits the remote: arguments, never a shell; no hook. What was sent already is not sent again. Throws PULL_REQUEST_FAILED: no remote, no
 * such program, a push or a request that is refused.
 */
export async function openPullRequest(request: PullRequestRequest): Promise<PullRequest> {
  const {checkout, branch, signal} = request;
  const config = await readUserConfig({dir: checkout.root, signal});
  const remote = remoteOf(config, checkout.branch);
  if (remote === undefined) throw failed('the repository has no remote that is named `origin`, and none that the branch goes to', branch);
  const {stdout} = await readUserGit({dir: checkout.root, args: ['remote', 'get-url', '--push', remote], okExits: [0, 2, 128], signal});
  const wanted = forgesFor(stdout.toString('utf8'));
  const found = await findForge(checkout.root, wanted);
  if (found === undefined) throw failed(`${wanted.map((forge) => `\`${forge}\``).join(' or ')} is not installed, or not in PATH`, branch, remote);
  await send(checkout.root, {branch, remote}, signal);
  const printed = await runForge(checkout.root, {...found, ...callFor(found.forge, request, targetOf(config, {branch: checkout.branch, remote})), signal});
  return {forge: found.forge, remote, url: /^https?:\/\/\S+$/m.exec(printed)?.[0]};
}

async function send(root: string, {branch, remote}: {readonly branch: string; readonly remote: string}, signal: AbortSignal): Promise<void> {
  const ref = `refs/heads/${branch}`;
  try {
    await sendUserGit({dir: root, args: ['push', '--quiet', '--no-verify', '--no-follow-tags', '--recurse-submodules=no', '--', remote, `${ref}:${ref}`], signal});
  } catch (error) {
    if (!isGitFailure(error) || !(error instanceof AppError)) throw error;
    const said = printedBy(error);
    throw failed(`\`git push ${escapeText(remote)}\` was refused${said === '' ? '' : `: ${said}`}`, branch, remote, error);
  }
}

/** Where the user's git would push the branch that is checked out, else `origin`, else the only remote. */
function remoteOf(config: readonly Setting[], branch: string | undefined): string | undefined {
  const value = (key: string) => config.findLast(([name]) => name === key)?.[1];
  const remotes = [...new Set(config.flatMap(([key]) => /^remote\.(.+)\.url$/s.exec(key)?.[1] ?? []))];
  const wanted = [...(branch === undefined ? [] : [value(`branch.${branch}.pushremote`)]), value('remote.pushdefault'), ...(branch === undefined ? [] : [value(`branch.${branch}.remote`)]), 'origin'];
  const named = wanted.find((name) => name !== undefined && remotes.includes(name)) ?? (remotes.length === 1 ? remotes[0] : undefined);
  return named?.startsWith('-') === true ? undefined : named;
}

/** The branch that the result is to go into: what the branch that is checked out follows. Undefined: the remote's own default. */
function targetOf(config: readonly Setting[], {branch, remote}: {readonly branch: string | undefined; readonly remote: string}): string | undefined {
  const value = (key: string) => config.findLast(([name]) => name === key)?.[1];
  if (branch === undefined || value(`branch.${branch}.remote`) !== remote) return undefined;
  return value(`branch.${branch}.merge`)?.replace(/^refs\/heads\//, '');
}

/** By the host in an address; both where it tells nothing, such as a host of one's own. */
function forgesFor(url: string): readonly Forge[] {
  const host = /^(?:[a-z+]+:\/\/)?(?:[^/@\s]+@)?([^/:\s]+)/i.exec(url.trim())?.[1]?.toLowerCase() ?? '';
  if (/(?:^|\.)github(?:\.|$)/.test(host)) return ['gh'];
  return /(?:^|\.)gitlab(?:\.|$)/.test(host) ? ['glab'] : ['gh', 'glab'];
}

/** Values are joined to their flags: a title that begins with `-` is no flag. */
function callFor(forge: Forge, {branch, title, body}: PullRequestRequest, target: string | undefined): Pick<ForgeCall, 'args' | 'stdin'> {
  const [short, text] = [escapeText(title).slice(0, maxTitle), body.length > maxBody ? `${body.slice(0, maxBody)}\n\n(cut)\n` : body];
  if (forge === 'gh') return {args: ['pr', 'create', `--head=${branch}`, `--title=${short}`, '--body-file=-', ...(target === undefined ? [] : [`--base=${target}`])], stdin: text};
  return {args: ['mr', 'create', `--source-branch=${branch}`, `--title=${short}`, `--description=${text}`, '--yes', ...(target === undefined ? [] : [`--target-branch=${target}`])], stdin: ''};
}

function failed(what: string, branch: string, remote?: string, cause?: unknown): AppError {
  const push = `git push ${remote === undefined ? 'REMOTE' : escapeText(remote)} ${escapeText(branch)}`;
  return new AppError('PULL_REQUEST_FAILED', `No pull request was opened: ${what}.`, {hint: `The result is on the branch ${escapeText(branch)}: \`${push}\` sends it, and the rest can be done on the forge's page.`, cause});
}
