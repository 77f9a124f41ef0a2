import {AppError} from '../../core/errors.js';
import type {AgentOsFolder, SpecFolder} from './layout.js';
import type {Task, TaskList} from './model.js';
import {groupFinder, parseOrchestration, standardsOf} from './orchestration.js';
import {parseSpec, type Spec} from './spec.js';
import {withParents} from './tasks.js';

/** What the spec of a task says of the whole. Texts are as written. */
export interface SpecBrief extends Pick<Spec, 'title' | 'goal' | 'expected' | 'outOfScope'> {
  readonly path: string;
}

/** Who should do a task and by which standards, as the project's files have it. */
export interface Assignment {
  /** The file that says so. */
  readonly path: string;
  readonly specialist: string | undefined;
  /** Paths of the standards, relative to the root. */
  readonly standards: readonly string[];
}

/** What stands around a task. */
export interface Surroundings {
  readonly spec: SpecBrief | undefined;
  readonly assigned: Assignment | undefined;
  /** One sentence each, without its stop: what was not understood. */
  readonly problems: readonly string[];
}

/** Where a task stands. */
export interface SurroundingsRequest {
  /** The file that the task was asked for in. */
  readonly path: string;
  /** The list that has the task, where there is one. */
  readonly listed: {readonly list: TaskList; readonly task: Task} | undefined;
  readonly folders: readonly AgentOsFolder[];
  /** The text of a file of the same commit; undefined when it is not there. */
  readonly read: (path: string) => Promise<string | undefined>;
}

/** Most files of standards that a task names for its specialist. */
const maxStandards = 60;

/** Reads what stands around a task: its spec, and what orchestration.yml or its own fields say of who does it. What is wrong there is a problem, no error: a run does not depend on it. */
export async function readSurroundings({path, listed, folders, read}: SurroundingsRequest): Promise<Surroundings> {
  const place = folders.flatMap((folder) => folder.specs.map((spec) => ({folder, spec}))).find(({spec}) => path.startsWith(`${spec.path}/`));
  const problems: string[] = [];
  const spec = place === undefined ? undefined : await readSpec(place.spec, read, problems);
  const said = place === undefined || listed === undefined ? undefined : await readAssignment({...place, ...listed}, read, problems);
  return {spec, assigned: said ?? (listed === undefined ? undefined : ownAssignment(path, listed.list, listed.task)), problems};
}

async function readSpec({path: folder, documents}: SpecFolder, read: SurroundingsRequest['read'], problems: string[]): Promise<SpecBrief | undefined> {
  const path = ['spec.md', 'spec-lite.md'].map((name) => `${folder}/${name}`).find((name) => documents.includes(name));
  const text = path === undefined ? undefined : await read(path);
  if (path === undefined || text === undefined) return undefined;
  return orProblem(problems, path, () => {
    const {title, goal, expected, outOfScope} = parseSpec(text);
    return {path, title, goal, expected, outOfScope};
  });
}

interface Listed {
  readonly folder: AgentOsFolder;
  readonly spec: SpecFolder;
  readonly list: TaskList;
  readonly task: Task;
}

async function readAssignment({folder, spec, list, task}: Listed, read: SurroundingsRequest['read'], problems: string[]): Promise<Assignment | undefined> {
  const path = spec.orchestration ?? spec.assignments;
  const text = path === undefined ? undefined : await read(path);
  if (path === undefined || text === undefined) return undefined;
  const groups = orProblem(problems, path, () => parseOrchestration(text));
  if (groups === undefined) return undefined;
  const parents = withParents(list.tasks, task);
  const taskOfGroup = groupFinder(list);
  const meant = groups.map((group) => ({group, task: taskOfGroup(group.name)}));
  const own = meant.find((one) => one.task !== undefined && parents.includes(one.task));
  if (own === undefined) {
    const strays = meant.filter((one) => one.task === undefined).map(({group}) => `\`${group.name.slice(0, 60)}\``);
    if (strays.length > 0) problems.push(`${path}: ${strays.slice(0, 5).join(', ')} could not be told to be one task of the list`);
    return undefined;
  }
  const below = `${folder.path}/standards/`;
  const {files, unknown} = standardsOf(own.group.standards, folder.standards.filter((file) => file.endsWith('.md')).map((file) => file.slice(below.length)));
  for (const one of unknown) problems.push(`${path}: no file of standards is \`${one.slice(0, 60)}\``);
  return {path, specialist: own.group.specialist, standards: files.slice(0, maxStandards).map((file) => `${below}${file}`)};
}

const agentField = /^(?:agents?|assigned (?:to|agent|subagent|implementer|specialist)|assignee|implementer|specialist)$/;

/** The innermost `- **Agent**: backend` of a task and what it is part of. */
function ownAssignment(path: string, list: TaskList, task: Task): Assignment | undefined {
  const field = withParents(list.tasks, task).flatMap(({fields}) => fields.filter(({name, value}) => agentField.test(name) && value !== '')).at(-1);
  const specialist = field?.value.replace(/[`*_[\]]/g, '').trim().slice(0, 80) ?? '';
  return specialist === '' ? undefined : {path, specialist, standards: []};
}

function orProblem<T>(problems: string[], path: string, parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    problems.push(`${path}: ${error.message.replace(/\.$/, '')}`);
    return undefined;
  }
}
