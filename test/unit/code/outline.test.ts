import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {outlineOf} from '../../../src/code/outline.js';
import type {Outline} from '../../../src/code/outline-types.js';

const outline = (path: string, text: string): Outline => outlineOf({path, bytes: Buffer.from(text)});
const told = ({symbols}: Outline): readonly string[] => symbols.map(({kind, name, from, to, exported}) => `${kind} ${name} ${from}-${to}${exported ? ' exported' : ''}`);

describe('an outline by syntax tree', () => {
  it('knows declarations, imports and exports of TypeScript', () => {
    const found = outline(
      'a.ts',
      `import z, {b as c, type D} from './x.js';
export {q as r} from './z';
const hidden = 1;
export default class A<T> extends B {
  field = 1;
  get size(): number { return 1; }
  async load(): Promise<void> { const inner = 2; }
}
export const f = async (x: number) => {
  function local() {}
  return x;
};
export interface I { a: string }
export type T2 = string;
enum E { One }
declare namespace N { function k(): void; }
`,
    );
    expect(found.by).toBe('syntax');
    expect(told(found)).toEqual([
      'variable hidden 3-3',
      'class A 4-8 exported',
      'field field 5-5',
      'method size 6-6',
      'method load 7-7',
      'function f 9-12 exported',
      'type I 13-13 exported',
      'type T2 14-14 exported',
      'type E 15-15',
      'namespace N 16-16',
      'function k 16-16',
    ]);
    expect(found.imports.map(({specifier, names}) => [specifier, [...names].sort()])).toEqual([
      ['./x.js', ['D', 'b', 'c', 'z']],
      ['./z', ['q', 'r']],
    ]);
    expect(found.exports).toEqual(expect.arrayContaining(['r', 'default', 'A', 'f', 'I', 'T2']));
    expect(found.exports).not.toContain('hidden');
    expect(found.exports).not.toContain('q');
  });

  it('knows CommonJS, dynamic imports and tests', () => {
    const found = outline(
      'a.test.js',
      `const m = require('./req');
async function load() { return import('./later.js'); }
module.exports = {load, other: 1};
exports.third = function () {};
App.prototype.use = function use() {};
describe('thing', () => {
  it('works', () => { const inside = 1; });
  const helper = () => 1;
});
`,
    );
    expect(found.imports.map(({specifier}) => specifier)).toEqual(['./req', './later.js']);
    expect(found.exports).toEqual(expect.arrayContaining(['load', 'other', 'third']));
    expect(told(found)).toEqual(expect.arrayContaining(['function use 5-5', 'test thing 6-9', 'test works 7-7', 'function helper 8-8']));
    expect(found.symbols.map(({name}) => name)).not.toContain('inside');
  });

  it('knows Python with decorators, relative imports and __all__', () => {
    const found = outline(
      'a.py',
      `import os.path as p, sys
from ..models import user as u, group
from . import near
__all__ = ["shown"]
LIMIT = 3

@dec
def shown(a: int) -> str:
    def inner(): pass
    return 1


class A(B):
    x: int = 1

    async def m(self): pass
`,
    );
    expect(found.imports).toEqual([
      {specifier: 'os.path', names: []},
      {specifier: 'sys', names: []},
      {specifier: '..models', names: ['user', 'group']},
      {specifier: '.', names: ['near']},
    ]);
    expect(told(found)).toEqual(['variable LIMIT 5-5', 'function shown 7-10 exported', 'class A 13-16', 'field x 14-14', 'method m 16-16']);
    expect(outline('b.py', 'def shown(): pass\ndef _hidden(): pass\n').exports).toEqual(['shown']);
  });

  it('keeps what it understands of a file with errors', () => {
    const found = outline('a.ts', 'export function good() { return 1; }\nexport function bad( {{{\n\nclass After { run() {} }\n');
    expect(found.symbols.map(({name}) => name)).toContain('good');
  });
});

describe('an outline by lines', () => {
  it('knows declarations of other languages and where they end', () => {
    expect(told(outline('a.go', 'package a\n\nfunc (s *Server) Serve(x int) error {\n\treturn nil\n}\n\ntype Config struct {\n}\n'))).toEqual(['function Serve 3-6', 'type Config 7-8']);
    expect(told(outline('a.rs', 'pub fn run() {}\nimpl Thing {\n    fn inner(&self) {}\n}\n'))).toEqual(['function run 1-1 exported', 'class Thing 2-4', 'function inner 3-4']);
    expect(told(outline('README.md', '# A\ntext\n## B\nmore\n# C\n'))).toEqual(['section A 1-4', 'section B 3-4', 'section C 5-5']);
    expect(outline('a.c', '#include "util.h"\n#include <stdio.h>\n').imports.map(({specifier}) => specifier)).toEqual(['util.h', 'stdio.h']);
  });

  it.each([
    ['minified', `${'a=(b,c)=>{};'.repeat(500)}\n`],
    ['nested without end', 'f(() => {\n  // and so on, line by line\n'.repeat(1000)],
    ['of errors alone', '"\n'.repeat(50_000)],
    ['too large', 'const a = 1;\n'.repeat(30_000)],
  ])('is made of a file that is %s, quickly', (_name, text) => {
    for (const path of ['a.ts', 'a.tsx', 'a.js', 'a.py']) expect(outline(path, text).by).toBe('text');
  });

  it('is empty for a binary file', () => {
    expect(outlineOf({path: 'a.ts', bytes: Buffer.from('const a = 1;\0')})).toEqual({by: 'binary', lines: 0, symbols: [], imports: [], exports: []});
  });
});

describe('any content', () => {
  const pieces = fc.constantFrom('(', '{', '[', '`${', '<a>', 'class A {', 'export ', 'import ', 'from ', '"', "'", '\n', '/*', '//', ' ', 'def f():\n', '\t', 'x', '=', '=>', ')', '}', ']', '#', '@', ':', '\u2028', '\ud800', '\r', '…');
  const texts = fc.oneof(fc.array(pieces, {maxLength: 300}).map((all) => all.join('')), fc.string({maxLength: 400, unit: 'binary'}));
  const paths = fc.constantFrom('a.ts', 'a.tsx', 'a.js', 'a.mjs', 'a.py', 'a.go', 'a.md', 'a.json', 'a', '.ts', 'a.vue');

  it('has an outline whose lines are in the file, the same each time', () => {
    fc.assert(
      fc.property(paths, texts, (path, text) => {
        const found = outline(path, text);
        expect(outline(path, text)).toEqual(found);
        let before = 1;
        for (const {from, to, name, signature} of found.symbols) {
          expect(from).toBeGreaterThanOrEqual(before);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(to).toBeLessThanOrEqual(found.lines);
          expect(name.length).toBeLessThanOrEqual(160);
          expect(signature.length).toBeLessThanOrEqual(160);
          before = from;
        }
      }),
      {numRuns: 400},
    );
  });

  it('is outlined whatever bytes it has', () => {
    fc.assert(fc.property(paths, fc.uint8Array({maxLength: 2000}), (path, bytes) => outlineOf({path, bytes}).lines >= 0), {numRuns: 200});
  });
});
