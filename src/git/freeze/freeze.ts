import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {Checkout} from './checkout.js';
import {runGit} from '../door/command.js';
import {onDisk} from '../door/disk.js';
import {fetchFsckSettings} from './fsck.js';
import {isGitFailure} from '../door/process.js';
import {startQuarantine} from '../bare/quarantine.js';
import {assertId, assertRef, setRef, type GitStore} from '../bare/refs.js';
import {startStaging} from '../bare/staging.js';

/** A commit of the user's repository, and the ref of ours that is to hold it. */
export interface FreezeRequest {
  readonly checkout: Pick<Checkout, 'commonDir'>;
  /** Full id; need not be the tip of a branch. */
  readonly commit: string;
  /** Host-invented name, `refs/bulkhead/<run>/…`. */
  readonly ref: string;
  readonly signal: AbortSignal;
}

/** A first fetch of a very large history takes minutes. */
const fetchTimeoutMs = 1_800_000;

/**
 * Copies one commit and what it reaches into our repository: no tag, no other ref, nothing written on the other side.
 * Objects are checked by git's fsck but for what `fsck.ts` tolerates; a history that fails the check is
 * REPOSITORY_UNSUPPORTED, anything else that goes wrong GIT_FAILED or DISK_FULL.
 */
export async function freeze(store: GitStore, request: FreezeRequest): Promise<void> {
  assertId(request.commit);
  assertRef(request.ref);
  await using staging = await startStaging(store, request.ref, request.signal);
  // The user's own git has opened this repository just now; upload-pack must not refuse it for its owner a second time.
  const trust = join(staging.folder, 'trust');
  await onDisk(staging.folder, () => writeFile(trust, '[safe]\n\tdirectory = *\n', {mode: 0o600}));
  try {
    const quarantine = await startQuarantine(store, staging);
    await fetchCommit(store, request, {trust, checked: true, env: quarantine.env});
    await quarantine.accept();
    await setRef(store, request.ref, request.commit, request.signal);
  } catch (error) {
    if (!isGitFailure(error) || !(await isOnlyTheCheck(staging.store, request, trust))) throw error;
    throw new AppError('REPOSITORY_UNSUPPORTED', `The history of ${request.commit} has objects that git's own check refuses.`, {
      hint: `\`git -C ${escapeText(request.checkout.commonDir)} fsck --strict\` lists them.`,
      details: error instanceof AppError ? error.details : {},
      cause: error,
    });
  }
}

async function fetchCommit(store: GitStore, request: FreezeRequest, {trust, checked, env}: {readonly trust: string; readonly checked: boolean; readonly env?: Readonly<Record<string, string>>}): Promise<void> {
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-show-forced-updates', '--no-recurse-submodules'];
  await runGit({
    gitDir: store.directory,
    config: checked ? fetchFsckSettings : ['transfer.fsckObjects=false'],
    args: ['fetch', ...quiet, request.checkout.commonDir, request.commit],
    // The only call that may use a transport, and only the one for local folders.
    env: {...env, GIT_ALLOW_PROTOCOL: 'file', GIT_CONFIG_GLOBAL: trust},
    timeoutMs: fetchTimeoutMs,
    signal: request.signal,
  });
}

async function isOnlyTheCheck(staging: GitStore, request: FreezeRequest, trust: string): Promise<boolean> {
  try {
    await fetchCommit(staging, request, {trust, checked: false});
    return true;
  } catch (error) {
    if (isGitFailure(error)) return false;
    throw error;
  }
}
