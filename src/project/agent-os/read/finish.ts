import type {Assembly, DraftGroup} from './assemble.js';
import {everyDraft, type Draft} from './draft.js';
import {keyOf} from './labels.js';
import type {Deliverable, Dependency, Problem, Task, TaskGroup, TaskState} from '../model.js';
import {leastOf} from './states.js';
import type {DraftDependency} from '../dependencies/resolve.js';

/** The finished tasks of a file. */
export interface Finished {
  readonly tasks: readonly Task[];
  readonly groups: readonly TaskGroup[];
  readonly problems: readonly Problem[];
  readonly dependencies: ReadonlyMap<Task, readonly Dependency[]>;
}

/** Makes tasks of drafts: states from marks and parts, ids that are there twice, and all problems in the order of the file. */
export function finish({tasks, groups}: Assembly, dependencies: ReadonlyMap<Draft, readonly DraftDependency[]>, deliverables: readonly Deliverable[]): Finished {
  const all = everyDraft(tasks);
  reportDuplicates(all);
  const held = deliverablesOf(all, deliverables);
  const made = new Map<Draft, Task>();
  // The parts come before their task.
  for (const draft of [...all].reverse()) made.set(draft, taskOf(draft, {made, held}));
  const of = (drafts: readonly Draft[]): readonly Task[] => drafts.flatMap((draft) => made.get(draft) ?? []);
  const resolved = new Map<Task, readonly Dependency[]>();
  for (const [draft, list] of dependencies) {
    for (const task of of([draft])) resolved.set(task, list.map((one) => ({...one, anyOf: one.anyOf.map(of)})));
  }
  const problems = all.flatMap((draft) => made.get(draft)?.problems ?? []).sort((a, b) => a.line - b.line);
  return {tasks: of(tasks), groups: groups.map((group: DraftGroup) => ({...group, tasks: of(group.tasks)})), problems, dependencies: resolved};
}

function taskOf(draft: Draft, {made, held}: {readonly made: ReadonlyMap<Draft, Task>; readonly held: ReadonlyMap<Draft, readonly Deliverable[]>}): Task {
  const children = draft.children.flatMap((child) => made.get(child) ?? []);
  const {state, problems} = judge(draft, children);
  const {id, aliases, title, form, line, indent, marks, fields, criteria, blockLines, parallel, detail} = draft;
  const lastLine = children.reduce((last, child) => Math.max(last, child.lastLine), draft.lastLine);
  const known = {id, aliases, title, form, state, line, lastLine, indent, marks, fields, criteria, blockLines, parallel, detail};
  return {...known, deliverables: held.get(draft) ?? [], problems: [...draft.problems, ...problems], children};
}

function judge(draft: Draft, children: readonly Task[]): {readonly state: TaskState; readonly problems: readonly Problem[]} {
  const problems: Problem[] = [];
  const say = (message: string): void => {
    problems.push({kind: 'contradiction', line: draft.line, message});
  };
  const counted = children.filter((child) => child.state !== 'dropped');
  const own = ownState(draft, say);
  const open = counted.filter((child) => child.state !== 'complete');
  if (own === undefined) return {state: partsState(counted), problems};
  if (own === 'complete' && open.length > 0) {
    say(`${draft.id} is ticked, but not ${open.slice(0, 20).map((child) => child.id).join(', ')}`);
    return {state: 'partial', problems};
  }
  if (own === 'open' && counted.length > 0 && open.length === 0) say(`all parts of ${draft.id} are ticked, but not ${draft.id} itself`);
  return {state: own, problems};
}

function ownState({id, marks}: Draft, say: (message: string) => void): TaskState | undefined {
  if (marks.length === 0) return undefined;
  if (marks.some((mark) => mark.kind === 'strike')) return 'dropped';
  const states = marks.map((mark) => mark.state);
  const state = leastOf(states);
  if (state !== 'complete' && states.includes('complete')) {
    const against = marks.find((mark) => mark.state === state);
    say(`${id} is marked as complete, and as ${state === 'open' ? 'open' : state} in line ${against?.line ?? 0}`);
  }
  return state;
}

function partsState(parts: readonly Task[]): TaskState {
  if (parts.length === 0) return 'open';
  if (parts.every((part) => part.state === 'complete')) return 'complete';
  return parts.some((part) => part.state !== 'open') ? 'active' : 'open';
}

function reportDuplicates(all: readonly Draft[]): void {
  const first = new Map<string, Draft>();
  for (const draft of all) {
    const key = keyOf(draft.id);
    const known = first.get(key);
    if (known === undefined) first.set(key, draft);
    else {
      draft.problems.push({kind: 'duplicate-id', line: draft.line, message: `${draft.id} stands in line ${known.line} already`});
      if (!known.problems.some(({kind}) => kind === 'duplicate-id')) known.problems.push({kind: 'duplicate-id', line: known.line, message: `${known.id} stands again in line ${draft.line}`});
    }
  }
}

/** Each deliverable belongs to the last task that begins before it and has not ended. */
function deliverablesOf(all: readonly Draft[], deliverables: readonly Deliverable[]): ReadonlyMap<Draft, readonly Deliverable[]> {
  const held = new Map<Draft, Deliverable[]>();
  const ordered = [...all].sort((a, b) => a.line - b.line);
  let at = 0;
  for (const deliverable of deliverables) {
    while ((ordered[at + 1]?.line ?? Number.POSITIVE_INFINITY) <= deliverable.line) at += 1;
    let owner: Draft | undefined = ordered[at];
    while (owner !== undefined && (owner.lastLine < deliverable.line || owner.line > deliverable.line)) owner = owner.parent;
    if (owner === undefined) continue;
    const list = held.get(owner);
    if (list === undefined) held.set(owner, [deliverable]);
    else list.push(deliverable);
  }
  return held;
}
