import {AppError} from '../../core/errors.js';
import {findAgentOs, type AgentOsFolder} from './layout.js';
import {isComplete, parseTasks} from './tasks.js';

/** A folder of Agent OS, for a person to see that it was found. */
export interface SeenAgentOs {
  /** Relative to the root. */
  readonly path: string;
  /** `unknown`: it is on disk, and no commit has a file of it. */
  readonly generation: AgentOsFolder['generation'] | 'unknown';
  readonly specs: number;
  /** Its lists of tasks. */
  readonly tasks: readonly string[];
}

/** The folders of Agent OS among the paths of a commit, and those of the root's folders on disk that no commit has. GitHub's spec-kit counts only with a list of tasks. */
export function seeAgentOs(committed: readonly string[], onDisk: readonly string[]): readonly SeenAgentOs[] {
  const found = findAgentOs(committed)
    .map(({path, generation, specs}): SeenAgentOs => ({path, generation, specs: specs.length, tasks: specs.flatMap((spec) => spec.tasks)}))
    .filter(({generation, tasks}) => generation !== 'spec-kit' || tasks.length > 0);
  const loose = onDisk.filter((name) => (name === '.agent-os' || name === 'agent-os') && !found.some(({path}) => path === name));
  return [...found, ...loose.map((path): SeenAgentOs => ({path, generation: 'unknown', specs: 0, tasks: []}))];
}

/** Most lists that are read for a task that could be next. */
const maxLists = 20;

/** The first task that is not complete in the lists of some folders; undefined when none is understood. `read` gives the text of a file of the commit. */
export async function firstOpenTask(folders: readonly SeenAgentOs[], read: (path: string) => Promise<string | undefined>): Promise<{readonly path: string; readonly id: string} | undefined> {
  for (const path of folders.flatMap(({tasks}) => tasks).slice(0, maxLists)) {
    const text = await read(path);
    const id = text === undefined ? undefined : firstOpenIn(text);
    if (id !== undefined) return {path, id};
  }
  return undefined;
}

function firstOpenIn(text: string): string | undefined {
  try {
    return parseTasks(text).tasks.find((task) => task.state !== 'dropped' && task.state !== 'skipped' && !isComplete(task))?.id;
  } catch (error) {
    // A list that is not understood is told when somebody names it.
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
