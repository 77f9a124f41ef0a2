import type {ExecResult} from '../core/sandbox.js';
import type {ByteReader} from './byte-reader.js';
import {bodyBytes, brokenResult, frameHeaderBytes, parseCallFrame, parseEnded, type CallFrame} from './call-frame.js';
import {proofEnd} from './network-proof.js';

/** Lines of a proof are short; an image could make the shell say anything. */
const maxProofLine = 4096;
const maxProofLines = 10_000;

/** The answer as it comes at once; undefined when a stream is longer than was asked for. */
export async function readShort(answer: ByteReader, {nonce, maxBytes}: {readonly nonce: string; readonly maxBytes: number}): Promise<ExecResult | undefined> {
  const line = await answer.line(frameHeaderBytes);
  const end = parseEnded(line);
  if (end === undefined) return refusedResult(line);
  const mark = Buffer.from(`\n${nonce}\n`);
  const [stdout, stderr] = [await answer.until(mark, maxBytes + 1), await answer.until(mark, maxBytes + 1)];
  if (stdout.length > maxBytes || stderr.length > maxBytes) return undefined;
  return {...end, stdout: uncut(stdout), stderr: uncut(stderr)};
}

function refusedResult(line: string): ExecResult {
  const frame = parseCallFrame(Buffer.from(`${line}\n`, 'latin1'), 0);
  if (frame.state !== 'refused') throw new UnreadableAnswer();
  return resultOf(frame);
}

function uncut(head: Uint8Array): ExecResult['stdout'] {
  return {head, tail: Buffer.alloc(0), totalBytes: head.length};
}

/** The whole answer to a call. */
export async function readWhole(answer: ByteReader, maxBytes: number): Promise<CallFrame> {
  const line = await answer.line(frameHeaderBytes);
  const body = bodyBytes(line, maxBytes);
  if (body === undefined) throw new UnreadableAnswer();
  return parseCallFrame(Buffer.concat([Buffer.from(`${line}\n`, 'latin1'), await answer.take(body)]), maxBytes);
}

/** What the code in a box made of an answer; the session behind it is of no use any more. */
class UnreadableAnswer extends Error {}

/** The lines of a proof. */
export async function readProof(answer: ByteReader): Promise<readonly string[]> {
  const lines: string[] = [];
  while (lines.at(-1) !== proofEnd && lines.length < maxProofLines) lines.push(await answer.line(maxProofLine));
  return lines;
}

/** What a frame means for whoever made the call. */
export function resultOf(frame: CallFrame): ExecResult {
  if (frame.state === 'done') return frame.result;
  if (frame.state === 'refused') return brokenResult('its id was used for another command');
  return brokenResult(frame.state === 'malformed' ? frame.why : 'its report is not that of a finished command');
}

