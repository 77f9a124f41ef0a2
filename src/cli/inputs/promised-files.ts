import {escapeText} from '../../core/escape.js';
import {repoPathProblem} from '../../core/path.js';
import {isTestPath} from '../../core/test-path.js';
import type {Checkout} from '../../git/freeze/checkout.js';
import type {DraftFile} from '../draft/draft-manifest.js';
import {filesAt} from '../wire.js';

/** A file that a task file names. */
export interface Promised {
  readonly path: string;
  readonly action: 'create' | 'modify' | 'delete' | 'either';
  readonly folder: boolean;
  /** Allowed, not promised. */
  readonly optional: boolean;
}

/**
 * The files of a task as a draft promises them: the action by what the commit has where the task does not say, the owner
 * by the kind of file. What cannot be promised (a folder, an optional file) is a note.
 */
export async function promisedFiles({checkout, deliverables, signal}: {readonly checkout: Checkout; readonly deliverables: readonly Promised[]; readonly signal: AbortSignal}): Promise<{readonly files: readonly DraftFile[]; readonly notes: readonly string[]}> {
  const usable = deliverables.filter((one, index) => !one.folder && !one.optional && repoPathProblem(one.path) === undefined && deliverables.findIndex((other) => other.path === one.path) === index);
  const there = await filesAt(checkout, checkout.head, usable.map((one) => one.path), signal);
  const files = usable.map(({path, action}): DraftFile => ({path, action: action === 'either' ? (there.has(path) ? 'modify' : 'create') : action, owner: ownerOf(path)}));
  const contrary = files.filter(({path, action}) => there.has(path) === (action === 'create'));
  return {
    files,
    notes: [
      ...deliverables.filter((one) => one.folder).map((one) => `\`${escapeText(one.path)}\` is a folder: name the files in it.`),
      ...deliverables.filter((one) => one.optional && !one.folder).map((one) => `\`${escapeText(one.path)}\` may be changed, so it is not promised.`),
      ...contrary.map(({path, action}) => `The task says ${action} for \`${escapeText(path)}\`, but on the base it is ${there.has(path) ? '' : 'not '}there.`),
    ],
  };
}

function ownerOf(path: string): string {
  if (isTestPath(path)) return 'test';
  return /^docs?\/|\.(?:md|mdx|rst|adoc)$/i.test(path) ? 'documentation' : 'implementation';
}
