import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import Docker from 'dockerode';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {makeRedactor} from '../../../src/core/redact.js';
import type {LockedImage, Ownership, SandboxEngine, WorkspaceNames} from '../../../src/core/sandbox.js';
import {readCheckout} from '../../../src/git/freeze/checkout.js';
import {isDelivered} from '../../../src/git/deliver/delivered.js';
import {openRepository} from '../../../src/git/repository.js';
import {openJournal} from '../../../src/record/journal/journal.js';
import {lockRun} from '../../../src/record/driver/lock.js';
import {readBootId} from '../../../src/record/driver/machine.js';
import {processOwner} from '../../../src/record/driver/owner.js';
import {listQuarantine} from '../../../src/record/kept/quarantine.js';
import {makeRunFolder, runFiles, type RunFiles} from '../../../src/record/store.js';
import {discardRun} from '../../../src/run/sweep/discard.js';
import {restoreRun} from '../../../src/run/sweep/restore.js';
import {sweep, type Swept} from '../../../src/run/sweep/sweep.js';
import {homeOf, namedStore, type NamedStore, type SweepWorld} from '../../../src/run/sweep/world.js';
import {git, userRepository} from '../../unit/git/fixture.js';
import {address, boxImage, calm, file, sh, startEngine, stream} from '../sandbox/engine-fixture.js';

const execute = promisify(execFile);
const docker = new Docker({socketPath: address.replace('unix://', '')});
/** Other suites use the same engine at the same time: this one sees its own things alone. */
const own = `test-${randomBytes(4).toString('hex')}`;
const real = startEngine();
const engine: SandboxEngine = {...real, leftovers: async (signal) => (await real.leftovers(signal)).filter((item) => item.runId.startsWith(own))};
/** A process of this machine that surely is gone. */
const goneOwner = ((): string => {
  const [host = '', , , ...rest] = processOwner().split(' ');
  return [host, '999999999', '1', ...rest].join(' ');
})();
const day = 24 * 3_600_000;
const plain = {olderThanMs: day, runs: false, unknown: false, patient: true, dryRun: false};

let image: LockedImage;
let home: string;
let user: string;
let head: string;
let store: NamedStore;
let world: SweepWorld;
let count = 0;

beforeAll(async () => {
  image = await engine.lockImage('node', calm);
});
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-sweep-')));
  user = join(home, 'user');
  head = await userRepository(user);
  world = {engine, stateHome: join(home, 'state'), openRepository: (one, signal) => openRepository(one.repository, signal), isDelivered};
  store = namedStore(world, (await readCheckout(user, calm)).repositoryId);
});
afterEach(async () => {
  await rm(home, {recursive: true, force: true});
});
const removeOwn = async (): Promise<void> => {
  const rank = {container: 0, network: 1, volume: 2};
  for (const item of [...(await engine.leftovers(calm))].sort((a, b) => rank[a.kind] - rank[b.kind] || b.name.localeCompare(a.name))) await engine.remove(item, calm);
};
afterEach(removeOwn);
afterAll(async () => {
  expect(await engine.leftovers(calm)).toEqual([]);
});

interface MadeRun {
  readonly runId: string;
  readonly files: RunFiles;
  readonly names: WorkspaceNames;
}

type Verdict = 'verified' | 'blocked' | 'inconclusive' | 'cancelled';

/** A run with a journal: ended with a verdict, or interrupted; `box`: a box began, and its work was brought home or not. */
async function makeRun({verdict, box, commit}: {readonly verdict?: Verdict; readonly box?: 'saved' | 'unsaved'; readonly commit?: string}): Promise<MadeRun> {
  const runId = `${own}-${(count += 1)}`;
  const names = namesOf(runId);
  const files = await makeRunFolder(store, runId);
  await using journal = await openJournal(files.journal, {now: () => new Date(), redact: makeRedactor([])});
  await journal.append({type: 'run.opened', runId, task: 't', repository: user, options: {}});
  await journal.append({type: 'run.driven', owner: goneOwner, engine: address});
  if (box !== undefined) await journal.append({type: 'step.started', step: 'box/test/first/0', inputSha256: 'i', names: {...names, commit: head}});
  if (box === 'saved') await journal.append({type: 'step.finished', step: 'export/test/first/0', inputSha256: 'i', outcome: {commit: head, refused: []}, reconciled: false});
  if (verdict !== undefined) await journal.append({type: 'run.closed', verdict, ...(commit === undefined ? {} : {commit})});
  return {runId, files, names};
}

function namesOf(runId: string): WorkspaceNames {
  return {snapshot: `bulkhead-${runId}-at-abc`, box: `bulkhead-${runId}-test-first-0`};
}

/** A living box of a run with one changed file. */
async function makeBox(runId: string, owner = goneOwner): Promise<void> {
  const names = namesOf(runId);
  const ownership: Ownership = {runId, owner};
  await engine.createSnapshot({name: names.snapshot, ownership, files: stream([file('kept.txt', 'kept\n'), file('old.txt', 'old\n')])}, calm);
  const box = await engine.startBox({names, ownership, image, limits: {memoryMiB: 128, cpus: 1, pids: 64}, env: {}, profile: 'agent'}, calm);
  await sh(box, 'echo precious >work.txt && rm old.txt');
}

/** A complete snapshot: its volume and its mark. */
const snapshotOf = (runId: string): readonly string[] => [namesOf(runId).snapshot, `${namesOf(runId).snapshot}-done`];
const onEngine = async (runId: string): Promise<readonly string[]> => (await engine.leftovers(calm)).filter((item) => item.runId === runId).map((item) => item.name).sort();
const run = (asked: Partial<typeof plain> = {}, on: SweepWorld = world): Promise<Swept> => sweep(on, {...plain, ...asked}, calm);
const outcomes = ({rows}: Swept, runId: string): readonly string[] => [...new Set(rows.filter((row) => row.runId === runId).map((row) => row.outcome))].sort();
/** The same engine, whose clock and ours say that so much time has passed. */
const later = (ms: number, engineMs = ms): SweepWorld => ({
  ...world,
  engine: {
    ...engine,
    clocks: async (signal) => {
      const {here, engine: theirs} = await engine.clocks(signal);
      return {here: {...here, uptimeS: (here.uptimeS ?? 0) + ms / 1000, at: new Date(here.at.getTime() + ms)}, engine: new Date((theirs?.getTime() ?? 0) + engineMs)};
    },
  },
});

describe('what runs have on the engine', () => {
  test('goes when the run has ended and its work is home; a dry run changes nothing', async () => {
    const {runId} = await makeRun({verdict: 'blocked', box: 'saved'});
    await makeBox(runId);
    const before = await onEngine(runId);
    expect(before.length).toBeGreaterThan(3);
    expect(outcomes(await run({dryRun: true}), runId)).toEqual(['kept', 'removed']);
    expect(await onEngine(runId)).toEqual(before);
    expect(outcomes(await run(), runId)).toEqual(['kept', 'removed']);
    expect(await onEngine(runId)).toEqual([]);
  });

  test('stays while its run is interrupted, driven, or has a journal that cannot be read, whatever is asked', async () => {
    const interrupted = await makeRun({box: 'unsaved'});
    const driven = await makeRun({verdict: 'verified', box: 'saved'});
    const damaged = await makeRun({verdict: 'blocked', box: 'saved'});
    const hidden = await makeRun({verdict: 'blocked', box: 'saved'});
    await writeFile(damaged.files.journal, 'garbage\n');
    await rm(hidden.files.journal);
    await mkdir(hidden.files.journal);
    const all = [interrupted, driven, damaged, hidden].map((one) => one.runId);
    for (const runId of all) await engine.createSnapshot({name: namesOf(runId).snapshot, ownership: {runId, owner: goneOwner}, files: stream([file('a')])}, calm);
    await using _held = await lockRun(driven.files.directory);
    const swept = await run({olderThanMs: 0, runs: true, unknown: true}, later(30 * day));
    for (const runId of all) expect([outcomes(swept, runId), await onEngine(runId)]).toEqual([['kept'], snapshotOf(runId)]);
  });

  test('goes into quarantine first when it is nowhere else, and tar brings it back', async () => {
    const {runId} = await makeRun({verdict: 'cancelled', box: 'unsaved'});
    await makeBox(runId);
    expect(outcomes(await run({patient: false}), runId)).toEqual(['kept']);
    const {rows} = await run();
    expect(await onEngine(runId)).toEqual([]);
    const at = rows.find((row) => row.runId === runId && row.outcome === 'quarantined')?.at ?? '';
    await execute('tar', ['-xf', at, '-C', home]);
    expect(await readFile(join(home, 'files/work.txt'), 'utf8')).toBe('precious\n');
    expect(JSON.parse(await readFile(join(home, 'manifest.json'), 'utf8'))).toMatchObject({runId, deleted: ['old.txt']});
  });

  test('stays when its work cannot be brought into quarantine, and stops nothing else', async () => {
    const broken = await makeRun({verdict: 'cancelled', box: 'unsaved'});
    const other = await makeRun({verdict: 'cancelled', box: 'saved'});
    await makeBox(broken.runId);
    await engine.createSnapshot({name: other.names.snapshot, ownership: {runId: other.runId, owner: goneOwner}, files: stream([file('a')])}, calm);
    const failing: SandboxEngine = {
      ...engine,
      exportWorkspace() {
        throw new Error('the snapshot is gone');
      },
    };
    const before = await onEngine(broken.runId);
    const swept = await run({}, {...world, engine: failing});
    expect([outcomes(swept, broken.runId), await onEngine(broken.runId)]).toEqual([['failed', 'kept'], before]);
    expect(await onEngine(other.runId)).toEqual([]);
    expect((await listQuarantine(homeOf(world))).entries).toEqual([]);
  });

  test('of a run that no journal knows stays until it is asked for, is old, and its owner is gone', async () => {
    const [runId, living] = [`${own}-nobody`, `${own}-living`];
    await makeBox(runId);
    await engine.createSnapshot({name: namesOf(living).snapshot, ownership: {runId: living, owner: processOwner()}, files: stream([file('a')])}, calm);
    const before = await onEngine(runId);
    for (const [asked, on] of [[{}, later(2 * day)], [{unknown: true}, world], [{unknown: true}, later(day - 3_600_000)]] as const) await run(asked, on);
    expect(await onEngine(runId)).toEqual(before);
    const swept = await run({unknown: true}, later(2 * day));
    expect([outcomes(swept, runId), await onEngine(runId)]).toEqual([['quarantined', 'removed'], []]);
    expect(outcomes(swept, living)).toEqual(['kept']);
    expect((await listQuarantine(homeOf(world))).entries.map((entry) => entry.about.runId)).toEqual([runId]);
  });

  test('is not judged by its age when a clock jumped: forward on the same start, back, or away from the engine', async () => {
    const runId = `${own}-clock`;
    await engine.createSnapshot({name: namesOf(runId).snapshot, ownership: {runId, owner: goneOwner}, files: stream([file('a')])}, calm);
    const jump = (ms: number, engineMs: number): SweepWorld => {
      const jumped = later(ms, engineMs).engine;
      return {...world, engine: {...jumped, clocks: async (signal) => ({...(await jumped.clocks(signal)), here: {...(await jumped.clocks(signal)).here, uptimeS: (await engine.clocks(signal)).here.uptimeS}})}};
    };
    for (const on of [jump(30 * day, 30 * day), jump(-30 * day, -30 * day), later(30 * day, 0)]) expect(outcomes(await run({unknown: true}, on), runId)).toEqual(['kept']);
    expect((await run({unknown: true}, later(30 * day, 0))).clockDoubt).toBeDefined();
    expect(await onEngine(runId)).toEqual(snapshotOf(runId));
  });

  test('is found by its labels alone: what only has our names, or other labels, survives everything', async () => {
    const {runId} = await makeRun({verdict: 'blocked', box: 'saved'});
    const [bare, foreign] = [`bulkhead-${own}-foreign`, `bulkhead-${own}-labelled`];
    const labels = {'dev.bulkhead.runs': runId, 'com.example.run': runId};
    await docker.createVolume({Name: bare});
    await docker.createVolume({Name: foreign, Labels: labels});
    const network = await docker.createNetwork({Name: bare, Labels: labels});
    const ours = await docker.createNetwork({Name: `bulkhead-${runId}-net`, Labels: {'dev.bulkhead.run': runId, 'dev.bulkhead.owner': goneOwner}});
    const container = await docker.createContainer({name: bare, Image: boxImage, Cmd: ['true'], Labels: labels});
    try {
      await makeBox(runId);
      await run({olderThanMs: 0, runs: true, unknown: true}, later(30 * day));
      expect(await onEngine(runId)).toEqual([]);
      await expect(ours.inspect()).rejects.toMatchObject({statusCode: 404});
      for (const look of [docker.getVolume(bare).inspect(), docker.getVolume(foreign).inspect(), network.inspect(), container.inspect()]) await expect(look).resolves.toBeDefined();
    } finally {
      await container.remove({force: true});
      await network.remove();
      for (const name of [bare, foreign]) await docker.getVolume(name).remove();
    }
  });

  test('goes once when two sweep at once', async () => {
    const {runId} = await makeRun({verdict: 'cancelled', box: 'unsaved'});
    await makeBox(runId);
    const both = await Promise.all([run(), run()]);
    expect(await onEngine(runId)).toEqual([]);
    expect(both.flatMap(({rows}) => rows).filter((row) => row.runId === runId && row.outcome === 'failed')).toEqual([]);
    expect((await listQuarantine(homeOf(world))).entries).toHaveLength(1);
  });

  test('is left alone when the engine cannot list it', async () => {
    const {runId} = await makeRun({verdict: 'verified', commit: head});
    const down = startEngineAt('unix:///nowhere.sock');
    await expect(run({runs: true, olderThanMs: 0}, {...world, engine: down})).rejects.toMatchObject({code: 'ENGINE_UNREACHABLE'});
    expect((await readdir(store.runs)).includes(runId)).toBe(true);
  });
});

function startEngineAt(where: string): SandboxEngine {
  const lost = new Docker({socketPath: where.replace('unix://', '')});
  return {...engine, leftovers: () => lost.listContainers().then(() => [], () => Promise.reject(Object.assign(new Error('down'), {code: 'ENGINE_UNREACHABLE'})))};
}

describe('the folders and refs of runs', () => {
  const base = async (runId: string): Promise<void> => {
    const repository = await openRepository(store.repository, calm);
    await repository.freeze({checkout: {commonDir: join(user, '.git')}, commit: head, ref: `refs/bulkhead/${runId}/base`, signal: calm});
  };
  const refs = async (prefix: string): Promise<readonly string[]> => [...(await (await openRepository(store.repository, calm)).listRefs(prefix, calm)).keys()];

  test('go into quarantine when they are old and delivered, and come back as they were', async () => {
    const {runId, files} = await makeRun({verdict: 'verified', commit: head});
    await base(runId);
    expect(outcomes(await run({}, later(30 * day)), runId)).toEqual(['kept']);
    expect(outcomes(await run({runs: true}), runId)).toEqual(['kept']);
    const {rows} = await run({runs: true}, later(30 * day));
    expect(rows.filter((row) => row.outcome === 'quarantined').map((row) => row.name)).toEqual([runId]);
    expect([await readdir(store.runs), await refs('refs/bulkhead'), await refs('refs/bulkhead-quarantine')]).toEqual([[], [], [`refs/bulkhead-quarantine/${runId}/base`]]);
    expect(await restoreRun(world, runId, calm)).toMatchObject({runId, refs: 1});
    expect([(await stat(files.journal)).isFile(), await refs('refs/bulkhead'), (await listQuarantine(homeOf(world))).entries]).toEqual([true, [`refs/bulkhead/${runId}/base`], []]);
    await using _free = await lockRun(files.directory);
    await expect(restoreRun(world, runId, calm)).rejects.toMatchObject({code: 'RUN_NOT_FOUND'});
  });

  test('are finished by the next sweep when the first was killed between the refs and the folder', async () => {
    const {runId} = await makeRun({verdict: 'verified', commit: head});
    await base(runId);
    await (await openRepository(store.repository, calm)).moveRefs({from: `refs/bulkhead/${runId}`, to: `refs/bulkhead-quarantine/${runId}`}, calm);
    await run({runs: true}, later(30 * day));
    expect(await restoreRun(world, runId, calm)).toMatchObject({runId, refs: 1});
  });

  test('leave quarantine for good after seven days, with their refs', async () => {
    const {runId} = await makeRun({verdict: 'verified', commit: head});
    await base(runId);
    await run({runs: true, olderThanMs: 0});
    await run({}, later(6 * day));
    expect(await refs('refs/bulkhead-quarantine')).toHaveLength(1);
    expect(outcomes(await run({}, later(8 * day)), runId)).toEqual(['removed']);
    expect([await refs('refs/bulkhead-quarantine'), (await listQuarantine(homeOf(world))).entries]).toEqual([[], []]);
  });

  test.each<readonly [string, Verdict, () => Promise<string>]>([
    ['blocked', 'blocked', () => Promise.resolve(head)],
    ['verified, but no ref of the user has its commit', 'verified', () => Promise.resolve('1'.repeat(40))],
    ['verified, and the branch was deleted', 'verified', async () => {
      await git(user, 'checkout', '-q', '-b', 'result');
      await git(user, 'commit', '-q', '--allow-empty', '-m', 'result');
      const commit = await git(user, 'rev-parse', 'HEAD');
      await git(user, 'checkout', '-q', 'main');
      await git(user, 'branch', '-q', '-D', 'result');
      return commit;
    }],
    ['verified, and the repository is gone', 'verified', async () => {
      await rm(user, {recursive: true});
      return head;
    }],
    ['verified, and another repository is in its place', 'verified', async () => {
      await git(home, 'clone', '-q', user, join(home, 'moved'));
      await rm(join(user, '.git'), {recursive: true});
      await writeFile(join(user, '.git'), `gitdir: ${join(home, 'moved', '.git')}\n`);
      return head;
    }],
  ])('stay when the work is not delivered: %s', async (_case, verdict, prepare) => {
    const made = await makeRun({verdict, commit: await prepare(), box: 'saved'});
    if (verdict === 'blocked') {
      await using journal = await openJournal(made.files.journal, {now: () => new Date(), redact: makeRedactor([])});
      await journal.append({type: 'step.finished', step: 'submission/test/first', inputSha256: 'i', outcome: {commit: '2'.repeat(40), empty: false}, reconciled: false});
    }
    expect(outcomes(await run({runs: true, olderThanMs: 0}, later(30 * day)), made.runId)).toEqual(['kept']);
    expect(await readdir(store.runs)).toEqual([made.runId]);
  });

  test('lose the lock of a driver that is gone when they have ended, and keep every other one', async () => {
    const [ended, interrupted, driven] = [await makeRun({verdict: 'blocked'}), await makeRun({box: 'unsaved'}), await makeRun({verdict: 'verified'})];
    for (const {files} of [ended, interrupted]) {
      await mkdir(join(files.directory, 'lock'));
      await writeFile(join(files.directory, 'lock', `${'a'.repeat(16)}.json`), JSON.stringify({schemaVersion: 1, owner: processOwner(), bootId: readBootId(), disk: 'local', socket: 'inside'}));
    }
    await using _held = await lockRun(driven.files.directory);
    const locked = async () => Promise.all([ended, interrupted, driven].map(async ({files}) => (await readdir(files.directory)).includes('lock')));
    await sweep(world, {...plain, dryRun: true}, calm);
    expect(await locked()).toEqual([true, true, true]);
    await run();
    expect(await locked()).toEqual([false, true, true]);
  });

  test('go when nothing ever began in them, and not before they are old', async () => {
    const folder = await makeRunFolder(store, `${own}-unbegun`);
    await writeFile(folder.traffic, 'x');
    const lost = await makeRunFolder(store, `${own}-lost`);
    await writeFile(lost.reportJson, '{}');
    const draft = join((await makeRun({verdict: 'blocked'})).files.directory, 'report.json.1.draft');
    await writeFile(draft, 'x');
    await run();
    expect(await readdir(store.runs)).toHaveLength(3);
    const old = new Date(Date.now() - 2 * day);
    for (const path of [folder.directory, lost.directory, draft]) await utimes(path, old, old);
    await run();
    expect(await readdir(store.runs)).not.toContain(folder.runId);
    expect(await readdir(store.runs)).toContain(lost.runId);
    await expect(stat(draft)).rejects.toMatchObject({code: 'ENOENT'});
  });
});

describe('discard', () => {
  test('drops a run whose journal is damaged and whose lock is stale, with all that it has', async () => {
    const {runId, files} = await makeRun({box: 'unsaved'});
    await makeBox(runId);
    await writeFile(files.journal, 'garbage\n');
    await writeFile(join(files.directory, 'lock'), goneOwner.split(' ').slice(0, 3).join(' '));
    await discardRun(world, {store, files, takeOver: false}, calm);
    expect([await onEngine(runId), await readdir(store.runs)]).toEqual([[], []]);
  });

  test('refuses while a process drives the run, also when a person says that it does not', async () => {
    const {runId, files} = await makeRun({box: 'unsaved'});
    await engine.createSnapshot({name: namesOf(runId).snapshot, ownership: {runId, owner: goneOwner}, files: stream([file('a')])}, calm);
    await using _held = await lockRun(files.directory);
    for (const takeOver of [false, true]) await expect(discardRun(world, {store, files: runFiles(store, runId), takeOver}, calm)).rejects.toMatchObject({code: 'RUN_LOCKED'});
    expect([await onEngine(runId), await readdir(store.runs)]).toEqual([snapshotOf(runId), [runId]]);
  });
});

test('everything that a box is made of says whose it is, what it is for, when it was made and when it expires', async () => {
  const runId = `${own}-labels`;
  await makeBox(runId);
  const names = await onEngine(runId);
  expect(names).toEqual([...snapshotOf(runId), ...['', '-scratch', '-upper', '-work'].map((part) => `${namesOf(runId).box}${part}`)]);
  const {Volumes: volumes} = await docker.listVolumes({filters: {label: [`dev.bulkhead.run=${runId}`]}});
  const containers = await docker.listContainers({filters: {label: [`dev.bulkhead.run=${runId}`]}});
  const labels = [...volumes.map((one) => one.Labels), ...containers.map((one) => one.Labels)];
  expect(labels).toHaveLength(6);
  const keys = ['run', 'owner', 'expires', 'born', 'kind'].map((key) => `dev.bulkhead.${key}`);
  for (const one of labels) expect(keys.filter((key) => (one[key] ?? '') === '')).toEqual([]);
  for (const item of await engine.leftovers(calm)) expect([item.born?.boot, item.born?.uptimeS]).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/), expect.any(Number)]);
});

test('the engine tells what our things take, and when it is', async () => {
  const runId = `${own}-usage`;
  const before = await engine.usage(calm);
  await engine.createSnapshot({name: namesOf(runId).snapshot, ownership: {runId, owner: goneOwner}, files: stream([file('big', Buffer.alloc(3_000_000, 1))])}, calm);
  const after = await engine.usage(calm);
  expect(after.volumes.bytes - before.volumes.bytes).toBeGreaterThanOrEqual(3_000_000);
  const {here, engine: theirs} = await engine.clocks(calm);
  expect(Math.abs(here.at.getTime() - (theirs?.getTime() ?? 0))).toBeLessThan(60_000);
});
