import {readGit} from '../door/command.js';
import {cleanMessage, identity, rawDate} from './commit.js';
import {assertId, type GitStore} from './refs.js';

/** A tree that is to become a commit. */
export interface CommitTreeRequest {
  readonly tree: string;
  /** The first one leads. */
  readonly parents: readonly string[];
  readonly message: string;
  /** Author and committer date; its milliseconds are dropped, its zone is UTC. */
  readonly date: Date;
}

/** Makes a commit of a tree that is there already and gives its id; the same request gives the same id. Moves no ref. */
export async function commitTree(store: GitStore, request: CommitTreeRequest, signal: AbortSignal): Promise<string> {
  for (const id of [request.tree, ...request.parents]) assertId(id);
  const date = rawDate(request.date);
  const {name, email} = identity;
  return readGit({
    gitDir: store.directory,
    args: ['commit-tree', request.tree, ...request.parents.flatMap((parent) => ['-p', parent]), '-F', '-'],
    stdin: cleanMessage(request.message),
    env: {GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email, GIT_COMMITTER_DATE: date},
    signal,
  });
}
