import {basename} from 'node:path/posix';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {findAgentOs, type SpecFolder} from './layout.js';

/** Most files that a message names. */
const maxNamed = 20;

/** All lists of tasks that a tree has in its Agent OS folders, nested ones included, by path. */
export function tasksFilesOf(paths: readonly string[]): readonly string[] {
  return specsOf(paths).flatMap((spec) => spec.tasks);
}

/**
 * The list of tasks that a name means: the folder of a spec (`.agent-os/specs/2026-01-15-export`), its last part, or that
 * without the date (`export`). Undefined when it names no spec. Throws TASK_NOT_FOUND when several have the name, or when
 * the spec has no list of tasks.
 */
export function tasksFileNamed(paths: readonly string[], name: string): string | undefined {
  const plain = name.replace(/^\.\//, '').replace(/\/{1,40}$/, '');
  const specs = specsOf(paths);
  const ways = [(spec: SpecFolder) => spec.path === plain, (spec: SpecFolder) => basename(spec.path) === plain, (spec: SpecFolder) => spec.slug.toLowerCase() === plain.toLowerCase()];
  const found = ways.map((fits) => specs.filter(fits)).find((fitting) => fitting.length > 0) ?? [];
  if (found.length > 1) {
    throw new AppError('TASK_NOT_FOUND', `There are ${found.length} specs \`${escapeText(plain)}\`: ${found.slice(0, maxNamed).map(({path}) => escapeText(path)).join(', ')}.`, {hint: 'Give the path of the one that you mean.', details: {paths: found.map(({path}) => path)}});
  }
  const [spec] = found;
  if (spec === undefined) return undefined;
  const [tasks] = spec.tasks;
  if (tasks === undefined) throw new AppError('TASK_NOT_FOUND', `The spec ${escapeText(spec.path)} has no list of tasks.`, {hint: 'Make its tasks.md first and commit it, or say the task in words.'});
  return tasks;
}

/** What there is to choose from, for a message; a sentence. */
export function tasksFilesHint(paths: readonly string[]): string {
  const files = tasksFilesOf(paths);
  if (files.length === 0) return 'The commit has no tasks file in an Agent OS folder.';
  const more = files.length > maxNamed ? `, and ${files.length - maxNamed} more` : '';
  return `The commit has: ${files.slice(0, maxNamed).map((path) => escapeText(path)).join(', ')}${more}.`;
}

function specsOf(paths: readonly string[]): readonly SpecFolder[] {
  return findAgentOs(paths).flatMap(({specs}) => specs);
}
