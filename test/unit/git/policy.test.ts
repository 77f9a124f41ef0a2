import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {leavesTree} from '../../../src/git/import/links.js';
import {linkProblem, nameProblem} from '../../../src/git/import/names.js';

describe('names', () => {
  it('accepts what a project has', () => {
    for (const path of ['a', '.github/workflows/ci.yml', 'src/ü.ts', 'a b/"c".txt', '.gitignore', 'x/.gitattributes', '.mailmap', 'console.ts', 'com10', 'aux_', 'main~1', '.gitkeep', 'app:dev', '-rf', '$(id)']) expect(nameProblem(path, 64), path).toBeUndefined();
  });

  it('never accepts a part that some system takes for `.git`, nor a way out', () => {
    const disguise = fc.constantFrom('.git', '.GIT', '.Git', 'git~1', 'GIT~2', '.g\u200cit', '.git.', '.git ', '.git::$INDEX_ALLOCATION', '..', '.', '');
    fc.assert(fc.property(fc.array(fc.constantFrom('a', 'b'), {maxLength: 3}), disguise, fc.array(fc.constantFrom('c', 'd'), {maxLength: 3}), (before, evil, after) => {
      expect(nameProblem([...before, evil, ...after].join('/'), 64)).toBeDefined();
      expect(evil.startsWith('.g') ? linkProblem('l', [...before, evil, ...after].join('/')) : 'not asked').toBeDefined();
    }));
  });
});

describe('links', () => {
  it('are followed as a kernel follows them: never above the root, through no other link out of it', () => {
    const links = new Map([['in', 'a/b'], ['a/b/up', '../../../x'], ['deep', 'p/q/r'], ['out', '/etc'], ['via', 'out/passwd'], ['short', 'deep/../../../..'], ['same', 'deep/../../..'], ['a/root', '..']]);
    const leaving = [...links.keys()].filter((path) => leavesTree(path, links));
    expect(leaving.sort()).toEqual(['a/b/up', 'out', 'short', 'via']);
  });

  it('without other links lead out exactly when there are more `..` than folders', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('..', 'x', '.'), {minLength: 1, maxLength: 12}), fc.integer({min: 0, max: 4}), (parts, depth) => {
      let level = depth;
      let out = false;
      for (const part of parts) {
        level += part === '..' ? -1 : part === 'x' ? 1 : 0;
        out ||= level < 0;
      }
      const path = `${'f/'.repeat(depth)}l`;
      expect(leavesTree(path, new Map([[path, parts.join('/')]]))).toBe(out);
    }));
  });
});
