import {describe, expect, it} from 'vitest';
import {parseManifest, type Manifest} from '../../../../src/core/manifest.js';
import {checkContent} from '../../../../src/verify/checks/content/content.js';
import {memoryTree, never, type Content} from '../memory-tree.js';

type Files = Readonly<Record<string, Content>>;
const promise = (files: readonly object[], more: object = {}): Manifest => parseManifest({schemaVersion: 1, task: 't', files, withoutTests: 'none', ...more}, 'm');
const entry = (path: string, must: readonly object[] = [], action = 'create'): object => ({path, action, owner: 'implementation', must});
const check = (manifest: Manifest, after: Files, before: Files = {}) => checkContent({manifest, base: memoryTree(before), commit: memoryTree(after)}, never);

describe('what a file must contain', () => {
  const manifest = promise([entry('a.js', [{contains: 'Retry-After'}, {matches: '^export function \\w+\\('}])]);
  it('holds for a text that is there and a pattern that matches at the start of a line', async () => {
    expect((await check(manifest, {'a.js': '// Retry-After\nexport function f() { return 1; }\n'})).result).toEqual({check: 'content', outcome: 'passed', passed: 2, total: 2});
  });
  it('is a finding of its own for each rule that does not hold, of the owner', async () => {
    const outcome = await check(manifest, {'a.js': 'nothing'});
    expect(outcome.findings).toMatchObject([{code: 'CONTENT_MISSING', owners: ['implementation']}, {code: 'CONTENT_MISSING'}]);
    expect(new Set(outcome.findings.map((item) => item.id)).size).toBe(2);
  });
  it('fails without a finding of its own when the file is missing or a link', async () => {
    for (const after of [{}, {'a.js': {mode: 'symlink', text: 'Retry-After\nexport function f('} as const}]) {
      expect(await check(manifest, after)).toEqual({result: {check: 'content', outcome: 'failed', passed: 0, total: 2}, findings: []});
    }
  });
  it('is not configured when nothing must be contained', async () => {
    expect((await check(promise([entry('a.js')]), {})).result.outcome).toBe('notConfigured');
  });
  it('cannot be asked of the syntax of a file that has none that is read', () => {
    expect(() => promise([entry('a.md', [{exports: 'a'}])])).toThrow(expect.objectContaining({code: 'MANIFEST_INVALID'}) as Error);
  });
});

describe('a placeholder in a delivered file', () => {
  it.each<[string, string, string]>([
    ['an exported function without a body', 'a.js', 'export function take() {}\n'],
    ['one whose body is a comment', 'a.js', 'export const take = () => {\n  // later\n};\n'],
    ['one that returns at once', 'a.ts', 'export default async function () { return undefined; }\n'],
    ['one of CommonJS', 'a.cjs', "exports.take = function () { 'use strict'; };\n"],
    ['one that only throws that it is not implemented', 'a.js', "function inner() { throw new Error('Not implemented'); }\nexport const a = inner;\n"],
    ['a method that does so', 'a.ts', "export class Store { put(): void { throw new Error('not yet implemented'); } }\n"],
    ['a mark of work that is left', 'a.js', 'export const a = 1; // TODO: the other half\n'],
    ['such a mark within a block', 'a.ts', '/**\n * Takes.\n * FIXME(me): slow\n */\nexport const a = 1;\n'],
    ['a Python function that passes', 'a.py', 'def take():\n    """Takes."""\n    pass\n'],
    ['a Python function of dots', 'a.py', 'async def take(): ...\n'],
    ['a Python function that raises so', 'a.py', "class Store:\n    def put(self):\n        raise NotImplementedError\n"],
    ['a mark in Python', 'a.py', 'a = 1\n# XXX\n'],
  ])('%s is a finding of its owner', async (_name, path, text) => {
    const outcome = await check(promise([entry(path)]), {[path]: text});
    expect(outcome.findings).toMatchObject([{code: 'STUB', owners: ['implementation'], path}]);
    expect(outcome.result.outcome).toBe('failed');
  });
  it.each<[string, string, string]>([
    ['a callback that does nothing', 'a.js', 'export function run(f) { return f.catch(() => {}); }\n'],
    ['an inner function that does nothing', 'a.js', 'const done = () => {};\nexport const run = () => done();\n'],
    ['a function that does nothing by its name', 'a.js', 'export function noop() {}\n'],
    ['a constructor whose parameters are its work', 'a.ts', 'export class A { constructor(private readonly a: string) {} }\n'],
    ['a method without a body', 'a.ts', 'export class A { onStart(): void {} }\n'],
    ['overloads, abstract methods and ambient functions', 'a.ts', 'export function f(a: string): void;\nexport function f(a: unknown): void { void g(a); }\nexport abstract class A { abstract b(): void; }\nexport declare function g(a: unknown): void;\n'],
    ['a base class that asks to be extended', 'a.js', "export class Shape { area() { throw new Error('not implemented'); } }\nexport class Disc extends Shape { area() { return 3; } }\n"],
    ['an error of another kind', 'a.js', "export function f(a) { throw new TypeError('not a function'); }\n"],
    ['a Python method that is abstract', 'a.py', 'class A(ABC):\n    @abstractmethod\n    def b(self): ...\n    def c(self):\n        raise NotImplementedError\n'],
    ['an exception class of Python', 'a.py', 'class Refused(Exception):\n    pass\n'],
    ['text in which a mark stands', 'a.js', "export const label = 'TODO: list'; // shows what is still TODO\n"],
    ['documentation', 'a.md', 'TODO: nothing\n'],
    ['a test, wherever it is promised', 'test/a.test.js', 'export function take() {} // TODO\n'],
  ])('%s is none', async (_name, path, text) => {
    expect((await check(promise([entry(path)]), {[path]: text})).findings).toEqual([]);
  });
  it('that was on the base is nobody\'s, one more of the same is', async () => {
    const before = 'export function take() {}\n// TODO: a\n';
    const manifest = promise([entry('a.js', [], 'modify')]);
    expect((await check(manifest, {'a.js': `export const b = 1;\n${before}`}, {'a.js': before})).findings).toEqual([]);
    expect((await check(manifest, {'a.js': `${before}// TODO: a\nexport function put() {}\n`}, {'a.js': before})).findings).toMatchObject([{code: 'STUB'}, {code: 'STUB'}]);
  });
  it('is wanted where a person says so', async () => {
    expect((await check(promise([entry('a.js')], {allow: {stubs: ['a.js']}}), {'a.js': 'export function take() {}\n'})).findings).toEqual([]);
  });
  it('is told twenty times a file at most, each under its own id', async () => {
    const {findings} = await check(promise([entry('a.js')]), {'a.js': '// TODO: a\n'.repeat(500)});
    expect(new Set(findings.map(({id}) => id)).size).toBe(20);
  });
});
