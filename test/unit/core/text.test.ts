import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {canonicalJson} from '../../../src/core/canonical.js';
import {escapeText} from '../../../src/core/escape.js';
import {foldPath, isDotGit, repoPathProblem} from '../../../src/core/path.js';
import {mayWrite} from '../../../src/core/specialist.js';
import {verdictOf} from '../../../src/core/verification.js';
import {finding} from '../../../src/core/finding.js';

describe('canonical JSON', () => {
  test('reads back as what went in, and is the same for equal values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
  test('refuses what JSON cannot carry', () => {
    expect(() => canonicalJson({a: Number.NaN})).toThrow(TypeError);
    expect(() => canonicalJson(() => 1)).toThrow(TypeError);
  });
});

describe('escaped text', () => {
  test('never holds a control or bidirectional character', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        // eslint-disable-next-line no-control-regex -- the absence of control characters is the law
        expect(escapeText(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/);
      }),
    );
  });
  test('keeps lines where lines are wanted, and shows an OSC 52 sequence', () => {
    expect(escapeText('a\nb\u001b]52;c;x\u0007', {lines: true})).toBe('a\nb\\x1b]52;c;x\\x07');
  });
});

describe('paths', () => {
  test.each(['.git', '.GIT', '.git ', '.git.', '.git...', 'git~1', 'GIT~2', '.g\u200cit', '.git::$INDEX_ALLOCATION', '.git:x'])('%j is a disguise of .git', (name) => {
    expect(isDotGit(name)).toBe(true);
    expect(repoPathProblem(`a/${name}/config`)).toBeDefined();
  });
  test.each(['.gitignore', '.github', 'git', 'gitx', 'a.git', 'git~', '.gitx'])('%j is not', (name) => {
    expect(isDotGit(name)).toBe(false);
    expect(repoPathProblem(`a/${name}`)).toBeUndefined();
  });
  test.each(['', '/a', 'a//b', './a', 'a/..', 'C:/x', 'a\\b', 'a\nb', 'a\u0000', 'x'.repeat(1025)])('%j is no repository path', (path) => {
    expect(repoPathProblem(path)).toBeDefined();
  });
  test('what one file system cannot tell apart folds to the same', () => {
    expect(foldPath('Caf\u00e9/A')).toBe(foldPath('cafe\u0301/a'));
    expect(foldPath('a')).not.toBe(foldPath('b'));
  });
});

test('a specialist may write what it owns, never what others own, and the rest by its scope', () => {
  const stream = {specialist: 's', write: ['src/**', '!src/secret/**'], within: ['**', '!**/guarded/**'], owns: ['docs/own.md', 'src/secret/mine.js'], closed: ['src/theirs.js']};
  const may = (path: string): boolean => mayWrite(stream, path);
  expect(['src/a.js', 'src/.hidden', 'docs/own.md', 'src/secret/mine.js'].map(may)).toEqual([true, true, true, true]);
  expect(['src/theirs.js', 'src/secret/x.js', 'docs/other.md', 'package.json', 'src/guarded/x.js'].map(may)).toEqual([false, false, false, false, false]);
});

describe('the verdict', () => {
  const passed = {check: 'files', outcome: 'passed', passed: 1, total: 1} as const;
  const missing = finding({code: 'FILE_MISSING', check: 'files', owners: ['x'], path: 'a', message: 'm', hint: 'h', evidence: {class: 'file-fact'}});
  const harness = finding({code: 'HARNESS_FAILED', check: 'tests', owners: [], message: 'm', hint: 'h', evidence: {class: 'harness'}});
  test('is verified only when something passed and nothing was found', () => {
    expect(verdictOf([passed], [])).toBe('verified');
    expect(verdictOf([passed], [missing])).toBe('blocked');
    expect(verdictOf([{...passed, outcome: 'failed'}], [])).toBe('blocked');
  });
  test('is inconclusive when the harness could not decide, or nothing was checked', () => {
    expect(verdictOf([passed], [missing, harness])).toBe('inconclusive');
    expect(verdictOf([{...passed, outcome: 'inconclusive'}], [])).toBe('inconclusive');
    expect(verdictOf([{...passed, outcome: 'notConfigured'}], [])).toBe('inconclusive');
    expect(verdictOf([], [])).toBe('inconclusive');
  });
});
