import {access, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {Checkout} from './checkout.js';
import {runGit} from '../door/command.js';
import {onDisk} from '../door/disk.js';
import {fetchFsckSettings} from './fsck.js';
import {requireObjects} from './missing.js';
import {isGitFailure} from '../door/process.js';
import {startQuarantine} from '../bare/quarantine.js';
import {assertId, assertRef, readRef, setRef, type GitStore} from '../bare/refs.js';
import {startStaging} from '../bare/staging.js';

/** A commit of the user's repository, and the ref of ours that is to hold it. */
export interface FreezeRequest {
  readonly checkout: Pick<Checkout, 'commonDir'> & Partial<Pick<Checkout, 'root' | 'history'>>;
  /** Full id; need not be the tip of a branch. */
  readonly commit: string;
  /** Host-invented name, `refs/bulkhead/<run>/…`. */
  readonly ref: string;
  readonly signal: AbortSignal;
}

/** A first fetch of a very large history takes minutes. */
const fetchTimeoutMs = 1_800_000;

/**
 * Copies one commit and what it reaches into our repository: no tag, no other ref, nothing written on the other side. Where
 * the history is cut in a shallow clone it is cut here, and of a partial clone, which lacks objects of the past, the one
 * commit comes alone; a ref that holds the commit already is left as it is.
 * Objects are checked by git's fsck but for what `fsck.ts` tolerates; a history that fails the check is
 * REPOSITORY_UNSUPPORTED, as is a partial clone that lacks a part of the commit itself; anything else that goes wrong GIT_FAILED or DISK_FULL.
 */
export async function freeze(store: GitStore, request: FreezeRequest): Promise<void> {
  assertId(request.commit);
  assertRef(request.ref);
  if ((await readRef(store, request.ref, request.signal)) === request.commit) return;
  if (!(await isWhole(store, request.commit, request.signal))) await fetchWhole(store, request);
  await setRef(store, request.ref, request.commit, request.signal);
}

/**
 * As {@link freeze}, for a commit that {@link isWhole} does not find, and without the ref, which only says whose work this
 * is: whoever calls this lets a ref point there at once.
 */
export async function fetchWhole(store: GitStore, request: FreezeRequest): Promise<void> {
  const {root, history} = request.checkout;
  if (history === 'partial' && root !== undefined) await requireObjects({root}, request.commit, request.signal);
  const depth = await depthOf(request.checkout);
  await using staging = await startStaging(store, request.ref, request.signal);
  // The user's own git has opened this repository just now; upload-pack must not refuse it for its owner a second time.
  const trust = join(staging.folder, 'trust');
  await onDisk(staging.folder, () => writeFile(trust, '[safe]\n\tdirectory = *\n', {mode: 0o600}));
  try {
    const quarantine = await startQuarantine(store, staging);
    await fetchCommit(store, request, {trust, depth, checked: true, env: quarantine.env});
    await quarantine.accept();
  } catch (error) {
    if (!isGitFailure(error) || !(await isOnlyTheCheck(staging.store, request, {trust, depth}))) throw error;
    throw new AppError('REPOSITORY_UNSUPPORTED', `The history of ${request.commit} has objects that git's own check refuses.`, {
      hint: `\`git -C ${escapeText(request.checkout.commonDir)} fsck --strict\` lists them.`,
      details: error instanceof AppError ? error.details : {},
      cause: error,
    });
  }
}

/** Whether a commit is here with all that it reaches: as git sees it after a fetch, by what its refs do not reach already. */
export async function isWhole(store: GitStore, commit: string, signal: AbortSignal): Promise<boolean> {
  const args = ['rev-list', '--objects', '--quiet', commit, '--not', '--all'];
  return (await runGit({gitDir: store.directory, args, okExits: [0, 128], limits: 'none', signal})).exitCode === 0;
}

/** How much of a history is fetched, as options; without them git takes a cut history for a mistake, and says so with exit code 0. */
async function depthOf({commonDir, history}: FreezeRequest['checkout']): Promise<readonly string[]> {
  if (history === 'partial') return ['--update-shallow', '--depth=1'];
  // The file is what git goes by (gitrepository-layout).
  const isCut = await access(join(commonDir, 'shallow')).then(() => true, () => false);
  return isCut ? ['--update-shallow'] : [];
}

interface Fetching {
  readonly trust: string;
  readonly depth: readonly string[];
  readonly checked: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

async function fetchCommit(store: GitStore, request: FreezeRequest, {trust, depth, checked, env}: Fetching): Promise<void> {
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-show-forced-updates', '--no-recurse-submodules'];
  await runGit({
    gitDir: store.directory,
    config: checked ? fetchFsckSettings : ['transfer.fsckObjects=false'],
    args: ['fetch', ...quiet, ...depth, request.checkout.commonDir, request.commit],
    // The only call that may use a transport, and only the one for local folders.
    env: {...env, GIT_ALLOW_PROTOCOL: 'file', GIT_CONFIG_GLOBAL: trust},
    timeoutMs: fetchTimeoutMs,
    // It takes what the user's history takes.
    limits: 'none',
    signal: request.signal,
  });
}

async function isOnlyTheCheck(staging: GitStore, request: FreezeRequest, how: Pick<Fetching, 'trust' | 'depth'>): Promise<boolean> {
  try {
    await fetchCommit(staging, request, {...how, checked: false});
    return true;
  } catch (error) {
    if (isGitFailure(error)) return false;
    throw error;
  }
}
