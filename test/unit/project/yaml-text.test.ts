import fc from 'fast-check';
import {expect, test} from 'vitest';
import {stringify} from 'yaml';
import {isYamlProblem, parseYaml} from '../../../src/project/yaml-text.js';

function problem(text: string): {readonly line: number; readonly column: number} {
  const result = parseYaml(text);
  if (!isYamlProblem(result)) throw new Error('it was parsed');
  return result;
}

function value(text: string): unknown {
  const result = parseYaml(text);
  if (isYamlProblem(result)) throw new Error(result.message);
  return result.value;
}

const bomb = (levels: number): string => `a0: &a0 [1]\n${Array.from({length: levels}, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join('\n')}\n`;

test('a few aliases are followed, multiplying ones are refused', () => {
  expect(value('a: &x [1]\nb: *x\n')).toEqual({a: [1], b: [1]});
  problem(bomb(40));
});

test('a value that would hold itself is refused where its alias stands', () => {
  expect(problem('a: &x\n  b: *x\n')).toMatchObject({line: 2, column: 6});
  expect(problem('- &x [1, *x]\n')).toMatchObject({line: 1, column: 10});
});

test.each([
  ['brackets', '['.repeat(200_000)],
  ['braces', '{'.repeat(200_000)],
  ['dashes', '- '.repeat(100_000)],
  ['questions', '? '.repeat(100_000)],
  ['dashes with anchors', '- &a '.repeat(40_000)],
])('nesting that would choke the parser is refused before it: %s', (_name, text) => {
  problem(text);
});

test('nesting as a person writes it is taken', () => {
  const text = `${'['.repeat(50)}${']'.repeat(50)}`;
  expect(isYamlProblem(parseYaml(text))).toBe(false);
  expect(value(`${'- '.repeat(50)}a`)).toBeTruthy();
});

test('a key that is there twice is found at its second place, also deep inside', () => {
  expect(problem('a:\n  - b: 1\n    c: 2\n    b: 3\n')).toMatchObject({line: 4, column: 5});
  expect(problem('{"a": 1, "a": 2}')).toMatchObject({line: 1, column: 10});
  expect(value('constructor: 1\n')).toEqual({constructor: 1});
});

test('a key and a list entry are found by their line, a missing one by its parent', () => {
  const result = parseYaml('a:\n  - b: 1\n  - c: 2\n\nd: {e: 1}\n');
  if (isYamlProblem(result)) throw new Error(result.message);
  expect([['a'], ['a', 1], ['a', 1, 'c'], ['d', 'e'], ['d', 'gone'], []].map((path) => result.lineOf(path))).toEqual([1, 3, 3, 5, 5, 1]);
});

test('what was written as YAML or as JSON is read as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({maxDepth: 3})), (data) => {
      const plain: unknown = JSON.parse(JSON.stringify(data));
      expect(value(JSON.stringify(plain))).toEqual(plain);
      expect(value(stringify(plain))).toEqual(plain);
    }),
  );
});

test('any text is a value or a problem with a place', () => {
  const piece = fc.constantFrom('a', ':', ' ', '\n', '-', '[', ']', '{', '}', '&x', '*x', '!', '|', '>', '"', "'", '#', '%', '---', '\t', ',', '?');
  fc.assert(
    fc.property(fc.array(piece, {maxLength: 40}).map((pieces) => pieces.join('')), (text) => {
      const result = parseYaml(text);
      if (isYamlProblem(result)) expect(Math.min(result.line, result.column)).toBeGreaterThanOrEqual(1);
    }),
    {numRuns: 500},
  );
});
