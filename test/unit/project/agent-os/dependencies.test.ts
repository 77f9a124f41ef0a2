import {describe, expect, test} from 'vitest';
import {findTask, parseTasks, unmetDependencies} from '../../../../src/project/agent-os/tasks.js';
import {problemsOf} from './shown.js';

const groups = (last: string): string =>
  `${[1, 2, 3].map((id) => `#### Task Group ${id}: G${id}\n**Dependencies:** None\n- [ ] ${id}.0 All\n  - [ ] ${id}.1 Part\n`).join('\n')}\n#### Task Group 2.A: GA\n**Dependencies:** None\n- [ ] Do\n\n#### Task Group 9: Last\n**Dependencies:** ${last}\n- [ ] 9.0 All\n  - [ ] 9.1 Part\n`;
const slugs = (last: string): string =>
  `## Phase 1: Look\n${['pre-1', 'pre-2', 'impl-a', 'impl-b', 'val-x'].map((id) => `- [ ] **${id}** - T\n  - **Dependencies**: []\n`).join('')}\n## Phase 2: Component Validation\n- [ ] **val-y** - T\n  - **Dependencies**: none\n\n## Phase 3: End\n- [ ] **last-1** - T\n  - **Dependencies**: ${last}\n`;

function named(text: string, id: string): readonly string[] {
  const list = parseTasks(text);
  return (list.dependencies.get(findTask(list, id)) ?? []).map(({anyOf}) => anyOf.map((tasks) => tasks.map((task) => task.id).join('+')).join(' or '));
}

describe('forms of dependencies', () => {
  test.each([
    ['None', []],
    ['-', []],
    ['n/a', []],
    ['None (can run in parallel with Task Group 3)', []],
    ['Task Group 1', ['1']],
    ['Task Groups 1-3', ['1+2+3']],
    ['Task Groups 1–3', ['1+2+3']],
    ['Task Groups 1 to 3', ['1+2+3']],
    ['Task Groups 1, 2, 3', ['1', '2', '3']],
    ['Task Groups 1 and 3', ['1', '3']],
    ['Task Group 2.A', ['2.A']],
    ['Task 2.1', ['2.1']],
    ['Task 1, Task 2 (completed)', ['1', '2']],
    ['Task Group 3 - needs the schema', ['3']],
    ['Task Group 3 for the schema', ['3']],
    ['All previous tasks', ['1+2+3+2.A']],
    ['All previous task groups', ['1+2+3+2.A']],
    ['G2', ['2']],
  ] as const)('%s', (value, expected) => {
    expect(named(groups(value), '9')).toEqual(expected);
    expect(problemsOf(groups(value))).toEqual([]);
  });

  test.each([
    ['[]', []],
    ['[pre-1, pre-2]', ['pre-1', 'pre-2']],
    ['pre-1, pre-2', ['pre-1', 'pre-2']],
    ['`pre-1`, **pre-2**', ['pre-1', 'pre-2']],
    ['PRE-1', ['pre-1']],
    ['task-pre-1', ['pre-1']],
    ['[details](tasks/task-pre-1.md)', undefined],
    ['[pre-1](tasks/task-pre-1.md)', ['pre-1']],
    ['impl-* (all)', ['impl-a+impl-b']],
    ['[impl-a OR impl-b]', ['impl-a or impl-b']],
    ['pre-1, [impl-a OR impl-b]', ['pre-1', 'impl-a or impl-b']],
    ['pre-1 to pre-2', ['pre-1+pre-2']],
    ['Phase 1 complete', ['pre-1+pre-2+impl-a+impl-b+val-x']],
    ['Phases 1 and 2', ['pre-1+pre-2+impl-a+impl-b+val-x', 'val-y']],
    ['[ALL_COMPONENT_VALIDATION_TASKS]', ['val-y']],
  ] as const)('%s', (value, expected) => {
    if (expected === undefined) expect(problemsOf(slugs(value))).toEqual(['unknown-dependency']);
    else {
      expect(named(slugs(value), 'last-1')).toEqual(expected);
      expect(problemsOf(slugs(value))).toEqual([]);
    }
  });

  test('in the title, in a table and in JSON', () => {
    expect(named('- [ ] 3. A\n- [ ] 4. B (Depends on: Task 3 - the schema)\n', '4')).toEqual(['3']);
    expect(named('- [ ] T001 A\n- [ ] T002 B (depends on T001)\n', 'T002')).toEqual(['T001']);
    expect(named('| [ ] | a-1 | A | x | 1 | |\n| [ ] | b-1 | B | x | 1 | a-1 |\n', 'b-1')).toEqual(['a-1']);
    expect(named(JSON.stringify({taskGroups: [{id: 'tg-001', tasks: []}, {id: 'tg-002', dependencies: ['tg-001']}]}), 'tg-002')).toEqual(['tg-001']);
  });
});

describe('what a task waits for', () => {
  const waiting = (text: string, id: string): readonly unknown[] => {
    const list = parseTasks(text);
    return unmetDependencies(list, findTask(list, id)).map(({open, implied}) => [open.map((task) => task.id), implied]);
  };

  test('only what is not complete, and a part waits for what its task waits for', () => {
    const text = groups('Task Groups 1, 2').replaceAll('[ ] 1.', '[x] 1.');
    expect(waiting(text, '9')).toEqual([[['2'], false]]);
    expect(waiting(text, '9.1')).toEqual([[['2'], false]]);
  });

  test('one alternative is enough', () => {
    expect(waiting(slugs('[impl-a OR impl-b]').replace('[ ] **impl-b**', '[x] **impl-b**'), 'last-1')).toEqual([]);
    expect(waiting(slugs('[impl-a OR impl-b]'), 'last-1')).toEqual([[['impl-a', 'impl-b'], false]]);
  });

  test('a file without a word of dependencies is in order, but for what may run in parallel', () => {
    expect(waiting('- [x] 1. A\n- [ ] 2. B\n- [ ] 3. C\n', '3')).toEqual([[['2'], true]]);
    expect(waiting('- [x] 1. A\n- [ ] 2. B\n- [ ] 3. C\n', '2')).toEqual([]);
    expect(waiting('- [ ] T001 A\n- [ ] T002 [P] B\n- [ ] T003 [P] C\n- [ ] T004 D\n', 'T003')).toEqual([[['T001'], true]]);
    expect(waiting('- [ ] T001 A\n- [ ] T002 [P] B\n- [ ] T003 [P] C\n- [ ] T004 D\n', 'T004')).toEqual([[['T002'], true], [['T003'], true]]);
  });

  test('a dependency that names no task is a problem and is never met', () => {
    const text = groups('Task Group 12');
    expect(problemsOf(text)).toEqual(['unknown-dependency']);
    expect(waiting(text, '9')).toEqual([[[], false]]);
  });

  test('what waits for something that contradicts itself waits', () => {
    expect(waiting('- [x] 1. A\n  - [ ] 1.1 B\n- [ ] 2. C\n  - **Dependencies**: Task 1\n', '2')).toEqual([[['1'], false]]);
  });
});

describe('circles', () => {
  const circle = (one: string, two: string, three: string): string => [one, two, three].map((value, index) => `- [x] ${index + 1}. T\n  - [x] ${index + 1}.1 P\n  - **Dependencies**: ${value}\n`).join('');

  test.each([
    ['over two tasks', circle('Task 2', 'Task 1', 'None'), 2],
    ['over three tasks', circle('Task 3', 'Task 1', 'Task 2'), 3],
    ['of a task and itself', circle('Task 1', 'None', 'None'), 1],
    ['of a task and its own part', circle('Task 1.1', 'None', 'None'), 2],
  ])('%s are problems of its tasks', (_name, text, count) => {
    expect(problemsOf(text).filter((kind) => kind === 'dependency-cycle')).toHaveLength(count);
  });

  test('a way around is no circle, nor is a long chain', () => {
    expect(problemsOf(circle('[Task 2 OR Task 3]', 'Task 1', 'None'))).toEqual([]);
    expect(problemsOf(circle('None', 'Task 1', 'Tasks 1 and 2'))).toEqual([]);
  });
});
