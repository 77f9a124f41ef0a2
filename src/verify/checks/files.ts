import {finding, type Finding} from '../../core/finding.js';
import type {FindingCode} from '../../core/codes.js';
import type {Manifest} from '../../core/manifest.js';
import {foldersOf, foldPath} from '../../core/path.js';
import type {TreeFile} from '../../core/tree.js';
import type {Actors} from '../owners.js';
import type {ProtectedChange} from '../protect.js';
import {checkOutcome, type CheckOutcome} from './outcome.js';

/** What the check of files looks at: two listings, and what was changed without permission. */
export interface FilesInput {
  readonly manifest: Manifest;
  readonly base: readonly TreeFile[];
  readonly commit: readonly TreeFile[];
  readonly protectedChanges: readonly ProtectedChange[];
  readonly actors: Actors;
}

/**
 * Is every promised file there (or gone), really changed, and nothing else touched that decides what tests say?
 * A file is a regular file at exactly this path; bytes are compared by object id, so a change of the mode alone does
 * not count. Pure.
 */
export function checkFiles({manifest, base, commit, protectedChanges, actors}: FilesInput): CheckOutcome {
  const before = listing(base);
  const after = listing(commit);
  const listed = new Set(manifest.files.map((file) => file.path));
  const promised: readonly Promised[] = [...manifest.files, ...(manifest.tests?.files ?? []).filter((test) => !listed.has(test.path))];
  const failed = promised.map((file) => judge(file, before, after)).filter((item) => item !== undefined);
  const touched = protectedChanges.map((change) => protectedFinding(change, actors));
  const total = promised.length + touched.length;
  return checkOutcome('files', {passed: total - failed.length - touched.length, total}, [...failed, ...touched]);
}

interface Promised {
  readonly id?: string | undefined;
  readonly path: string;
  readonly owner: string;
  /** Undefined for a test file that is promised by `tests.files` alone: it must exist. */
  readonly action?: 'create' | 'modify' | 'delete';
}

interface Listing {
  readonly files: ReadonlyMap<string, TreeFile>;
  readonly folds: ReadonlyMap<string, string>;
  readonly folders: ReadonlySet<string>;
}

function listing(files: readonly TreeFile[]): Listing {
  const folders = new Set(files.flatMap(({path}) => foldersOf(path)));
  return {files: new Map(files.map((file) => [file.path, file])), folds: new Map(files.map((file) => [foldPath(file.path), file.path])), folders};
}

function judge(file: Promised, before: Listing, after: Listing): Finding | undefined {
  const now = after.files.get(file.path);
  const old = before.files.get(file.path);
  if (file.action === 'delete') return judgeDeleted(file, old, after);
  if (now === undefined || !isRegular(now)) return report(file, 'FILE_MISSING', whyMissing(file.path, now, after), 'Deliver the file at exactly this path.');
  if (file.action === 'create' && old !== undefined) {
    return report(file, 'FILE_NOT_CREATED', 'existed on the base already.', 'Promise it with `action: modify`, or correct the path.');
  }
  if (file.action === 'modify' && old === undefined) {
    return report(file, 'FILE_UNCHANGED', 'is no file of the base, so nothing of it was changed.', 'Promise it with `action: create`, or correct the path.');
  }
  if (file.action === 'modify' && old?.oid === now.oid && isRegular(old)) {
    return report(file, 'FILE_UNCHANGED', 'has the same bytes as on the base.', 'Make the promised change in this file.');
  }
  return undefined;
}

function judgeDeleted(file: Promised, old: TreeFile | undefined, after: Listing): Finding | undefined {
  if (after.files.has(file.path)) return report(file, 'FILE_NOT_DELETED', 'is still there.', 'Delete the file.');
  if (after.folders.has(file.path)) return report(file, 'FILE_NOT_DELETED', 'is a folder that still has files.', 'Delete what is in it. A promise of a file cannot be kept by a folder: name its files.');
  return old === undefined ? report(file, 'FILE_NOT_DELETED', 'is no file of the base, so nothing was deleted.', 'Correct the path, or leave the promise out.') : undefined;
}

/** Whether an entry of a tree is a file with bytes of its own, not a link or a submodule. */
export function isRegular(file: TreeFile | undefined): boolean {
  return file?.mode === 'file' || file?.mode === 'executable';
}

function whyMissing(path: string, now: TreeFile | undefined, after: Listing): string {
  if (now !== undefined) return `is a ${now.mode === 'symlink' ? 'symbolic link' : 'submodule'}, not a file.`;
  const other = after.folds.get(foldPath(path));
  if (other !== undefined) return `does not exist; there is only \`${other}\`, which is spelled differently.`;
  return after.folders.has(path) ? 'is a folder, not a file.' : 'does not exist.';
}

function report(file: Promised, code: FindingCode, what: string, hint: string): Finding {
  return finding({
    code,
    check: 'files',
    deliverable: file.id ?? file.path,
    owners: [file.owner],
    path: file.path,
    message: `${file.action === undefined ? 'The promised test file' : 'The promised file'} \`${file.path}\` ${what}`,
    hint,
    evidence: {class: 'file-fact'},
  });
}

function protectedFinding({path, action, fields}: ProtectedChange, actors: Actors): Finding {
  const what = action === 'removed' ? 'was added' : fields.length > 0 ? `was changed (${fields.join(', ')})` : 'was changed or deleted';
  const graded = action === 'removed' ? 'It was left out for grading.' : 'It was graded as the base has it.';
  return finding({
    code: 'PROTECTED_FILE_CHANGED',
    check: 'files',
    owners: [...actors.forPath(path)],
    path,
    message: `\`${path}\` decides what tests say and ${what} without permission. ${graded}`,
    hint: action === 'removed' ? 'Remove it again.' : 'Put it back as the base has it.',
    evidence: {class: 'file-fact'},
  });
}
