import {mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {readTask, type TaskEntry} from '../../../../src/project/agent-os/task-file.js';
import {completeTask} from '../../../../src/project/agent-os/write/tasks.js';

const notFound = {code: 'TASK_NOT_FOUND'};
let scratch = '';
let root = '';

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'bulkhead-task-'));
  root = join(scratch, 'repository');
  await mkdir(join(root, 'specs'), {recursive: true});
  await mkdir(join(root, '.git'));
  await writeFile(join(root, 'specs/tasks.md'), '- [x] 1. A\n- [ ] 2. B\n  - [x] 2.1 C\n  - [ ] 2.2 D\n');
});
afterEach(async () => {
  await rm(scratch, {recursive: true, force: true});
});

/** Stands for the base commit: what the checkout has, as long as it is a file. */
const committed = (path: string): Promise<Uint8Array | undefined> => readFile(join(root, path)).catch(() => undefined);

async function read(file: string, id?: string): Promise<TaskEntry> {
  return readTask({repositoryRoot: root, file, id, readBase: committed});
}

/** Writes files, and reads a task as if all of them were committed. */
async function readAmong(files: Readonly<Record<string, string>>, file: string, id?: string): Promise<TaskEntry> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), {recursive: true});
    await writeFile(join(root, path), text);
  }
  return readTask({repositoryRoot: root, file, id, paths: Object.keys(files), readBase: committed});
}

test('a task comes with its parts, and with the path inside the repository', async () => {
  expect(await read('specs/tasks.md', '2')).toEqual({
    id: '2',
    title: 'B',
    text: 'B\n\n- [x] 2.1 C\n- [ ] 2.2 D',
    path: 'specs/tasks.md',
    done: false,
    dropped: false,
    detail: undefined,
    deliverables: [],
    criteria: [],
    unmet: [],
    spec: undefined,
    assigned: undefined,
    problems: [],
  });
  expect((await read(join(root, 'specs/tasks.md'), '2.1')).text).toBe('C');
});

test('without a number the only open task is meant; with several it must be said', async () => {
  expect((await read('specs/tasks.md')).id).toBe('2');
  await writeFile(join(root, 'specs/tasks.md'), '- [ ] 1. A\n- [ ] 2. B\n');
  await expect(read('specs/tasks.md')).rejects.toMatchObject(notFound);
  await writeFile(join(root, 'specs/tasks.md'), '- [x] 1. A\n');
  await expect(read('specs/tasks.md')).rejects.toMatchObject(notFound);
});

test('a link inside the repository gives the path of the file that it names', async () => {
  await symlink('specs', join(root, 'current'));
  expect((await read('current/tasks.md', '2')).path).toBe('specs/tasks.md');
});

test('a repository that is itself reached through a link is no reason to refuse', async () => {
  await symlink(root, join(scratch, 'link'));
  expect((await readTask({repositoryRoot: join(scratch, 'link'), file: join(scratch, 'link/specs/tasks.md'), id: '2', readBase: committed})).path).toBe('specs/tasks.md');
});

test('a file outside, a link that leads outside, and the git folder are refused', async () => {
  await writeFile(join(scratch, 'secret.md'), '- [ ] 2. B\n');
  await writeFile(join(root, '.git/tasks.md'), '- [ ] 2. B\n');
  await symlink('../../secret.md', join(root, 'specs/link.md'));
  await symlink('../..', join(root, 'specs/up'));
  for (const file of ['../secret.md', join(scratch, 'secret.md'), 'specs/link.md', 'specs/up/secret.md', '.git/tasks.md', '.']) {
    await expect(read(file, '2'), file).rejects.toMatchObject(notFound);
  }
});

test('a file that is not there, is a folder or is no text is refused', async () => {
  await writeFile(join(root, 'binary.md'), Buffer.from([0xff, 0xfe, 0x00]));
  for (const file of ['gone.md', 'specs', 'binary.md', 'specs/tasks.md/x']) await expect(read(file, '2'), file).rejects.toMatchObject(notFound);
});

test('a file that is not part of the base commit is refused: there would be nothing to tick', async () => {
  await expect(readTask({repositoryRoot: root, file: 'specs/tasks.md', id: '2', readBase: () => Promise.resolve(undefined)})).rejects.toMatchObject(notFound);
});

test('the task is read as the base commit has it, whatever the checkout says', async () => {
  const base = Buffer.from('- [ ] 7. Older\n');
  const task = await readTask({repositoryRoot: root, file: 'specs/tasks.md', id: '7', readBase: () => Promise.resolve(base)});
  expect(task.title).toBe('Older');
});

describe('every grammar can start a run', () => {
  test.each([
    ['headings', {text: '# T\n\n### Task 1: Build ✅\n\n### Task 2: Ship\n\nSend it.\n', id: '2', title: 'Ship', body: 'Ship\n\nSend it.'}],
    ['a table', {text: '| ID | Task | Status |\n|---|---|---|\n| a-1 | Build | done |\n| b-1 | Ship | pending |\n', id: 'b-1', title: 'Ship', body: 'Ship'}],
    ['a task group', {text: '#### Task Group 1: Ship\n**Dependencies:** None\n\n- [ ] 1.0 All\n  - [ ] 1.1 Send\n\n**Acceptance Criteria:**\n- It is there\n', id: '1', title: 'Ship', body: 'Ship\n\n**Dependencies:** None\n\n- [ ] 1.0 All\n  - [ ] 1.1 Send\n\n**Acceptance Criteria:**\n- It is there'}],
    ['JSON', {text: '{"taskGroups": [{"id": "tg-001", "title": "Ship", "tasks": [{"id": "task-001", "title": "Send", "status": "pending"}]}]}', id: 'tg-001', title: 'Ship', body: 'Ship\n- task-001 Send'}],
  ])('%s', async (_name, {text, id, title, body}) => {
    await writeFile(join(root, 'specs/tasks.md'), text);
    expect(await read('specs/tasks.md')).toMatchObject({id, title, text: body, done: false, problems: []});
  });

  test('a slug comes with its detail file, and says what it waits for', async () => {
    await mkdir(join(root, 'specs/x/tasks'), {recursive: true});
    await writeFile(join(root, 'specs/x/tasks.md'), '- [ ] **pre-1** - Look → [d](tasks/task-pre-1.md)\n- [ ] **impl-a** - Build → [d](tasks/task-impl-a.md)\n  - **Dependencies**: [pre-1]\n');
    await writeFile(join(root, 'specs/x/tasks/task-impl-a.md'), '# Task: impl-a - Build\n\n## Metadata\n- **Status**: pending\n\n## Specifics\n- **File to Create**: `src/a.ts`\n\n## Acceptance Criteria\n- [ ] It works\n');
    const task = await read('specs/x/tasks.md', 'impl-a');
    expect(task).toMatchObject({detail: 'specs/x/tasks/task-impl-a.md', deliverables: [{path: 'src/a.ts', action: 'create'}], criteria: ['It works'], unmet: [{written: 'pre-1'}]});
    expect(task.text).toContain('## Acceptance Criteria');
    expect(await read('specs/x/tasks/task-impl-a.md')).toMatchObject({id: 'impl-a', path: 'specs/x/tasks/task-impl-a.md', detail: 'specs/x/tasks/task-impl-a.md', unmet: [{written: 'pre-1'}]});
    await expect(read('specs/x/tasks/task-impl-a.md', 'pre-1')).rejects.toMatchObject(notFound);
  });

  test('files and criteria of its parts are those of the task, but for what is struck out', async () => {
    await writeFile(join(root, 'specs/tasks.md'), '- [ ] 1. A\n  - [ ] 1.1 B\n    - **Files to Create**:\n      - `src/b.ts`\n    - **Acceptance Criteria**:\n      - [ ] It works\n  - [ ] ~~1.2 C~~\n    - **File to Create**: `src/c.ts`\n- [ ] 2. D\n');
    const {deliverables, criteria} = await read('specs/tasks.md', '1');
    expect([deliverables.map(({path}) => path), criteria]).toEqual([['src/b.ts'], ['It works']]);
  });

  test('a struck task is told', async () => {
    await writeFile(join(root, 'specs/tasks.md'), '- [ ] ~~1. A~~\n- [ ] 2. B\n');
    expect(await read('specs/tasks.md', '1')).toMatchObject({dropped: true, done: false});
    expect((await read('specs/tasks.md')).id).toBe('2');
  });
});

describe('what stands around a task', () => {
  const spec = 'web/agent-os/specs/2026-01-15-export';
  const groups = '#### Task Group 1: Foundation\n- [ ] 1.0 All\n  - [ ] 1.1 X\n#### Task Group 2: API\n- [ ] 2.0 All\n  - **Agent**: `api-engineer`\n';
  const files: Readonly<Record<string, string>> = {
    [`${spec}/tasks.md`]: groups,
    [`${spec}/spec.md`]: '# Specification: Export\n\n## Goal\nExport it.\n\n## Out of Scope\n- PDF\n\n## Expected Deliverable\n1. A file\n',
    [`${spec}/orchestration.yml`]: 'task_groups:\n  - name: Phase 1 - Foundation\n    claude_code_subagent: backend\n    standards: [global/*, gone.md]\n',
    'web/agent-os/standards/global/a.md': 'x\n',
    'web/agent-os/standards/other.md': 'x\n',
  };

  test('its spec and who does it by which standards, of a nested folder; a part has what its group has', async () => {
    for (const id of ['1', '1.1']) {
      const task = await readAmong(files, `${spec}/tasks.md`, id);
      expect(task.spec).toEqual({path: `${spec}/spec.md`, title: 'Export', goal: 'Export it.', outOfScope: ['PDF'], expected: ['A file']});
      expect(task.assigned).toEqual({path: `${spec}/orchestration.yml`, specialist: 'backend', standards: ['web/agent-os/standards/global/a.md']});
      expect(task.text.split('\n\n').slice(-2)).toEqual([`The spec that this is a part of: ${spec}/spec.md`, 'Standards that hold for it: web/agent-os/standards/global/a.md']);
      expect(task.problems).toEqual([expect.stringContaining('gone.md')]);
    }
  });

  test('without a word in orchestration.yml the fields of the task say who does it', async () => {
    expect((await readAmong(files, `${spec}/tasks.md`, '2')).assigned).toEqual({path: `${spec}/tasks.md`, specialist: 'api-engineer', standards: []});
  });

  test.each([
    ['a spec that is none', {[`${spec}/spec.md`]: 'text\n'}, {spec: undefined}],
    ['an orchestration.yml that is none', {[`${spec}/orchestration.yml`]: 'a: ['}, {assigned: undefined}],
    ['a group that is no task', {[`${spec}/orchestration.yml`]: 'task_groups: [{name: Nothing}]'}, {assigned: undefined}],
  ])('%s is a problem that is told, and no reason to refuse the task', async (_name, other, expected) => {
    const task = await readAmong({...files, ...other}, `${spec}/tasks.md`, '1');
    expect(task).toMatchObject(expected);
    expect(task.problems).toHaveLength(_name.startsWith('a spec') ? 2 : 1);
  });

  test('a path of another machine is recognised by the folders of the tree', async () => {
    const list = '- [ ] 1. A\n  - **File to Create**: `/home/jo/dev/shop/src/lib/new.ts`\n';
    const task = await readAmong({'specs/tasks.md': list, 'src/lib/old.ts': 'x'}, 'specs/tasks.md', '1');
    expect(task.deliverables.map(({path}) => path)).toEqual(['src/lib/new.ts']);
  });
});

test('of two tasks with one id the chosen one is named by its line, so that no other is ticked', async () => {
  await writeFile(join(root, 'specs/tasks.md'), '- [ ] 1. A\n- [ ] 1. B\n- [ ] 2. C\n');
  expect(await read('specs/tasks.md', 'L2')).toMatchObject({id: 'L2', title: 'B'});
  expect(await read('specs/tasks.md', 'L3')).toMatchObject({id: '2', title: 'C'});
  expect(completeTask('- [ ] 1. A\n- [ ] 1. B\n- [ ] 2. C\n', 'L2').text).toBe('- [ ] 1. A\n- [x] 1. B\n- [ ] 2. C\n');
});
