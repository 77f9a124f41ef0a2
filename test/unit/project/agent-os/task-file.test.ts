import {mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {readTask, type TaskEntry} from '../../../../src/project/agent-os/task-file.js';

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

  test('a struck task is told', async () => {
    await writeFile(join(root, 'specs/tasks.md'), '- [ ] ~~1. A~~\n- [ ] 2. B\n');
    expect(await read('specs/tasks.md', '1')).toMatchObject({dropped: true, done: false});
    expect((await read('specs/tasks.md')).id).toBe('2');
  });
});
