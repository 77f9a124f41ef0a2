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

  it('knows what modules of TypeScript give by other forms of export', () => {
    const found = outline(
      'a.ts',
      `export = thing;
declare function ambient(a: string): void;
export declare const declared: number;
export * as ns from './a';
export const {a, b: c, ...d} = make(), [e] = other();
const {hidden} = props;
function local() {}
export {local as renamed};
export namespace N { function inner() {} export function shown() {} }
class Late { local() {} }
export default class extends Late { m() {} }
`,
    );
    expect(told(found)).toEqual([
      'function ambient 2-2',
      'variable declared 3-3 exported',
      ...['a', 'c', 'd', 'e'].map((name) => `variable ${name} 5-5 exported`),
      'function local 7-7 exported',
      'namespace N 9-9 exported',
      'function inner 9-9',
      'function shown 9-9 exported',
      'class Late 10-10',
      'method local 10-10',
      'class default 11-11 exported',
      'method m 11-11',
    ]);
    expect([...found.exports].sort()).toEqual(['N', 'a', 'c', 'd', 'declared', 'default', 'e', 'ns', 'renamed', 'thing']);
  });

  it('knows methods of objects that a module is made of, and hides what they declare', () => {
    const found = outline(
      'a.js',
      `const api = { get() { const inner = 1; }, post: async () => 1, url: '/a' };
module.exports = { load() {}, save: function () { var n; }, version: 1 };
export default { data() { let x; return {}; } };
class K { static { const q = 1; } }
const Mix = class extends K { m() {} };
module.exports = function create() {};
for (let i = 0; i < 1; i += 1) {}
`,
    );
    expect(told(found)).toEqual([
      'variable api 1-1',
      'method get 1-1',
      'method post 1-1',
      'variable module.exports 2-2 exported',
      'method load 2-2',
      'method save 2-2',
      'variable default 3-3 exported',
      'method data 3-3',
      'class K 4-4',
      'class Mix 5-5',
      'method m 5-5',
      'function create 6-6 exported',
    ]);
  });

  it('looks into the function that is the whole module', () => {
    const umd = `(function (root, factory) { factory(root); })(this, function (exports) {
  var helper = require('./helper'), version = 2;
  function make() { function deep() {} }
  exports.make = make;
});
`;
    expect(told(outline('umd.js', umd))).toEqual(['variable version 2-2', 'function make 3-3', 'variable make 4-4 exported']);
    expect(outline('umd.js', umd).imports.map(({specifier}) => specifier)).toEqual(['./helper']);
    expect(told(outline('iife.js', ';(function () {\n  function inner() {}\n})();\n!function () { var bang = 1; }();\n(async () => { const main = 1; })();\n'))).toEqual(['function inner 2-2', 'variable bang 4-4', 'variable main 5-5']);
    expect(told(outline('amd.js', "define(['x'], function (x) { function amd() {} });\nother(function () { function no() {} });\nconst one = (() => { const no = 1; })();\n"))).toEqual(['function amd 1-1', 'variable one 3-3']);
  });

  it('knows tests however they are named, and calls nothing else a test', () => {
    const text = "test.each([1])('n %s', () => {});\ndescribe.each`a`('group', () => { it.only('one', () => {}); });\ntest.describe('pages', () => { test('two', async () => {}); });\ncontext.log('no');\nit(name, 'no');\nxit(`later`, () => {});\n";
    expect(told(outline('a.test.js', text))).toEqual(['test n %s 1-1', 'test group 2-2', 'test one 2-2', 'test pages 3-3', 'test two 3-3', 'test later 6-6']);
  });

  it('lists a loaded module as an import and not as a variable', () => {
    const found = outline('a.js', "const a = require('./a'), b = 1;\nvar c = require('c').c;\nif (x) { module.exports = require('./dev'); }\nimport d = require('d');\n");
    expect(found.symbols.map(({name}) => name)).toEqual(['b']);
    expect(found.imports.map(({specifier}) => specifier)).toEqual(['./a', 'c', './dev', 'd']);
  });

  it('gives the line that declares as the signature, and the decorators to the symbol', () => {
    const python = outline('a.py', 'class A:\n\t@property\n\tdef size(self) -> int:\n\t\treturn 1\n');
    expect(python.symbols.map(({from, to, signature}) => [from, to, signature])).toEqual([[1, 4, 'class A:'], [2, 4, 'def size(self) -> int:']]);
    const script = outline('a.ts', 'class A {\n  @Input()\n  size = 1;\n}\n');
    expect(script.symbols.map(({from, signature}) => [from, signature])).toEqual([[1, 'class A'], [2, 'size = 1;']]);
  });

  it('counts lines alike with CRLF and a byte order mark', () => {
    expect(told(outline('a.ts', '\ufeffexport class A {\r\n  run() {}\r\n}\r\nexport const b = 1;\r\n'))).toEqual(['class A 1-3 exported', 'method run 2-2', 'variable b 4-4 exported']);
  });

  it('knows of Python what is assigned, listed and imported in any place', () => {
    const found = outline(
      'a.py',
      `if TYPE_CHECKING:
    from .models import User
try:
    import ujson as json
except ImportError:
    import json
__all__: list[str] = ["a"] + other.__all__
__all__ += ("g",)
X, Y = 1, 2
a = b = c
match v:
    case 1:
        def g(): pass
n: int
`,
    );
    expect(found.imports.map(({specifier}) => specifier)).toEqual(['.models', 'ujson', 'json']);
    expect(told(found)).toEqual(['variable X 9-9', 'variable Y 9-9', 'variable a 10-10 exported', 'variable b 10-10', 'function g 13-13 exported', 'variable n 14-14']);
    expect(found.exports).toEqual(['a', 'g']);
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

  it('knows what files of other kinds declare, and takes nothing else for it', () => {
    const names = (path: string, text: string): readonly string[] => outline(path, text).symbols.map(({kind, name}) => `${kind} ${name}`);
    expect(names('a.c', 'static int add(int a)\n{\n\treturn sum(a);\n}\nstatic char *const names(void) {\nelse if (x) {\nstruct S {\nint x = f(1);\nunsigned long long N::run(int a,\n')).toEqual(['function add', 'function names', 'class S', 'function N::run']);
    expect(names('a.rs', 'impl<T> P<T> {\nmacro_rules! m {\n    fn inner() {}\n')).toEqual(['class P', 'function m', 'function inner']);
    expect(names('a.ex', 'defmodule A.B do\n  def run(x), do: x\n  defp q, do: 1\n')).toEqual(['class A.B', 'function run', 'function q']);
    expect(names('a.sql', 'CREATE TABLE IF NOT EXISTS app.users (\n id int\n);\ncreate or replace function f() returns int\n')).toEqual(['type app.users', 'type f']);
    expect(names('a.md', '# T\n```sh\n# no heading\n~~~\n```\n~~~\n# no\n~~~~\n## S\n')).toEqual(['section T', 'section S']);
    expect(names('Makefile', 'all: a\n\techo x: y\nCC := gcc\n')).toEqual(['section all']);
    expect(names('Dockerfile', 'FROM node:20 AS build\nRUN x\n')).toEqual(['section build']);
    expect(names('a.scss', '.a > b {\n  color: red;\n}\n@media (x) {\n')).toEqual(['section .a > b', 'section @media (x)']);
    expect(names('a.svelte', '<script>\n  export let name;\n</script>\n')).toEqual(['variable name']);
  });

  it('takes no time that grows faster than the file', () => {
    const lines = ['public '.repeat(57), `  public${' '.repeat(390)}`, `  public ${'a, '.repeat(130)}`, `static ${'int '.repeat(95)}`, 'a:'.repeat(200), `#${' '.repeat(398)}`, `create${' '.repeat(390)}`, `impl<${'<'.repeat(390)}`, `"${'a'.repeat(398)}`];
    for (const path of ['a.go', 'a.c', 'a.sql', 'a.md', 'a.css', 'Makefile', 'Dockerfile', 'a.json']) {
      for (const line of lines) expect(outline(path, `${line}\n`.repeat(500)).lines).toBe(500);
    }
  });

  it.each([
    ['minified', `${'a=(b,c)=>{};'.repeat(500)}\n`],
    ['nested without end', 'f(() => {\n  // and so on, line by line\n'.repeat(1000)],
    ['of errors alone', '"\n'.repeat(12_000)],
    ['too large', 'const a = 1;\n'.repeat(30_000)],
    ['one line of 3 MB', `const a = "${'x'.repeat(3_000_000)}";\n`],
  ])('is made of a file that is %s, quickly', (_name, text) => {
    for (const path of ['a.ts', 'a.tsx', 'a.js', 'a.py']) expect(outline(path, text).by).toBe('text');
  });

  it('is made where the parser leaves a tree that cannot be walked', () => {
    const text = `${`${'! /* so many operators that the tree is cut off */'.repeat(20)}\n`.repeat(200)}1;\n`;
    for (const path of ['a.ts', 'a.tsx', 'a.js']) expect(outline(path, text).by).toBe('text');
  });

  it('is empty for a binary file', () => {
    expect(outlineOf({path: 'a.ts', bytes: Buffer.from('const a = 1;\0')})).toEqual({by: 'binary', lines: 0, symbols: [], imports: [], exports: []});
  });
});

describe('any content', () => {
  const pieces = fc.constantFrom('(', '{', '[', '`${', '<a>', 'class A {', 'export ', 'import ', 'from ', '"', "'", '\n', '/*', '//', ' ', 'def f():\n', '\t', 'x', '=', '=>', ')', '}', ']', '#', '@', ':', '\u2028', '\ud800', '\r', '…');
  const texts = fc.oneof(fc.array(pieces, {maxLength: 300}).map((all) => all.join('')), fc.string({maxLength: 400, unit: 'binary'}));
  const paths = fc.constantFrom('a.ts', 'a.tsx', 'a.js', 'a.mjs', 'a.py', 'a.go', 'a.md', 'a.json', 'a', '.ts', 'a.vue', 'a.c', 'a.sql', 'a.css', 'Makefile', 'Dockerfile');

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
