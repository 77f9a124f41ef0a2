import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {startCapture} from '../../../src/sandbox/capture.js';

describe('a capture', () => {
  it('keeps everything up to the cap, and the first and last half beyond it, however the chunks are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({maxLength: 30})), fc.nat(40), (chunks, maxBytes) => {
        const capture = startCapture(maxBytes);
        for (const chunk of chunks) capture.push(chunk);
        const all = Buffer.concat(chunks);
        const {head, tail, totalBytes} = capture.kept();
        expect(totalBytes).toBe(all.length);
        const half = Math.floor(maxBytes / 2);
        const wanted = all.length <= maxBytes ? [all, Buffer.alloc(0)] : [all.subarray(0, maxBytes - half), all.subarray(all.length - half)];
        expect([Buffer.from(head), Buffer.from(tail)]).toEqual(wanted.map((part) => Buffer.from(part)));
      }),
    );
  });

  it('does not change what it kept when the chunk is used again', () => {
    const capture = startCapture(10);
    const chunk = Buffer.from('abc');
    capture.push(chunk);
    chunk.fill(0);
    expect(Buffer.from(capture.kept().head).toString()).toBe('abc');
  });
});
