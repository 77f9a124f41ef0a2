import {existsSync, readFileSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {AppError} from '../../../src/core/errors.js';
import {Report} from '../../../src/core/report.js';
import {readEvents} from '../../../src/record/journal/journal.js';
import {readState} from '../../../src/run/open.js';
import {fingerprint, git, never, tempFolder, write} from '../git/fixture.js';
import {endedRun} from './ended-run.js';

describe('a verified result', () => {
  test('becomes a branch, or the checkout, and tells first what deserves an eye; the journal knows', async () => {
    await using folder = await tempFolder();
    const {deliver, user, bookkeeping, files} = await endedRun(folder.path, {status: 'verified'});
    const delivered = await deliver({branch: 'mine'});
    expect(delivered).toMatchObject({commit: bookkeeping, branch: 'mine', applied: false, verified: true, notes: []});
    expect(delivered.lookFirst).toEqual([{path: '.github/workflows/ci.yml', what: 'CI'}, {path: 'CHANGELOG.md', what: 'merged by union of lines'}]);
    expect(await git(user, 'rev-parse', 'mine')).toBe(bookkeeping);
    expect(await deliver({how: 'apply'})).toMatchObject({branch: 'bulkhead/do-it', applied: true, verified: true});
    expect([await git(user, 'rev-parse', 'main'), await git(user, 'status', '--porcelain')]).toEqual([bookkeeping, '']);
    const told = (await readEvents(files.journal)).filter((event) => event.type === 'run.delivered');
    expect(told).toMatchObject([{branch: 'mine', applied: false, verified: true}, {branch: 'bulkhead/do-it', applied: true}]);
    expect((await readState(files)).status).toBe('verified');
  });

  test('is no case for an override', async () => {
    await using folder = await tempFolder();
    const {deliver} = await endedRun(folder.path, {status: 'verified'});
    await expect(deliver({branch: 'x', override: 'because'})).rejects.toMatchObject({code: 'USAGE'});
  });

  test('becomes a pull request with the task as its title and the report as its body', async () => {
    await using folder = await tempFolder();
    const {deliver, files, rooms} = await endedRun(folder.path, {status: 'verified'});
    await write(files.directory, {'report.md': '# The report\n'});
    const asked: unknown[] = [];
    const openPullRequest: typeof rooms.openPullRequest = (request) => {
      asked.push({branch: request.branch, title: request.title, body: request.body});
      return Promise.resolve({forge: 'gh', remote: 'origin', url: 'https://example.test/1'});
    };
    expect(await deliver({how: 'pull-request', rooms: {...rooms, openPullRequest}})).toMatchObject({pullRequest: 'https://example.test/1'});
    expect(asked).toEqual([{branch: 'bulkhead/do-it', title: 'Do it', body: '# The report\n'}]);
  });

  test('is merged with a branch that has moved on, keeps both sides, and says that this was not verified', async () => {
    await using folder = await tempFolder();
    const {deliver, user, bookkeeping, base} = await endedRun(folder.path, {status: 'verified'});
    await write(user, {'mine.txt': 'mine\n'});
    await git(user, 'add', '-A');
    await git(user, 'commit', '-qm', 'mine');
    const head = await git(user, 'rev-parse', 'HEAD');
    await expect(deliver({how: 'apply'})).rejects.toMatchObject({code: 'CHECKOUT_CHANGED', hint: expect.stringContaining('--with-head') as string});
    const merged = await deliver({branch: 'both', withHead: true});
    expect(merged).toMatchObject({verified: false, notes: [expect.stringContaining('verified again')]});
    expect(await git(user, 'rev-list', '--parents', '-1', 'both')).toBe(`${merged.commit} ${head} ${bookkeeping}`);
    expect((await git(user, 'ls-tree', '--name-only', 'both')).split('\n')).toEqual(['.github', 'CHANGELOG.md', 'a.txt', 'mine.txt', 'new.txt']);
    expect(await git(user, 'log', '-1', '--format=%B', 'both')).toContain('Bulkhead-Verdict: not verified');
    expect(await git(user, 'rev-parse', 'main')).toBe(head);
    await git(user, 'reset', '-q', '--hard', base);
    expect(await deliver({branch: 'same', withHead: true})).toMatchObject({commit: bookkeeping, verified: true});
  });

  test('stops at a conflict with a branch that has moved on, and changes nothing', async () => {
    await using folder = await tempFolder();
    const {deliver, user} = await endedRun(folder.path, {status: 'verified'});
    await write(user, {'new.txt': 'mine\n'});
    await git(user, 'add', '-A');
    await git(user, 'commit', '-qm', 'mine');
    const before = fingerprint(user);
    await expect(deliver({branch: 'both', withHead: true})).rejects.toMatchObject({code: 'CHECKOUT_CHANGED', details: {paths: ['new.txt']}});
    expect(fingerprint(user)).toEqual(before);
  });
});

describe('what is not verified', () => {
  test('is refused without a reason, and nothing is made', async () => {
    await using folder = await tempFolder();
    const {deliver, user} = await endedRun(folder.path, {status: 'blocked'});
    const before = fingerprint(user);
    for (const how of ['branch', 'apply', 'pull-request'] as const) await expect(deliver({how, branch: 'x'})).rejects.toMatchObject({code: 'RUN_STATE', hint: expect.stringContaining('--override') as string});
    expect(fingerprint(user)).toEqual(before);
  });

  test('can be taken with one, which commit, journal and report keep for ever', async () => {
    await using folder = await tempFolder();
    const {deliver, user, merged, files} = await endedRun(folder.path, {status: 'blocked'});
    const taken = await deliver({branch: 'x', override: 'we need it\ntoday \u001b[31m canary-secret-value'});
    expect(taken).toMatchObject({verified: false, branch: 'x'});
    const message = await git(user, 'log', '-1', '--format=%B', 'x');
    expect(message).toMatch(/^Not verified: Do it\n\n/);
    expect(message).toContain(`Bulkhead-Verdict: blocked\nBulkhead-Unverified-Commit: ${merged}\nBulkhead-Override: we need it today \\x1b[31m [secret KEY]`);
    expect(await git(user, 'rev-parse', 'x^', 'x^{tree}')).toBe(`${merged}\n${await git(user, 'rev-parse', 'x^^{tree}')}`);
    expect((await readEvents(files.journal)).slice(-2)).toMatchObject([{type: 'run.overridden', commit: taken.commit, reason: expect.stringContaining('we need it') as string}, {type: 'run.delivered', verified: false}]);
    const report = Report.parse(JSON.parse(readFileSync(files.reportJson, 'utf8')));
    expect(report).toMatchObject({verdict: 'blocked', override: {commit: taken.commit}});
    const text = readFileSync(files.reportMarkdown, 'utf8');
    expect(text.indexOf('although it is not verified')).toBeLessThan(text.indexOf('## Checks'));
    expect(`${message}${JSON.stringify(report)}${text}${readFileSync(files.journal, 'utf8')}`).not.toContain('canary-secret-value');
    expect(await readState(files)).toMatchObject({status: 'blocked', override: expect.stringContaining('we need it') as string});
  });

  test('can be taken of a cancelled run, which has no report, and never of one that can go on', async () => {
    await using folder = await tempFolder();
    const cancelled = await endedRun(`${folder.path}/1`, {status: 'cancelled'});
    expect(await cancelled.deliver({how: 'apply', override: 'because'})).toMatchObject({applied: true, verified: false, branch: 'bulkhead-unverified-abcd'});
    expect(existsSync(cancelled.files.reportJson)).toBe(false);
    const parked = await endedRun(`${folder.path}/2`, {status: 'parked'});
    await expect(parked.deliver({branch: 'x', override: 'because'})).rejects.toMatchObject({code: 'RUN_STATE'});
  });
});

test('a delivery that is interrupted leaves the checkout as it is, and says how to do it again', async () => {
  await using folder = await tempFolder();
  const {deliver, user, rooms, bookkeeping} = await endedRun(folder.path, {status: 'verified'});
  const before = [await git(user, 'rev-parse', 'main'), await git(user, 'status', '--porcelain'), await git(user, 'ls-files', '-s')];
  for (const step of ['deliverBranch', 'applyToCheckout'] as const) {
    const stop = new AbortController();
    const interrupted = (): Promise<never> => {
      stop.abort(new AppError('INTERRUPTED', 'You interrupted it.'));
      return Promise.reject(stop.signal.reason as Error);
    };
    await expect(deliver({how: 'apply', rooms: {...rooms, [step]: interrupted}}, stop.signal), step).rejects.toMatchObject({code: 'INTERRUPTED', hint: expect.stringMatching(/bulkhead deliver \S+ --apply/) as string});
    expect([await git(user, 'rev-parse', 'main'), await git(user, 'status', '--porcelain'), await git(user, 'ls-files', '-s')]).toEqual(before);
  }
  await deliver({how: 'apply'}, never);
  expect(await git(user, 'rev-parse', 'main')).toBe(bookkeeping);
});
