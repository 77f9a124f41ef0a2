import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {readUserGit} from '../door/user-git.js';
import type {Checkout} from './checkout.js';

/** The tree without entries (gitglossary, "empty tree"). */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
/** Most bytes of a list of objects: about five million. */
const maxListBytes = 512 * 1024 * 1024;

/**
 * Throws REPOSITORY_UNSUPPORTED when a partial clone lacks objects of a commit itself, and says how to get them. Nothing is
 * fetched. What its past lacks does not matter: of a partial clone the one commit is frozen.
 */
export async function requireObjects({root}: Pick<Checkout, 'root'>, commit: string, signal: AbortSignal): Promise<void> {
  const {stdout} = await readUserGit({dir: root, args: ['rev-list', '--objects', '--no-walk', '--missing=print', commit], maxBytes: maxListBytes, signal});
  const missing = stdout.toString('latin1').split('\n').filter((line) => line.startsWith('?')).length;
  if (missing === 0) return;
  throw new AppError('REPOSITORY_UNSUPPORTED', `${escapeText(root)} is a partial clone and lacks ${missing} objects of the commit ${commit.slice(0, 12)}.`, {
    hint: `Get them first: \`git -C ${quoted(root)} diff --shortstat ${emptyTree} ${commit}\``,
    details: {missing},
  });
}

/** For a shell that a person types it into. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${escapeText(path).replaceAll("'", "'\\''")}'`;
}
