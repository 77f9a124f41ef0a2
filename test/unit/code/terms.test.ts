import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {countOf, termsOf, termsOfText} from '../../../src/code/terms.js';

const has = (text: string, word: string): boolean => {
  const [hash = 0] = termsOfText(word).hashes;
  return countOf(termsOfText(text), hash) > 0;
};

describe('the words of a text', () => {
  it('are the parts of a name, whatever way it is written', () => {
    for (const name of ['readHttpHeader', 'read_http_header', 'read-http-header', 'READ_HTTP_HEADER', 'readHTTPHeader']) {
      for (const word of ['read', 'http', 'header']) expect(has(name, word), `${word} in ${name}`).toBe(true);
    }
    expect(has('readHttpHeader', 'writer')).toBe(false);
  });

  it('are found in scripts that have no blanks between words', () => {
    for (const [text, word] of [['請求書の合計を丸める', '合計'], ['请修复发票总额的错误', '发票'], ['송장합계를 반올림', '합계'], ['readの合計', 'read'], ['合計total', 'total'], ['税', '税']] as const) expect(has(text, word), text).toBe(true);
    expect(has('請求書の合計', '丸め')).toBe(false);
    expect(termsOfText('請求書').total).toBe(2);
    expect(has('Größe der Änderung', 'Änderung')).toBe(true);
  });

  it('are the same with and without simple endings', () => {
    for (const [one, other] of [['headers', 'header'], ['parsed', 'parse'], ['parsing', 'parse'], ['caches', 'cached'], ['CACHING', 'cache']] as const) expect(has(one, other)).toBe(true);
    expect(has('class', 'clas')).toBe(false);
  });

  it('are counted, in ascending order, and do not depend on what was read before', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('alpha', 'beta', 'gammaDelta', 'x', '42', '--', 'É', '漢', '漢字の'), {maxLength: 200}), fc.uint8Array({maxLength: 300}), (words, other) => {
        const text = words.join(' ');
        const first = termsOfText(text);
        termsOf(other);
        expect(termsOfText(text)).toEqual(first);
        expect([...first.hashes]).toEqual([...first.hashes].sort((a, b) => a - b));
        const [alpha = 0] = termsOfText('alpha').hashes;
        expect(countOf(first, alpha)).toBe(words.filter((word) => word === 'alpha').length);
      }),
    );
  });

  it('are bounded for a text without end', () => {
    const bytes = new Uint8Array(3_000_000).map((_, index) => (index * 7919 + (index >> 3)) % 251);
    expect(termsOf(bytes).hashes.length).toBeLessThan(131_072);
    expect(termsOfText('a'.repeat(1_000_000)).hashes.length).toBe(0);
  });
});
