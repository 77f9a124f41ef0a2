import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {tokensOf, tokensOfBytes} from '../../../src/context/tokens.js';
import {moduleOf} from './fixture.js';

/** Texts with the most tokens that three public tokenizers (o200k, cl100k, Claude 2) count for them, once each. */
const counted: readonly (readonly [string, string, number])[] = [
  ['code', 'export async function readHeader(stream: Readable, maxBytes = 1024): Promise<Buffer> {\n  return stream.read(maxBytes) as Buffer;\n}\n', 36],
  ['json', '{\n  "name": "express",\n  "version": "5.1.0",\n  "files": ["LICENSE", "index.js", "lib/"],\n  "dependencies": {"accepts": "^2.0.0", "body-parser": "^2.2.0"}\n}\n', 64],
  ['minified', '!function(t,n){"object"==typeof exports?n(exports):n((t=t||self).d3={})}(this,(function(t){"use strict";function n(t,n){return t<n?-1:t>n?1:0}', 63],
  ['chinese', '请修复发票总额的四舍五入错误，并为导出模块添加测试。', 24],
  ['japanese', '請求書の合計の丸め誤差を修正し、エクスポートモジュールのテストを追加してください。', 43],
  ['korean', '송장 합계의 반올림 오류를 수정하고 내보내기 모듈에 대한 테스트를 추가하십시오.', 46],
  ['russian', 'Исправьте ошибку округления итоговой суммы счета и добавьте тесты для модуля экспорта.', 47],
  ['arabic', 'أصلح خطأ التقريب في إجمالي الفاتورة وأضف اختبارات لوحدة التصدير.', 60],
  ['thai', 'แก้ไขข้อผิดพลาดในการปัดเศษของยอดรวมใบแจ้งหนี้', 79],
  ['greek', 'Διορθώστε το σφάλμα στρογγυλοποίησης του συνόλου του τιμολογίου', 70],
  ['hindi', 'चालान के कुल योग की पूर्णांकन त्रुटि ठीक करें', 48],
  ['emoji', '🎉🚀👩‍💻🇩🇪✨🐛🔥💯🧪', 32],
  ['base64', 'GmVuZCB0aGUgcm91bmRpbmcgb2YgdGhlIHRvdGFsIG9mIGFuIGludm9pY2UsIHBsZWFzZTsgdGhhbmsgeW91IQ+9x/Q3kZt8Rr0YvW2mJdLs5Xa7Uo==', 86],
  ['hash', '3f786850e387550fdab836ed7e6dc881de23001b a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', 47],
  ['uuid', '123e4567-e89b-12d3-a456-426614174000 9b2f7c1e-5d3a-4f8b-8c6d-0e1f2a3b4c5d', 56],
  ['numbers', '0.48213, 17.29504, 392.1, 0.00017, 88.412, 1024, 65535, 4294967295, 3.14159265', 47],
  ['punctuation', '}]);({[<>!=&&||??::;;,,..@@##$$%%^^', 18],
  ['lines', 'a\nb\nc\n1\n2\n3\n\n\n}\n', 15],
  ['shouting', 'THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG', 16],
];

describe('the tokens of a text', () => {
  it('of code are about its bytes', () => {
    const code = moduleOf('readHeader', 100);
    expect(tokensOf(code)).toBeGreaterThanOrEqual(tokensOfBytes(Buffer.byteLength(code)));
    expect(tokensOf(code)).toBeLessThan(tokensOfBytes(Buffer.byteLength(code)) * 1.35);
  });

  it.each(counted)('are at least what tokenizers count: %s', (_name, text, most) => {
    expect(tokensOf(text)).toBeGreaterThanOrEqual(most);
  });

  it('are one or more, and of lines together not more than of each', () => {
    const line = fc.string({unit: fc.constantFrom('a', 'B', '7', ' ', '.', '`', 'é', '漢', '🎉', '\t', '\u0001', 'λ'), maxLength: 60}).map((text) => `${text}\n`);
    fc.assert(
      fc.property(fc.array(line, {maxLength: 12}), (lines) => {
        expect(tokensOf(lines.join(''))).toBeGreaterThanOrEqual(1);
        expect(tokensOf(lines.join(''))).toBeLessThanOrEqual(Math.max(1, lines.reduce((sum, one) => sum + tokensOf(one), 0)));
      }),
      {numRuns: 500},
    );
  });
});
