import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {sourceFacts} from '../../../src/code/facts/facts.js';

const facts = (path: string, text: string) => sourceFacts({path, bytes: Buffer.from(text)});

describe('facts of a source', () => {
  it('name functions by what they are assigned to, with the classes and functions around them', () => {
    const text = 'class A {\n  b = () => { function c() { return 1; } };\n}\nmodule.exports.d = function e() {};\nexport default () => 1;\nrun(function () {});\n';
    expect(facts('a.js', text)?.functions.map(({name, within, line, body}) => [name, within, line, body])).toEqual([
      ['b', ['A'], 2, 'code'],
      ['c', ['A', 'b'], 2, 'code'],
      ['d', [], 4, 'empty'],
      ['default', [], 5, 'code'],
      ['', [], 6, 'empty'],
    ]);
  });
  it('name what classes extend, of members their last name', () => {
    expect(facts('a.ts', 'abstract class A extends b.C {}\nconst D = class extends E {};\n')?.classes).toEqual([
      {name: 'A', bases: ['C'], isAbstract: true},
      {name: 'D', bases: ['E'], isAbstract: false},
    ]);
    expect(facts('a.py', 'class A(b.C, D, metaclass=ABCMeta):\n    pass\n')?.classes).toEqual([{name: 'A', bases: ['C', 'D'], isAbstract: true}]);
  });
  it('are none for other files, binary ones and what no parser is let near', () => {
    for (const [path, text] of [['a.md', '# a'], ['a.js', 'a\0b'], ['a.js', '('.repeat(10_000)], ['a.py', 'a'.repeat(300_000)]] as const) expect(facts(path, text)).toBeUndefined();
  });
  const piece = fc.constantFrom('function f', '(', ')', '{', '}', '=>', 'class A extends ', 'catch', 'try', '.catch(', '.then(', 'export * from ', "'./a.js'", 'return', 'throw', ';', '\n', '    ', 'def f', ':', 'pass', '...', 'except', 'raise NotImplementedError', '# TODO', '// TODO', '/*', '*/', '`', '${', '@', 'if (e)', 'e', ',', 'abstract ', '"""', '\u2028', '\ud800', 'é');
  it.each(['a.js', 'a.ts', 'a.tsx', 'a.py'])('of any pieces of code in %s throw nothing', (path) => {
    fc.assert(fc.property(fc.array(piece, {maxLength: 200}), (pieces) => void facts(path, pieces.join(' '))), {numRuns: 300});
  });
});
