import {AppError} from '../../../core/errors.js';
import {escapeText} from '../../../core/escape.js';
import {decodeStrictly} from '../../door/decode.js';

/** A file of the index that differs from HEAD, or from what is in the checkout. */
export interface ChangedFile {
  readonly path: string;
  /** Whether the index differs from HEAD. */
  readonly isStaged: boolean;
  /** What the checkout has against the index. */
  readonly checkout: 'same' | 'changed' | 'deleted';
  /** Mode of what the checkout has, six octal digits as git writes it; `000000` when there is nothing. */
  readonly mode: string;
  /** Mode and object of the index; zeros for a file that was removed there, or is only going to be added. */
  readonly staged: {readonly mode: string; readonly oid: string};
}

/** How a checkout differs from its HEAD. Paths as stored, not escaped. */
export interface DirtyState {
  /** The commit that this was compared with. */
  readonly head: string;
  readonly changed: readonly ChangedFile[];
  /** Files and links that are not tracked and not ignored. */
  readonly untracked: readonly string[];
  /** Paths with an unresolved conflict. */
  readonly conflicted: readonly string[];
  /** Folders that are not tracked and are git repositories of their own. */
  readonly repositories: readonly string[];
}

/** What {@link parseStatus} reads: `git status` with these options, without renames and without looking into submodules. */
export const statusArgs: readonly string[] = ['status', '--porcelain=v2', '-z', '--branch', '--no-ahead-behind', '--no-renames', '--untracked-files=all', '--ignore-submodules=dirty'];

/** `1 XY SUB mH mI mW hH hI PATH` (git-status, "Porcelain Format Version 2"). */
const changedLine = /^1 ([^ ])([^ ]) [^ ]+ [0-7]{6} ([0-7]{6}) ([0-7]{6}) [0-9a-f]{40} ([0-9a-f]{40}) (.+)$/s;
/** `u XY SUB m1 m2 m3 mW h1 h2 h3 PATH`. */
const conflictedLine = /^u [^ ]+ [^ ]+ (?:[0-7]{6} ){4}(?:[0-9a-f]{40} ){3}(.+)$/s;

/** Reads the output of {@link statusArgs}. Throws CHECKOUT_NOT_FREEZABLE for a name that is not UTF-8, GIT_FAILED for a line of another form. */
export function parseStatus(stdout: Buffer): DirtyState {
  const changed: ChangedFile[] = [];
  const [untracked, conflicted, repositories]: [string[], string[], string[]] = [[], [], []];
  let head = '';
  // Byte by byte until the path is known.
  for (const line of stdout.toString('latin1').split('\0')) {
    if (line === '' || line.startsWith('# ')) {
      head = /^# branch\.oid ([0-9a-f]{40})$/.exec(line)?.[1] ?? head;
      continue;
    }
    const path = /^[?] (.+)$/s.exec(line)?.[1];
    const conflict = conflictedLine.exec(line)?.[1];
    if (path !== undefined) {
      if (path.endsWith('/')) repositories.push(nameOf(path.slice(0, -1)));
      else untracked.push(nameOf(path));
    } else if (conflict !== undefined) conflicted.push(nameOf(conflict));
    else changed.push(changedFile(line));
  }
  return {head, changed, untracked, conflicted, repositories};
}

function changedFile(line: string): ChangedFile {
  const [, inIndex = '', inCheckout = '', stagedMode = '', mode = '', oid = '', path = ''] = changedLine.exec(line) ?? [];
  if (path === '') throw new AppError('GIT_FAILED', '`git status` said something in another form than its own.');
  const checkout = inCheckout === '.' ? 'same' : inCheckout === 'D' ? 'deleted' : 'changed';
  return {path: nameOf(path), isStaged: inIndex !== '.', checkout, mode, staged: {mode: stagedMode, oid}};
}

function nameOf(latin1: string): string {
  const name = decodeStrictly(Buffer.from(latin1, 'latin1'));
  if (name !== undefined) return name;
  throw new AppError('CHECKOUT_NOT_FREEZABLE', `The checkout has a file whose name is not UTF-8: \`${escapeText(latin1)}\`.`, {hint: 'Rename it, or ignore it.'});
}
