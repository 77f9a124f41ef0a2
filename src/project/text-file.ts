import {constants} from 'node:fs';
import {open} from 'node:fs/promises';
import {systemCode} from '../core/errors.js';

/**
 * Most bytes of any file that this room reads: 256 KiB, far above what a person writes by hand. The YAML parser takes up
 * to 13 s for a hostile MiB (measured: a list of a million commas, yaml 2.9.1, two busy cores).
 */
export const maxTextBytes = 262_144;

/** What is to be read. */
export interface TextFileRequest {
  readonly path: string;
  /** Whether the last part of the path may be a symbolic link. A repository's own files may not be one. */
  readonly followLink: boolean;
  readonly signal: AbortSignal;
}

/** The text, or why there is none. `absent`: nothing is there. `problem` reads on after the file's name. */
export type TextFile = {readonly text: string} | {readonly absent: true; readonly problem: string} | {readonly absent: false; readonly problem: string};

/**
 * Reads a regular file of at most {@link maxTextBytes} bytes of UTF-8; a byte order mark stays in the text. Never waits
 * on a pipe and never reads a device. Throws only what `signal` was aborted with.
 */
export async function readTextFile({path, followLink, signal}: TextFileRequest): Promise<TextFile> {
  signal.throwIfAborted();
  try {
    // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLink ? 0 : constants.O_NOFOLLOW);
    await using file = await open(path, flags);
    const status = await file.stat();
    if (!status.isFile()) return {absent: false, problem: 'is not a regular file'};
    // One byte more than allowed, so that a file that grows meanwhile is seen too.
    const buffer = Buffer.alloc(Math.min(status.size, maxTextBytes) + 1);
    const bytesRead = await readFully(file, buffer, signal);
    if (bytesRead > maxTextBytes || status.size > maxTextBytes) return {absent: false, problem: `is larger than ${maxTextBytes} bytes`};
    return decode(buffer.subarray(0, bytesRead));
  } catch (error) {
    signal.throwIfAborted();
    return unreadable(error);
  }
}

async function readFully(file: Awaited<ReturnType<typeof open>>, buffer: Buffer, signal: AbortSignal): Promise<number> {
  let total = 0;
  while (total < buffer.length) {
    signal.throwIfAborted();
    const {bytesRead} = await file.read(buffer, total, buffer.length - total, total);
    if (bytesRead === 0) break;
    total += bytesRead;
  }
  return total;
}

function decode(bytes: Uint8Array): TextFile {
  try {
    return {text: new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)};
  } catch {
    return {absent: false, problem: 'is not UTF-8 text'};
  }
}

function unreadable(error: unknown): TextFile {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return {absent: true, problem: 'does not exist'};
  // Linux and macOS answer O_NOFOLLOW on a link with ELOOP; so does a circle of links.
  if (code === 'ELOOP') return {absent: false, problem: 'is a symbolic link that is not followed'};
  if (code === 'ENXIO' || code === 'EISDIR') return {absent: false, problem: 'is not a regular file'};
  return {absent: false, problem: `cannot be read (${code ?? 'unknown error'})`};
}
