import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {systemCode} from '../../core/errors.js';
import {readGit} from '../door/command.js';
import {onDisk} from '../door/disk.js';
import {assertId, type GitStore} from './refs.js';

/**
 * The commits at which the history of a commit is cut: they have parents that are not here. None, unless it was frozen
 * from a shallow or partial clone. Throws DISK_FULL, ENVIRONMENT, GIT_FAILED.
 */
export async function readCuts(store: GitStore, commit: string, signal: AbortSignal): Promise<readonly string[]> {
  assertId(commit);
  const known = await readShallow(store);
  if (known.size === 0) return [];
  const roots = await readGit({gitDir: store.directory, args: ['rev-list', '--max-parents=0', commit], signal});
  return roots.split('\n').filter((id) => known.has(id));
}

/** One id a line (gitformat, `shallow`). */
async function readShallow(store: GitStore): Promise<ReadonlySet<string>> {
  const text = await onDisk(store.directory, () =>
    readFile(join(store.directory, 'shallow'), 'latin1').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return '';
      throw error;
    }),
  );
  return new Set(text.split('\n').filter((line) => line !== ''));
}
