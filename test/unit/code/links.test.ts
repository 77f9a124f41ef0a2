import {describe, expect, it} from 'vitest';
import {startMemory} from '../../../src/code/remember.js';
import {resolveImport} from '../../../src/code/resolve-import.js';
import {linkTests, testStem} from '../../../src/code/test-links.js';

const resolve = (from: string, specifier: string, ...paths: readonly string[]): string | undefined => resolveImport(from, specifier, (path) => paths.includes(path));

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
    expect(links.get('test/git/merge.test.ts')).toEqual(['src/git/merge.ts', 'src/run/merge.ts']);
    expect(links.get('tests/test_user.py')).toEqual(['src/user.py']);
    expect(links.get('lib/Widget.js')).toEqual(['lib/__tests__/Widget.spec.js']);
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
  });
});
