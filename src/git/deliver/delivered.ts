import {realpath} from 'node:fs/promises';
import {repositoryId} from '../freeze/checkout.js';
import {assertId} from '../bare/refs.js';
import {readUserGit} from '../door/user-git.js';

/** Commits of ours, and the repository of the user's that may have them. */
export interface DeliveredRequest {
  /** Folder of the checkout, as it was when the run began. */
  readonly root: string;
  /** The id that the repository must still have: another one may be there by now. */
  readonly repositoryId: string;
  readonly commits: readonly string[];
}

/**
 * Whether a ref of the user's repository reaches one of some commits, so that nothing is lost without us. False on any
 * doubt: the repository is gone, is another one, cannot be read, or does not have the commit.
 */
export async function isDelivered({root, repositoryId: wanted, commits}: DeliveredRequest, signal: AbortSignal): Promise<boolean> {
  try {
    const said = await readUserGit({dir: root, args: ['rev-parse', '--path-format=absolute', '--git-common-dir'], signal});
    if (repositoryId(await realpath(said.stdout.toString('utf8').replace(/\n$/, ''))) !== wanted) return false;
    for (const commit of commits) if (await isReached(root, commit, signal)) return true;
    return false;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function isReached(root: string, commit: string, signal: AbortSignal): Promise<boolean> {
  assertId(commit);
  // Asked first: `--contains` of a commit that is not there is a usage error.
  const known = await readUserGit({dir: root, args: ['cat-file', '-e', `${commit}^{tree}`], okExits: [0, 1, 128], signal});
  if (known.exitCode !== 0) return false;
  const found = await readUserGit({dir: root, args: ['for-each-ref', '--count=1', '--format=%(refname)', `--contains=${commit}`], okExits: [0, 129], signal});
  return found.exitCode === 0 && found.stdout.length > 0;
}
