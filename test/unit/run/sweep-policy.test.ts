import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {ageMs, lifetimeMs, parseMoment, type Moment} from '../../../src/core/moment.js';
import {clockDoubt, judgeDraft, judgeQuarantined, judgeRun, judgeThings, type EngineThings, type RunFacts, type SweepRules} from '../../../src/run/sweep/policy.js';

const hour = 3_600_000;
const rules: SweepRules = {olderThanMs: 24 * hour, runs: false, unknown: false, patient: true, clockDoubt: undefined};
/** All that a person can ask for. */
const greedy: SweepRules = {...rules, olderThanMs: 0, runs: true, unknown: true};
const box = {snapshot: 'bulkhead-r-at-1', box: 'bulkhead-r-test-first-0'};
const things: EngineThings = {ageMs: 100 * hour, owner: 'none', boxes: [], opaque: false, volumes: new Set([`${box.box}-upper`, `${box.box}-work`])};
const ended: Extract<RunFacts, {known: 'run'}> = {known: 'run', status: 'verified', driver: 'none', unsaved: [], work: 'delivered'};
const open = [
  ...(['running', 'interrupted', 'parked'] as const).map((status): RunFacts => ({...ended, status})),
  ...(['alive', 'unknown'] as const).map((driver): RunFacts => ({...ended, driver})),
  {known: 'unreadable', why: 'x'} as const,
  {known: 'folder', driver: 'none', bare: false, hadDriver: true} as const,
];

describe('what a run has on the engine', () => {
  test.each(['verified', 'blocked', 'inconclusive', 'cancelled'] as const)('goes at once when the run has ended (%s)', (status) => {
    for (const patient of [true, false]) expect(judgeThings({...ended, status}, {...things, ageMs: undefined}, {...rules, patient, clockDoubt: 'x'})).toMatchObject({action: 'remove', save: []});
  });

  test('goes into quarantine first when a workspace was never exported, and stays where that may not be done', () => {
    const unsaved = {...ended, status: 'cancelled', unsaved: [box]} as const;
    expect(judgeThings(unsaved, things, rules)).toMatchObject({action: 'quarantine', save: [box]});
    expect(judgeThings(unsaved, things, {...rules, patient: false})).toMatchObject({action: 'keep', save: []});
    expect(judgeThings(unsaved, {...things, volumes: new Set()}, rules)).toMatchObject({action: 'remove', save: []});
  });

  const unknown: RunFacts = {known: 'nothing'};
  test.each<readonly [string, Partial<EngineThings>, Partial<SweepRules>, string]>([
    ['is not asked for', {}, {unknown: false}, 'keep'],
    ['is old', {}, {}, 'remove'],
    ['holds work', {boxes: [box]}, {}, 'quarantine'],
    ['is young', {ageMs: hour}, {}, 'keep'],
    ['is of an unknown age', {ageMs: undefined}, {}, 'keep'],
    ['may be of a living process', {owner: 'unknown'}, {}, 'keep'],
    ['is far too old for a living process', {owner: 'unknown', ageMs: lifetimeMs}, {}, 'remove'],
    ['is of a living process', {owner: 'alive', ageMs: 10 * lifetimeMs}, {}, 'keep'],
    ['cannot be exported', {opaque: true}, {}, 'keep'],
    ['is old by a clock in doubt', {}, {clockDoubt: 'x'}, 'keep'],
  ])('of a run that no journal knows: %s', (_case, more, asked, action) => {
    expect(judgeThings(unknown, {...things, ...more}, {...rules, unknown: true, ...asked}).action).toBe(action);
  });
});

describe('the folder of a run', () => {
  test.each<readonly [string, RunFacts, Partial<SweepRules>, string]>([
    ['delivered, nothing asked', ended, {}, 'keep'],
    ['delivered and old', ended, {runs: true}, 'quarantine'],
    ['delivered, by a clock in doubt', ended, {runs: true, clockDoubt: 'x'}, 'keep'],
    ['delivered and young', ended, {runs: true, olderThanMs: 200 * hour}, 'keep'],
    ['verified and not delivered', {...ended, work: 'undelivered'}, greedy, 'keep'],
    ['verified and not asked about', {...ended, work: 'unasked'}, greedy, 'keep'],
    ['blocked with work', {...ended, status: 'blocked', work: 'undelivered'}, greedy, 'keep'],
    ['cancelled before anybody did anything', {...ended, status: 'cancelled', work: 'none'}, {runs: true}, 'quarantine'],
    ['with work that was never brought home', {...ended, status: 'cancelled', work: 'none', unsaved: [box]}, greedy, 'keep'],
    ['bare without a journal', {known: 'folder', driver: 'none', bare: true, hadDriver: false}, {}, 'remove'],
    ['bare, young, and nobody knows who made it', {known: 'folder', driver: 'none', bare: true, hadDriver: false}, {olderThanMs: 200 * hour}, 'keep'],
    ['bare, young, and whoever began it is gone', {known: 'folder', driver: 'none', bare: true, hadDriver: true}, {olderThanMs: 200 * hour, clockDoubt: 'x'}, 'remove'],
    ['bare, and nobody can tell whether its driver lives', {known: 'folder', driver: 'unknown', bare: true, hadDriver: true}, greedy, 'keep'],
    ['bare, and a process is starting it', {known: 'folder', driver: 'alive', bare: true, hadDriver: true}, greedy, 'keep'],
  ])('%s', (_case, facts, asked, action) => {
    expect(judgeRun(facts, 100 * hour, {...rules, ...asked}).action).toBe(action);
  });
});

test('no run that is open or cannot be judged loses anything, whatever is asked', () => {
  const ask = fc.record({olderThanMs: fc.nat(), runs: fc.boolean(), unknown: fc.boolean(), patient: fc.boolean(), clockDoubt: fc.constantFrom(undefined, 'x')});
  const seen = fc.record({ageMs: fc.option(fc.nat(), {nil: undefined}), owner: fc.constantFrom('none', 'alive', 'unknown' as const), boxes: fc.constantFrom([], [box]), opaque: fc.boolean(), volumes: fc.constant(things.volumes)});
  const facts = fc.constantFrom(...open).chain((one) =>
    one.known === 'run' ? fc.record({unsaved: fc.constantFrom([], [box]), work: fc.constantFrom('none', 'delivered', 'undelivered', 'unasked' as const)}).map((more): RunFacts => ({...one, ...more})) : fc.constant(one),
  );
  fc.assert(
    fc.property(facts, seen, ask, (run, on, asked) => {
      expect([judgeThings(run, on as EngineThings, asked as SweepRules).action, judgeRun(run, on.ageMs, asked as SweepRules).action]).toEqual(['keep', 'keep']);
    }),
  );
});

test('with a clock in doubt nothing goes by its age, whatever is asked', () => {
  const asked = {...greedy, clockDoubt: 'x'};
  expect([judgeThings({known: 'nothing'}, things, asked).action, judgeRun(ended, 1e12, asked).action, judgeRun({known: 'nothing'}, 1e12, asked).action, judgeDraft(1e12, asked).action, judgeQuarantined({ageMs: 1e12, whole: true}, asked).action]).toEqual(Array(5).fill('keep'));
});

test('what is in quarantine stays for seven days, and longer when it is not whole', () => {
  const judge = (age: number, whole = true): string => judgeQuarantined({ageMs: age, whole}, greedy).action;
  expect([judge(lifetimeMs - 1), judge(lifetimeMs), judge(10 * lifetimeMs, false)]).toEqual(['keep', 'remove', 'keep']);
});

describe('the clock', () => {
  const at = (text: string, boot?: string, uptimeS?: number): Moment => ({boot, uptimeS, at: new Date(text)});
  const now = at('2026-11-24T12:00:00Z', '0937e466', 1000);

  test('that was set forward makes nothing old on the same start of the machine', () => {
    expect(ageMs(at('2026-11-01T12:00:00Z', '0937e466', 990), now)).toBe(10_000);
    expect(ageMs(at('2026-11-24T11:00:00Z', 'ffffffff', 990), now)).toBe(hour);
  });
  test('gives no age to what comes from the future of either clock', () => {
    expect(ageMs(at('2026-11-24T12:00:01Z', '0937e466', 10), now)).toBeUndefined();
    expect(ageMs(at('2026-11-24T11:00:00Z', '0937e466', 1001), now)).toBeUndefined();
  });
  test('is doubted when something was written after now, and when the engine has another one or none', () => {
    const engine = now.at;
    expect(clockDoubt({here: now, engine}, new Date('2026-11-24T11:59:59Z'))).toBeUndefined();
    expect(clockDoubt({here: now, engine}, new Date('2026-11-24T12:00:01Z'))).toBeDefined();
    expect(clockDoubt({here: now, engine: new Date('2026-11-24T12:04:00Z')}, undefined)).toBeUndefined();
    expect(clockDoubt({here: now, engine: new Date('2026-11-24T12:06:00Z')}, undefined)).toBeDefined();
    expect(clockDoubt({here: now, engine: undefined}, undefined)).toBeDefined();
  });
  test('of a label that is none is the wall clock alone', () => {
    expect(parseMoment('0937e466 12', now.at)).toEqual({boot: '0937e466', uptimeS: 12, at: now.at});
    for (const text of [undefined, '', '0937e466', '0937e466 -1', 'x 1', '0937e466 1 2']) expect(parseMoment(text, now.at)).toEqual({boot: undefined, uptimeS: undefined, at: now.at});
  });
});
