import {constants} from 'node:fs';
import {lstat, open, readdir, rm, rmdir, unlink} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {systemCode} from '../../core/errors.js';
import {probeSocket, type SocketPlace} from './driver-socket.js';
import {isOnLocalDisk, readBootId} from './machine.js';
import {judgeOwner, type Driver} from './owner.js';

/** What `NONCE.json` in the folder `lock` says; see `lock.ts`. */
export const LockText = z.strictObject({
  schemaVersion: z.literal(1),
  owner: z.string().max(512).describe('as processOwner gives it'),
  bootId: z.string().max(64).optional(),
  disk: z.enum(['local', 'shared']).describe('local: one kernel at a time sees this folder; shared also when that is not known'),
  socket: z.union([z.literal('inside'), z.string().max(4096).regex(/^\/(.*\/)?bulkhead-[A-Za-z0-9]{6}$/)]).optional().describe('where `NONCE.sock` is: beside this file, or in this folder of its own'),
});
export type LockText = z.infer<typeof LockText>;

/** The longest lock text that is read. */
const maxTextBytes = 8192;

/** What a look at the lock of a run tells. */
export interface Found {
  readonly driver: Driver;
  /** As {@link LockText} has it, when the text is understood. */
  readonly owner?: string;
  readonly socket?: SocketPlace | undefined;
  /** What is in the way of the next holder: something in the place of the folder, or files in it, the text last. */
  readonly inPlace?: string;
  readonly inside?: readonly string[];
}

/** Looks at the lock of a run and judges whether its holder lives. Never throws: what cannot be read is `unknown`. */
export async function findHolder(directory: string): Promise<Found> {
  const place = join(directory, 'lock');
  try {
    const entry = await lstat(place);
    if (entry.isFile()) return await judgeEarlierForm(place);
    // Never through a link.
    if (!entry.isDirectory()) return {driver: 'unknown', inPlace: place};
    return await judgeFolder(directory, place);
  } catch (error) {
    // There is none, or it was given back while it was looked at.
    return {driver: systemCode(error) === 'ENOENT' ? 'none' : 'unknown'};
  }
}

/** Removes what is in the way of the next holder, and nothing that came there after the look. */
export async function clearHolder({inPlace, inside = [], socket}: Found): Promise<void> {
  if (inPlace !== undefined) {
    await unlink(inPlace).catch((error: unknown) => {
      // A faster taker has put its folder there, which unlink(2) does not remove.
      if (!['ENOENT', 'EISDIR', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
    });
  }
  if (socket !== undefined) await removeSocket(socket);
  for (const file of inside) await rm(file, {recursive: true, force: true});
}

/** Removes a socket and, when it is alone there and not in a lock, the folder that was made for it. */
export async function removeSocket({folder, name}: SocketPlace): Promise<void> {
  await rm(join(folder, name), {force: true}).catch(() => undefined);
  if (/\/bulkhead-[A-Za-z0-9]{6}$/.test(folder)) await rmdir(folder).catch(() => undefined);
}

/** `host pid start` in a file, as the first version wrote it. */
async function judgeEarlierForm(place: string): Promise<Found> {
  const owner = await readText(place);
  if (!/^\S{1,255} [1-9]\d* \d+$/.test(owner)) return {driver: 'unknown', inPlace: place};
  return {driver: judgeOwner(owner), owner, inPlace: place};
}

async function judgeFolder(directory: string, place: string): Promise<Found> {
  const names = await readdir(place);
  if (names.length === 0) return {driver: 'none'};
  const textLast = [...names].sort((a, b) => Number(a.endsWith('.json')) - Number(b.endsWith('.json')));
  const inside = textLast.map((name) => join(place, name));
  const nonce = /^([0-9a-f]{16})\.json$/.exec(textLast.at(-1) ?? '')?.[1];
  if (nonce === undefined || names.some((name) => name !== `${nonce}.json` && name !== `${nonce}.sock`)) return {driver: 'unknown', inside};
  const text = parse(await readText(join(place, `${nonce}.json`)));
  if (text === undefined) return {driver: 'unknown', inside};
  const socket = text.socket === undefined ? undefined : {folder: text.socket === 'inside' ? place : text.socket, name: `${nonce}.sock`};
  return {driver: await judge(directory, text, socket), owner: text.owner, socket, inside};
}

/**
 * Whoever answers on the socket lives: the kernel answers even for a process that is stopped. That nobody does proves an
 * end only where the socket belongs to one kernel and one mount; a shared folder (NFS, a virtual machine's) may have two.
 * On a local disk another start of the kernel means that the holder's kernel has ended, or that the folder is a copy.
 * Else the process has to be looked up.
 */
async function judge(directory: string, text: LockText, socket: SocketPlace | undefined): Promise<Driver> {
  const answer = socket === undefined ? 'absent' : await probeSocket(socket);
  if (answer === 'answers') return 'alive';
  if (answer === 'doubt') return 'unknown';
  const bootId = readBootId();
  if (bootId !== undefined && text.bootId !== undefined && text.disk === 'local' && (await isOnLocalDisk(directory))) {
    if (bootId !== text.bootId || text.socket === 'inside') return 'none';
  }
  return judgeOwner(text.owner);
}

function parse(text: string): LockText | undefined {
  try {
    return LockText.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The text of a file that was there a moment ago; empty, which nothing understands, when it cannot be read. Throws ENOENT. */
async function readText(file: string): Promise<string> {
  return readFile(file).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') throw error;
    return '';
  });
}

/** A regular file that is not too long, and not through a link. */
async function readFile(file: string): Promise<string> {
  // Not blocking: what is no regular file may have nothing to read, for ever.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (!(await handle.stat()).isFile()) return '';
  const buffer = Buffer.alloc(maxTextBytes + 1);
  let length = 0;
  for (;;) {
    const {bytesRead} = await handle.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length === buffer.length) return length > maxTextBytes ? '' : buffer.toString('utf8', 0, length);
  }
}
