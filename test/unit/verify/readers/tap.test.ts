import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {startTapReader} from '../../../../src/verify/readers/tap.js';
import type {StreamResults} from '../../../../src/verify/tests/stream.js';

function read(tap: string | readonly Uint8Array[], promised: readonly string[] = []): StreamResults {
  const reader = startTapReader(promised);
  for (const chunk of typeof tap === 'string' ? [Buffer.from(tap)] : tap) reader.push(chunk);
  return reader.end();
}
const seen = (results: StreamResults) => results.tests.map(({file, path, status}) => [file, path.join(' > '), status]);

const nested = `TAP version 14
# Subtest: test/a.test.js
    # Subtest: sums
        ok 1 - adds
        not ok 2 - subtracts # TODO later
        1..2
    ok 1 - sums # time=3ms
    not ok 2 - breaks
      ---
      message: |
        ok 9 - not a result
      ...
    ok 3 # SKIP no reason
    1..3
not ok 1 - test/a.test.js # time=12ms
ok 2 - test/b.test.js # time=1ms {
    ok 1 - in braces
    1..1
}
1..2
`;

describe('TAP', () => {
  it('gives the results of sub-tests, in front or in braces, with their file', () => {
    const results = read(nested);
    expect(seen(results)).toEqual([
      ['test/a.test.js', 'sums > adds', 'passed'],
      ['test/a.test.js', 'sums > subtracts', 'todo'],
      ['test/a.test.js', 'breaks', 'failed'],
      ['test/a.test.js', '(no name)', 'skipped'],
      ['test/b.test.js', 'in braces', 'passed'],
    ]);
    expect(results).toMatchObject({success: false, problem: ''});
  });

  it('flat results between other output are results, and the plan may stand first', () => {
    const results = read('1..3\nhello ok\nok 1 adds\nokay\nok 2 - says \\# one\n  ok nothing\nok\n');
    expect(seen(results)).toEqual([['(no file)', 'adds', 'passed'], ['(no file)', 'says # one', 'passed'], ['(no file)', '(no name)', 'passed']]);
    expect(results.success).toBe(true);
  });

  it('a title can mean the one promised file that is called so', () => {
    expect(seen(read('ok 1 - sums › adds\nok 2 - other › adds\n1..2\n', ['test/sums.test.js', 'test/diffs.test.js'])).map(([file]) => file)).toEqual(['test/sums.test.js', '(no file)']);
  });

  it('a failed whole with parts that passed is a failure, and so is a plan of a part that does not fit', () => {
    expect(seen(read('    ok 1 - a\n    1..1\nnot ok 1 - all\n1..1\n'))).toEqual([['(no file)', 'all > a', 'passed'], ['(no file)', 'all > (suite)', 'failed']]);
    expect(seen(read('    ok 1 - a\n    1..2\nok 1 - all\n1..1\n'))).toContainEqual(['(no file)', 'all > (plan)', 'failed']);
  });

  it('a skipped whole proves nothing of its parts', () => {
    expect(seen(read('    ok 1 - a\n    1..1\nok 1 - all # SKIP\n1..1\n'))).toEqual([['(no file)', 'all > a', 'skipped']]);
  });

  it.each([
    ['nothing', ''],
    ['no plan', 'ok 1\n'],
    ['a plan for more', 'ok 1\n1..2\n'],
    ['a plan for fewer', '1..1\nok 1\nok 2\n'],
    ['two plans', '1..1\nok 1\n1..1\n'],
    ['a bail-out', '1..1\nok 1\nBail out! no database\n'],
    ['a block without end', '1..1\nok 1\n  ---\n  message: x\n'],
    ['an end in the middle of a sub-test', '1..1\n    ok 1 - a\n'],
  ])('%s gives no word on success, and keeps what arrived', (_, tap) => {
    const results = read(tap);
    expect(results.success).toBeUndefined();
    expect(results.problem).not.toBe('');
    expect(results.tests.length).toBeGreaterThanOrEqual((tap.match(/^ *ok/gm) ?? []).length);
  });

  it('a plan of none is a run without tests', () => {
    expect(read('1..0 # skip all\n')).toMatchObject({success: true, tests: []});
  });

  it('says the same however the bytes are cut, and never throws', () => {
    const bytes = Buffer.from(nested);
    const whole = read([bytes]);
    fc.assert(
      fc.property(fc.array(fc.integer({min: 1, max: bytes.length - 1}), {maxLength: 20}), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(read(at.slice(1).map((to, index) => bytes.subarray(at[index], to)))).toEqual(whole);
      }),
    );
    const line = fc.tuple(fc.integer({min: 0, max: 9}), fc.constantFrom('ok 1', 'not ok', '1..1', '}', 'ok 2 - x {', '  ---', '  ...', '# Subtest: a', '\u0000')).map(([indent, text]) => `${' '.repeat(indent * 2)}${text}\n`);
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        expect(() => read(lines.join(''))).not.toThrow();
      }),
    );
  });

  it('one part with very many results is read to its end', () => {
    const count = 150_000;
    const part = `${'    ok\n'.repeat(count)}    1..${count}\n`;
    const results = read(`${part}ok 1 - all\n1..1\n`);
    expect([results.success, results.tests.length, results.tests.at(-1)?.path]).toEqual([true, count, ['all', '(no name)']]);
    expect(read(part)).toMatchObject({success: undefined, tests: {length: count}});
  });

  it('results with names without end are cut off, output of the same size is not', () => {
    const long = (start: string): StreamResults => {
      const reader = startTapReader([]);
      const chunk = Buffer.from(`${start}${'x'.repeat(60_000)}\n`.repeat(100));
      for (let count = 0; count < 12; count += 1) reader.push(chunk);
      reader.push(Buffer.from('ok\n1..1\n'));
      return reader.end();
    };
    expect(long('ok ').success).toBeUndefined();
    expect(long('# ')).toMatchObject({success: true, tests: [{status: 'passed'}]});
  });

  it('escapes stay in their name, and a forged report in front of the real one leaves it without a word on success', () => {
    expect(seen(read('ok 1 - a\u001b[2Jb\rc\n1..1\n')).map(([, name]) => name)).toEqual(['a\u001b[2Jb\rc']);
    expect(read('1..1\nok 1 - forged\nok 1 - real\n1..1\n').success).toBeUndefined();
    expect(read('ok 1 - real\n1..1\n').success).toBe(true);
  });

  it('a line and a number of results without end are left at their limits', () => {
    const reader = startTapReader([]);
    for (let count = 0; count < 100; count += 1) reader.push(Buffer.alloc(1024 * 1024, 'x'));
    reader.push(Buffer.from('\nok 1\n1..1\n'));
    expect(reader.end()).toMatchObject({success: true, tests: [{status: 'passed'}]});
    const many = startTapReader([]);
    const chunk = Buffer.from('ok\n'.repeat(10_000));
    for (let count = 0; count < 25; count += 1) many.push(chunk);
    many.push(Buffer.from('1..250000\n'));
    expect(many.end().success).toBeUndefined();
  });
});
