import {describe, expect, test} from 'vitest';
import {findTask, parseTasks} from '../../../../src/project/agent-os/tasks.js';
import {problemsOf, shown, taskOf} from './shown.js';

interface Grammar {
  readonly name: string;
  readonly dialect: string;
  readonly text: string;
  readonly tasks: readonly string[];
}

const grammars: readonly Grammar[] = [
  {
    name: 'numbered boxes with numbered parts',
    dialect: 'numbered',
    text: '# Spec Tasks\n\n> Created: 2026-11-10\n> Status: Ready\n\n## Tasks\n\n- [ ] 1. Add export API\n  - [x] 1.1 Write tests\n  - [ ] 1.2 Add the route\n    and describe it\n\n- [x] 2. Add page\n  - [x] 2.1 Write tests\n',
    tasks: ['1 open Add export API', '  1.1 complete Write tests', '  1.2 open Add the route', '2 complete Add page', '  2.1 complete Write tests'],
  },
  {
    name: 'task groups, whose own box is N.0',
    dialect: 'task-groups',
    text: '# Task Breakdown: Export\n\n## Overview\nTotal Tasks: 2\n\n## Task List\n\n### Database\n\n#### Task Group 1: Models\n**Dependencies:** None\n\n- [x] 1.0 Complete models\n  - [x] 1.1 Write tests\n    - detail\n\n**Acceptance Criteria:**\n- Tests pass\n\n#### Task Group 2: API\n**Dependencies:** Task Group 1\n\n- [ ] 2.0 Complete API\n  - [ ] 2.1 Write tests\n\n## Execution Order\n\n1. Models\n2. API\n',
    tasks: ['1 complete Models', '  1.1 complete Write tests', '2 open API', '  2.1 open Write tests'],
  },
  {
    name: 'boxes without numbers under headings',
    dialect: 'headings',
    text: '# Tasks\n\n### Phase 1\n- [x] Create schema\n- [ ] Fill it\n\n### Backend\n- [ ] Write tests\n',
    tasks: ['phase-1 active phase-1', '  phase-1/1 complete Create schema', '  phase-1/2 open Fill it', 'backend open Backend', '  backend/1 open Write tests'],
  },
  {
    name: 'boxes without numbers and without headings',
    dialect: 'headings',
    text: '- [x] Write it\n  - [x] First half\n- [ ] Write it\n',
    tasks: ['write-it complete Write it', '  write-it/1 complete First half', 'write-it-2 open Write it'],
  },
  {
    name: 'N.M boxes under headings, without an N. above',
    dialect: 'numbered',
    text: '## 2. Parser\n- [x] 2.1 Tokenise\n- [ ] 2.2 Parse\n\n## Printer\n- [ ] 3.1 Print\n',
    tasks: ['2 active Parser', '  2.1 complete Tokenise', '  2.2 open Parse', '3 open Printer', '  3.1 open Print'],
  },
  {
    name: 'N.M boxes alone',
    dialect: 'numbered',
    text: '- [ ] 2.1 Tokenise\n- [x] 2.2 Parse\n',
    tasks: ['2.1 open Tokenise', '2.2 complete Parse'],
  },
  {
    name: 'headings with a mark behind, and lists without boxes',
    dialect: 'unboxed',
    text: '# Tasks\n\n### Task 1: Build client ✅\n\n1. **Connect** ✅\n2. **Read** ✅\n\n### Task 2: Build server\n\n1. **Listen** ✅\n2. **Answer**\n',
    tasks: ['1 complete Build client', '  1.1 complete **Connect**', '  1.2 complete **Read**', '2 active Build server', '  2.1 complete **Listen**', '  2.2 open **Answer**'],
  },
  {
    name: 'headings with a Status line',
    dialect: 'unboxed',
    text: '## Phase 1\n\n### PRE-1: Look around ✅\n- **Status:** ✅ COMPLETED\n\n### PRE-2: Draw it\n- **Status:** pending\n',
    tasks: ['PRE-1 complete Look around', 'PRE-2 open Draw it'],
  },
  {
    name: 'a table with a Status column and no box',
    dialect: 'table',
    text: '| ID | Task | Status |\n|---|---|---|\n| pre-1 | Look around | ✅ COMPLETED |\n| pre-2 | Draw `a\\|b` | In progress |\n',
    tasks: ['pre-1 complete Look around', 'pre-2 active Draw `a\\|b`'],
  },
  {
    name: 'slugs with detail files',
    dialect: 'slugs',
    text: '## Metadata\n- **Format**: split\n\n## Phase 1: Build\n\n- [ ] **impl-api** - Build API → [details](tasks/task-impl-api.md)\n  - **Agent**: backend\n  - **Estimated Time**: 30m\n  - **Dependencies**: [pre-1]\n  - **Status**: [ ] Not Started\n- [x] **pre-1** - Look around → [details](tasks/task-pre-1.md)\n  - **Dependencies**: []\n\n## Dependency Graph\n\n```\n- [ ] **no-task** - drawn\n```\n',
    tasks: ['impl-api open Build API', 'pre-1 complete Look around'],
  },
  {
    name: 'rows of a table with boxes',
    dialect: 'table',
    text: '| | ID | Task | Agent | Time | Dependencies | Details |\n|---|---|---|---|---|---|---|\n| [ ] | impl-api | Build API | backend | 30m | pre-1, pre-2 | [→](tasks/task-impl-api.md) |\n| [x] | pre-1 | Look | any | 5m | - | [→](tasks/task-pre-1.md) |\n| [x] | pre-2 | Draw | any | 5m | None | |\n',
    tasks: ['impl-api open Build API', 'pre-1 complete Look', 'pre-2 complete Draw'],
  },
  {
    name: 'rows of a table without a header',
    dialect: 'table',
    text: '| [ ] | impl-api | Build API | backend | 30m | pre-1 | [→](tasks/task-impl-api.md) |\n| [x] | pre-1 | Look | any | 5m | | |\n',
    tasks: ['impl-api open Build API', 'pre-1 complete Look'],
  },
  {
    name: "GitHub's spec-kit",
    dialect: 'spec-kit',
    text: '# Tasks: Export\n\n## Phase 3.1: Setup\n- [x] T001 Create project\n- [ ] T002 [P] [US1] Add model in src/model.py\n\n## Validation Checklist\n- [ ] All contracts have tests\n',
    tasks: ['T001 complete Create project', 'T002 open Add model in src/model.py'],
  },
  {
    name: 'a box in a heading, with the ticket behind',
    dialect: 'unboxed',
    text: '### [ ] Add login (SCE-62)\n\nSome text.\n\n### [x] Add logout (SCE-63)\n',
    tasks: ['SCE-62 open Add login', 'SCE-63 complete Add logout'],
  },
  {
    name: 'three levels, tabs, four columns, stars, a capital X',
    dialect: 'numbered',
    text: '* [ ] 1. A\n\t* [x] 1.1 B\n\t\t* [X] 1.1.1 C\n    + [ ] 1.2 D\n        + [ ] 1.2.1 E\n',
    tasks: ['1 open A', '  1.1 complete B', '    1.1.1 complete C', '  1.2 open D', '    1.2.1 open E'],
  },
  {
    name: 'labels in bold',
    dialect: 'numbered',
    text: '- [ ] **1. Parser**\n  - [x] **1.1**: Tokenise\n  - [ ] **Task 1.2:** Parse\n  - [ ] **1.3 Print**\n',
    tasks: ['1 open Parser', '  1.1 complete Tokenise', '  1.2 open Parse', '  1.3 open Print'],
  },
  {
    name: 'text that is not English',
    dialect: 'numbered',
    text: '# 任务\n\n- [x] 1. 日本語のタスク\n  - [x] 1.1 テストを書く\n- [x] 2. Über alles: Größe prüfen\n',
    tasks: ['1 complete 日本語のタスク', '  1.1 complete テストを書く', '2 complete Über alles: Größe prüfen'],
  },
  {
    name: 'numbered headings of which some have fields of a task instead of boxes',
    dialect: 'numbered',
    text: '# Tasks\n\n## 1. Reader\n**Dependencies:** None\n- [x] 1.1 Write tests\n- [x] 1.2 Read\n\n## 2. Writer\n**Dependencies:** task 1\n\nWrites what was read.\n\n## 3. Printer\n\n- **Agent**: implementation\n- **Estimated Time**: 30m\n\n### Hints\n\nText.\n\n## 4. Checker\n**Status:** ✅ Completed\n',
    tasks: ['1 complete Reader', '  1.1 complete Write tests', '  1.2 complete Read', '2 open Writer', '3 open Printer', '4 complete Checker'],
  },
  {
    name: 'phases with boxes, with a state, over tasks, and with fields',
    dialect: 'headings',
    text: '## Phase 1: Look\n- [x] Around\n\n## Phase 2: Draw\n**Status:** Not started\n\n## Phase 3: Build\n**Dependencies**: Phase 1 completion\n\n### Objectives\n- x\n\n### Task 3.1: Walls\n- [ ] Lay bricks\n\n## Phase 4: Paint\n**Dependencies**: Phases 2 and 3\n',
    tasks: ['phase-1 complete Look', '  phase-1/1 complete Around', 'phase-2 open Draw', '3.1 open Walls', '  3.1/1 open Lay bricks', 'phase-4 open Paint'],
  },
  {
    name: 'numbered headings without any box or state',
    dialect: 'unboxed',
    text: '# Plan\n\n## 1. Reader\n**Dependencies:** None\n\nReads.\n\n## 2. Writer\n**Depends on:** Reader\n\nWrites.\n',
    tasks: ['1 open Reader', '2 open Writer'],
  },
  {
    name: 'the JSON of one fork',
    dialect: 'json',
    text: JSON.stringify({specId: 's', taskGroups: [{id: 'tg-001', title: 'Models', layer: 'database', dependencies: [], acceptanceCriteria: ['ok'], tasks: [{id: 'task-001', title: 'Table', status: 'completed', subtasks: [{id: 'subtask-001', title: 'Sub', status: 'done'}]}]}, {id: 'tg-002', title: 'API', dependencies: ['tg-001'], tasks: [{id: 'task-002', title: 'Route', status: 'in_progress', subtasks: [{id: 'subtask-002', details: ['x']}]}]}]}, null, 2),
    tasks: ['tg-001 complete Models', '  task-001 complete Table', '    subtask-001 complete Sub', 'tg-002 active API', '  task-002 active Route'],
  },
];

describe('grammars', () => {
  test.each(grammars)('$name', ({text, tasks, dialect}) => {
    expect(shown(text)).toEqual(tasks);
    expect(parseTasks(text).problems).toEqual([]);
    expect(parseTasks(text).dialect).toBe(dialect);
  });

  test.each(grammars.filter(({dialect}) => dialect !== 'json'))('$name: line ends, a byte order mark and front matter change nothing', ({text, tasks}) => {
    expect(shown(text.replaceAll('\n', '\r\n'))).toEqual(tasks);
    expect(shown(`\ufeff---\ntitle: "- [ ] 9. No"\n---\n${text}`)).toEqual(tasks);
  });

  test('fences, comments, quotes and criteria hold no tasks; criteria are kept as such', () => {
    const text = '- [ ] 1. A\n```md\n- [ ] 2. No\n```\n<!--\n- [ ] 3. No\n-->\n> - [ ] 4. No\n\n  - **Acceptance Criteria**:\n    - [x] It works\n\n## Quality Gates\n- [ ] Lint\n';
    expect(shown(text)).toEqual(['1 open A']);
    expect(taskOf(text, '1').criteria.map(({text: criterion, ticked}) => [criterion, ticked])).toEqual([['It works', true]]);
    expect(parseTasks(text).checks).toMatchObject([{text: 'Lint', ticked: false}]);
  });

  test.each([
    ['sections that tell of the work', '## 1. Overview\n**Status:** Draft\n**Estimated Effort:** 20 hours\n\n## 2. Setup\n**Dependencies:** express, zod\n\n## 3. Tasks\n- [ ] 1. A\n- [ ] 2. B\n\n## 4. Risks & Assumptions\n**Dependencies:** None\n', ['1 open A', '2 open B']],
    ['a section with a state that stands in no row of tasks', '## 2. Technical approach\n**Status:** Draft\n\n## 3. Tasks\n- [ ] 1. A\n', ['1 open A']],
    ['sections that tell of the work, in a file without boxes', '## 1. Overview\n**Status:** In progress\n\n## 2. Templates ✅\n\n## Notes\n**Status:** Draft\n', ['2 complete Templates']],
    ['what is a part of a task by its words alone', '### Task 1: A\n- [ ] 1.1 B\n#### 1. Implementation\n**Files to Create**: `src/a.ts`\n#### 2. Order\n**Dependencies:** None\n', ['1 open A', '  1.1 open B']],
    ['the title of the file', '# Phase 1: Export\n**Status:** Draft\n**Dependencies:** None\n\n## Tasks\n\n- [ ] 1. A\n', ['1 open A']],
  ])('numbered headings that are no task: %s', (_name, text, tasks) => {
    expect(shown(text)).toEqual(tasks);
    expect(parseTasks(text).problems).toEqual([]);
  });

  test('a heading in a row of tasks that shows no sign of being one is said, not dropped in silence', () => {
    const text = '## 1. Reader\n- [ ] 1.1 Read\n\n## 2. Writer\n\nText.\n\n## 3. Printer\n- [ ] 3.1 Print\n';
    expect(shown(text)).toEqual(['1 open Reader', '  1.1 open Read', '3 open Printer', '  3.1 open Print']);
    expect(parseTasks(text).problems).toMatchObject([{kind: 'not-understood', line: 4}]);
  });

  test('a task knows its lines, its detail file and the lines about its end', () => {
    const text = '- [x] **a-b** - T → [details](./tasks/task-a-b.md)\n  - **Agent**: x\n  ✅ Completed by orchestrated parallel execution\n  📋 Report: r.md\n\n- [ ] **c-d** - U\n';
    expect(taskOf(text, 'a-b')).toMatchObject({line: 1, lastLine: 4, detail: 'tasks/task-a-b.md', blockLines: [3, 4], state: 'complete', fields: [{name: 'agent', value: 'x'}]});
  });

  test('numbers that begin again within a task go on from its id', () => {
    expect(shown('### Task 1: A\n- [ ] 1. B\n- [x] 2. C\n### Task 2: D\n- [ ] 1. E\n')).toEqual(['1 open A', '  1.1 open B', '  1.2 complete C', '2 open D', '  2.1 open E'].map((line) => line.replace('1 open A', '1 active A')));
  });

  test('the same task in a list and in a table is one task', () => {
    const text = '| ID | Task | Status |\n|---|---|---|\n| impl-a | A | ✅ Completed |\n\n- [x] **impl-a** - A\n';
    expect(shown(`- [x] **impl-a** - A\n\n${text.split('\n\n')[0] ?? ''}\n`)).toEqual(['impl-a complete A']);
    expect(problemsOf(`- [ ] **impl-a** - A\n\n${text.split('\n\n')[0] ?? ''}\n`)).toEqual(['contradiction']);
  });

  test.each([
    ['a fence behind the mark of a list ends with its own end', '- ```sh\n  - [ ] 8. no\n  ```\n- [ ] 1. A\n- [ ] 2. B\n', ['1 open A', '2 open B']],
    ['a mark of a list does not end a fence', '```\n- ```\n- [ ] 9. no\n```\n- [ ] 1. A\n', ['1 open A']],
    ['a comment may begin behind the mark of a list', '- <!-- a\n  - [ ] 9. no\n  -->\n- [ ] 1. A\n', ['1 open A']],
    ['an inline comment hides no other entry', '- [ ] 1. A <!-- b\n- [ ] 2. C\n', ['1 open A <!-- b', '2 open C']],
    ['two rules at the top are no front matter when a list is between them', '---\n- [ ] 1. A\n---\n- [ ] 2. B\n', ['1 open A', '2 open B']],
    ['a carriage return alone ends a line', '- [ ] 1. A\r  - [ ] 1.1 B\r- [ ] 2. C', ['1 open A', '  1.1 open B', '2 open C']],
    ['tabs and spaces mixed keep the levels', '- [ ] 1. A\n    - [ ] 1.1 B\n\t- [ ] C\n      - [ ] D\n \t- [ ] 1.2 E\n', ['1 open A', '  1.1 open B', '  1/1 open C', '    1/1/1 open D', '  1.2 open E']],
    ['names that every object has are ids like others', '- [ ] **to-string** - A\n- [ ] **has-own** - B\n- [ ] constructor\n- [ ] __proto__\n', ['to-string open A', 'has-own open B', 'constructor open constructor', 'proto open __proto__']],
  ])('%s', (_name, text, tasks) => {
    expect(shown(text)).toEqual(tasks);
    expect(problemsOf(text)).toEqual([]);
  });

  test('gaps in the numbers are no problem', () => {
    expect(problemsOf('- [ ] 1. A\n- [ ] 3. B\n  - [ ] 3.4 C\n')).toEqual([]);
  });

  test.each(['', '# Tasks\n\nNone yet.\n', '```\n- [ ] 1. A\n```\n', '---\na: "- [ ] 1. A"\n---\n', '- <!--\n  - [ ] 1. A\n  -->\n', '> - [ ] 1. A\n', '## 1. Overview\n\nText.\n\n- a\n- b\n', '| a | b |\n|---|---|\n| 1 | 2 |\n', '<!--\n- [ ] 1. A\n-->\n'])('nothing understood is an error, never an empty success: %j', (text) => {
    expect(() => parseTasks(text)).toThrow(expect.objectContaining({code: 'TASK_NOT_FOUND'}) as Error);
  });

  test.each(['{', '{"taskGroups": []}', '{"tasks": [{"id": "1"}]}', '{"a":'.repeat(50_000)])('JSON of another form is refused: %.40s', (text) => {
    expect(() => parseTasks(text)).toThrow(expect.objectContaining({code: 'AGENT_OS_INVALID'}) as Error);
  });
});

describe('finding a task', () => {
  const text = '#### Task Group 2: API\n- [ ] 2.0 Complete\n  - [ ] 2.1 X\n\n### PRE-1: Y\n- [ ] go\n';
  test.each([
    ['2', 'API'],
    ['2.0', 'API'],
    ['Task Group 2', 'API'],
    ['task-2.1', 'X'],
    ['pre-1', 'Y'],
    ['L6', 'go'],
  ])('%s is understood', (id, title) => {
    expect(findTask(parseTasks(text), id).title).toBe(title);
  });

  test('the number before a box that has none of its own is a way to ask for it, where only one has it', () => {
    const list = parseTasks('1. [ ] Alpha\n   1. [ ] Sub\n2. [x] Beta\n');
    expect(['1', '1.1', '2', 'alpha/1'].map((id) => findTask(list, id).title)).toEqual(['Alpha', 'Sub', 'Beta', 'Sub']);
    expect(() => findTask(parseTasks('1. [ ] A\n\ntext\n\n1. [ ] B\n'), '1')).toThrow(expect.objectContaining({code: 'TASK_NOT_FOUND', details: {lines: [1, 5]}}) as Error);
  });

  test('an unknown id lists what there is; an id that is there twice must be told by its line', () => {
    expect(() => findTask(parseTasks(text), '3')).toThrow(/2, 2\.1, PRE-1, PRE-1\/1/);
    const twice = parseTasks('- [ ] 1. A\n- [ ] 1. B\n- [ ] 2. C\n');
    expect(() => findTask(twice, '1')).toThrow(expect.objectContaining({code: 'TASK_NOT_FOUND', details: {lines: [1, 2]}}) as Error);
    expect(findTask(twice, 'L2').title).toBe('B');
  });
});
