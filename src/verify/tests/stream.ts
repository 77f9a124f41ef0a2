import {z} from 'zod';
import {TestStatus, type SeenTest} from './results.js';

/**
 * The result stream of a suite: lines `@bulkhead NONCE JSON` on the stdout of the container's main process, written by
 * our reporters (`images/harness/`). The first line `@bulkhead hello JSON` fixes the nonce; it is written before the
 * runner starts anything of the repository. Every other line is foreign and ignored.
 *
 * What remains: a process of the same uid may read the reporter's memory, and with pytest the code under test shares
 * its process. Results are therefore evidence of the class `in-process`.
 */
const mark = '@bulkhead ';

/** Longest line that is looked at, bytes; our reporters stay below. */
const maxLineBytes = 64 * 1024;
/** Most results kept of one run, and most bytes of their lines: bounds the memory that a hostile suite can cost. */
const maxResults = 200_000;
const maxResultBytes = 64 * 1024 * 1024;

const Hello = z.strictObject({v: z.literal(1), nonce: z.string().regex(/^[0-9a-f]{32}$/), runner: z.enum(['node', 'vitest', 'jest', 'mocha', 'pytest']), version: z.string().max(64)});
const file = z.string().min(1).max(1024);
const message = z.string().max(1000).optional();
const Frame = z.discriminatedUnion('t', [
  z.strictObject({t: z.literal('test'), file, path: z.array(z.string().max(1000)).min(1).max(16), status: TestStatus, message}),
  z.strictObject({t: z.literal('file'), file, kind: z.enum(['whole', 'unloaded', 'crashed', 'cut']), message}),
  z.strictObject({t: z.literal('end'), tests: z.int().min(0), files: z.int().min(0), success: z.boolean()}),
]);
type Frame = z.infer<typeof Frame>;

/** What a stream said when it ended. */
export interface StreamResults {
  readonly tests: readonly SeenTest[];
  readonly cut: readonly string[];
  /** Whether the runner said its first word. */
  readonly started: boolean;
  /** Whether it said its last one, right or wrong. */
  readonly ended: boolean;
  /** The runner's own word on success; undefined without an end marker that agrees with what arrived. */
  readonly success: boolean | undefined;
  /** Why the stream is not complete; empty when it is. */
  readonly problem: string;
}

/** A parser that is fed chunks as they come and holds bounded memory, whatever comes. */
export interface ResultStream {
  push(chunk: Uint8Array): void;
  /** To be called once, after the last chunk. */
  end(): StreamResults;
}

/** Starts a parser of one result stream. It never throws on content. */
export function startResultStream(): ResultStream {
  const frames = startFrames();
  const utf8 = new TextDecoder('utf-8', {fatal: true});
  const line = Buffer.alloc(maxLineBytes);
  let length = 0;
  let tooLong = false;
  const finishLine = (): void => {
    if (!tooLong && length > 0) frames.line(decode(utf8, line.subarray(0, length)));
    length = 0;
    tooLong = false;
  };
  return {
    push: (chunk) => {
      let from = 0;
      while (from < chunk.length) {
        const at = chunk.indexOf(10, from);
        const part = chunk.subarray(from, at === -1 ? chunk.length : at);
        if (length + part.length > maxLineBytes) tooLong = true;
        else if (!tooLong) {
          line.set(part, length);
          length += part.length;
        }
        if (at === -1) return;
        finishLine();
        from = at + 1;
      }
    },
    end: () => {
      finishLine();
      return frames.end();
    },
  };
}

function startFrames(): {line(text: string | undefined): void; end(): StreamResults} {
  const tests: SeenTest[] = [];
  const cut: string[] = [];
  const counts = {tests: 0, files: 0, bytes: 0};
  let nonce: string | undefined;
  let ended: Extract<Frame, {t: 'end'}> | undefined;
  let full = false;
  let late = false;
  return {
    line: (text) => {
      if (text === undefined || !text.startsWith(mark)) return;
      nonce ??= helloNonce(text);
      const frame = nonce === undefined ? undefined : frameOf(text, nonce);
      if (frame === undefined) return;
      if (ended !== undefined) late = true;
      else if (frame.t === 'end') ended = frame;
      else if (counts.tests + counts.files >= maxResults || counts.bytes > maxResultBytes) full = true;
      else {
        counts.bytes += text.length;
        counts[frame.t === 'test' ? 'tests' : 'files'] += 1;
        keep(frame, tests, cut);
      }
    },
    end: () => {
      const problem = problemOf({nonce, ended, full, late, counts});
      return {tests, cut, started: nonce !== undefined, ended: ended !== undefined, success: problem === '' ? ended?.success : undefined, problem};
    },
  };
}

interface StreamState {
  readonly nonce: string | undefined;
  readonly ended: Extract<Frame, {t: 'end'}> | undefined;
  readonly full: boolean;
  readonly late: boolean;
  readonly counts: {readonly tests: number; readonly files: number};
}

function problemOf({nonce, ended, full, late, counts}: StreamState): string {
  if (nonce === undefined) return 'the runner did not start';
  if (full) return `more than ${maxResults} results, or ${maxResultBytes / 1024 / 1024} MiB of them, arrived`;
  if (ended === undefined) return 'the runner ended without its end marker';
  if (late) return 'results arrived after the end marker';
  if (ended.tests !== counts.tests || ended.files !== counts.files) {
    return `the end marker counts ${ended.tests + ended.files} results, but ${counts.tests + counts.files} arrived`;
  }
  return '';
}

function keep(frame: Exclude<Frame, {t: 'end'}>, tests: SeenTest[], cut: string[]): void {
  const said = frame.message === undefined ? {} : {message: frame.message};
  if (frame.t === 'test') tests.push({kind: 'test', file: frame.file, path: frame.path, status: frame.status, ...said});
  else if (frame.kind === 'cut') cut.push(frame.file);
  else tests.push({kind: 'file', file: frame.file, path: [], status: frame.kind === 'whole' ? 'passed' : 'failed', ...said});
}

function helloNonce(text: string): string | undefined {
  const start = `${mark}hello `;
  if (!text.startsWith(start)) return undefined;
  const hello = Hello.safeParse(parseJson(text.slice(start.length)));
  return hello.success ? hello.data.nonce : undefined;
}

function frameOf(text: string, nonce: string): Frame | undefined {
  const start = `${mark}${nonce} `;
  if (!text.startsWith(start)) return undefined;
  const frame = Frame.safeParse(parseJson(text.slice(start.length)));
  return frame.success ? frame.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function decode(utf8: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
