import {writeUserGit} from '../door/user-git.js';

/** Nobody's name and no signature: the commit is of a folder that Bulkhead itself filled. */
const identity: readonly (readonly [string, string])[] = [
  ['user.name', 'Bulkhead'],
  ['user.email', 'bulkhead@localhost'],
  ['commit.gpgSign', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['init.defaultBranch', 'main'],
];

/** Makes a folder a git repository with one commit of everything in it, with the user's git. Throws GIT_FAILED. */
export async function commitFolder(dir: string, message: string, signal: AbortSignal): Promise<void> {
  for (const args of [['init', '-q'], ['add', '-A'], ['commit', '-q', '-m', message]]) await writeUserGit({dir, args, config: identity, signal});
}
