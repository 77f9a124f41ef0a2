import {describe, expect, it} from 'vitest';
import type {ContentRule} from '../../../../src/core/manifest.js';
import {ruleProblem} from '../../../../src/verify/checks/content/rule.js';

type Files = Readonly<Record<string, string>>;
const holds = async (rule: ContentRule, path: string, files: Files): Promise<boolean> => {
  const bytes = Buffer.from(files[path] ?? '');
  const tree = {has: (at: string) => Object.hasOwn(files, at), read: (at: string) => Promise.resolve(Object.hasOwn(files, at) ? Buffer.from(files[at] ?? '') : undefined)};
  return (await ruleProblem(rule, {path, bytes}, tree)) === undefined;
};

describe('patterns and texts', () => {
  it('a pattern that would run for years is stopped and not met', async () => {
    expect(await holds({matches: '^(a+)+$'}, 'a.txt', {'a.txt': `${'a'.repeat(40)}!`})).toBe(false);
  });
  it('a pattern is not tried on more than 2 MiB, a text is', async () => {
    const large = 'a'.repeat(2 * 1024 * 1024 + 1);
    expect(await holds({matches: 'a'}, 'a.txt', {'a.txt': large})).toBe(false);
    expect(await holds({contains: 'aaa'}, 'a.txt', {'a.txt': large})).toBe(true);
  });
});

describe('exports', () => {
  it.each<[string, string, string]>([
    ['a function', 'a.js', 'export function take() { return 1; }'],
    ['a constant', 'a.js', 'export const take = (a) => a;'],
    ['a list', 'a.js', 'const t = 1; export {t as take};'],
    ['another file', 'a.ts', "export {b as take} from './b.js';"],
    ['a class', 'a.ts', 'export class take { a = 1 }'],
    ['a type', 'a.ts', 'export interface take { a: string }'],
    ['CommonJS', 'a.cjs', 'module.exports = {take, other};'],
    ['CommonJS by name', 'a.js', 'exports.take = () => 1;'],
    ['Python', 'a.py', 'def take():\n    return 1\n'],
    ['a package of Python', 'p/__init__.py', 'from .a import take\n'],
    ['a value of Python', 'a.py', 'take = 1\n'],
  ])('by %s', async (_name, path, text) => {
    expect(await holds({exports: 'take'}, path, {[path]: text})).toBe(true);
  });
  it.each<[string, string, string]>([
    ['a comment', 'a.js', '// export function take() { return 1; }'],
    ['a text', 'a.js', 'export const a = "export function take() { return 1; }";'],
    ['a template', 'a.js', 'export const a = `\nexport const take = 1;\n`;'],
    ['a regular expression', 'a.js', 'export const a = /export const take = 1;/;'],
    ['what is there and not exported', 'a.js', 'function take() { return 1; }'],
    ['another name', 'a.js', 'export function taken() { return 1; }'],
    ['its own name where others see another', 'a.js', 'const take = 1; export {take as t};'],
    ['a method', 'a.js', 'export class A { take() { return 1; } }'],
    ['nothing in it', 'a.js', 'export function take() {}'],
    ['only that it is not implemented', 'a.ts', "export const take = () => { throw new Error('not implemented'); };"],
    ['Python documentation', 'a.py', '"""\ndef take():\n    return 1\n"""\n'],
    ['a list of Python alone', 'a.py', "__all__ = ['take']\n"],
    ['a function of Python within another', 'a.py', 'def a():\n    def take():\n        return 1\n    return take\n'],
    ['a Python function that passes', 'a.py', 'def take():\n    pass\n'],
    ['a file that no parser gets through', 'a.js', `export const take = 1; ${'['.repeat(5000)}`],
  ])('not by %s', async (_name, path, text) => {
    expect(await holds({exports: 'take'}, path, {[path]: text})).toBe(false);
  });
  it('by `export *` of files of the tree, and not by what that file has under another name', async () => {
    const files = {'index.ts': "export * from './a.js';", 'a.ts': "export * from './b';\nexport * as c from './c.js';", 'b.ts': 'export const take = () => 1;', 'c.ts': 'export const other = () => 1;'};
    expect(await holds({exports: 'take'}, 'index.ts', files)).toBe(true);
    expect(await holds({exports: 'other'}, 'index.ts', files)).toBe(false);
    expect(await holds({exports: 'c'}, 'index.ts', files)).toBe(true);
  });
  it('ends for files that export each other', async () => {
    expect(await holds({exports: 'take'}, 'a.js', {'a.js': "export * from './b.js';", 'b.js': "export * from './a.js';"})).toBe(false);
  });
});

describe('imports', () => {
  const files = {'src/a.ts': "import {c} from './clock';\nimport type {T} from 'zod';\nexport const a = c;\n", 'src/clock.ts': 'export const c = 1;', 'src/other.ts': ''};
  it('as written, or another name of the same file', async () => {
    for (const specifier of ['./clock', './clock.js', './clock.ts', '../src/clock', 'zod']) expect(await holds({imports: specifier}, 'src/a.ts', files), specifier).toBe(true);
  });
  it('not another file, and not what stands in a comment', async () => {
    for (const specifier of ['./other', './gone', 'zod/v4', 'clock']) expect(await holds({imports: specifier}, 'src/a.ts', files), specifier).toBe(false);
    expect(await holds({imports: './clock.js'}, 'src/b.ts', {...files, 'src/b.ts': "// import './clock.js'\n"})).toBe(false);
  });
  it('of Python by its dots or from the root', async () => {
    const python = {'p/__init__.py': '', 'p/a.py': 'from .clock import now\nimport os.path\n', 'p/clock.py': 'now = 1\n'};
    for (const specifier of ['.clock', 'p.clock', 'os.path']) expect(await holds({imports: specifier}, 'p/a.py', python), specifier).toBe(true);
    expect(await holds({imports: 'p.other'}, 'p/a.py', python)).toBe(false);
  });
});

describe('defines', () => {
  it.each<[string, string, string]>([
    ['take', 'a.js', 'function take() { return 1; }'],
    ['take', 'a.js', 'function outer() { function take() { return 1; } return take; }'],
    ['Bucket.take', 'a.ts', 'export class Bucket { take(): number { return 1; } }'],
    ['Bucket.take', 'a.ts', 'class Bucket { readonly take = (): number => 1; }'],
    ['Bucket', 'a.ts', 'export class Bucket {}'],
    ['Options', 'a.ts', 'type Options = {a: string};'],
    ['limit', 'a.js', 'const limit = 60;'],
    ['Bucket.take', 'a.py', 'class Bucket:\n    def take(self):\n        return 1\n'],
    ['LIMIT', 'a.py', 'LIMIT = 60\n'],
  ])('%s', async (name, path, text) => {
    expect(await holds({defines: name}, path, {[path]: text})).toBe(true);
  });
  it.each<[string, string, string]>([
    ['take', 'a.js', 'take();'],
    ['take', 'a.js', "import {take} from './b.js';"],
    ['take', 'a.js', '/* function take() { return 1; } */'],
    ['take', 'a.js', 'function take() {}'],
    ['take', 'a.ts', 'declare function take(): void;'],
    ['Bucket.take', 'a.ts', 'abstract class Bucket { abstract take(): void; }'],
    ['Bucket.take', 'a.ts', 'class Bucket { give() { return 1; } }\nclass Other { take() { return 1; } }'],
    ['Bucket.take', 'a.py', 'class Bucket:\n    def take(self): ...\n'],
  ])('not %s', async (name, path, text) => {
    expect(await holds({defines: name}, path, {[path]: text})).toBe(false);
  });
});

describe('handling of errors', () => {
  it.each<[string, string]>([
    ['a.js', 'export function f() { try { g(); } catch (error) { log(error); } }'],
    ['a.js', 'const f = () => g().catch((error) => log(error));'],
    ['a.js', 'function f() { return g().then(done, failed); }'],
    ['a.js', 'function f() { g((err, data) => { if (err) return log(err); use(data); }); }'],
    ['a.js', "function f(s) { s.on('error', (error) => log(error)); }"],
    ['a.js', 'class f { m() { try { g(); } catch { log(); } } }'],
    ['a.js', 'exports.f = async function () { const inner = async () => { try { await g(); } catch (e) { throw new Error("x", {cause: e}); } }; await inner(); };'],
    ['a.py', 'def f():\n    try:\n        g()\n    except (A, B) as error:\n        log(error)\n'],
    ['a.py', 'class f:\n    def m(self):\n        try:\n            g()\n        except A:\n            pass\n        except B:\n            return None\n'],
  ])('%s: %s', async (path, text) => {
    expect(await holds({handlesErrors: 'f'}, path, {[path]: text})).toBe(true);
  });
  it.each<[string, string]>([
    ['a.js', 'export function f() { try { g(); } catch {} }'],
    ['a.js', 'export function f() { try { g(); } catch (error) { /* handled */ } }'],
    ['a.js', 'function f() { try { g(); } finally { h(); } }'],
    ['a.js', 'const f = () => g().catch(() => {});'],
    ['a.js', 'function f() { return g().then(done); }'],
    ['a.js', 'function f() { g((err, data) => use(data)); }'],
    ['a.js', 'function f() { g(); }\nfunction h() { try { g(); } catch (e) { log(e); } }'],
    ['a.js', '// function f() { try { g(); } catch (e) { log(e); } }'],
    ['a.py', 'def f():\n    try:\n        g()\n    except A:\n        pass\n'],
    ['a.py', 'def f():\n    try:\n        g()\n    finally:\n        h()\n'],
    ['a.py', 'def f():\n    """try except log"""\n    g()\n'],
  ])('not %s: %s', async (path, text) => {
    expect(await holds({handlesErrors: 'f'}, path, {[path]: text})).toBe(false);
  });
});
