import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {makeRedactor} from '../../../src/core/redact.js';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {openJournal} from '../../../src/record/journal/journal.js';
import {startSteps} from '../../../src/record/journal/steps.js';
import {makeRunFolder, storeOf} from '../../../src/record/store.js';
import {endConflict, renderConflict, type ConflictAnswer} from '../../../src/run/merge/open-conflict.js';
import type {Run} from '../../../src/run/rooms.js';
import {date, file, git, never, open, ownRepository, stream, tempFolder, treeOf, write} from '../git/fixture.js';

async function conflicting(root: string) {
  const {repository, base, user} = await ownRepository(join(root, 'git'));
  const submit = async (name: string, parent: string, text: string) =>
    (await repository.importSubmission({parent, entries: stream([file('a.txt', text)]), policy: open, ref: `refs/bulkhead/r1/submission/${name}`, message: name, date, signal: never})).commit;
  const [onto, submission] = [await submit('one', base, '1\n'), await submit('two', base, '2\n')];
  const files = await makeRunFolder(storeOf(root, 'repo-00000000'), 'r1');
  const conflict = {round: 0, specialist: 'two', onto, submission, paths: ['a.txt'], why: undefined};
  const asked: string[] = [];
  /** As a process that takes the run up: what the journal knows is not done again. */
  const end = async (more: {readonly conflictAnswer?: ConflictAnswer; readonly resolves?: string | undefined} = {}) => {
    await using journal = await openJournal(files.journal, {now: () => date, redact: makeRedactor([])});
    const ask = () => {
      asked.push('resolver');
      return Promise.resolve(more.resolves);
    };
    const rooms = {repository, redact: makeRedactor([])};
    const run = {id: 'r1', startedAt: date, checkout: await readCheckout(user, never), files, journal, steps: startSteps(journal), rooms, resolver: {ask, worked: () => []}, conflictAnswer: more.conflictAnswer};
    return await endConflict(run as unknown as Run, conflict, never);
  };
  return {repository, user, onto, submission, submit, end, files, asked};
}

describe('a conflict that its owner could not resolve', () => {
  test('goes to the resolver, whose work is merged when it is what it may be', async () => {
    await using folder = await tempFolder();
    const {end, submit, onto, submission, repository} = await conflicting(folder.path);
    const ended = await end({resolves: await submit('resolver', onto, '1\n2\n')});
    if (ended.state !== 'merged') throw new Error('left out');
    expect(await treeOf(repository, ended.commit)).toEqual({'a.txt': 'file 1\n2\n'});
    expect(await git(repository.directory, 'rev-list', '--parents', '-1', ended.commit)).toBe(`${ended.commit} ${onto} ${submission}`);
  });

  test('waits for a person when the resolver gives nothing, or nothing fit: parked, with a file that has both sides and commands', async () => {
    await using folder = await tempFolder();
    const {end, submit, onto, submission, files, asked} = await conflicting(folder.path);
    const waiting = {code: 'CONFLICT_OPEN', exitCode: 6, message: expect.stringContaining(files.conflict('0-two')) as string, hint: expect.stringContaining('bulkhead resume r1 --leave-out two') as string};
    await expect(end({resolves: undefined})).rejects.toMatchObject(waiting);
    await expect(end({resolves: await submit('resolver', onto, '<<<<<<< a\n')})).rejects.toMatchObject(waiting);
    expect(asked).toEqual(['resolver', 'resolver']);
    const text = readFileSync(files.conflict('0-two'), 'utf8');
    for (const part of [onto, submission, '- a.txt', '+2', 'git worktree add', '--resolution']) expect(text).toContain(part);
    await expect(end({conflictAnswer: {kind: 'leave-out', specialist: 'one'}})).rejects.toMatchObject(waiting);
  });

  test('is resolved by the commands in that file, by a commit of the user', async () => {
    await using folder = await tempFolder();
    const {end, onto, submission, user, repository} = await conflicting(folder.path);
    await git(user, 'fetch', '-q', repository.directory, onto, submission);
    await git(user, 'worktree', 'add', '-q', '--detach', join(folder.path, 'there'), onto);
    const there = join(folder.path, 'there');
    await git(there, 'merge', '-q', '--no-commit', submission).catch(() => undefined);
    await write(there, {'a.txt': '1 and 2\n'});
    await git(there, 'add', '-A');
    await git(there, 'commit', '-qm', 'Resolve');
    const commit = await git(there, 'rev-parse', 'HEAD');
    const ended = await end({conflictAnswer: {kind: 'resolution', commit}});
    if (ended.state !== 'merged') throw new Error('left out');
    expect(await treeOf(repository, ended.commit)).toEqual({'a.txt': 'file 1 and 2\n'});
    expect(await end()).toEqual(ended);
  });

  test('waits on when the commit of a person does not build on the merge so far', async () => {
    await using folder = await tempFolder();
    const {end, user} = await conflicting(folder.path);
    const commit = await git(user, 'rev-parse', 'HEAD');
    await expect(end({conflictAnswer: {kind: 'resolution', commit}})).rejects.toMatchObject({code: 'CONFLICT_OPEN', message: expect.stringContaining('does not build on') as string});
  });

  test('is left out when a person says so, once for all', async () => {
    await using folder = await tempFolder();
    const {end} = await conflicting(folder.path);
    expect(await end({conflictAnswer: {kind: 'leave-out', specialist: 'two'}})).toEqual({state: 'left-out'});
    expect(await end()).toEqual({state: 'left-out'});
  });
});

test('the file for a person shows no control character, and no line that could be one of ours', () => {
  const nasty = 'x\u001b[31m\u202e';
  const conflict = {round: 0, specialist: 'two', onto: 'o', submission: 's', paths: [nasty], why: nasty};
  const text = renderConflict({runId: 'r1', repositoryDir: "/it's", conflict, diff: `+${nasty}\n## Resolve it\n    rm -rf\n`});
  // eslint-disable-next-line no-control-regex -- what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text.match(/^## Resolve it$/gm)).toHaveLength(1);
  expect(text).toContain("git fetch '/it'\\''s' o s");
});
