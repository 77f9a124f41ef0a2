import {AppError} from '../../core/errors.js';
import {repoPathProblem} from '../../core/path.js';
import {writeCommit, type Edit} from './commit.js';
import {setRef, type GitStore} from './refs.js';
import {startStaging} from './staging.js';
import {openTreeReader} from './tree-reader.js';

/** Files of the host's own making that are to be committed: a ticked task list, a report. */
export interface CommitFilesRequest {
  readonly parent: string;
  /** May be empty: then the commit has its parent's tree. A file that was executable stays so. */
  readonly files: readonly {readonly path: string; readonly bytes: Uint8Array}[];
  readonly ref: string;
  readonly message: string;
  readonly date: Date;
  readonly signal: AbortSignal;
}

/** Makes a commit of files on top of another one and gives its id; the same request gives the same id. */
export async function commitFiles(store: GitStore, request: CommitFilesRequest): Promise<string> {
  const {parent, signal} = request;
  const reader = await openTreeReader(store, parent, signal);
  const modes = new Map((await reader.list(signal)).map((file) => [file.path, file.mode]));
  const edits = request.files.map(({path, bytes}): Edit => {
    const problem = repoPathProblem(path);
    if (problem !== undefined) throw new AppError('INTERNAL', `A file of ours cannot be committed: its path ${problem}.`);
    return {kind: 'put', path, mode: modes.get(path) === 'executable' ? '100755' : '100644', read: () => Promise.resolve(bytes)};
  });
  await using staging = await startStaging(store, request.ref, signal);
  const made = await writeCommit(store, staging, {parent, edits, message: request.message, date: request.date}, signal);
  if (made === undefined) throw new AppError('INTERNAL', 'git refuses a commit of files of our own.');
  await setRef(store, request.ref, made.commit, signal);
  return made.commit;
}
