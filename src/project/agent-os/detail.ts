import {AppError} from '../../core/errors.js';
import {maxTextBytes} from '../text-file.js';
import {readDeliverables} from './deliverables.js';
import {parseDependencies} from './dependencies/parse.js';
import type {Naming} from './host-path.js';
import {readLabel} from './read/labels.js';
import type {Criterion, Deliverable, Field, Mark, Problem, TaskState} from './model.js';
import {boxState, readStatus, statusMark} from './read/states.js';
import {isDependencyField, isStatusField, readField} from './text/fields.js';
import {readLines} from './text/lines.js';
import {boxSpan, readNodes, type Node} from './text/nodes.js';

/** A task's own file, `tasks/task-<id>.md`. */
export interface TaskDetail {
  readonly id: string;
  readonly title: string;
  /** `open` without a Status line. */
  readonly state: TaskState;
  /** Undefined when there is no Status line, or none that is understood. */
  readonly status: Mark | undefined;
  /** Lines `**Name:** value` of its metadata. */
  readonly fields: readonly Field[];
  /** As written; none: it waits for nothing, or does not say. */
  readonly dependencies: readonly string[];
  readonly deliverables: readonly Deliverable[];
  readonly criteria: readonly Criterion[];
  readonly problems: readonly Problem[];
}

/**
 * Parses a task detail file: title, metadata, the files that it promises, and its acceptance criteria. Nothing promised,
 * and a Status that says more than the boxes of the criteria, are problems. Throws AGENT_OS_INVALID for a file that is none.
 */
export function parseDetail(text: string, naming: Naming = {}): TaskDetail {
  if (text.length > maxTextBytes) throw new AppError('AGENT_OS_INVALID', `The task file is larger than ${maxTextBytes} characters.`);
  const {lines, problems} = readLines(text);
  const nodes = readNodes(lines);
  const fields = metadataOf(nodes);
  const name = nameOf(nodes, fields);
  const status = fields.find(isStatusField);
  if (name === undefined) {
    throw new AppError('AGENT_OS_INVALID', 'The file is no task detail file: it has no heading `# Task: <id> - <title>` and no `Task ID`.', {hint: 'Give a tasks.md, or a file as the split task format has it.'});
  }
  const said = status === undefined ? undefined : readStatus(status.value);
  const mark = status === undefined || (said === undefined && status.value !== '') ? undefined : statusMark('status', {line: status.line, offset: status.span.offset, text: status.value}, said ?? {state: 'open', mixed: false});
  const promised = readDeliverables(nodes, naming);
  const criteria = criteriaOf(nodes);
  const dependencies = fields.filter(isDependencyField).flatMap(({value}) => parseDependencies(value).map((term) => term.written));
  const open = criteria.filter(({ticked}) => ticked === false).length;
  const own: Problem[] = [];
  const say = (kind: Problem['kind'], line: number, message: string): void => {
    own.push({kind, line, message});
  };
  if (promised.deliverables.length === 0) say('no-deliverable', name.line, 'no file that the task promises was found');
  if (status !== undefined && mark === undefined) say('not-understood', status.line, `the status \`${status.value.slice(0, 60)}\` is not understood`);
  if (said?.mixed === true) say('contradiction', status?.line ?? 1, 'its status says both that it is complete and that it is not');
  if (said?.state === 'complete' && open > 0) say('contradiction', status?.line ?? 1, `its status is complete, but ${open} of ${criteria.length} criteria are not ticked`);
  return {id: name.id, title: name.title, state: mark?.state ?? 'open', status: mark, fields, dependencies, deliverables: promised.deliverables, criteria, problems: [...problems, ...promised.problems, ...own]};
}

/** Whether a text is a task detail file and not a list of tasks: its first heading says so. */
export function isDetail(text: string): boolean {
  const nodes = readNodes(readLines(text.slice(0, maxTextBytes)).lines);
  const first = nodes.find((node) => node.kind === 'heading');
  if (first?.level !== 1) return false;
  return /^task\b[ \t]*[:：#]/i.test(first.text) || (/^task\b/i.test(first.text) && readLabel(first.text)?.kind === 'task' && metadataOf(nodes).some(isStatusField));
}

/** The fields under `## Task Metadata` or `## Metadata`, and those before the first heading below the title. */
function metadataOf(nodes: readonly Node[]): readonly Field[] {
  let inside = true;
  return nodes.flatMap((node): readonly Field[] => {
    if (node.kind === 'heading') {
      inside = node.level === 1 || /^(?:task )?(?:metadata|info(?:rmation)?|status)$/i.test(node.text.replace(/[*:]/g, '').trim());
      return [];
    }
    const field = inside ? readField(node) : undefined;
    return field === undefined ? [] : [field];
  });
}

/** Most characters of an id: what is longer is a text that stands where an id should. */
const maxId = 120;

function nameOf(nodes: readonly Node[], fields: readonly Field[]): {readonly id: string; readonly title: string; readonly line: number} | undefined {
  const heading = nodes.find((node) => node.kind === 'heading' && node.level === 1);
  const bare = /^task[ \t]{0,4}[:：][ \t]{0,4}/i.exec(heading?.text ?? '')?.[0];
  const text = heading?.text.slice(bare?.length ?? 0) ?? '';
  const label = readLabel(text) ?? (bare === undefined ? undefined : readLabel(`**${/^[^\s:]{1,80}/.exec(text)?.[0] ?? ''}** ${text.replace(/^[^\s:]{1,80}[\s:–-]*/, '')}`));
  const given = fields.find(({name}) => /^(?:task )?id$/.test(name))?.value.replace(/[`*]/g, '').trim();
  const id = given !== undefined && given !== '' && given.length <= maxId ? given : bare === undefined && label?.kind !== 'task' ? undefined : label?.id;
  if (id === undefined) return undefined;
  return {id: id.replace(/^task-(?=.)/i, ''), title: label?.title ?? text, line: heading?.line.number ?? 1};
}

function criteriaOf(nodes: readonly Node[]): readonly Criterion[] {
  let level = 0;
  return nodes.flatMap((node): readonly Criterion[] => {
    if (node.kind === 'heading') {
      if (level > 0 && node.level > level) return [];
      level = /\b(?:acceptance|success) criteria\b|\bdefinition of done\b/i.test(node.text) ? node.level : 0;
      return [];
    }
    if (level === 0 || node.kind !== 'item' || (node.box === undefined && node.indent > 0)) return [];
    return [{text: node.text, ticked: node.box === undefined ? undefined : boxState(node.box.inner) === 'complete', line: node.line.number, box: node.box === undefined ? undefined : boxSpan(node.line, node.box)}];
  });
}
