import fc from 'fast-check';
import {expect, test} from 'vitest';
import {judgeLayer, type LayerFacts, type SweepRules} from '../../../src/run/sweep/policy.js';

const hour = 3_600_000;
const rules: SweepRules = {olderThanMs: 24 * hour, runs: false, unknown: false, patient: true, clockDoubt: undefined};
const old: LayerFacts = {complete: true, usedBy: [], ageMs: 48 * hour, owner: 'none'};

test('a layer that is old and that nothing needs goes, finished or not', () => {
  expect(judgeLayer(old, rules)).toMatchObject({action: 'remove'});
  expect(judgeLayer({...old, complete: false}, rules)).toMatchObject({action: 'remove'});
  expect(judgeLayer({...old, owner: 'alive'}, rules)).toMatchObject({action: 'remove'});
});

test.each<readonly [string, Partial<LayerFacts>, Partial<SweepRules>]>([
  ['is young', {ageMs: hour}, {}],
  ['has no age', {ageMs: undefined}, {}],
  ['is being filled', {complete: false, owner: 'alive'}, {}],
  ['cannot be judged by a clock', {}, {clockDoubt: 'x'}],
  ['is met before a run', {}, {patient: false}],
])('one that %s stays', (_, facts, more) => {
  expect(judgeLayer({...old, ...facts}, {...rules, ...more})).toMatchObject({action: 'keep'});
});

test('one that something needs stays, whatever the user asks', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), {minLength: 1}), fc.boolean(), fc.option(fc.nat(), {nil: undefined}), fc.boolean(), (usedBy, complete, ageMs, unknown) => {
      expect(judgeLayer({usedBy, complete, ageMs, owner: 'none'}, {...rules, olderThanMs: 0, unknown, runs: true}).action).toBe('keep');
    }),
  );
});
