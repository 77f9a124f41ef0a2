import {mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {readTask, type TaskEntry} from '../../../src/project/task-file.js';

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
