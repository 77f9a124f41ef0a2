import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {outlineOf} from '../../../src/code/outline.js';
import {termsOfText} from '../../../src/code/terms.js';
import {budgetOf} from '../../../src/context/build.js';
import {moveUnused} from '../../../src/context/budget.js';
import {segmentsOf} from '../../../src/context/forms/segments.js';
import {measureContext} from '../../../src/context/measure.js';
import {planRetry} from '../../../src/context/overflow.js';
import {bm25, fileBm25} from '../../../src/context/rank/bm25.js';
import {mentionsOf, queryOf} from '../../../src/context/rank/query.js';
import {startScores} from '../../../src/context/rank/scores.js';
import {kindWeight, roleOf} from '../../../src/context/roles.js';
import {findStandards} from '../../../src/context/read/standards.js';
import {listFile} from '../../../src/context/read/survey.js';
import {moduleOf, packageOf} from './fixture.js';

describe('budgets', () => {
  it('are those of the guide where nothing else is said', () => {
    const names = ['test-architect', 'implementation', 'integration', 'quality', 'security', 'documentation', 'anyone'];
    expect(names.map((name) => budgetOf({}, name))).toEqual([12_000, 16_000, 14_000, 10_000, 8000, 6000, 16_000]);
    expect(budgetOf({budgets: {security: 99}}, 'security')).toBe(99);
    expect(budgetOf({budgets: {}}, 'constructor')).toBe(16_000);
  });

  it('move from who has tokens over to who wants more', () => {
    expect(moveUnused([{budget: 100, used: 40, wanted: 0}, {budget: 100, used: 95, wanted: 30}])).toEqual([70, 130]);
    expect(moveUnused([{budget: 100, used: 40, wanted: 0}, {budget: 100, used: 95, wanted: 500}])).toEqual([40, 160]);
    expect(moveUnused([{budget: 100, used: 100, wanted: 5}])).toEqual([100]);
  });

  it('never grow together, nor fall below what is used, nor above twice their own', () => {
    const demand = fc.record({budget: fc.nat(20_000), part: fc.double({min: 0, max: 1, noNaN: true}), wanted: fc.nat(50_000)}).map(({budget, part, wanted}) => ({budget, used: Math.floor(budget * part), wanted}));
    fc.assert(
      fc.property(fc.array(demand, {maxLength: 8}), (demands) => {
        const moved = moveUnused(demands);
        expect(moved.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(demands.reduce((sum, {budget}) => sum + budget, 0));
        for (const [index, {budget, used}] of demands.entries()) {
          expect(moved[index]).toBeGreaterThanOrEqual(used);
          expect(moved[index]).toBeLessThanOrEqual(budget * 2);
        }
      }),
    );
  });
});

describe('after an overflow', () => {
  it('a package is made smaller three times, from other sources, and then no more', () => {
    const retries = [1, 2, 3, 4].map((attempt) => planRetry({attempt, tokens: 10_000}));
    expect(retries.map((retry) => retry?.most)).toEqual(['whole', 'outline', 'name', undefined]);
    const budgets = retries.flatMap((retry) => retry?.budget ?? []);
    expect(budgets).toEqual([...budgets].sort((a, b) => b - a));
    expect(planRetry({attempt: 1, tokens: 10_000, counted: 20_000})?.budget).toBe(3500);
  });

  it('it tells outlines or names in place of bodies', async () => {
    const files = {'src/a.ts': moduleOf('frobnicate', 20), 'src/b.ts': moduleOf('other', 20)};
    const outlines = await packageOf(files, {task: 'frobnicate', most: 'outline', budgets: {implementation: 3000}});
    expect(new Set(outlines.items.map(({form}) => form))).toEqual(new Set(['outline']));
    const names = await packageOf(files, {task: 'frobnicate', most: 'name', budgets: {implementation: 3000}});
    expect(new Set(names.items.map(({form}) => form))).toEqual(new Set(['name']));
  });
});

describe('measures', () => {
  it('tell what was used, found and wasted', async () => {
    const made = await packageOf({'src/a.ts': moduleOf('frobnicate', 3), 'src/b.ts': moduleOf('frobnicate', 3)}, {task: 'frobnicate', budgets: {implementation: 1000}});
    const measured = measureContext(made, {opened: [], changed: ['src/a.ts', 'src/new.ts']});
    expect(measured.utilisation).toBeCloseTo(made.tokens / made.budget);
    expect(measured).toMatchObject({hits: 0.5, wordForWord: 0.5});
    expect(measured.waste).toBeCloseTo((made.items.find(({path}) => path === 'src/b.ts')?.tokens ?? NaN) / made.tokens);
    expect(measureContext(made, {opened: ['src/b.ts'], changed: ['src/a.ts']})).toMatchObject({hits: 1, waste: 0});
  });
});

describe('ranking', () => {
  it('scores rare words above common ones and short files above long ones', () => {
    const documents = ['common rare', 'common', 'common', `common rare ${'filler '.repeat(100)}`].map(termsOfText);
    const query = [...termsOfText('common rare').hashes].map((hash) => ({hash, weight: 1}));
    const scores = [...bm25(query, documents, fileBm25)];
    expect(scores[0]).toBeGreaterThan(scores[3] ?? NaN);
    expect(scores[3]).toBeGreaterThan(0);
    expect(scores[0]).toBeGreaterThan(scores[1] ?? NaN);
    expect([...bm25(query, [], fileBm25)]).toEqual([]);
  });

  it('takes the best in order, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 0, max: 5}), {maxLength: 60}), fc.integer({min: 1, max: 10}), (values, most) => {
        const expected = values.map((value, place) => ({value, place})).filter(({value}) => value > 0).sort((a, b) => b.value - a.value || a.place - b.place).slice(0, most).map(({place}) => place);
        expect(startScores(Float64Array.from(values), () => undefined).best(most)).toEqual(expected);
      }),
    );
  });

  it('hears a path in a sentence', () => {
    const query = queryOf('Fix `src/git/merge.ts`, and README.md.\n\nSee Foo/Bar');
    const mention = mentionsOf(query);
    expect(mention('src/git/merge.ts')).toBe(1);
    expect(mention('packages/a/src/git/merge.ts')).toBe(1);
    expect(mention('README.md')).toBe(1);
    expect(mention('docs/README.md')).toBeGreaterThan(0);
    expect(mention('docs/README.md')).toBeLessThan(1);
    expect(mention('src/other.ts')).toBe(0);
    expect(mention('other-src/git/merge.tsx')).toBe(0);
    expect(mentionsOf(queryOf('Ergänze docs/übersicht.md.'))('docs/Übersicht.md')).toBe(1);
    expect(mentionsOf(queryOf('x', ['src/b.ts', 'a.ts', 'src/a.ts']))('lib/src/a.ts')).toBe(1);
  });

  it('is mild about kinds of files', () => {
    expect(kindWeight(roleOf('documentation'), 'docs/a.md')).toBeGreaterThan(kindWeight(roleOf('documentation'), 'src/a.ts'));
    expect(kindWeight(roleOf('security'), 'src/session.ts')).toBeGreaterThan(1);
    expect(kindWeight(roleOf('implementation'), 'src/session.ts')).toBe(1);
  });

  it('finds where a project writes down its standards', () => {
    const paths = ['src/a.ts', 'CONTRIBUTING.md', '.agent-os/standards/code/style.md', 'AGENTS.md', 'deep/AGENTS.md'];
    expect(findStandards(paths.map((path) => listFile({path, mode: 'file', oid: path, size: 1}))).map(({file}) => file.path)).toEqual(['AGENTS.md', '.agent-os/standards/code/style.md', 'CONTRIBUTING.md']);
  });
});

describe('segments', () => {
  it('are all lines of a file, each once', () => {
    const text = `${moduleOf('a', 30)}\n${'plain line\n'.repeat(150)}class B {\n  run() {}\n}\n`;
    const segments = segmentsOf({text, outline: () => outlineOf({path: 'a.ts', bytes: Buffer.from(text)})});
    let next = 1;
    for (const {from, to} of segments) {
      expect(from).toBe(next);
      next = to + 1;
    }
    expect(next - 1).toBe(text.split('\n').length - 1);
  });
});
