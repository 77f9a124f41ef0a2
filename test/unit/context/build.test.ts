import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {buildContext} from '../../../src/context/build.js';
import {startContextCache} from '../../../src/context/cache.js';
import {loadMore} from '../../../src/context/more.js';
import {renderContext} from '../../../src/context/render.js';
import {tokensOf} from '../../../src/context/tokens.js';
import {memoryTree, never} from '../verify/memory-tree.js';
import {formOf, memoryHistory, moduleOf, packageOf, packagesOf, streamOf} from './fixture.js';

const others = Object.fromEntries(Array.from({length: 30}, (_, index) => [`src/other-${index}.ts`, moduleOf(`unrelated${index}x`, 20)]));

describe('a context package', () => {
  it('has the files whose words, paths and names the task says', async () => {
    const made = await packageOf({...others, 'src/invoice.ts': moduleOf('roundInvoice', 5)}, {task: 'round the invoice total', budgets: {implementation: 1500}});
    expect(made.items[0]).toMatchObject({path: 'src/invoice.ts', form: 'whole', section: 'essential', score: 1});
    expect(made.tokens).toBeLessThanOrEqual(1500);
  });

  it('has the file that the task names, whatever it holds', async () => {
    const made = await packageOf({...others, 'lib/zzz.ts': 'export {};\n'}, {task: 'look at lib/zzz.ts', budgets: {implementation: 800}});
    expect(formOf(made, 'lib/zzz.ts')).toBe('whole');
  });

  it('has what a specialist owns before all others', async () => {
    const made = await packageOf({...others, 'src/mine.ts': moduleOf('quiet', 3)}, {task: 'change unrelated3x', streams: [streamOf('implementation', ['src/mine.ts'])], budgets: {implementation: 900}});
    expect(formOf(made, 'src/mine.ts')).toBe('whole');
  });

  it('has what was changed for tasks like this one, and together with what is found', async () => {
    const files = {...others, 'a/first.ts': moduleOf('plain', 2), 'b/second.ts': moduleOf('simple', 2)};
    const history = memoryHistory([
      {message: 'speed up the frobnicator', paths: ['a/first.ts', 'b/second.ts']},
      {message: 'docs', paths: ['src/other-1.ts']},
    ]);
    const found = await packageOf(files, {task: 'the frobnicator is slow', history, budgets: {implementation: 700}});
    expect(found.items.slice(0, 2).map(({path}) => path).sort()).toEqual(['a/first.ts', 'b/second.ts']);
    const blind = await packageOf(files, {task: 'the frobnicator is slow', budgets: {implementation: 700}});
    expect(formOf(blind, 'a/first.ts')).not.toBe('whole');
  });

  it('has the tests of what is found and what it imports', async () => {
    const files = {...others, 'src/billing.ts': `import {tax} from './rates.js';\n${moduleOf('billing', 2)}`, 'src/rates.ts': 'export const tax = 1;\n', 'test/billing.test.ts': "it('x', () => {});\n"};
    const made = await packageOf(files, {task: 'fix billing', budgets: {implementation: 900}});
    expect(['src/billing.ts', 'src/rates.ts', 'test/billing.test.ts'].map((path) => formOf(made, path))).toEqual(['whole', 'whole', 'whole']);
  });

  it('tells a file that is too long in the parts that matter, by their lines', async () => {
    const text = `${moduleOf('noise', 200)}\nexport function frobnicate(): number {\n  return 42;\n}\n${moduleOf('more', 200)}`;
    const made = await packageOf({'src/long.ts': text}, {task: 'frobnicate returns 43', budgets: {implementation: 1000}});
    const [item] = made.items;
    expect(item?.form).toBe('excerpt');
    expect(item?.text).toContain('return 42;');
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes('frobnicate')) + 1;
    expect(item?.lines.some(({from, to}) => from <= at && at + 2 <= to)).toBe(true);
    for (const {from, to} of item?.lines ?? []) expect(item?.text).toContain(lines.slice(from - 1, to).join('\n'));
  });

  it('gives outlines in place of bodies when space is short, and names the rest as left', async () => {
    const made = await packageOf(others, {task: 'unrelated0x unrelated1x unrelated2x unrelated3x', budgets: {implementation: 1200}});
    expect(made.items.map(({form}) => form)).toContain('outline');
    expect(made.left.length).toBeGreaterThan(0);
    expect(made.items.find(({form}) => form === 'outline')).toMatchObject({section: 'reference', lines: []});
  });

  it('begins with the standards of the project, the same for all specialists', async () => {
    const files = {...others, 'CLAUDE.md': '# Rules\n\nWrite short functions.\n'.repeat(20)};
    const made = await packagesOf(files, {task: 'unrelated1x', streams: [streamOf('implementation'), streamOf('documentation')]});
    for (const one of made) {
      expect(one.items[0]).toMatchObject({path: 'CLAUDE.md', section: 'shared'});
      expect(one.tokens).toBeGreaterThan(one.budget * 0.9);
      expect(one.tokens).toBeLessThanOrEqual(one.budget);
    }
  });

  it('weighs tests more for who writes tests', async () => {
    const files = {'src/a.ts': moduleOf('frobnicate', 30), 'test/b.test.ts': moduleOf('frobnicate', 30)};
    const [forTests, forSource] = await packagesOf(files, {task: 'frobnicate', streams: [streamOf('test'), streamOf('implementation')], budgets: {test: 1000, implementation: 1000}});
    const score = (made: typeof forTests): number => (made?.items.find(({path}) => path === 'test/b.test.ts')?.score ?? 0) - (made?.items.find(({path}) => path === 'src/a.ts')?.score ?? 0);
    expect(score(forTests)).toBeGreaterThan(score(forSource));
  });

  it('gives the same hash for the same request, with a full cache and with an empty one', async () => {
    const files = {...others, 'CLAUDE.md': '# Rules\n'};
    const cache = startContextCache();
    const request = {task: 'change unrelated4x', history: memoryHistory([{message: 'unrelated4x', paths: ['src/other-4.ts']}])};
    const first = await packageOf(files, {...request, cache});
    expect((await packageOf(files, request)).hash).toBe(first.hash);
    const again = await packageOf(files, {...request, cache});
    expect(again.hash).toBe(first.hash);
    expect(cache.count).toEqual({hits: 1, misses: 1});
    expect((await packageOf(files, {...request, task: 'change unrelated5x', cache})).hash).not.toBe(first.hash);
    expect((await packageOf({...files, 'src/other-4.ts': 'export {};\n'}, {...request, cache})).hash).not.toBe(first.hash);
  });

  it('is made again when it is older than the refresh interval', async () => {
    let now = 0;
    const cache = startContextCache({packages: 10, refreshSeconds: 5}, () => now);
    await packageOf(others, {task: 'a task', cache});
    now = 5000;
    await packageOf(others, {task: 'a task', cache});
    now = 5001;
    await packageOf(others, {task: 'a task', cache});
    expect(cache.count).toEqual({hits: 1, misses: 2});
  });

  it('ends when it is aborted, and passes on what a reader says', async () => {
    const reader = {...memoryTree(others), list: () => Promise.reject(new Error('gone'))};
    await expect(buildContext({reader, history: undefined, task: 'x', streams: [streamOf('implementation')], cache: startContextCache()}, never)).rejects.toThrow('gone');
  });
});

describe('what is left of a package', () => {
  it('is loaded next, best first, until there is nothing more', async () => {
    const cache = startContextCache();
    const request = {reader: memoryTree(others), history: undefined, task: 'unrelated0x unrelated1x unrelated2x', cache};
    const [first] = await buildContext({...request, streams: [streamOf('implementation')], budgets: {implementation: 2000}}, never);
    if (first === undefined) throw new Error('no package');
    const second = await loadMore(request, {after: first, tokens: 4000}, never);
    const whole = new Set(first.items.filter(({form}) => form === 'whole').map(({path}) => path));
    expect(second.items.length).toBeGreaterThan(0);
    expect(second.tokens).toBeLessThanOrEqual(4000);
    expect(second.items.some(({path}) => whole.has(path))).toBe(false);
    expect((await loadMore(request, {after: {...second, left: []}, tokens: 4000}, never)).items).toEqual([]);
  });

  it('takes the test of a file that is not there any more', async () => {
    const files = {'src/gone.ts': moduleOf('gone', 2), 'test/gone.test.ts': moduleOf('check', 2)};
    const made = await packageOf(files, {task: 'gone', budgets: {implementation: 0}});
    expect(made.items).toEqual([]);
    const later = {reader: memoryTree({'test/gone.test.ts': files['test/gone.test.ts']}), history: undefined, task: 'gone', cache: startContextCache()};
    const more = await loadMore(later, {after: {...made, left: [{path: 'src/gone.ts', tokens: 10, score: 1}]}, tokens: 1000}, never);
    expect(more.items.map(({path}) => path)).toEqual(['test/gone.test.ts']);
  });
});

describe('any repository', () => {
  const names = fc.constantFrom('a.ts', 'src/b.py', 'c.md', 'test/a.test.ts', 'CLAUDE.md', 'x/`\n`.js', 'package.json', 'A.ts', 'd/../e.ts', '__proto__', 'constructor.py');
  const texts = fc.oneof(fc.string({maxLength: 300, unit: 'binary'}), fc.constantFrom('```\n````\n', '('.repeat(3000), 'x'.repeat(10_000), '\0', '', '# a\n'.repeat(500), 'import "./a"\n'));
  const trees = fc.array(fc.tuple(names, texts), {maxLength: 8}).map((files) => Object.fromEntries(files));

  it('gives packages within their budgets, whose files cannot end their own frame', async () => {
    await fc.assert(
      fc.asyncProperty(trees, fc.string({maxLength: 200, unit: 'binary'}), fc.integer({min: 0, max: 3000}), async (files, task, budget) => {
        const made = await packagesOf(files, {task, streams: [streamOf('implementation'), streamOf('docs')], budgets: {implementation: budget, docs: 500}});
        for (const one of made) {
          expect(one.tokens).toBeLessThanOrEqual(one.budget);
          expect(one.items.reduce((sum, {tokens}) => sum + tokens, 0)).toBe(one.tokens);
          expect(new Set(one.items.map(({path}) => path)).size).toBe(one.items.length);
          for (const {text} of one.items) for (const run of text.match(/`{3,}/g) ?? []) expect(renderContext(one)).toContain(`${run}\``);
        }
        expect(made.reduce((sum, one) => sum + one.budget, 0)).toBeLessThanOrEqual(budget + 500);
      }),
      {numRuns: 150},
    );
  });

  it('is told in about as many tokens as were counted', async () => {
    const made = await packageOf(others, {task: 'unrelated1x unrelated2x', budgets: {implementation: 6000}});
    expect(tokensOf(renderContext(made))).toBeLessThanOrEqual(made.tokens + 120);
  });
});
