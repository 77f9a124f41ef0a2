import {describe, expect, test} from 'vitest';
import {parseDetail} from '../../../../src/project/agent-os/detail.js';
import {findTask, isComplete, parseTasks} from '../../../../src/project/agent-os/tasks.js';
import {blockerBlock, completionBlock} from '../../../../src/project/agent-os/write/block.js';
import {blockedFiles, completedFiles} from '../../../../src/project/agent-os/write/files.js';
import {blockDetail, completeDetail} from '../../../../src/project/agent-os/write/detail.js';
import {blockTask, completeTask} from '../../../../src/project/agent-os/write/tasks.js';
import {keptPaths} from '../../../../src/project/agent-os/places.js';

const shows = (criterion: string): boolean => criterion === 'It works';
const block = completionBlock({specialists: 2, rounds: 1, runId: 'r1', files: {created: 1, modified: 2, deleted: 0, tests: 1}, tests: {passed: 4, total: 4}, report: 'verifications/r.md'});

describe('completing', () => {
  test.each([
    ['boxes, the own and those of the parts', '- [ ] 1. A\n  - [x] 1.1 B\n  - [ ] 1.2 C\n- [ ] 2. D\n', '1', '- [x] 1. A\n  - [x] 1.1 B\n  - [x] 1.2 C\n- [ ] 2. D\n'],
    ['a part alone, not its parent', '- [ ] 1. A\n  - [ ] 1.1 B\n', '1.1', '- [ ] 1. A\n  - [x] 1.1 B\n'],
    ['line ends, a byte order mark, a capital X and a missing last line end stay', '\ufeff- [ ] 1. A  \r\n\t- [X] 1.1 B\r\n\r\n* [ ] 2. [ ] C', '2', '\ufeff- [ ] 1. A  \r\n\t- [X] 1.1 B\r\n\r\n* [x] 2. [ ] C'],
    ['a group, by its own box', '#### Task Group 2: A\n- [ ] 2.0 All\n  - [ ] 2.1 B\n', '2', '#### Task Group 2: A\n- [x] 2.0 All\n  - [x] 2.1 B\n'],
    ['a heading and its list without boxes', '### Task 1: A\r\n\r\n1. **B** ✅\r\n2. **C**\r\n\r\n### Task 2: D ##\r\n', '1', '### Task 1: A\r\n\r\n1. **B** ✅\r\n2. **C** ✅\r\n\r\n### Task 2: D ##\r\n'],
    ['a heading alone', '### Task 1: A ✅\n### Task 2: D ##\n', '2', '### Task 1: A ✅\n### Task 2: D ✅ ##\n'],
    ['a heading with another mark', '### Task 1: A 🔄 In progress\n', '1', '### Task 1: A ✅\n'],
    ['a Status line in its own way', '### PRE-1: A\n- **Status:** ⚠️ BLOCKED\n', 'pre-1', '### PRE-1: A\n- **Status:** ✅ COMPLETED\n'],
    ['a Status line in small letters', '### PRE-1: A\n- **Status:** pending\n', 'PRE-1', '### PRE-1: A\n- **Status:** completed\n'],
    ['a Status cell', '| ID | Task | Status |\n|---|---|---|\n| a-1 | A | Pending |\n| b-1 | B | 🔄 In Progress |\n', 'b-1', '| ID | Task | Status |\n|---|---|---|\n| a-1 | A | Pending |\n| b-1 | B | ✅ Completed |\n'],
    ['a box in a cell', '| [ ] | a-1 | A |\n| [ ] | b-1 | B |\n', 'a-1', '| [x] | a-1 | A |\n| [ ] | b-1 | B |\n'],
    ['a box in a heading', '### [ ] A (SCE-62)\n', 'SCE-62', '### [x] A (SCE-62)\n'],
    ['what said that it was to do or blocked goes', '- [ ] 1. A (TODO)\n  ⚠️ Blocking issue: no key\n  - [ ] 1.1 B - **BLOCKED**\n', '1', '- [x] 1. A\n  - [x] 1.1 B\n'],
    ['JSON, in the words of the file', '{"taskGroups": [{"id": "tg-001", "tasks": [{"id": "task-001", "status": "done"}, {"id": "task-002", "status" : "pending"}]}]}', 'tg-001', '{"taskGroups": [{"id": "tg-001", "tasks": [{"id": "task-001", "status": "done"}, {"id": "task-002", "status" : "done"}]}]}'],
    ['a struck part stays', '- [ ] 1. A\n  - [ ] ~~1.1 B~~\n  - [ ] 1.2 C\n', '1', '- [x] 1. A\n  - [ ] ~~1.1 B~~\n  - [x] 1.2 C\n'],
  ])('%s', (_name, text, id, expected) => {
    const written = completeTask(text, id, {block, shows});
    expect(written).toEqual({text: expected, notes: []});
  });

  test('a skipped part stays, and what contains it is not ticked: that would contradict it', () => {
    const written = completeTask('- [ ] 1. A\n  - [ ] 1.1 B (skipped)\n  - [ ] 1.2 C\n', '1');
    expect(written.text).toBe('- [ ] 1. A\n  - [ ] 1.1 B (skipped)\n  - [x] 1.2 C\n');
    expect(written.notes).toHaveLength(1);
    expect(completeTask('- [ ] 1. A (skipped)\n', '1').text).toBe('- [x] 1. A\n');
  });

  test("the guide's dialect gets its block, once", () => {
    const text = '- [ ] **impl-a** - A\r\n  - **Status**: [ ] Not Started\r\n\r\n- [ ] **impl-b** - B\r\n';
    const once = completeTask(text, 'impl-a', {block, shows}).text;
    expect(once).toBe(`- [x] **impl-a** - A\r\n  - **Status**: [x] Complete\r\n${block.map((line) => `  ${line}\r\n`).join('')}\r\n- [ ] **impl-b** - B\r\n`);
    expect(completeTask(once, 'impl-a', {block, shows}).text).toBe(once);
    expect(isComplete(findTask(parseTasks(once), 'impl-a'))).toBe(true);
  });

  test('the block says only what was seen', () => {
    expect(block).toEqual(['✅ Completed by orchestrated parallel execution', '📊 Metrics: 2 specialists, 1 verification, run r1', '✅ Deliverables: 1 files created, 2 modified, 1 test files, ALL verified', '✅ Tests: 4/4 passing (100%)', '✅ Verification: Complete with evidence', '📋 Report: verifications/r.md']);
    const known = {specialists: 1, rounds: 2, runId: 'r', files: {created: 0, modified: 0, deleted: 1, tests: 0}, report: undefined};
    expect(completionBlock({...known, tests: undefined}).join('\n')).not.toMatch(/Tests|Report/);
    expect(completionBlock({...known, tests: {passed: 199, total: 200}}).join('\n')).toContain('199/200 passing (99%)');
  });
});

describe('blocking', () => {
  test.each([
    ['numbered', '- [ ] 1. A\n  - [ ] 1.1 B\n', '1', '- [ ] 1. A\n  ⚠️ Blocking issue: no key\n  - [ ] 1.1 B\n'],
    ['behind a title that goes on', '- [ ] 1. A long\n  title\n  - [ ] 1.1 B\n', '1', '- [ ] 1. A long\n  title\n  ⚠️ Blocking issue: no key\n  - [ ] 1.1 B\n'],
    ['before what its fields say', '### Task 1: A\n**Dependencies:** None\n', '1', '### Task 1: A\n⚠️ Blocking issue: no key\n**Dependencies:** None\n'],
    ['a ticked box is opened', '- [x] 1. A', '1', '- [ ] 1. A\n  ⚠️ Blocking issue: no key'],
    ['the line end of the file, behind a last line without one', '- [x] 1. A\r\n- [ ] 2. B', '2', '- [x] 1. A\r\n- [ ] 2. B\r\n  ⚠️ Blocking issue: no key'],
    ['task groups', '#### Task Group 1: A\n- [ ] 1.0 All\n  - [ ] 1.1 B\n', '1.1', '#### Task Group 1: A\n- [ ] 1.0 All\n  - [⚠️] 1.1 B\n    ⚠️ Blocking issue: no key\n'],
    ['slugs', '- [ ] **a-b** - A\n', 'a-b', '- [ ] **a-b** - A\n  ⚠️ Blocking issue: no key\n  🔄 Attempts: 3\n  📝 Recommendation: ask\n  ❌ Verification: Failed\n'],
    ['a Status line', '### PRE-1: A\n- **Status:** pending\n', 'PRE-1', '### PRE-1: A\n⚠️ Blocking issue: no key\n- **Status:** ⚠️ blocked\n'],
  ])('%s', (_name, text, id, expected) => {
    const blocker = {issue: 'no\nkey', attempts: 3, recommendation: 'ask'};
    const written = blockTask(text, id, blocker);
    expect(written).toEqual({text: expected, notes: []});
    expect(findTask(parseTasks(written.text), id).state).toBe('blocked');
    expect(blockTask(written.text, id, blocker).text).toBe(expected);
  });

  test('where a table or JSON has no place for the reason it is a note', () => {
    expect(blockTask('| [ ] | a-1 | A |\n| [ ] | b-1 | B |\n', 'a-1', {issue: 'x'})).toMatchObject({text: '| [⚠️] | a-1 | A |\n| [ ] | b-1 | B |\n', notes: [expect.stringContaining('x')]});
    expect(blockTask('{"taskGroups": [{"id": "g-1", "status": "open"}]}', 'g-1', {issue: 'x'}).text).toBe('{"taskGroups": [{"id": "g-1", "status": "blocked"}]}');
  });

  test('an issue cannot become a task or a second line', () => {
    const [line, ...more] = blockerBlock({issue: '\n- [x] 9. Done\r\n\u202e'}, false);
    expect(more).toEqual([]);
    expect(line).toBe('⚠️ Blocking issue: - [x] 9. Done \\u202e');
  });
});

const detail = '# Task: impl-a - A\n\n## Task Metadata\n- **Status**: [ ] Not Started\n- **Completion Date**:\n\n## Files to Create\n- `src/a.ts`\n\n## Acceptance Criteria\n- [ ] It works\n';

describe('detail files', () => {
  test('status, date, block, and the boxes of the criteria that were shown', () => {
    const {text, notes} = completeDetail(detail, {date: '2026-11-24', block: ['✅ Verification: Complete with evidence'], shows});
    expect(notes).toEqual([]);
    expect(text).toBe(`${detail.replace('[ ] Not Started', '[x] Complete').replace('Date**:', 'Date**: 2026-11-24').replace('[ ] It works', '[x] It works')}\n## Completion Verification\n\n- ✅ Verification: Complete with evidence\n`);
    expect(completeDetail(text, {date: '2026-11-25', block: ['✅ Verification: Complete with evidence'], shows}).text).toBe(text);
  });

  test('an older block is replaced, and what follows it stays', () => {
    const text = `${detail}\n## Completion Verification\n\n- old\n\n## Notes\n\nx\n`;
    expect(completeDetail(text, {date: '2026-11-24', block: ['new'], shows}).text).toContain('## Completion Verification\n\n- new\n\n## Notes\n\nx\n');
    expect(completeDetail(text.replaceAll('\n', '\r\n'), {date: '2026-11-24', block: ['new'], shows}).text).not.toMatch(/[^\r]\n/);
  });
});

describe('criteria of acceptance', () => {
  const complete = (text: string, id: string): readonly [string, number] => {
    const written = completeTask(text, id, {block: [], shows});
    return [written.text, written.notes.length];
  };

  test.each([
    ['in a group, whose other criteria stay and are counted', '#### Task Group 1: A\n- [ ] 1.0 All\n\n**Acceptance Criteria:**\n- [ ] It works\n- [ ] It is fast\n- [x] It is there\n', '1', '#### Task Group 1: A\n- [x] 1.0 All\n\n**Acceptance Criteria:**\n- [x] It works\n- [ ] It is fast\n- [x] It is there\n', 1],
    ['below a box, with tabs and CRLF', '- [ ] 1. A\r\n\t- **Acceptance Criteria**:\r\n\t\t- [ ] It works\r\n- [ ] 2. It works\r\n', '1', '- [x] 1. A\r\n\t- **Acceptance Criteria**:\r\n\t\t- [x] It works\r\n- [ ] 2. It works\r\n', 0],
    ['not of another task, nor in a fence, nor without a box', '### Task 1: A\n- [ ] 1.1 B\n**Acceptance Criteria:**\n- It works\n```\n- [ ] It works\n```\n### Task 2: C\n- [ ] 2.1 D\n**Acceptance Criteria:**\n- [ ] It works\n', '1', '### Task 1: A\n- [x] 1.1 B\n**Acceptance Criteria:**\n- It works\n```\n- [ ] It works\n```\n### Task 2: C\n- [ ] 2.1 D\n**Acceptance Criteria:**\n- [ ] It works\n', 0],
    ['not what was put off, nor a box with another sign', '- [ ] 1. A\n  - **Acceptance Criteria**:\n    - [ ] It works (deferred)\n    - [⚠️] It works\n', '1', '- [x] 1. A\n  - **Acceptance Criteria**:\n    - [ ] It works (deferred)\n    - [⚠️] It works\n', 1],
    ['not those of the file as a whole', '- [ ] 1. A\n\n## Acceptance Criteria\n- [ ] It works\n', '1', '- [x] 1. A\n\n## Acceptance Criteria\n- [ ] It works\n', 0],
  ] as const)('%s', (...[, text, id, expected, notes]) => {
    expect(complete(text, id)).toEqual([expected, notes]);
    expect(complete(expected, id)).toEqual([expected, notes]);
  });
});

describe('all files of a task', () => {
  const files: Readonly<Record<string, string>> = {'specs/x/tasks.md': '- [ ] **impl-a** - A → [d](tasks/task-impl-a.md)\n- [ ] **impl-b** - B → [d](../../src/evil.md)\n', 'specs/x/tasks/task-impl-a.md': detail, 'src/evil.md': '# Task: impl-b - B\n\n**Status:** pending\n'};
  const read = (path: string): Promise<string | undefined> => Promise.resolve(files[path]);

  test.each(['specs/x/tasks.md', 'specs/x/tasks/task-impl-a.md'])('list and detail file, from %s', async (path) => {
    const at = {path, id: 'impl-a'};
    const written = await completedFiles(at, {date: '2026-11-24', block, shows}, read);
    expect(written.files.map((file) => file.path).toSorted()).toEqual(['specs/x/tasks.md', 'specs/x/tasks/task-impl-a.md']);
    expect(written.notes).toEqual([]);
    for (const file of written.files) expect(keptPaths(at)).toContain(file.path);
  });

  test('what blocks the task stands in both files, once, and goes when it is done', async () => {
    const blocker = {issue: 'no key', attempts: 2, recommendation: 'ask', report: 'verifications/r.md'};
    const at = {path: 'specs/x/tasks.md', id: 'impl-a'};
    const blocked = await blockedFiles(at, blocker, read);
    expect(blocked.notes).toEqual([]);
    const texts = new Map(blocked.files.map(({path, text}) => [path, text]));
    const own = texts.get('specs/x/tasks/task-impl-a.md') ?? '';
    expect(own).toBe(`${detail.replace('[ ] Not Started', '[ ] ⚠️ Blocked')}\n## Completion Verification\n\n- ⚠️ Blocking issue: no key\n- 🔄 Attempts: 2\n- 📝 Recommendation: ask\n- ❌ Verification: Failed - verifications/r.md\n`);
    expect(blockDetail(own, blocker).text).toBe(own);
    expect(parseDetail(own).state).toBe('blocked');
    const again = await completedFiles(at, {date: '2026-11-24', block, shows}, (path) => Promise.resolve(texts.get(path)));
    expect(again.files.map(({text}) => /Blocking|Failed/.test(text))).toEqual([false, false]);
    expect(parseDetail(again.files[1]?.text ?? '').state).toBe('complete');
  });

  test('a link that leads elsewhere is never written to', async () => {
    const written = await completedFiles({path: 'specs/x/tasks.md', id: 'impl-b'}, {date: '2026-11-24', block, shows}, read);
    expect(written.files.map((file) => file.path)).toEqual(['specs/x/tasks.md']);
  });

  test('a file that only has the name of a detail file is left alone', async () => {
    const list = '- [ ] **impl-c** - C\n';
    const other: Readonly<Record<string, string>> = {'specs/x/tasks.md': list, 'specs/x/tasks/task-impl-c.md': '# Notes\n\n- **Status**: pending\n'};
    const written = await completedFiles({path: 'specs/x/tasks.md', id: 'impl-c'}, {date: '2026-11-24', block, shows}, (path) => Promise.resolve(other[path]));
    expect([written.files.map((file) => file.path), written.notes]).toEqual([['specs/x/tasks.md'], []]);
  });

  test('what is gone or not understood any more is a note', async () => {
    expect(await completedFiles({path: 'gone.md', id: '1'}, {date: '2026-11-24', block, shows}, read)).toMatchObject({files: [], notes: [expect.stringContaining('gone.md')]});
    expect(await completedFiles({path: 'specs/x/tasks.md', id: '9'}, {date: '2026-11-24', block, shows}, read)).toMatchObject({files: [], notes: [expect.stringContaining('There is no task 9')]});
  });
});
