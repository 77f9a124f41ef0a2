import {describe, expect, it} from 'vitest';
import {isAliasFile, readAliases, type ConfigFile} from '../../../src/code/links/aliases.js';
import type {ImportRef} from '../../../src/code/outline-types.js';
import {startMemory} from '../../../src/code/remember.js';
import {resolveImport} from '../../../src/code/links/resolve-import.js';
import {linkTests, testStem} from '../../../src/code/links/test-links.js';

const resolveNames = (from: string, ref: ImportRef, paths: readonly string[], configs: readonly ConfigFile[] = []): readonly string[] => resolveImport(from, ref, {has: (path) => paths.includes(path), aliases: readAliases(configs)});
const resolve = (from: string, specifier: string, ...paths: readonly string[]): string | undefined => resolveNames(from, {specifier, names: []}, paths)[0];
const config = (path: string, value: unknown): ConfigFile => ({path, text: typeof value === 'string' ? value : JSON.stringify(value)});

describe('an import', () => {
  it('of JavaScript means the file that bundlers and TypeScript would take', () => {
    expect(resolve('src/a/b.ts', './c.js', 'src/a/c.ts', 'src/a/c.js')).toBe('src/a/c.ts');
    expect(resolve('src/a/b.ts', '../c', 'src/c/index.ts')).toBe('src/c/index.ts');
    expect(resolve('src/a/b.js', './c', 'src/a/c.js', 'src/a/c/index.js')).toBe('src/a/c.js');
    expect(resolve('b.js', '.', 'index.js')).toBe('index.js');
    expect(resolve('a.ts', './style.css?inline', 'style.css')).toBe('style.css');
  });

  it('of Python means a module beside, above or below a root', () => {
    expect(resolve('pkg/a/b.py', '..models.user', 'pkg/models/user.py')).toBe('pkg/models/user.py');
    expect(resolve('pkg/a/b.py', '.', 'pkg/a/__init__.py')).toBe('pkg/a/__init__.py');
    expect(resolve('tests/test_app.py', 'flask.app', 'src/flask/app.py')).toBe('src/flask/app.py');
  });

  it('of Python takes modules out of a package, and an absolute one is never looked for in the package of its own file', () => {
    expect(resolveNames('pkg/a.py', {specifier: '.', names: ['near', 'nothing']}, ['pkg/__init__.py', 'pkg/near.py'])).toEqual(['pkg/__init__.py', 'pkg/near.py']);
    expect(resolveNames('app.py', {specifier: 'pkg.sub', names: ['mod']}, ['pkg/sub/mod.py'])).toEqual(['pkg/sub/mod.py']);
    const flask = ['src/flask/__init__.py', 'src/flask/app.py', 'src/flask/typing.py'];
    expect(resolveNames('src/flask/app.py', {specifier: 'typing', names: ['Any']}, flask)).toEqual([]);
    expect(resolveNames('src/flask/app.py', {specifier: '.', names: ['typing']}, flask)).toEqual(['src/flask/__init__.py', 'src/flask/typing.py']);
    const services = ['services/a/app/models.py', 'services/b/app/models.py', 'services/b/tests/test_x.py'];
    expect(resolveNames('services/b/tests/test_x.py', {specifier: 'app.models', names: []}, services)).toEqual(['services/b/app/models.py']);
  });

  it('by an alias means what tsconfig and package.json of the tree say, the nearest first', () => {
    const paths = ['packages/core/src/index.ts', 'packages/core/src/deep/x.ts', 'packages/web/src/ui/button.tsx', 'packages/web/src/internal/log.ts', 'src/root.ts'];
    const configs = [
      config('packages/core/package.json', {name: '@acme/core', main: './dist/index.js', exports: {'.': {types: './dist/index.d.ts', import: './dist/index.js'}, './deep/*': './dist/deep/*.js'}}),
      config('packages/web/package.json', {name: 'web', imports: {'#log': './src/internal/log.js'}}),
      config('packages/web/tsconfig.json', '\ufeff{ // ours\n  "compilerOptions": { /* paths */ "baseUrl": ".", "paths": {"@/*": ["src/*"], "a//b": ["src/ui/button"], }, },\n}'),
      config('tsconfig.json', {compilerOptions: {baseUrl: './', paths: {'@/*': ['src/*']}}}),
    ];
    const of = (from: string, specifier: string): string | undefined => resolveNames(from, {specifier, names: []}, paths, configs)[0];
    expect(of('packages/web/src/a.ts', '@acme/core')).toBe('packages/core/src/index.ts');
    expect(of('packages/web/src/a.ts', '@acme/core/deep/x')).toBe('packages/core/src/deep/x.ts');
    expect(of('packages/web/src/a.ts', '@acme/core/src/deep/x.js')).toBe('packages/core/src/deep/x.ts');
    expect(of('packages/web/src/a.ts', '@/ui/button')).toBe('packages/web/src/ui/button.tsx');
    expect(of('packages/web/src/a.ts', 'a//b')).toBe('packages/web/src/ui/button.tsx');
    expect(of('packages/web/src/a.ts', '#log')).toBe('packages/web/src/internal/log.ts');
    expect(of('packages/core/src/a.ts', '#log')).toBeUndefined();
    expect(of('other/a.ts', '@/root')).toBe('src/root.ts');
    expect(of('other/a.ts', 'src/root')).toBe('src/root.ts');
    expect(of('other/a.ts', '@acme/other')).toBeUndefined();
    expect(isAliasFile('packages/a/tsconfig.build.json') && isAliasFile('package.json') && !isAliasFile('node_modules/a/package.json') && !isAliasFile('a/data.json')).toBe(true);
  });

  it('by a hostile alias means nothing, at once', () => {
    const targets = ['../../etc/passwd', '/etc/passwd', '*/../../x'];
    const configs = [
      config('tsconfig.json', {compilerOptions: {baseUrl: '../..', paths: {'*': targets}}}),
      config('a/tsconfig.json', {compilerOptions: {paths: {'*': targets, '__proto__': ['x']}}}),
      config('a/package.json', '{"name": "x", "exports": {"."'),
      ...['"\\"'.repeat(16_000), '/*'.repeat(30_000), ',          '.repeat(5000), '['.repeat(60_000)].map((text, index) => config(`p${index}/tsconfig.json`, text)),
      config('b/package.json', {name: 'b', exports: Object.fromEntries(Array.from({length: 5000}, (_, index) => [`./${index}`, './x.js']))}),
    ];
    for (const specifier of ['etc/passwd', '../etc/passwd', '*', '', 'x'.repeat(1000), '__proto__', 'constructor']) {
      expect(readAliases(configs).candidates('a/b.ts', specifier).filter((path) => path.split('/').includes('..') || path.startsWith('/'))).toEqual([]);
    }
    expect(readAliases(configs).candidates('a/b.ts', 'any')).not.toContain('etc/passwd');
    expect(resolveNames('a/b.ts', {specifier: '../../../etc/passwd', names: []}, ['etc/passwd'], configs)).toEqual([]);
  });

  it('is looked up a bounded number of times, however deep a file lies', () => {
    let asked = 0;
    const scope = {has: () => ((asked += 1), false), aliases: readAliases([])};
    resolveImport(`${'d/'.repeat(2000)}a.py`, {specifier: 'x', names: Array.from({length: 1000}, (_, index) => `n${index}`)}, scope);
    expect(asked).toBeLessThan(2000);
  });

  it('means nothing when it leaves the tree, names a package, or is hostile', () => {
    expect(resolve('a.ts', '../../etc/passwd', 'etc/passwd')).toBeUndefined();
    expect(resolve('a.ts', 'zod', 'zod.ts', 'zod')).toBeUndefined();
    expect(resolve('a.py', '.'.repeat(5000), 'a.py')).toBeUndefined();
    expect(resolve('a.ts', `./${'../'.repeat(5000)}`, 'a.ts')).toBeUndefined();
  });
});

describe('a test', () => {
  it('is linked to the source of its name, the nearest first, and back', () => {
    const tree = ['src/git/merge.ts', 'src/run/merge.ts', 'test/git/merge.test.ts', 'src/user.py', 'tests/test_user.py', 'lib/Widget.js', 'lib/__tests__/Widget.spec.js'].map((path) => ({path, stem: testStem(path)}));
    const links = linkTests(['src/git/merge.ts', 'test/git/merge.test.ts', 'tests/test_user.py', 'lib/Widget.js'], tree);
    expect(links.get('src/git/merge.ts')).toEqual(['test/git/merge.test.ts']);
    expect(links.get('test/git/merge.test.ts')).toEqual(['src/git/merge.ts']);
    expect(links.get('tests/test_user.py')).toEqual(['src/user.py']);
    expect(links.get('lib/Widget.js')).toEqual(['lib/__tests__/Widget.spec.js']);
  });

  it('is linked within its own package, and to an index by the name of the folder', () => {
    const paths = [
      ...['packages/a/src/util.ts', 'packages/a/src/__tests__/util.test.ts', 'packages/b/src/util.ts', 'packages/b/test/util.spec.ts', 'packages/c/src/util.ts'],
      ...['src/cart/index.ts', 'test/cart.test.ts', 'src/latest.ts', 'src/latest.test.ts', 'src/la.ts', 'src/UserService.ts', 'src/UserServiceTest.ts', 'app/views.integration.test.js', 'app/views.js'],
      ...['pkg/sub/__init__.py', 'tests/pkg/test_sub.py', 'src/data_test.go', 'src/data.go'],
    ];
    const tree = paths.map((path) => ({path, stem: testStem(path)}));
    const links = linkTests(paths, tree);
    expect(links.get('packages/a/src/util.ts')).toEqual(['packages/a/src/__tests__/util.test.ts']);
    expect(links.get('packages/b/src/util.ts')).toEqual(['packages/b/test/util.spec.ts']);
    expect(links.get('packages/b/test/util.spec.ts')).toEqual(['packages/b/src/util.ts']);
    expect(links.get('packages/c/src/util.ts')).toEqual([]);
    expect(links.get('src/cart/index.ts')).toEqual(['test/cart.test.ts']);
    expect(links.get('test/cart.test.ts')).toEqual(['src/cart/index.ts']);
    expect(links.get('src/latest.ts')).toEqual(['src/latest.test.ts']);
    expect(links.get('src/la.ts')).toEqual([]);
    expect(links.get('app/views.js')).toEqual(['app/views.integration.test.js']);
    expect(links.get('tests/pkg/test_sub.py')).toEqual(['pkg/sub/__init__.py']);
    expect(links.get('src/data.go')).toEqual(['src/data_test.go']);
    expect(testStem('src/UserServiceTest.ts')).toBe(testStem('src/UserService.ts'));
  });

  it('is linked by a common name only where both have the same place', () => {
    const tree = Array.from({length: 300}, (_, index) => [`packages/p${index}/src/index.ts`, `packages/p${index}/test/index.test.ts`]).flat().map((path) => ({path, stem: testStem(path)}));
    expect(linkTests(['packages/p7/src/index.ts'], tree).get('packages/p7/src/index.ts')).toEqual(['packages/p7/test/index.test.ts']);
  });

  it('is not linked by a name that hundreds of files have', () => {
    const tree = Array.from({length: 300}, (_, index) => ({path: `test/${index}/index.test.ts`, stem: 'index'}));
    expect(linkTests(['src/index.ts'], tree).get('src/index.ts')).toEqual([]);
  });
});

describe('a memory', () => {
  it('drops what was used least, by number and by weight', () => {
    const memory = startMemory<string>({maxEntries: 3, maxWeight: 10, weigh: (value) => value.length});
    memory.set('a', 'aaa');
    memory.set('b', 'bbb');
    memory.get('a');
    memory.set('c', 'ccccc');
    expect(memory.get('b')).toBeUndefined();
    expect(memory.get('a')).toBe('aaa');
    memory.set('d', 'd');
    memory.set('e', 'e');
    expect(memory.get('c')).toBeUndefined();
    memory.set('heavy', 'x'.repeat(11));
    expect(memory.get('heavy')).toBeUndefined();
    expect(memory.get('e')).toBe('e');
  });
});
