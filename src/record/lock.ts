import {link, open, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {AppError, systemCode} from '../core/errors.js';
import {ownerIsGone, processOwner} from './owner.js';

/**
 * Makes this process the only one that drives a run. A lock whose process is gone is taken over; a live one, or one
 * that cannot be judged (another host), is RUN_LOCKED.
 */
export async function lockRun(directory: string): Promise<AsyncDisposable> {
  const file = join(directory, 'lock');
  const mine = processOwner();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await create(file, mine)) return {[Symbol.asyncDispose]: () => release(file, mine)};
    const holder = await readFile(file, 'utf8').catch(() => '');
    if (holder !== '' && !ownerIsGone(holder)) throw locked(holder, file);
    await setAside(file, holder, `${file}.stale-${process.pid}`);
  }
  throw locked('another process that took it at the same moment', file);
}

async function create(file: string, text: string): Promise<boolean> {
  // Written under another name and linked, so that a lock is never seen half-written.
  const draft = `${file}.draft-${process.pid}`;
  await using handle = await open(draft, 'w', 0o600);
  await handle.writeFile(text);
  await handle.sync();
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, {force: true});
  }
}

/** Moves a stale lock away; what was moved by mistake (another process was faster) is put back. */
async function setAside(file: string, expected: string, aside: string): Promise<void> {
  try {
    await rename(file, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== expected) await link(aside, file).catch(() => undefined);
  await rm(aside, {force: true});
}

async function release(file: string, mine: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, {force: true});
}

function locked(holder: string, file: string): AppError {
  return new AppError('RUN_LOCKED', `Another process drives this run: ${holder}.`, {
    hint: `Wait for it (\`bulkhead status\`), or end that process. If it was in a container or on a machine that is gone, remove ${file}.`,
  });
}
