import type {Captured, ExecResult} from '../core/sandbox.js';

/** What `box.sh` said of a call, or why its words cannot be used. */
export type CallFrame =
  | {readonly state: 'absent' | 'running' | 'refused' | 'lost'}
  | {readonly state: 'done'; readonly result: ExecResult}
  | {readonly state: 'malformed'; readonly why: string};

/** Longest first line: the words and ten numbers of at most 15 digits. */
export const frameHeaderBytes = 256;

const header = /^bulkhead-call 2 (?:(absent|running|refused|lost)|done((?: \d{1,15}){10}))$/;

const endedLine = /^bulkhead-call 2 ended( \d{1,15}){4}$/;

/** How a command of this session ended, by the first line of its answer, without its streams; undefined for any other line. */
export function parseEnded(line: string): Pick<ExecResult, 'exitCode' | 'timedOut' | 'ranInto'> | undefined {
  if (!endedLine.test(line)) return undefined;
  return endOf(line.split(' ').slice(3).map(Number));
}

/** How many bytes follow a first line, or undefined for one that is not understood. Not more than `maxBytes` of each stream. */
export function bodyBytes(line: string, maxBytes: number): number | undefined {
  const match = header.exec(line);
  if (match === null) return undefined;
  const numbers = (match[2] ?? '').trim().split(' ').map(Number);
  const total = [5, 6, 8, 9].reduce((sum, index) => sum + (numbers[index] ?? 0), 0);
  return total <= 2 * maxBytes ? total : undefined;
}

/**
 * Parses the frame that `box.sh` prints. The code in the box may have written any of it, so every number is checked
 * against the bytes that are really there and against `maxBytes` (per stream); what does not fit is `malformed`.
 */
export function parseCallFrame(bytes: Uint8Array, maxBytes: number): CallFrame {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lineEnd = buffer.subarray(0, frameHeaderBytes).indexOf(0x0a);
  if (lineEnd < 0) return {state: 'malformed', why: 'its first line is missing'};
  const match = header.exec(buffer.toString('latin1', 0, lineEnd));
  if (match === null) return {state: 'malformed', why: 'its first line is not understood'};
  const body = buffer.subarray(lineEnd + 1);
  const state = match[1];
  if (state === 'absent' || state === 'running' || state === 'refused' || state === 'lost') {
    return body.length === 0 ? {state} : {state: 'malformed', why: 'there are bytes after its end'};
  }
  return readDone((match[2] ?? '').trim().split(' ').map(Number), body, maxBytes);
}

function readDone(numbers: readonly number[], body: Buffer, maxBytes: number): CallFrame {
  const end = endOf(numbers);
  if (end === undefined) return {state: 'malformed', why: 'its exit state is impossible'};
  const [, , , , outTotal = -1, outHead = -1, outTail = -1, errTotal = -1, errHead = -1, errTail = -1] = numbers;
  if (outHead + outTail + errHead + errTail !== body.length) return {state: 'malformed', why: 'its lengths do not fit its bytes'};
  const stdout = readStream({total: outTotal, head: outHead, tail: outTail}, body, maxBytes);
  const stderr = readStream({total: errTotal, head: errHead, tail: errTail}, body.subarray(outHead + outTail), maxBytes);
  if (stdout === undefined || stderr === undefined) return {state: 'malformed', why: 'its lengths do not fit each other'};
  return {state: 'done', result: {...end, stdout, stderr}};
}

function endOf([exitCode = -1, timedOut = -1, memory = -1, processes = -1]: readonly number[]): Pick<ExecResult, 'exitCode' | 'timedOut' | 'ranInto'> | undefined {
  if (exitCode < 0 || exitCode > 255 || (timedOut !== 0 && timedOut !== 1) || memory < 0 || processes < 0) return undefined;
  return {exitCode, timedOut: timedOut === 1, ranInto: [...(memory > 0 ? (['memory'] as const) : []), ...(processes > 0 ? (['processes'] as const) : [])]};
}

function readStream(sizes: {readonly total: number; readonly head: number; readonly tail: number}, bytes: Buffer, maxBytes: number): Captured | undefined {
  const {total, head, tail} = sizes;
  if (head + tail > maxBytes || head + tail > total || (head + tail < total && tail === 0 && maxBytes > 1)) return undefined;
  return {head: bytes.subarray(0, head), tail: bytes.subarray(head, head + tail), totalBytes: total};
}

/** The result of a call whose frame is missing or was tampered with: exit code 255, and the reason on stderr. */
export function brokenResult(why: string, said: Uint8Array = new Uint8Array(0)): ExecResult {
  const head = Buffer.concat([Buffer.from(`bulkhead: the result of this command was lost: ${why}\n`), said]);
  return {exitCode: 255, timedOut: false, ranInto: [], stdout: noOutput, stderr: {head, tail: new Uint8Array(0), totalBytes: head.length}};
}

/** The result of a call that did not even answer to its own time limit and was ended from outside. */
export function killedResult(): ExecResult {
  const head = Buffer.from('bulkhead: the command did not end at its time limit and was killed from outside\n');
  return {exitCode: 124, timedOut: true, ranInto: [], stdout: noOutput, stderr: {head, tail: new Uint8Array(0), totalBytes: head.length}};
}

const noOutput: Captured = {head: new Uint8Array(0), tail: new Uint8Array(0), totalBytes: 0};
