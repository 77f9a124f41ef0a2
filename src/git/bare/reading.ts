import type {HistoryReader} from '../../core/history.js';
import type {TreeReader} from '../../core/tree.js';
import {openHistoryReader} from './history-reader.js';
import {startObjectPool} from './objects.js';
import type {GitStore} from './refs.js';
import {openTreeReader} from './tree-reader.js';

/** Many small reads of one repository: a git that has answered answers the next one too, until it is disposed. */
export interface Reading extends AsyncDisposable {
  /** A commit's files; the id is full and known. */
  reader(commit: string, signal: AbortSignal): Promise<TreeReader>;
  /** The past of the commits in it. */
  history(): HistoryReader;
}

/** Opens a reading; its readers are not used after it was disposed. */
export function openReading({directory}: GitStore): Reading {
  const objects = startObjectPool();
  const store = {directory, objects};
  return {
    reader: (commit, signal) => openTreeReader(store, commit, signal),
    history: () => openHistoryReader(store),
    [Symbol.asyncDispose]: () => objects[Symbol.asyncDispose](),
  };
}
