import {z} from 'zod';
import {AppError} from '../../../core/errors.js';
import type {Assembly} from '../read/assemble.js';
import {adopt, emptyDraft, everyDraft, type Draft} from '../read/draft.js';
import {readStatus} from '../read/states.js';
import {jsonSpans, type JsonSpan} from '../text/json-spans.js';

const Text = z.string().max(20_000);
const Id = z.string().max(200);
const Subtask = z.looseObject({id: Id, title: Text.optional(), description: Text.optional(), status: Text.optional(), details: z.array(z.unknown()).optional()});
const Item = Subtask.extend({subtasks: z.array(Subtask).optional(), dependencies: z.array(Text).optional()});
const Group = z.looseObject({
  id: Id,
  title: Text.optional(),
  name: Text.optional(),
  status: Text.optional(),
  layer: Text.optional(),
  assignedAgent: Text.nullish(),
  dependencies: z.array(Text).optional(),
  acceptanceCriteria: z.array(z.unknown()).optional(),
  tasks: z.array(Item).optional(),
});
const File = z.looseObject({taskGroups: z.array(Group).min(1)});

/**
 * Reads the tasks.json of one fork: groups, their tasks and their subtasks, each with an id that never changes. Throws
 * AGENT_OS_INVALID for JSON of any other form. Unknown keys are left alone.
 */
export function jsonAssembly(text: string): Assembly {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const read = File.safeParse(parseJson(plain));
  if (!read.success) throw invalid(read.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.').slice(0, 100)}: ${issue.message}`).join('; '));
  const spans = jsonSpans(plain, text.length - plain.length);
  const tasks = read.data.taskGroups.map((group, index): Draft => {
    const at = `/taskGroups/${index}`;
    const draft = valueDraft({...group, title: group.title ?? group.name}, at, spans);
    addDependencies(draft, group.dependencies);
    for (const criterion of group.acceptanceCriteria ?? []) draft.criteria.push({text: typeof criterion === 'string' ? criterion : JSON.stringify(criterion), ticked: undefined, line: draft.line, box: undefined});
    for (const [number, item] of (group.tasks ?? []).entries()) {
      const task = valueDraft(item, `${at}/tasks/${number}`, spans);
      addDependencies(task, item.dependencies);
      for (const [last, subtask] of (item.subtasks ?? []).entries()) addSubtask(task, subtask, valueDraft(subtask, `${at}/tasks/${number}/subtasks/${last}`, spans));
      adopt(draft, task);
    }
    return draft;
  });
  for (const draft of everyDraft(tasks)) draft.id = draft.label?.id ?? '';
  return {tasks, groups: [], checks: [], problems: []};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid('it is not valid JSON', error);
  }
}

function valueDraft(value: z.infer<typeof Subtask>, path: string, spans: ReadonlyMap<string, JsonSpan>): Draft {
  const whole = spans.get(path);
  const title = value.title ?? value.description ?? value.id;
  const draft = emptyDraft({form: 'value', line: whole?.line ?? 1, indent: 0, label: {kind: 'slug', id: value.id, title}, title});
  draft.lastLine = whole?.lastLine ?? draft.line;
  const status = spans.get(`${path}/status`);
  if (value.status === undefined || status === undefined) return draft;
  const said = readStatus(value.status.replaceAll('_', ' '));
  draft.marks.push({kind: 'value', state: said?.state ?? 'open', line: status.line, span: {offset: status.offset, length: status.length}, text: value.status});
  if (said === undefined) draft.problems.push({kind: 'not-understood', line: status.line, message: `the status \`${value.status.slice(0, 60)}\` is not understood and counts as open`});
  return draft;
}

/** A subtask without a status says nothing of how far it is: it is a note on what its task means. */
function addSubtask(task: Draft, {status}: z.infer<typeof Subtask>, draft: Draft): void {
  if (status === undefined) task.criteria.push({text: draft.title, ticked: undefined, line: draft.line, box: undefined});
  else adopt(task, draft);
}

function addDependencies(draft: Draft, ids: readonly string[] | undefined): void {
  if (ids === undefined) return;
  draft.fields.push({name: 'dependencies', value: ids.map((id) => id.replace(/[,;]/g, ' ')).join(', '), line: draft.line, span: {offset: 0, length: 0}});
}

function invalid(problem: string, cause?: unknown): AppError {
  return new AppError('AGENT_OS_INVALID', `The tasks file is not the JSON of a task list: ${problem}.`, {
    hint: 'It has `taskGroups`, each with an `id` and `tasks`.',
    ...(cause === undefined ? {} : {cause}),
  });
}
