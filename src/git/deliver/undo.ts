import {copyFile, mkdir, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {z} from 'zod';
import {AppError, systemCode} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {onDisk, syncPath} from '../door/disk.js';
import {readUserGit, writeUserGit} from '../door/user-git.js';
import {readCheckout, type Checkout} from '../freeze/checkout.js';
import {restoreFiles} from './restore.js';

/** A delivery into the checkout that has begun. */
export interface Applying {
  /** It is done: nothing is to be undone any more. */
  finish(): Promise<void>;
  /** Puts checkout, index and branch back as they were. */
  undo(signal: AbortSignal): Promise<void>;
}

const id = z.string().regex(/^[0-9a-f]{40}$/);
const Intent = z.strictObject({
  schemaVersion: z.literal(1),
  pid: z.int(),
  head: id,
  branch: z.string().optional(),
  from: id,
  to: id,
});
type Intent = z.infer<typeof Intent>;

/** In the git dir of the checkout, beside the index of which it holds a copy. */
const folderName = 'bulkhead-apply';

/** Notes what is going to be done to a checkout and keeps its index, durably, before anything is done. Throws APPLY_INTERRUPTED while another process is at it. */
export async function beginApplying(now: Pick<Checkout, 'root' | 'gitDir' | 'commonDir' | 'head' | 'branch'>, {from, to}: {readonly from: string; readonly to: string}): Promise<Applying> {
  const folder = join(now.gitDir, folderName);
  const intent: Intent = {schemaVersion: 1, pid: process.pid, head: now.head, ...(now.branch === undefined ? {} : {branch: now.branch}), from, to};
  await onDisk(folder, async () => {
    await mkdir(folder, {mode: 0o700}).catch((error: unknown) => {
      if (systemCode(error) === 'EEXIST') throw busy(folder);
      throw error;
    });
    await copyFile(join(now.gitDir, 'index'), join(folder, 'index'));
    await writeFile(join(folder, 'intent.draft'), `${JSON.stringify(intent)}\n`, {mode: 0o600});
    for (const name of ['index', 'intent.draft']) await syncPath(join(folder, name));
    await rename(join(folder, 'intent.draft'), join(folder, 'intent.json'));
    await syncPath(folder);
  });
  return {
    finish: () => onDisk(folder, () => rm(folder, {recursive: true, force: true})),
    undo: (signal) => undo(now.root, {intent, folder}, signal),
  };
}

/** Puts a checkout back as it was before a delivery of which the process ended; nothing to do is fine. Throws APPLY_INTERRUPTED. */
export async function undoInterrupted(root: string, signal: AbortSignal): Promise<void> {
  const {stdout} = await readUserGit({dir: root, args: ['rev-parse', '--absolute-git-dir'], okExits: [0, 128], signal});
  const gitDir = stdout.toString('utf8').replace(/\n$/, '');
  // What is no repository has nothing to undo; who reads the checkout next says so.
  if (gitDir === '') return;
  const folder = join(gitDir, folderName);
  const text = await readFile(join(folder, 'intent.json'), 'utf8').catch(() => undefined);
  // Without an intent nothing had been done yet.
  if (text === undefined) return onDisk(folder, () => rm(folder, {recursive: true, force: true}));
  const intent = Intent.safeParse(parsed(text)).data;
  if (intent === undefined) throw stuck(folder, 'its note cannot be read');
  if (intent.pid !== process.pid && isAlive(intent.pid)) throw busy(folder);
  await undo(root, {intent, folder}, signal);
}

async function undo(root: string, {intent, folder}: {readonly intent: Intent; readonly folder: string}, signal: AbortSignal): Promise<void> {
  const lockedSince = (await stat(join(folder, 'intent.json'))).mtimeMs;
  const head = (await readUserGit({dir: root, args: ['rev-parse', '--verify', '--quiet', 'HEAD'], signal})).stdout.toString('latin1').trim();
  // git writes files, then the index, then the branch.
  const isFinished = head === intent.to && intent.to !== intent.from;
  if (!isFinished) await putBack(root, {intent, folder, head, lockedSince}, signal);
  const kept = join(dirname(folder), `bulkhead-kept-${Date.now()}`);
  const keeping = await onDisk(folder, () => rename(join(folder, 'kept'), kept).then(() => true, absent));
  await onDisk(folder, () => rm(folder, {recursive: true, force: true}));
  if (!keeping) return;
  throw new AppError('APPLY_INTERRUPTED', `The checkout is as it was before the delivery that was interrupted, but files had changed since; they are in ${escapeText(kept)}.`, {
    hint: 'Look at them, and deliver again.',
  });
}

function absent(error: unknown): false {
  if (systemCode(error) !== 'ENOENT') throw error;
  return false;
}

async function putBack(root: string, at: {readonly intent: Intent; readonly folder: string; readonly head: string; readonly lockedSince: number}, signal: AbortSignal): Promise<void> {
  const {intent, folder, head} = at;
  const gitDir = dirname(folder);
  const {commonDir, branch} = await readCheckout(root, signal);
  if (![intent.head, intent.from].includes(head) || branch !== intent.branch) throw stuck(folder, 'the branch has moved since');
  const locks = [join(gitDir, 'index.lock'), join(gitDir, 'HEAD.lock'), ...(branch === undefined ? [] : [join(commonDir, 'refs', 'heads', `${branch}.lock`)])];
  for (const lock of locks) await removeLock(lock, at.lockedSince);
  await restoreFiles(root, {from: intent.from, to: intent.to, folder}, signal);
  if (head !== intent.head) await writeUserGit({dir: root, args: ['update-ref', '-m', 'bulkhead: deliver was undone', 'HEAD', intent.head, head], signal});
  await onDisk(gitDir, async () => {
    await copyFile(join(folder, 'index'), join(folder, 'index.new'));
    await rename(join(folder, 'index.new'), join(gitDir, 'index'));
  });
  // Only the times of the files, which are others now.
  await writeUserGit({dir: root, args: ['update-index', '-q', '--refresh'], okExits: [0, 1], signal});
}

/** A lock that a killed git left. An older one is of somebody else. */
async function removeLock(lock: string, since: number): Promise<void> {
  const found = await stat(lock).catch(() => undefined);
  if (found !== undefined && found.mtimeMs >= since) await onDisk(lock, () => rm(lock, {force: true}));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

function busy(folder: string): AppError {
  return new AppError('APPLY_INTERRUPTED', `Another process brings a result into this checkout (${escapeText(folder)}).`, {hint: 'Wait for it. If there is none, remove that folder when the checkout is as you want it.'});
}

function stuck(folder: string, why: string): AppError {
  return new AppError('APPLY_INTERRUPTED', `A delivery into this checkout was interrupted, and cannot be undone by itself: ${why}. Nothing was touched.`, {
    hint: `Look at the checkout (\`git status\`); the index as it was is ${escapeText(join(folder, 'index'))}. Then remove ${escapeText(folder)}.`,
  });
}
