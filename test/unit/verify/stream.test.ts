import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {startResultStream, type StreamResults} from '../../../src/verify/tests/stream.js';

const nonce = '0123456789abcdef0123456789abcdef';
const hello = (id = nonce): string => `\n@bulkhead hello ${JSON.stringify({v: 1, nonce: id, runner: 'node', version: 'v24.0.0'})}\n`;
const frame = (value: unknown, id = nonce): string => `\n@bulkhead ${id} ${JSON.stringify(value)}\n`;
const passed = (name: string): unknown => ({t: 'test', file: 'a.test.js', path: [name], status: 'passed'});
const end = (tests: number, files = 0, success = true): string => frame({t: 'end', tests, files, success});

function parse(...chunks: readonly (string | Uint8Array)[]): StreamResults {
  const stream = startResultStream();
  for (const chunk of chunks) stream.push(Buffer.from(chunk as string));
  return stream.end();
}

describe('result stream', () => {
  it('gives the results of a whole stream', () => {
    const results = parse(hello(), frame(passed('one')), frame({t: 'test', file: 'a.test.js', path: ['s', 'two'], status: 'failed', message: 'no'}), end(2, 0, false));
    expect(results).toEqual({
      tests: [
        {kind: 'test', file: 'a.test.js', path: ['one'], status: 'passed'},
        {kind: 'test', file: 'a.test.js', path: ['s', 'two'], status: 'failed', message: 'no'},
      ],
      cut: [],
      started: true,
      ended: true,
      success: false,
      problem: '',
    });
  });

  it('gives the same results however the bytes are cut into chunks', () => {
    const bytes = Buffer.from(`${hello()}noise${frame(passed('größe'))}${frame({t: 'file', file: 'b.js', kind: 'unloaded'})}${end(1, 1, false)}`);
    const whole = parse(bytes);
    fc.assert(
      fc.property(fc.array(fc.integer({min: 1, max: bytes.length - 1}), {maxLength: 20}), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(parse(...at.slice(1).map((to, index) => bytes.subarray(at[index], to)))).toEqual(whole);
      }),
    );
  });

  it('ignores results and an end marker without the nonce', () => {
    const forged = [frame(passed('forged'), 'f'.repeat(32)), `@bulkhead ${JSON.stringify(passed('forged'))}\n`, frame({t: 'end', tests: 9, files: 0, success: true}, 'f'.repeat(32))];
    const results = parse(hello(), ...forged, frame(passed('one')), end(1));
    expect(results.tests.map((test) => test.path)).toEqual([['one']]);
    expect(results.success).toBe(true);
  });

  it('keeps the nonce of the first greeting', () => {
    const other = 'e'.repeat(32);
    const results = parse(hello(), hello(other), frame(passed('forged'), other), frame({t: 'end', tests: 1, files: 0, success: true}, other));
    expect(results.tests).toEqual([]);
    expect(results.success).toBeUndefined();
  });

  it.each([
    ['nothing at all', []],
    ['no greeting', [frame(passed('one')), end(1)]],
    ['no end marker', [hello(), frame(passed('one'))]],
    ['half an end marker', [hello(), frame(passed('one')), end(1).slice(0, -12)]],
    ['an end marker that counts too many', [hello(), frame(passed('one')), end(2)]],
    ['an end marker that counts too few', [hello(), frame(passed('one')), frame(passed('two')), end(1)]],
    ['results after the end marker', [hello(), frame(passed('one')), end(1), frame(passed('two'))]],
    ['a second end marker', [hello(), frame(passed('one')), end(1), end(1)]],
  ])('is not complete with %s, and keeps what arrived', (_, chunks) => {
    const results = parse(...chunks);
    expect(results.success).toBeUndefined();
    expect(results.problem).not.toBe('');
    if (chunks.length > 1 && chunks[0]?.includes('hello') === true) expect(results.tests.length).toBeGreaterThan(0);
  });

  it('refuses a frame with an unknown member, an unknown status or an unnamed file', () => {
    const bad = [{...(passed('x') as object), more: 1}, {t: 'test', file: 'a', path: ['x'], status: 'ok'}, {t: 'test', file: '', path: ['x'], status: 'passed'}, {t: 'test', file: 'a', path: [], status: 'passed'}, [], null, 7];
    expect(parse(hello(), ...bad.map((value) => frame(value)), frame(passed('one')), end(1))).toMatchObject({tests: [{path: ['one']}], success: true});
  });

  it('survives invalid UTF-8, an absurd line and escapes in names', () => {
    const line = Buffer.concat([Buffer.from(`@bulkhead ${nonce} {"t":"test","file":"a`), Buffer.from([0xff, 0xfe]), Buffer.from('","path":["x"],"status":"passed"}\n')]);
    const absurd = `@bulkhead ${nonce} ${'x'.repeat(5_000_000)}\n`;
    const results = parse(hello(), line, absurd, frame(passed('new\nline \u001b[31m')), end(1));
    expect(results.tests).toHaveLength(1);
    expect(results.success).toBe(true);
  });

  it('never throws, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({maxLength: 200}), fc.constantFrom(...[hello(), frame(passed('x')), end(1), '@bulkhead '].map((text) => Buffer.from(text))))), (chunks) => {
        expect(parse(...chunks).tests.length).toBeLessThanOrEqual(chunks.length);
      }),
    );
  });

  it('keeps at most 200,000 of more results and does not call that complete', () => {
    const stream = startResultStream();
    stream.push(Buffer.from(hello()));
    const chunk = Buffer.from(frame(passed('x')).repeat(1000));
    for (let count = 0; count < 250; count += 1) stream.push(chunk);
    stream.push(Buffer.from(end(250_000)));
    const results = stream.end();
    expect(results.tests).toHaveLength(200_000);
    expect(results.success).toBeUndefined();
  });
});
