import {describe, expect, it} from 'vitest';
import * as fc from 'fast-check';
import {mergeJson, isMergedAsJson} from '../../../src/git/merge/json/merge-json.js';
import {linesOf, readRegions, type Versions} from '../../../src/git/merge/union/regions.js';
import {unionOf, unionRulesFor} from '../../../src/git/merge/union/union.js';
import {never, tempFolder} from './fixture.js';

/** What the rules make of three versions of a file; undefined: it stays a conflict. */
async function union(path: string, versions: Versions): Promise<string | undefined> {
  await using folder = await tempFolder();
  const regions = await readRegions({directory: folder.path}, {versions, folder: folder.path}, never);
  for (const rule of regions === undefined ? [] : unionRulesFor(path)) {
    const text = unionOf(regions ?? [], rule);
    if (text !== undefined) return text;
  }
  return undefined;
}

const log = '# Changes\n\n## Next\n\n- old\n\n## 1.0\n\n- first\n';
const at = (text: string, before: string, added: string): string => text.replace(before, `${added}${before}`);

describe('union of lines', () => {
  const joined: Readonly<Record<string, readonly [path: string, base: string, ours: string, theirs: string, merged: string]>> = {
    'two entries of a changelog': ['CHANGELOG.md', log, at(log, '\n## 1.0', '- ours\n  more of it\n'), at(log, '\n## 1.0', '- theirs\n'), at(log, '\n## 1.0', '- ours\n  more of it\n- theirs\n')],
    'two entries at the end of a file': ['docs/History.md', '* a\n', '* a\n* b\n', '* a\n* c\n', '* a\n* b\n* c\n'],
    'two entries below a heading that both added': ['CHANGES', log, at(log, '## 1.0', '### Fixed\n\n- ours\n\n'), at(log, '## 1.0', '### Fixed\n\n- theirs\n\n'), at(log, '## 1.0', '### Fixed\n\n- ours\n- theirs\n\n')],
    'entries that keep their line ends': ['NEWS', '* a\r\n', '* a\r\n* b\r\n', '* a\r\n* c\r\n', '* a\r\n* b\r\n* c\r\n'],
    'two rows of a table in a README': ['README.md', '| a | b |\n|---|---|\n| 1 | 2 |\n', '| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n', '| a | b |\n|---|---|\n| 1 | 2 |\n| 5 | 6 |\n', '| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n| 5 | 6 |\n'],
    'two authors': ['AUTHORS', 'A <a@x>\n', 'A <a@x>\nB <b@x>\n', 'A <a@x>\nC <c@x>\n', 'A <a@x>\nB <b@x>\nC <c@x>\n'],
    'two named exports of an index': ['src/index.ts', "export {a} from './a.js';\n", "export {a} from './a.js';\nexport {b} from './b.js';\n", "export {a} from './a.js';\nexport type {C} from './c.js';\n", "export {a} from './a.js';\nexport {b} from './b.js';\nexport type {C} from './c.js';\n"],
    'two modules of a crate': ['src/lib.rs', 'mod a;\n', 'mod a;\npub mod b;\n', 'mod a;\npub(crate) mod c;\n', 'mod a;\npub mod b;\npub(crate) mod c;\n'],
    'two patterns that are ignored': ['.gitignore', '/a\n', '/a\n# ours\n/b\n', '/a\n/c\n', '/a\n# ours\n/b\n/c\n'],
    'two conflicts of one file': ['TODO.md', '- a\n\ntext\n\n- b\n', '- a\n- a1\n\ntext\n\n- b\n- b1\n', '- a\n- a2\n\ntext\n\n- b\n- b2\n', '- a\n- a1\n- a2\n\ntext\n\n- b\n- b1\n- b2\n'],
    'lines that look like markers': ['CHANGES.rst', 'Changes\n=======\n\n* a\n', 'Changes\n=======\n\n* a\n* b\n', 'Changes\n=======\n\n* a\n* c\n', 'Changes\n=======\n\n* a\n* b\n* c\n'],
  };
  for (const [what, [path, base, ours, theirs, merged]] of Object.entries(joined)) {
    it(`joins ${what}`, async () => {
      expect(await union(path, {base, ours, theirs})).toBe(merged);
    });
  }

  const code = 'def f():\n    a()\n';
  const refused: Readonly<Record<string, readonly [path: string, base: string, ours: string, theirs: string]>> = {
    'code, in which order means something': ['src/run.ts', 'a();\n', 'a();\nb();\n', 'a();\nc();\n'],
    'python, whose indentation means something': ['app.py', code, `${code}    b()\n`, `${code}c()\n`],
    'the exports of a python package, which are statements': ['pkg/__init__.py', 'from .a import A\n', 'from .a import A\nfrom .b import B\n', 'from .a import A\nfrom .c import C\n'],
    'keys of a YAML file, which could be doubled': ['ci.yml', 'a: 1\n', 'a: 1\nb: 2\n', 'a: 1\nb: 3\n'],
    'keys of a JSON file, by text': ['a.json', '{\n}\n', '{\n"a": 1\n}\n', '{\n"b": 1\n}\n'],
    'lock files': ['yarn.lock', 'a@1:\n', 'a@1:\nb@1:\n', 'a@1:\nc@1:\n'],
    'owners of code, of whom the last one wins': ['CODEOWNERS', '* @a\n', '* @a\n/x @b\n', '* @a\n/x @c\n'],
    'attributes, of which the last one wins': ['.gitattributes', '* a\n', '* a\n*.x b\n', '* a\n*.x -b\n'],
    'a requirement twice': ['requirements.txt', 'a==1\n', 'a==1\nb==1\n', 'a==1\nb==2\n'],
    'an entry that was changed, not added': ['CHANGELOG.md', '- a\n', '- a b\n', '- a c\n'],
    'an entry beside one that was removed': ['CHANGELOG.md', '- a\n- b\n', '- a\n- c\n', '- a\n- b\n- d\n'],
    'versions of a changelog, of which the newest comes first': ['CHANGELOG.md', log, at(log, '## Next', '## 2.0\n\n- ours\n\n'), at(log, '## Next', '## 3.0\n\n- theirs\n\n')],
    'an entry and a version, which would change its place': ['CHANGELOG.md', log, at(log, '\n## 1.0', '- ours\n'), at(log, '\n## 1.0', '\n## 0.9\n\n- theirs\n')],
    'the same entry twice': ['CHANGELOG.md', '- a\n', '- a\n- b\n- same\n', '- a\n- c\n- same\n'],
    'numbered steps': ['README.md', '1. a\n', '1. a\n2. b\n', '1. a\n2. c\n'],
    'paragraphs': ['README.md', 'a\n', 'a\n\nours\n', 'a\n\ntheirs\n'],
    'entries of two kinds': ['CHANGELOG.md', '* a\n', '* a\n* b\n', '* a\n- c\n'],
    'entries of two depths': ['CHANGELOG.md', '- a\n', '- a\n  - b\n', '- a\n- c\n'],
    'a paragraph behind an entry, which would become a part of it': ['CHANGELOG.md', '- a\n', '- a\n- b\n', '- a\nplain\n'],
    'an entry above what is indented, which would belong to another one': ['CHANGELOG.md', '- a\n  rest\n', '- a\n- b\n  rest\n', '- a\n- c\n  rest\n'],
    'lines of a code block': ['README.md', '```\n- a\n```\n', '```\n- a\n- b\n```\n', '```\n- a\n- c\n```\n'],
    'a code block that is left open': ['README.md', '- a\n', '- a\n- b\n  ```\n', '- a\n- c\n'],
    'rows of two widths': ['README.md', '| a | b |\n', '| a | b |\n| 1 | 2 |\n', '| a | b |\n| 3 | 4 | 5 |\n'],
    'a row twice': ['README.md', '| a | b |\n', '| a | b |\n| k | 2 |\n', '| a | b |\n| k | 3 |\n'],
    'the first rows of two tables': ['README.md', 'text\n', 'text\n| 1 | 2 |\n', 'text\n| 3 | 4 |\n'],
    'rows below a line that is none': ['README.md', 'a | b | c\n', 'a | b | c\n| 1 |\n', 'a | b | c\n| 2 |\n'],
    'a name that is exported twice': ['src/index.ts', '\n', "\nexport {x} from './a.js';\n", "\nexport {y as x} from './b.js';\n"],
    'stars, which may hide a name of each other': ['src/index.ts', '\n', "\nexport * from './a.js';\n", "\nexport * from './b.js';\n"],
    'statements of an index': ['src/index.ts', '\n', "\nexport {x} from './a.js';\n", "\nimport './b.js';\n"],
    'exports inside of a comment': ['src/index.ts', '/*\n', "/*\nexport {x} from './a.js';\n", "/*\nexport {y} from './b.js';\n"],
    'a module twice': ['src/lib.rs', '\n', '\nmod a;\n', '\npub mod a;\n'],
    'a module with an attribute': ['src/lib.rs', '\n', '\n#[macro_use]\nmod a;\n', '\nmod b;\n'],
    'a pattern that takes another one back': ['.gitignore', '/a\n', '/a\n*.log\n', '/a\n!keep.log\n'],
    'a file whose last line has no end': ['CHANGELOG.md', '- a', '- a\n- b', '- a\n- c'],
    'an added line that has no end': ['CHANGELOG.md', '- a\n', '- a\n- b', '- a\n- c\n'],
    'line ends of two kinds': ['CHANGELOG.md', '- a\n', '- a\n- b\r\n', '- a\n- c\n'],
  };
  for (const [what, [path, base, ours, theirs]] of Object.entries(refused)) {
    it(`leaves ${what} in conflict`, async () => {
      expect(await union(path, {base, ours, theirs})).toBeUndefined();
    });
  }

  it('is not misled by lines that look like the marks of a conflict', async () => {
    await using folder = await tempFolder();
    const marks = ['<<<<<<< ours\n', '||||||| base\n', '=======\n', '>>>>>>> theirs\n'];
    const versions = {base: 'a\n', ours: `a\n${marks.join('')}`, theirs: 'a\nb\n'};
    expect(await readRegions({directory: folder.path}, {versions, folder: folder.path}, never)).toEqual([{agreed: ['a\n']}, {base: [], ours: marks, theirs: ['b\n']}]);
    const longest = {...versions, ours: `a\n${'<'.repeat(300)}\n`};
    expect(await readRegions({directory: folder.path}, {versions: longest, folder: folder.path}, never)).toBeUndefined();
  });

  it('has each added line of both sides, and never more than them: whatever lists are added to', async () => {
    const line = fc.constantFrom('- a\n', '- b\n', '- c\n', '  more\n', '\n', '# H\n', '## v1\n', 'text\n', '1. x\n', '```\n', '| a | b |\n');
    const lines = fc.array(line, {maxLength: 5});
    await fc.assert(
      fc.asyncProperty(lines, lines, lines, lines, async (above, ours, theirs, below) => {
        const text = (added: readonly string[]) => [...above, ...added, ...below].join('');
        const merged = await union('CHANGELOG.md', {base: text([]), ours: text(ours), theirs: text(theirs)});
        if (merged === undefined) return;
        const rest = [...linesOf(merged)];
        for (const one of [...above, ...below]) rest.splice(rest.indexOf(one), 1);
        const both: readonly string[] = [...ours, ...theirs];
        expect(rest.filter((one) => !both.includes(one))).toEqual([]);
        for (const added of [ours, theirs]) for (const one of new Set(added)) if (one.startsWith('- ')) expect(count(linesOf(merged), one)).toBeGreaterThanOrEqual(count(added, one));
      }),
      {numRuns: 60},
    );
  });
});

function count(lines: readonly string[], line: string): number {
  return lines.filter((one) => one === line).length;
}

describe('merge of JSON objects', () => {
  const base = '{\n  "name": "x",\n  "scripts": {\n    "build": "b"\n  },\n  "list": [1]\n}\n';
  const joined: Readonly<Record<string, readonly [path: string, base: string, ours: string, theirs: string, merged: string]>> = {
    'keys behind the same key, ours first': ['package.json', base, base.replace('"b"', '"b",\n    "lint": "l"'), base.replace('"b"', '"b",\n    "test": "t"'), base.replace('"b"', '"b",\n    "lint": "l",\n    "test": "t"')],
    'keys in front of all others': ['a.json', '{"z": 1}', '{"a": 1, "z": 1}', '{"b": {"c": "}"}, "z": 1}', '{"a": 1,"b": {"c": "}"}, "z": 1}'],
    'keys of an object that was empty': ['a.json', '{}', '{"a": 1}', '{"b": 2}', '{"a": 1,"b": 2}'],
    'keys of an object that the other side only spaced': ['a.json', '{}', '{ }', '{"b": 2}', '{"b": 2 }'],
    'a value that one side changed beside a key of the other': ['package.json', base, base.replace('"b"', '"c"'), base.replace('"b"', '"b",\n    "test": "t"'), base.replace('"b"', '"c",\n    "test": "t"')],
    'a value that theirs changed': ['a.json', '{"a": 1, "b": 1}', '{"a": 1, "b": 1, "c": 1}', '{"a": [2, {"x": "]"}], "b": 1, "d": 1}', '{"a": [2, {"x": "]"}], "b": 1, "c": 1, "d": 1}'],
    'the same key with the same value, once': ['a.json', '{"a": 1}', '{"a": 1, "b": 2, "c": 3}', '{"a": 1, "b": 2, "d": 4}', '{"a": 1, "b": 2, "c": 3, "d": 4}'],
    'numbers as they are written': ['a.json', '{}', '{"a": 12345678901234567890.10}', '{"b": 1e3}', '{"a": 12345678901234567890.10,"b": 1e3}'],
    'tabs and line ends as they are': ['a.json', '{\r\n\t"a": 1\r\n}\r\n', '{\r\n\t"a": 1,\r\n\t"b": 1\r\n}\r\n', '{\r\n\t"a": 1,\r\n\t"c": 1\r\n}\r\n', '{\r\n\t"a": 1,\r\n\t"b": 1,\r\n\t"c": 1\r\n}\r\n'],
    'a key that every object has': ['a.json', '{}', '{"__proto__": {"a": 1}}', '{"constructor": 1}', '{"__proto__": {"a": 1},"constructor": 1}'],
    'exports of a package that only one side changed': ['package.json', '{"exports": {"a": 1}, "s": {}}', '{"exports": {"a": 1}, "s": {"x": 1}}', '{"exports": {"a": 1, "b": 2}, "s": {"y": 1}}', '{"exports": {"a": 1, "b": 2}, "s": {"x": 1,"y": 1}}'],
  };
  for (const [what, [path, was, ours, theirs, merged]] of Object.entries(joined)) {
    it(`joins ${what}`, () => {
      expect(isMergedAsJson(path)).toBe(true);
      expect(mergeJson(path, {base: was, ours, theirs})).toBe(merged);
    });
  }

  const refused: Readonly<Record<string, readonly [path: string, base: string, ours: string, theirs: string]>> = {
    'a key that both added with other values': ['a.json', '{}', '{"a": 1}', '{"a": 2}'],
    'a key that both added, spelled in two ways': ['a.json', '{}', '{"a": 1}', '{"\\u0061": 2}'],
    'a value that both changed': ['a.json', '{"a": 1}', '{"a": 2}', '{"a": 3}'],
    'a key that one side removed': ['a.json', '{"a": 1, "b": 1}', '{"b": 1, "c": 1}', '{"a": 1, "b": 1, "d": 1}'],
    'keys that one side put in another order': ['a.json', '{"a": 1, "b": 1}', '{"b": 1, "a": 1, "c": 1}', '{"a": 1, "b": 1, "d": 1}'],
    'a key that is there twice': ['a.json', '{"a": 1}', '{"a": 1, "b": 1, "b": 2}', '{"a": 1, "c": 1}'],
    'arrays that both changed': ['a.json', '{"a": [1]}', '{"a": [1, 2]}', '{"a": [1, 3]}'],
    'objects in an array that both changed': ['a.json', '{"a": [{}]}', '{"a": [{"b": 1}]}', '{"a": [{"c": 1}]}'],
    'a value that became another kind': ['a.json', '{"a": {}}', '{"a": {"b": 1}}', '{"a": 1}'],
    'a file with comments': ['tsconfig.json', '{}', '{"a": 1}', '{/* b */ "b": 1}'],
    'a file that is none': ['a.json', '{}', '{"a": 1}', '{"b": 1'],
    'a file with a byte order mark': ['a.json', '{}', '\ufeff{"a": 1}', '{"b": 1}'],
    'conditions of a package, whose order means something': ['package.json', '{"exports": {"default": "d"}}', '{"exports": {"import": "i", "default": "d"}}', '{"exports": {"node": "n", "default": "d"}}'],
    'conditions deeper in a package': ['x/package.json', '{"exports": {".": {"default": "d"}}}', '{"exports": {".": {"import": "i", "default": "d"}}}', '{"exports": {".": {"node": "n", "default": "d"}}}'],
    'what is nested too deep': ['a.json', `${'{"a":'.repeat(70)}{}${'}'.repeat(70)}`, `${'{"a":'.repeat(70)}{"b":1}${'}'.repeat(70)}`, `${'{"a":'.repeat(70)}{"c":1}${'}'.repeat(70)}`],
  };
  for (const [what, [path, was, ours, theirs]] of Object.entries(refused)) {
    it(`leaves ${what} in conflict`, () => {
      expect(mergeJson(path, {base: was, ours, theirs})).toBeUndefined();
    });
  }

  it('takes no lock file and nothing that is not JSON by its name', () => {
    for (const path of ['package-lock.json', 'a/npm-shrinkwrap.json', 'deno.lock', 'packages.lock.json', 'flake-lock.json', 'a.jsonc', 'a.yml']) expect(isMergedAsJson(path), path).toBe(false);
  });

  it('gives every key of both sides with its value, whatever objects they added to', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'é', '"', '__proto__', '');
    const object = fc.letrec((tie) => ({node: fc.oneof({maxDepth: 3}, fc.integer(), fc.constant([1]), fc.dictionary(key, tie('node'), {maxKeys: 4, noNullPrototype: false}))})).node;
    const space = fc.constantFrom(0, 2, '\t');
    fc.assert(
      fc.property(fc.dictionary(key, object, {maxKeys: 4}), fc.dictionary(key, object, {maxKeys: 3}), fc.dictionary(key, object, {maxKeys: 3}), space, (was, mine, yours, indent) => {
        const text = (...parts: readonly object[]): string => JSON.stringify(Object.fromEntries(parts.flatMap((part) => Object.entries(part))), null, indent);
        const [baseText, ours, theirs] = [text(was), text(was, mine), text(was, yours)];
        const merged = mergeJson('a.json', {base: baseText, ours, theirs});
        const both = [...new Set([...Object.keys(mine), ...Object.keys(yours)])];
        const isClear = both.every((name) => {
          const values = [was, mine, yours].map((part) => (Object.hasOwn(part, name) ? JSON.stringify((part as Record<string, unknown>)[name]) : undefined));
          return values[1] === undefined || values[2] === undefined || values[1] === values[2];
        });
        if (isClear) expect(merged === undefined ? undefined : sorted(JSON.parse(merged))).toEqual(sorted(JSON.parse(text(was, mine, yours))));
        else if (merged !== undefined) expect(Object.keys(JSON.parse(merged) as object).sort()).toEqual(Object.keys(JSON.parse(text(was, mine, yours)) as object).sort());
      }),
      {numRuns: 300},
    );
  });
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]);
}
