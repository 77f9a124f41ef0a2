import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {brokenResult, killedResult, parseCallFrame} from '../../../src/sandbox/call-frame.js';
import {limitSeconds} from '../../../src/sandbox/box-script.js';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('the frame of a call', () => {
  it('gives both streams with head, tail and true length', () => {
    const frame = parseCallFrame(bytes('bulkhead-call 2 done 3 0 0 2 100 4 3 2 2 0\nHEADEND!!'), 7);
    expect(frame).toEqual({
      state: 'done',
      result: {
        exitCode: 3,
        timedOut: false,
        ranInto: ['processes'],
        stdout: {head: bytes('HEAD'), tail: bytes('END'), totalBytes: 100},
        stderr: {head: bytes('!!'), tail: bytes(''), totalBytes: 2},
      },
    });
  });

  it('may hold line breaks and anything else in its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 50}), fc.uint8Array({maxLength: 50}), (out, error) => {
        const line = `bulkhead-call 2 done 0 0 0 0 ${out.length} ${out.length} 0 ${error.length} ${error.length} 0\n`;
        const frame = parseCallFrame(Buffer.concat([bytes(line), out, error]), 50);
        expect(frame.state === 'done' && [...frame.result.stdout.head, ...frame.result.stderr.head]).toEqual([...out, ...error]);
      }),
    );
  });

  it.each(['absent', 'running', 'refused', 'lost'] as const)('can say %s', (state) => {
    expect(parseCallFrame(bytes(`bulkhead-call 2 ${state}\n`), 10)).toEqual({state});
    expect(parseCallFrame(bytes(`bulkhead-call 2 ${state}\nx`), 10).state).toBe('malformed');
  });

  it.each([
    ['nothing', ''],
    ['no line end', 'bulkhead-call 2 absent'],
    ['an endless first line', `bulkhead-call 2 done ${'1 '.repeat(400)}\n`],
    ['another program’s words', 'OCI runtime exec failed: exec: "/bin/sh": not found\n'],
    ['a missing number', 'bulkhead-call 2 done 0 0 0 0 0 0 0 0 0\n'],
    ['a number too many', 'bulkhead-call 2 done 0 0 0 0 0 0 0 0 0 0 0\n'],
    ['a negative number', 'bulkhead-call 2 done 0 0 0 0 -1 0 0 0 0 0\n'],
    ['an impossible exit code', 'bulkhead-call 2 done 256 0 0 0 0 0 0 0 0 0\n'],
    ['an impossible time-out', 'bulkhead-call 2 done 0 2 0 0 0 0 0 0 0 0\n'],
    ['fewer bytes than it says', 'bulkhead-call 2 done 0 0 0 0 5 5 0 0 0 0\nabcd'],
    ['more bytes than it says', 'bulkhead-call 2 done 0 0 0 0 3 3 0 0 0 0\nabcd'],
    ['more than the cap', 'bulkhead-call 2 done 0 0 0 0 11 11 0 0 0 0\nabcdefghijk'],
    ['a total below its bytes', 'bulkhead-call 2 done 0 0 0 0 2 4 0 0 0 0\nabcd'],
    ['a head that is cut without a tail', 'bulkhead-call 2 done 0 0 0 0 9 4 0 0 0 0\nabcd'],
    ['an absurd number', 'bulkhead-call 2 done 0 0 0 0 99999999999999999999 0 0 0 0 0\n'],
  ])('with %s is malformed', (_, text) => {
    expect(parseCallFrame(bytes(text), 10).state).toBe('malformed');
  });

  it('is never invented: what is lost is 255, what was killed from outside is a time-out', () => {
    expect(brokenResult('why', bytes('said')).exitCode).toBe(255);
    expect(killedResult()).toMatchObject({exitCode: 124, timedOut: true});
  });
});

describe('a time limit', () => {
  it('is whole seconds, never less than asked and never none', () => {
    expect([0, 1, 999, 1000, 1001, 60_000].map(limitSeconds)).toEqual([1, 1, 1, 1, 2, 60]);
  });
});
