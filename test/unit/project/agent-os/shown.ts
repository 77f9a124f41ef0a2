import {everyTask, parseTasks} from '../../../../src/project/agent-os/tasks.js';
import type {Task} from '../../../../src/project/agent-os/model.js';

/** Each task as one line, `id state title`, its parts two columns deeper. */
export function shown(text: string): readonly string[] {
  const lines = (tasks: readonly Task[], depth: string): readonly string[] =>
    tasks.flatMap((task) => [`${depth}${task.id} ${task.state} ${task.title}`, ...lines(task.children, `${depth}  `)]);
  return lines(parseTasks(text).tasks, '');
}

/** The task of an id, by exact id. */
export function taskOf(text: string, id: string): Task {
  const found = everyTask(parseTasks(text).tasks).find((task) => task.id === id);
  if (found === undefined) throw new Error(`no task ${id}`);
  return found;
}

/** Kinds of all problems, in the order of the file. */
export function problemsOf(text: string): readonly string[] {
  return parseTasks(text).problems.map(({kind}) => kind);
}
