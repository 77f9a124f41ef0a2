import {randomBytes} from 'node:crypto';
import {lstat, mkdir, open, readdir, rename, rm, rmdir} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {AppError, systemCode} from '../../core/errors.js';
import {syncFolder} from '../durable.js';
import {probeSocket, sendRequest, startDriverSocket, type DriverListeners, type DriverRequest, type DriverSocket, type EnterListener, type RequestListener} from './driver-socket.js';
import {clearHolder, findHolder, removeSocket, type Found, type LockText} from './lock-holder.js';
import {isOnLocalDisk, readBootId} from './machine.js';
import {describeOwner, processOwner, type Driver} from './owner.js';

export type {DriverRequest} from './driver-socket.js';
export type {Driver} from './owner.js';

/**
 * The lock of a run is the folder `lock` in the folder of the run. It is free when absent or empty. Its holder has
 * `NONCE.json`, which says who it is, and `NONCE.sock`, on which it listens until it ends: both are made in a draft that
 * is renamed into place. Three facts make that safe. rename(2) puts a folder over an empty one and over nothing else, so
 * one of many takers wins. What a taker removes has a name that no later holder has. A socket with a path belongs to its
 * inode, so that it answers across containers and users, and not in a copy of the folder.
 */
const lockName = 'lock';
const draftForm = /^lock\.draft-([0-9a-f]{16})$/;
/** Each attempt that fails means that another process took the lock or gave it back meanwhile. */
const maxAttempts = 100;

/** A run that this process alone drives, until it is disposed or the process ends in whatever way. */
export type RunLock = AsyncDisposable;

/** How a lock is taken. */
export interface LockOptions {
  /** Called when another process asks for something; without it requests are refused. */
  readonly onRequest?: RequestListener | undefined;
  /** Called when a person enters a box; without it that is refused. */
  readonly onEnter?: EnterListener | undefined;
  /** Also takes a lock of which nobody can tell whether its holder lives: a person says that it does not. Default: false. */
  readonly takeOver?: boolean | undefined;
}

/**
 * Makes this process the only one that drives a run. A lock whose holder is gone is taken over. RUN_LOCKED when another
 * process drives it or this cannot be judged; RUN_NOT_FOUND when the folder is gone. A holder that a person took over by
 * mistake, while it lived where nobody could see it, is not told.
 */
export async function lockRun(directory: string, options: LockOptions = {}): Promise<RunLock> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const found = await findHolder(directory);
    if (found.driver === 'alive' || (found.driver === 'unknown' && options.takeOver !== true)) throw locked(directory, found);
    await clearHolder(found);
    const lock = await take(directory, options);
    if (lock === undefined) continue;
    await removeDrafts(directory).catch(() => undefined);
    return lock;
  }
  throw locked(directory, {driver: 'alive'});
}

/** Whether a living process drives the run of this folder. `unknown` on any doubt; never throws. */
export async function driverOf(directory: string): Promise<Driver> {
  return (await findHolder(directory)).driver;
}

/**
 * Hands a request to the process that drives the run of this folder. False when none answers within seconds, or when it
 * takes no requests. True says that it was told, not that it has done it.
 */
export async function askDriver(directory: string, request: DriverRequest, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const {socket} = await findHolder(directory);
  return socket !== undefined && (await sendRequest(socket, request, signal));
}

/**
 * Tells the process that drives the run of this folder that a person is about to enter a box. True when that is durable in its
 * journal; false when nobody drives the run, or whoever does takes no such word within seconds.
 */
export async function tellEntry(directory: string, box: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const {socket} = await findHolder(directory);
  return socket !== undefined && (await sendRequest(socket, `enter ${box}`, signal));
}

/** Makes a lock and puts it into place; undefined when another was faster, or removed it unfinished. */
async function take(directory: string, listeners: DriverListeners): Promise<RunLock | undefined> {
  const nonce = randomBytes(8).toString('hex');
  const draft = join(directory, `${lockName}.draft-${nonce}`);
  let socket: DriverSocket | undefined;
  const lock = {[Symbol.asyncDispose]: () => release({directory, nonce, draft, socket})};
  try {
    await makeDraft(draft);
    socket = await startDriverSocket({folder: draft, name: `${nonce}.sock`}, listeners);
    await writeDraft(draft, nonce, await describe(directory, socket));
    await rename(draft, join(directory, lockName));
    await syncFolder(directory);
    // Who held the lock a moment ago may have taken this for the rest of a crash and removed a part of it, but not later.
    await lstat(join(directory, lockName, `${nonce}.json`));
    if (socket !== undefined && socket.elsewhere === undefined) await lstat(join(directory, lockName, `${nonce}.sock`));
    return lock;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'ENOENT'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function makeDraft(draft: string): Promise<void> {
  try {
    await mkdir(draft, {mode: 0o700});
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    throw new AppError('RUN_NOT_FOUND', 'The folder of the run is gone.', {hint: '`bulkhead status` lists the runs of this repository.', cause: error});
  }
}

async function describe(directory: string, socket: DriverSocket | undefined): Promise<LockText> {
  return {
    schemaVersion: 1,
    owner: processOwner(),
    bootId: readBootId(),
    disk: (await isOnLocalDisk(directory)) ? 'local' : 'shared',
    socket: socket === undefined ? undefined : (socket.elsewhere ?? 'inside'),
  };
}

async function writeDraft(draft: string, nonce: string, text: LockText): Promise<void> {
  await using handle = await open(join(draft, `${nonce}.json`), 'wx', 0o600);
  await handle.writeFile(`${JSON.stringify(text)}\n`);
  await handle.sync();
  await syncFolder(draft);
}

/** Gives back what of a lock there is. What stays after a failure is judged as gone: nobody listens any more. */
async function release({directory, nonce, draft, socket}: {readonly directory: string; readonly nonce: string; readonly draft: string; readonly socket: DriverSocket | undefined}): Promise<void> {
  const place = join(directory, lockName);
  await socket?.[Symbol.asyncDispose]();
  if (socket?.elsewhere !== undefined) await removeSocket({folder: socket.elsewhere, name: `${nonce}.sock`});
  for (const name of [`${nonce}.sock`, `${nonce}.json`]) await rm(join(place, name), {force: true}).catch(() => undefined);
  // Only when it is empty: the next holder may be there.
  await rmdir(place).catch(() => undefined);
  await rm(draft, {recursive: true, force: true}).catch(() => undefined);
}

/** Removes the drafts of processes that ended before they were done. The holder alone does this. */
async function removeDrafts(directory: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    const nonce = draftForm.exec(entry)?.[1];
    if (nonce === undefined) continue;
    const draft = join(directory, entry);
    const answer = await probeSocket({folder: draft, name: `${nonce}.sock`});
    if (answer === 'refused' || answer === 'absent') await rm(draft, {recursive: true, force: true});
  }
}

function locked(directory: string, {driver, owner}: Found): AppError {
  const run = basename(directory);
  const who = owner === undefined ? 'another process' : describeOwner(owner);
  const details = {runId: run, driver, owner};
  if (driver === 'alive') return new AppError('RUN_LOCKED', `The run ${run} is driven by ${who}.`, {hint: 'Wait for it (`bulkhead status`), or end that process.', details});
  return new AppError('RUN_LOCKED', `It cannot be told whether ${who} still drives the run ${run}.`, {
    hint: `Wait for it, or end that process. If that machine or container is gone for good: bulkhead resume ${run} --take-over`,
    details,
  });
}
