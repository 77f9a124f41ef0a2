import type {Texts} from './verifier.js';

/**
 * What a test does, in every runner's words. `double` needs the new work, `lines` has a name that looks like a result,
 * `shout` prints 64 MiB, `forge` writes forged results to every place that it finds, and its own when it sees the nonce.
 */
export type Act = 'pass' | 'fail' | 'skip' | 'double' | 'exit' | 'kill' | 'eat' | 'hang' | 'lines' | 'shout' | 'forge';
/** What a test file does before anything else: it throws, or ends its process with 0. */
export type Start = 'throws' | 'exits';

/** How one runner's projects are written. */
export interface Dialect {
  readonly name: 'vitest' | 'jest' | 'mocha' | 'node' | 'pytest';
  readonly image: 'node' | 'python';
  /** Packages of exact versions, one list for each major. */
  readonly versions: readonly (readonly string[])[];
  readonly command: readonly string[];
  readonly base: Texts;
  /** Configuration that names other reporters, runs failed tests again and stops at the first failure. */
  readonly config?: Texts;
  /** The new work. */
  readonly product: {readonly path: string; readonly text: string};
  /** The promised test file. */
  readonly testPath: string;
  /** A test file with one test for each act, called by it. */
  tests(acts: readonly Act[], before?: Start): string;
}

/** Frames of a whole, successful run under one nonce, as an expression in which `nonce` is known; the same in JavaScript and Python. */
const frames = `('\\n@bulkhead ' + nonce + ' {"t":"test","file":"test/double.test.js","path":["forged"],"status":"passed"}\\n@bulkhead ' + nonce + ' {"t":"end","tests":1,"files":0,"success":true}\\n')`;
const hello = (runner: string): string => `'\\n@bulkhead hello {"v":1,"nonce":"' + nonce + '","runner":"${runner}","version":"1"}\\n'`;
/** A name with a line break, an escape and the mark of a result, as a text of JavaScript. */
const linesName = String.raw`'two\n@bulkhead hello {}\n\u001b[2J lines'`;

const js: Readonly<Record<Act, string>> = {
  pass: '',
  skip: '',
  fail: 'throw new Error("no");',
  double: 'if (double(2) !== 4) throw new Error("wrong");',
  exit: 'process.exit(0);',
  kill: 'process.kill(process.pid, "SIGKILL"); for (;;);',
  eat: 'const all = []; for (;;) all.push(Buffer.alloc(16_000_000, 1));',
  hang: 'for (;;);',
  lines: '',
  shout: "for (let count = 0; count < 64; count += 1) process.stdout.write('x'.repeat(1024 * 1024));",
  // A descriptor 3 that is a channel to the parent is no result stream.
  forge: `
  const fs = process.getBuiltinModule('node:fs');
  const forged = (nonce) => ${frames};
  const nonce = 'f'.repeat(32);
  const text = ${hello('mocha')} + forged(nonce);
  console.log(text);
  for (const place of [...(process.channel ? [] : ['/proc/self/fd/3']), ...[1, 3].map((fd) => '/proc/' + process.ppid + '/fd/' + fd)]) {
    try { fs.writeSync(fs.openSync(place, 'w'), text); } catch {}
  }
  const {from} = Buffer;
  Buffer.from = (value, ...rest) => {
    const seen = typeof value === 'string' && /@bulkhead ([0-9a-f]{32}) /.exec(value);
    if (seen) { fs.writeSync(3, forged(seen[1])); process.reallyExit(0); }
    return from(value, ...rest);
  };
`,
};
const python: Readonly<Record<Act, string>> = {
  pass: 'pass',
  skip: "__import__('pytest').skip()",
  fail: 'assert 1 == 2',
  double: "from sums.double import double; assert double(2) == 4",
  exit: "__import__('os')._exit(0)",
  kill: "__import__('os').kill(__import__('os').getpid(), 9)",
  eat: 'all = [bytearray(b"x" * 16_000_000) for _ in range(10_000)]',
  hang: '\n    while True: pass',
  lines: 'import sums.double',
  shout: "import sums.double\n    for _ in range(64): __import__('sys').__stdout__.write('x' * 1024 * 1024)",
  forge: `
    import os
    nonce = 'f' * 32
    text = ${hello('pytest')} + ${frames}
    print(text)
    for place in ['/proc/%s/fd/%s' % (pid, fd) for pid in (os.getpid(), os.getppid()) for fd in (1, 3)]:
        try:
            os.write(os.open(place, os.O_WRONLY), text.encode())
        except OSError:
            pass`,
};

const jsStart: Readonly<Record<Start, string>> = {throws: 'throw new Error("no load");', exits: 'process.exit(0);'};
const pythonStart: Readonly<Record<Start, string>> = {throws: "raise RuntimeError('no load')", exits: "__import__('os')._exit(0)"};

const jsTest = (head: string, top: string) => (acts: readonly Act[], before?: Start) =>
  [
    head,
    ...(acts.includes('double') ? [top] : []),
    ...(before === undefined ? [] : [jsStart[before]]),
    ...acts.map((act) => `it${act === 'skip' ? '.skip' : ''}(${act === 'lines' ? linesName : `'${act}'`}, () => { ${js[act]} });`),
    '',
  ].join('\n');

const cjs = {'src/add.js': 'exports.add = (a, b) => a + b;\n'};
const cjsDouble = {path: 'src/double.js', text: "const {add} = require('./add.js');\nexports.double = (a) => add(a, a);\n"};
const cjsTop = "const {double} = require('../src/double.js');";

export const dialects: readonly Dialect[] = [
  {
    name: 'vitest',
    image: 'node',
    versions: [['vitest@1.6.1'], ['vitest@2.1.9'], ['vitest@3.2.4'], ['vitest@4.1.12']],
    command: ['npm', 'test'],
    base: {
      'package.json': '{"name":"sums","type":"module","scripts":{"test":"vitest run"}}',
      'src/add.ts': 'export const add = (a: number, b: number): number => a + b;\n',
      'test/deep/add.test.ts':
        "import {describe, expect, it, test} from 'vitest';\nimport {add} from '../../src/add';\ndescribe('add', () => {\n  describe('numbers', () => { it('adds', () => { expect(add(1, 2)).toBe(3); }); });\n  it.each([[0, 0], [1, 1]])('adds %i to 0', (a, sum) => { expect(add(a, 0)).toBe(sum); });\n});\ntest.concurrent('one', async () => { await Promise.resolve(); });\ntest.concurrent('two', async () => {});\ntest('twice', () => {});\ntest('twice', () => {});\ntest('trouble', () => { expect(add(1, 1)).toBe(3); });\n",
    },
    config: {
      'vitest.config.js': "export default {test: {reporters: ['json', './reporter.js'], outputFile: 'out.json', retry: 3, bail: 1, allowOnly: true, silent: true, coverage: {enabled: true}}};\n",
      'reporter.js': 'export default class { onInit() { process.exitCode = 0; } }\n',
    },
    product: {path: 'src/double.ts', text: "import {add} from './add';\nexport const double = (a: number): number => add(a, a);\n"},
    testPath: 'test/double.test.ts',
    tests: jsTest("import {it} from 'vitest';", "import {double} from '../src/double';"),
  },
  {
    name: 'jest',
    image: 'node',
    versions: [['jest@27.5.1'], ['jest@28.1.3'], ['jest@29.7.0'], ['jest@30.5.2']],
    command: ['npx', 'jest'],
    base: {
      'package.json': '{"name":"sums","scripts":{"test":"jest"}}',
      'jest.config.js': 'module.exports = {transform: {}};\n',
      ...cjs,
      'test/deep/add.test.js':
        "const {add} = require('../../src/add.js');\ndescribe('add', () => {\n  describe('numbers', () => { it('adds', () => { expect(add(1, 2)).toBe(3); }); });\n  it.each([[0, 0], [1, 1]])('adds %i to 0', (a, sum) => { expect(add(a, 0)).toBe(sum); });\n});\ntest.concurrent('one', async () => { await Promise.resolve(); });\ntest.concurrent('two', async () => {});\ntest('twice', () => {});\ntest('twice', () => {});\ntest('trouble', () => { expect(add(1, 1)).toBe(3); });\n",
    },
    config: {
      'jest.config.js': "module.exports = {transform: {}, reporters: ['./reporter.js'], bail: 1, testFailureExitCode: 0, collectCoverage: true, testResultsProcessor: './reporter.js'};\n",
      'reporter.js': 'module.exports = function Reporter(results) { return results; };\n',
    },
    product: cjsDouble,
    testPath: 'test/double.test.js',
    tests: jsTest('', cjsTop),
  },
  {
    name: 'mocha',
    image: 'node',
    versions: [['mocha@8.4.0'], ['mocha@9.2.2'], ['mocha@10.8.2'], ['mocha@11.8.0']],
    command: ['yarn', 'test'],
    base: {
      'package.json': '{"name":"sums","scripts":{"test":"mocha --recursive"}}',
      '.mocharc.json': '{"extension": ["js", "mjs"]}',
      ...cjs,
      'test/deep/add.js':
        "const assert = require('node:assert');\nconst {add} = require('../../src/add.js');\ndescribe('add', () => {\n  describe('numbers', () => { it('adds', () => { assert.equal(add(1, 2), 3); }); });\n  for (const a of [0, 1]) it(`adds ${a} to 0`, () => { assert.equal(add(a, 0), a); });\n});\nit('one', async () => { await Promise.resolve(); });\nit('twice', () => {});\nit('twice', () => {});\nit('trouble', () => { assert.equal(add(1, 1), 3); });\n",
      'test/esm.mjs': "it('two', () => {});\n",
    },
    config: {
      '.mocharc.json': '{"extension": ["js", "mjs"], "reporter": "./reporter.js", "reporter-option": ["a=1"], "retries": 3, "bail": true, "parallel": true}',
      'reporter.js': 'module.exports = function Reporter(runner) { runner.removeAllListeners("fail"); };\n',
    },
    product: cjsDouble,
    testPath: 'test/double.js',
    tests: jsTest('', cjsTop),
  },
  {
    name: 'node',
    image: 'node',
    versions: [[]],
    command: ['npm', 'test'],
    base: {
      'package.json': '{"name":"sums","scripts":{"test":"node --test"}}',
      ...cjs,
      'test/deep/add.test.js':
        "const assert = require('node:assert');\nconst {describe, it} = require('node:test');\nconst {add} = require('../../src/add.js');\ndescribe('add', () => {\n  describe('numbers', () => { it('adds', () => { assert.equal(add(1, 2), 3); }); });\n  for (const a of [0, 1]) it(`adds ${a} to 0`, () => { assert.equal(add(a, 0), a); });\n});\nit('one', async () => {});\nit('two', async () => {});\nit('twice', () => {});\nit('twice', () => {});\nit('trouble', () => { assert.equal(add(1, 1), 3); });\n",
    },
    product: cjsDouble,
    testPath: 'test/double.test.js',
    tests: jsTest("const {it} = require('node:test');", cjsTop),
  },
  {
    name: 'pytest',
    image: 'python',
    versions: [[]],
    command: ['python3', '-m', 'pytest'],
    base: {
      'sums/__init__.py': '',
      'sums/add.py': 'def add(a, b):\n    return a + b\n',
      'tests/deep/test_add.py':
        "import pytest\nfrom sums.add import add\n\n\nclass TestAdd:\n    def test_adds(self):\n        assert add(1, 2) == 3\n\n\n@pytest.mark.parametrize('a', [0, 1])\ndef test_to_0(a):\n    assert add(a, 0) == a\n\n\ndef test_one():\n    pass\n\n\ndef test_two():\n    pass\n\n\n@pytest.mark.parametrize('a', [1.0, 1.0])\ndef test_twice(a):\n    pass\n\n\ndef test_trouble():\n    assert add(1, 1) == 3\n",
    },
    config: {'pytest.ini': '[pytest]\naddopts = --junitxml=out.xml -p no:terminal --maxfail=9\n'},
    product: {path: 'sums/double.py', text: 'from .add import add\n\n\ndef double(a):\n    return add(a, a)\n'},
    testPath: 'tests/test_double.py',
    tests: (acts, before) => [...(before === undefined ? [] : [pythonStart[before], '']), ...acts.map((act) => `${act === 'lines' ? `@__import__('pytest').mark.parametrize('a', [1], ids=[${linesName}])\ndef test_lines(a)` : `def test_${act}()`}:\n    ${python[act]}\n`), ''].join('\n'),
  },
];
