import {execFile, spawn, type ChildProcess} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {connect, createServer, type Socket} from 'node:net';
import {hostname, tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {askDriver, driverOf, lockRun, tellEntry} from '../../../src/record/driver/lock.js';
import {readBootId, readMachine} from '../../../src/record/driver/machine.js';
import {judgeOwner, processOwner} from '../../../src/record/driver/owner.js';

const execute = promisify(execFile);
const signal = new AbortController().signal;
const children = new Set<ChildProcess>();
const ownerIsGone = (owner: string): boolean => judgeOwner(owner) === 'none';

let folder: string;
/** Holds the program of {@link startTaker} as plain JavaScript: many are started at once. */
let built: string;

beforeAll(async () => {
  const root = resolve(import.meta.dirname, '../../..');
  built = await mkdtemp(join(tmpdir(), 'lock-child-'));
  const forms = ['--noCheck', '--target', 'es2022', '--module', 'nodenext', '--rootDir', root, '--outDir', built, '--ignoreConfig'];
  await execute(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...forms, join(import.meta.dirname, 'lock-child.ts')]);
  await writeFile(join(built, 'package.json'), '{"type": "module"}');
  await symlink(join(root, 'node_modules'), join(built, 'node_modules'));
});
afterAll(async () => {
  await rm(built, {recursive: true, force: true});
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await rm(folder, {recursive: true, force: true});
});

interface Taker {
  readonly child: ChildProcess;
  /** Settles with the first line it says of its lock: `locked`, or a code. */
  readonly go: () => Promise<string>;
  readonly nextLine: () => Promise<string>;
  readonly ended: Promise<void>;
}

/** A process of its own that is ready to take the lock of a folder. */
async function startTaker(directory: string, {before = [], more = []}: {readonly before?: readonly string[]; readonly more?: readonly string[]} = {}): Promise<Taker> {
  const argv = [...before, process.execPath, join(built, 'test/unit/record/lock-child.js'), directory, ...more];
  const child = spawn(argv[0] ?? '', argv.slice(1), {stdio: ['pipe', 'pipe', 'inherit']});
  children.add(child);
  const ended = new Promise<void>((done) => {
    child.once('exit', () => {
      done();
    });
  });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const first = waiting.shift();
      if (first === undefined) lines.push(line);
      else first(line);
    }
  });
  child.once('close', () => {
    for (const one of waiting) one('closed');
  });
  const nextLine = (): Promise<string> => new Promise((done) => {
    const line = lines.shift();
    if (line === undefined) waiting.push(done);
    else done(line);
  });
  expect(await nextLine()).toBe('ready');
  const go = (): Promise<string> => {
    child.stdin.write('\n');
    return nextLine();
  };
  return {child, go, nextLine, ended};
}

async function startHolder(directory: string, before: readonly string[] = []): Promise<Taker> {
  const taker = await startTaker(directory, {before});
  expect(await taker.go()).toBe('locked');
  return taker;
}

async function untilNobody(directory: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await driverOf(directory)) !== 'none') {
    if (Date.now() > deadline) throw new Error('it is still driven');
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** What is left of locks in a folder. */
async function remains(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).filter((name) => name.startsWith('lock'));
}

describe('the lock', () => {
  test('one drives a run, the other is told RUN_LOCKED, and what is given back leaves nothing', async () => {
    {
      await using _held = await lockRun(folder);
      expect(await driverOf(folder)).toBe('alive');
      await expect(lockRun(folder)).rejects.toMatchObject({code: 'RUN_LOCKED', details: {driver: 'alive'}});
      await expect(lockRun(folder, {takeOver: true})).rejects.toMatchObject({code: 'RUN_LOCKED'});
    }
    expect([await driverOf(folder), await remains(folder)]).toEqual(['none', []]);
    await using _again = await lockRun(folder);
  });

  test('only its user may look into it', async () => {
    await using _held = await lockRun(folder);
    const names = await readdir(join(folder, 'lock'));
    const modes = await Promise.all(['', ...names].map(async (name) => (await stat(join(folder, 'lock', name))).mode & 0o777));
    expect([names.length, modes]).toEqual([2, [0o700, 0o600, 0o600]]);
  });

  test('a folder that is gone is RUN_NOT_FOUND, and so it is while it is held', async () => {
    const lock = await lockRun(folder);
    await rm(folder, {recursive: true});
    await lock[Symbol.asyncDispose]();
    await expect(lockRun(folder)).rejects.toMatchObject({code: 'RUN_NOT_FOUND'});
    expect(await driverOf(folder)).toBe('none');
  });

  test('kill -9 frees it, and the next holder removes what was left', async () => {
    const {child, ended} = await startHolder(folder);
    expect(await driverOf(folder)).toBe('alive');
    await expect(lockRun(folder)).rejects.toMatchObject({code: 'RUN_LOCKED', message: expect.stringContaining(String(child.pid)) as string});
    child.kill('SIGKILL');
    await ended;
    expect(await driverOf(folder)).toBe('none');
    {
      await using _held = await lockRun(folder);
      expect(await readdir(join(folder, 'lock'))).toHaveLength(2);
    }
    expect(await remains(folder)).toEqual([]);
  });

  test('a stopped process still holds it, however often it is looked at, and is sent no request', async () => {
    const {child, nextLine} = await startHolder(folder);
    child.kill('SIGSTOP');
    expect([await driverOf(folder), await askDriver(folder, 'cancel', signal)]).toEqual(['alive', false]);
    const place = join(folder, 'lock');
    const path = join(place, (await readdir(place)).find((name) => name.endsWith('.sock')) ?? '');
    // More than the kernel lets wait: 511 is the backlog that Node.js asks for.
    const waiting: Socket[] = Array.from({length: 600}, () => connect(path).on('error', () => undefined));
    await new Promise((done) => setTimeout(done, 200));
    expect(await driverOf(folder)).toBe('alive');
    for (const connection of waiting) connection.destroy();
    child.kill('SIGCONT');
    while (!(await askDriver(folder, 'park', signal)));
    expect(await nextLine()).toBe('park');
  });

  test('a process that forgets to give it back can end, and it is free', async () => {
    const program = `import(${JSON.stringify(join(built, 'src/record/driver/lock.js'))}).then((all) => all.lockRun(${JSON.stringify(folder)})).then(() => console.log('locked'))`;
    expect((await execute(process.execPath, ['-e', program])).stdout).toBe('locked\n');
    expect([await remains(folder), await driverOf(folder)]).toEqual([['lock'], 'none']);
  });

  test('a copy of the folder is driven by nobody while the holder of the first one lives', async () => {
    await using _held = await lockRun(join(folder));
    const copy = `${folder}-copy`;
    await execute('cp', ['-a', folder, copy]);
    try {
      expect([await driverOf(copy), await driverOf(folder)]).toEqual(['none', 'alive']);
      await using _copied = await lockRun(copy);
    } finally {
      await rm(copy, {recursive: true, force: true});
    }
  });

  test('a path that is too long for a socket is no hindrance', async () => {
    const long = join(folder, 'x'.repeat(200), 'y'.repeat(200));
    await mkdir(long, {recursive: true});
    const {child, ended, nextLine} = await startHolder(long);
    expect([await driverOf(long), await askDriver(long, 'park', signal), await nextLine()]).toEqual(['alive', true, 'park']);
    child.kill('SIGKILL');
    await ended;
    expect(await driverOf(long)).toBe('none');
    await using _held = await lockRun(long);
  });

  test('of twenty processes at once exactly one wins, from a free lock and from a stale one', async () => {
    const takers = await Promise.all(Array.from({length: 20}, () => startTaker(folder)));
    const first = await Promise.all(takers.map(({go}) => go()));
    expect([...first].sort()).toEqual([...Array.from({length: 19}, () => 'RUN_LOCKED'), 'locked']);
    const [winner] = takers.splice(first.indexOf('locked'), 1);
    winner?.child.kill('SIGKILL');
    await winner?.ended;
    expect(await remains(folder)).toEqual(['lock']);
    const second = await Promise.all(takers.map(({go}) => go()));
    expect([...second].sort()).toEqual([...Array.from({length: 18}, () => 'RUN_LOCKED'), 'locked']);
  });

  test('takers and holders that come and go never hold it together', async () => {
    let holders = 0;
    let times = 0;
    const takeAndGive = async (): Promise<void> => {
      for (let taken = 0; taken < 3; ) {
        try {
          await using _held = await lockRun(folder);
          holders += 1;
          taken += 1;
          times += 1;
          expect(holders).toBe(1);
          await new Promise((done) => setTimeout(done, 1));
          expect([holders, await driverOf(folder)]).toEqual([1, 'alive']);
          holders -= 1;
        } catch (error) {
          expect(error).toMatchObject({code: 'RUN_LOCKED'});
          await new Promise((done) => setTimeout(done, 1));
        }
      }
    };
    await Promise.all(Array.from({length: 8}, takeAndGive));
    expect(times).toBe(24);
    expect(await remains(folder)).toEqual([]);
  });

  test('what a process left that ended before it had the lock is removed; one that is at it is left alone', async () => {
    const [dead, empty, living] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'].map((nonce) => join(folder, `lock.draft-${nonce}`)) as [string, string, string];
    for (const draft of [dead, empty, living]) await mkdir(draft);
    await writeFile(join(dead, 'aaaaaaaaaaaaaaaa.json'), '{');
    const server = createServer().listen(join(living, 'cccccccccccccccc.sock'));
    await new Promise((done) => server.once('listening', done));
    await using _held = await lockRun(folder);
    expect([...(await remains(folder))].sort()).toEqual(['lock', 'lock.draft-cccccccccccccccc']);
    server.close();
  });
});

const namespaces = ['-p', '-f', '-n', '-m', '--mount-proc', '--kill-child'];
const unshare = ['unshare', ...(process.getuid?.() === 0 ? [] : ['-U', '-r']), ...namespaces];
const mayUnshare = await execute(unshare[0] ?? '', [...unshare.slice(1), 'true']).then(() => true, () => false);

describe.skipIf(!mayUnshare)('across namespaces', () => {
  test('a holder with process numbers and a network of its own is seen to live and to end, from both sides', async () => {
    const {child, nextLine} = await startHolder(folder, unshare);
    expect([await driverOf(folder), await askDriver(folder, 'cancel', signal), await nextLine()]).toEqual(['alive', true, 'cancel']);
    await expect(lockRun(folder, {takeOver: true})).rejects.toMatchObject({code: 'RUN_LOCKED'});
    child.kill('SIGKILL');
    await untilNobody(folder);
    await using _held = await lockRun(folder);
    expect(await (await startTaker(folder, {before: unshare})).go()).toBe('RUN_LOCKED');
  });

  test('an owner text from there is not judged by process numbers that mean others here', async () => {
    const {stdout} = await execute(unshare[0] ?? '', [...unshare.slice(1), process.execPath, '-e', `import(${JSON.stringify(join(built, 'src/record/driver/owner.js'))}).then((all) => console.log(all.processOwner()))`]);
    const owner = stdout.trim();
    expect(owner.split(' ').slice(0, 2)).toEqual([hostname(), '1']);
    expect([judgeOwner(owner), ownerIsGone(owner.replace(' 1 ', ' 999999999 '))]).toEqual(['unknown', false]);
  });
});

/** Writes the lock of another process by hand. */
async function putLock(text: unknown, nonce = randomBytes(8).toString('hex')): Promise<string> {
  await rm(join(folder, 'lock'), {recursive: true, force: true});
  await mkdir(join(folder, 'lock'));
  const file = join(folder, 'lock', `${nonce}.json`);
  await writeFile(file, typeof text === 'string' ? text : JSON.stringify(text));
  return file;
}

function ownerWith(change: {readonly host?: string; readonly pid?: string; readonly start?: string; readonly boot?: string; readonly namespace?: string; readonly machine?: string}): string {
  const [host = '', pid = '', start = '', boot = '', namespace = '', machine = ''] = processOwner().split(' ');
  return Object.values({host, pid, start, boot, namespace, machine, ...change}).join(' ');
}

describe('what nobody answers for', () => {
  const otherBoot = '00000000-1111-4222-8333-444444444444';
  const dead = {pid: '999999999'};
  const base = {schemaVersion: 1, bootId: readBootId(), disk: 'local', socket: 'inside'};

  test.each([
    ['is gone on a local disk', {...base, owner: processOwner()}, 'none'],
    ['is gone on a local disk after another start of the kernel', {...base, bootId: otherBoot, owner: ownerWith({host: 'elsewhere', boot: '00000000'})}, 'none'],
    ['lives when it had no socket and its process is there', {...base, socket: undefined, owner: processOwner()}, 'alive'],
    ['is gone when it had no socket and its process is not there', {...base, socket: undefined, owner: ownerWith(dead)}, 'none'],
    ['is unknown when it had no socket and other process numbers', {...base, socket: undefined, owner: ownerWith({...dead, namespace: '1'})}, 'unknown'],
    ['is looked up on a shared folder: it lives', {...base, disk: 'shared', owner: processOwner()}, 'alive'],
    ['is looked up on a shared folder: it is gone', {...base, disk: 'shared', owner: ownerWith(dead)}, 'none'],
    ['is unknown on a shared folder with other process numbers', {...base, disk: 'shared', owner: ownerWith({...dead, namespace: '1'})}, 'unknown'],
    ['is unknown on a shared folder from another host', {...base, disk: 'shared', bootId: otherBoot, owner: ownerWith({host: 'elsewhere', boot: '00000000'})}, 'unknown'],
    ['is unknown on a shared folder from a host of the same name', {...base, disk: 'shared', bootId: otherBoot, owner: ownerWith({boot: '00000000', machine: '-'})}, 'unknown'],
    ['is unknown when it told nothing of its kernel', {...base, bootId: undefined, owner: ownerWith({...dead, boot: '-', namespace: '-', machine: '-'})}, 'unknown'],
  ] as const)('%s', async (_what, text, driver) => {
    await putLock(text);
    expect(await driverOf(folder)).toBe(driver);
  });

  test('is gone when this machine, and no container on it, was started anew', async (context) => {
    context.skip(readMachine() === undefined, 'this machine has no id');
    await putLock({...base, disk: 'shared', bootId: otherBoot, owner: ownerWith({boot: '00000000'})});
    expect(await driverOf(folder)).toBe('none');
  });
});

describe('a lock that is not understood', () => {
  const stale = {schemaVersion: 1, bootId: readBootId(), disk: 'local', socket: 'inside', owner: processOwner()};
  const fifo = async (): Promise<void> => {
    await execute('mkfifo', [await putLock('').then(async (file) => (await rm(file), file))]);
  };
  test.each([
    ['no JSON', () => putLock('garbage')],
    ['nothing', () => putLock('')],
    ['a later version', () => putLock({schemaVersion: 2})],
    ['a text without end', () => putLock('{'.repeat(100_000))],
    ['a socket in a place that is none of ours', () => putLock({schemaVersion: 1, owner: 'x', disk: 'local', socket: '/run/docker.sock'})],
    ['two texts', () => putLock({}).then(() => writeFile(join(folder, 'lock', `${'a'.repeat(16)}.json`), '{}'))],
    ['a folder in it', () => putLock({}).then(() => mkdir(join(folder, 'lock', 'more', 'inside'), {recursive: true}))],
    ['a pipe that says nothing', fifo],
    ['a text through a link', () => putLock(stale).then(async (file) => (await rename(file, join(folder, 'text')), symlink('../text', file)))],
    ['a link', () => putLock(stale).then(async () => (await rename(join(folder, 'lock'), join(folder, 'other')), symlink('other', join(folder, 'lock'))))],
    ['a file', () => writeFile(join(folder, 'lock'), 'some words that are no owner')],
  ] as const)('%s: RUN_LOCKED, and a person may take it over', async (_what, put) => {
    await put();
    expect([await driverOf(folder), await askDriver(folder, 'cancel', signal)]).toEqual(['unknown', false]);
    await expect(lockRun(folder)).rejects.toMatchObject({code: 'RUN_LOCKED', hint: expect.stringContaining('--take-over') as string});
    await using _held = await lockRun(folder, {takeOver: true});
    expect([await driverOf(folder), (await readdir(join(folder, 'lock'))).length]).toEqual(['alive', 2]);
  });

  test('two who take it over at once: one wins', async () => {
    await putLock('garbage');
    const takers = await Promise.all(Array.from({length: 4}, () => startTaker(folder, {more: ['take-over']})));
    const said = await Promise.all(takers.map(({go}) => go()));
    expect([...said].sort()).toEqual(['RUN_LOCKED', 'RUN_LOCKED', 'RUN_LOCKED', 'locked']);
  });

  test.skipIf(process.getuid?.() === 0)('a lock that another user closed is RUN_LOCKED', async () => {
    await putLock({});
    await chmod(join(folder, 'lock'), 0);
    expect(await driverOf(folder)).toBe('unknown');
    await chmod(join(folder, 'lock'), 0o700);
  });
});

describe('the text of the first version', () => {
  const [host = '', pid = '', start = ''] = processOwner().split(' ');
  test.each([
    ['a living process', `${host} ${pid} ${start}`, 'alive'],
    ['a process that is gone', `${host} 999999999 1`, 'none'],
    ['another host', `elsewhere ${pid} ${start}`, 'unknown'],
  ])('%s', async (_what, text, driver) => {
    await writeFile(join(folder, 'lock'), text);
    expect(await driverOf(folder)).toBe(driver);
    if (driver !== 'none') return;
    await using _held = await lockRun(folder);
    expect((await stat(join(folder, 'lock'))).isDirectory()).toBe(true);
  });
});

describe('a request', () => {
  test('reaches the driver, once, and says whether it was taken', async () => {
    const seen: string[] = [];
    {
      await using _held = await lockRun(folder, {onRequest: (request) => seen.push(request)});
      expect([await askDriver(folder, 'cancel', signal), await askDriver(folder, 'park', signal), seen]).toEqual([true, true, ['cancel', 'park']]);
    }
    expect(await askDriver(folder, 'cancel', signal)).toBe(false);
    await using _deaf = await lockRun(folder);
    expect([await askDriver(folder, 'cancel', signal), seen.length]).toEqual([false, 2]);
  });

  test('of a person to enter a box is answered when it was recorded, and by nobody else', async () => {
    const entered: string[] = [];
    {
      await using _held = await lockRun(folder, {onEnter: (box) => Promise.resolve(entered.push(box) > 0 && box !== 'gone')});
      expect([await tellEntry(folder, 'a'.repeat(255), signal), await tellEntry(folder, 'gone', signal), await askDriver(folder, 'cancel', signal)]).toEqual([true, false, false]);
      for (const box of ['', '-x', 'a b', 'a\ncancel', 'a'.repeat(256), '../a']) expect(await tellEntry(folder, box, signal)).toBe(false);
      expect(entered).toEqual(['a'.repeat(255), 'gone']);
    }
    expect(await tellEntry(folder, 'a', signal)).toBe(false);
    await using _deaf = await lockRun(folder, {onRequest: () => undefined});
    expect(await tellEntry(folder, 'a', signal)).toBe(false);
  });

  test('of any other form is refused, and does no harm', async () => {
    const seen: string[] = [];
    await using _held = await lockRun(folder, {onRequest: (request) => seen.push(request)});
    const place = join(folder, 'lock');
    const path = join(place, (await readdir(place)).find((name) => name.endsWith('.sock')) ?? '');
    const tell = (line: string): Promise<string> => new Promise((done) => {
      let heard = '';
      const connection = connect(path).on('error', () => undefined).on('close', () => {
        done(heard);
      });
      connection.on('data', (chunk) => (heard += String(chunk)));
      connection.write(line);
    });
    for (const line of ['destroy\n', 'cancel\npark\n', 'x'.repeat(100_000), '\n', ' cancel\n']) expect(await tell(line)).not.toContain('ok');
    expect(seen).toEqual([]);
    expect([await askDriver(folder, 'cancel', signal), await driverOf(folder)]).toEqual([true, 'alive']);
  });

  test('is given up when the asker is', async () => {
    await using _held = await lockRun(folder, {onRequest: () => undefined});
    await expect(askDriver(folder, 'cancel', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('an owner text', () => {
  test('names a process for good: its number, start, kernel and namespace', () => {
    expect([judgeOwner(processOwner()), ownerIsGone(processOwner())]).toEqual(['alive', false]);
    expect(ownerIsGone(ownerWith({pid: '999999999'}))).toBe(true);
    const [, , start] = processOwner().split(' ');
    expect(ownerIsGone(ownerWith({start: String(Number(start) - 1)}))).toBe(true);
  });

  test.each([
    ['another host', {host: 'elsewhere', pid: '999999999'}],
    ['a host of that name with another kernel, in a container', {boot: '00000000', machine: '-'}],
    ['a host of that name with another kernel, another machine', {boot: '00000000', machine: 'ffffffff'}],
    ['other process numbers', {namespace: '1', pid: '999999999'}],
    ['an unknown kernel', {boot: '-', pid: '999999999'}],
    ['a number that is none', {pid: '-1'}],
  ])('doubt counts as living: %s', (_what, change) => {
    expect(ownerIsGone(ownerWith(change))).toBe(false);
  });

  test('the earlier form is understood, and nonsense is not', () => {
    const [host = '', pid = '', start = ''] = processOwner().split(' ');
    expect([`${host} ${pid} ${start}`, `${host} ${pid} ${Number(start) - 1}`, `elsewhere ${pid} 1`, 'nonsense', '', `${host} ${pid} ${start} x`].map(ownerIsGone)).toEqual([false, true, false, false, false, false]);
  });

  test('a process that has ended and waits for its parent is gone', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {stdio: ['ignore', 'pipe', 'ignore']});
    children.add(parent);
    const pid = String(await new Promise((done) => parent.stdout.once('data', done))).trim();
    const stateOf = async (): Promise<string> => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[2] ?? '';
    while ((await stateOf()) !== 'Z') await new Promise((done) => setTimeout(done, 10));
    const start = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[21] ?? '';
    expect(ownerIsGone(ownerWith({pid, start}))).toBe(true);
  });
});
